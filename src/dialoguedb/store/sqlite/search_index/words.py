"""The words an object is found by, and the marks of what it can be filtered by, in FTS5.

A mark is a word that begins with a character which no text keeps, so nobody can write one. Marks of
tags, roles and metadata are checksums: they narrow down the candidates, the rows decide.
"""

import json
import re
import unicodedata
import zlib
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple, cast

import apsw
import msgspec

from dialoguedb.formats.texts import replaced
from dialoguedb.model.search import Scalar

TABLES = {"message": "message_words", "dialogue": "dialogue_words", "memory": "memory_words"}

_MARK = "\ue000"
IMAGE_MARK = _MARK + "i"
"""Of messages that show an image; this one is exact."""

_FOLDING = ("unicode61", "remove_diacritics", "2")
_STEMMING = ("porter", *_FOLDING)
_NAMES_KEPT = 16_384
_ROLES_KEPT = 256
# Chinese, Japanese and Korean are written without spaces, as are Thai, Lao, Burmese and Khmer: each
# character is a word. The vowel signs of the latter are none.
_UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff])"
)
_SAY_LITTLE = """
    a about above after again all also am an and any are aren as at be because been before
    being below between both but by can cannot could couldn d did didn do does doesn doing don
    down during each few for from further had hadn has hasn have haven having he her here hers
    herself him himself his how i if in into is isn it its itself just ll m me might more most
    must my myself no nor not now of off on once only or other our ours ourselves out over own
    re s same shall she should shouldn so some such t than that the their theirs them
    themselves then there these they this those through to too under until up us ve very was
    wasn we were weren what when where which while who whom whose why will with won would
    wouldn you your yours yourself yourselves
"""
_STOP_WORDS = frozenset(_SAY_LITTLE.split())


class Term(NamedTuple):
    """A word of a query."""

    word: str
    """As it is asked for in a MATCH; see `quote`."""

    stem: str
    """As the index has it: equal to the stems of texts that hold it, see `stems`."""


# --- Marks --------------------------------------------------------------------------------------


@lru_cache(_NAMES_KEPT)
def scope_number(project: int, namespace: str) -> int:
    """Return the number of a project's namespace, the same in every process."""
    digest = blake2b(namespace.encode(), digest_size=8, key=project.to_bytes(8, "big"))
    return int.from_bytes(digest.digest(), "big") >> 1


def project_mark(project: int) -> str:
    """Return the mark of all that belongs to a project."""
    return f"{_MARK}p{project}"


def scope_mark(scope: int) -> str:
    """Return the mark of all that stands in a namespace."""
    return f"{_MARK}s{scope}"


def tag_mark(tag: str) -> str:
    """Return the mark of what has a tag."""
    return f"{_MARK}t{zlib.crc32(tag.encode())}"


@lru_cache(_ROLES_KEPT)
def role_mark(role: str) -> str:
    """Return the mark of messages of a role."""
    return f"{_MARK}r{zlib.crc32(role.encode())}"


def metadata_mark(key: str, value: Scalar) -> str:
    """Return the mark of what has a value, or an array with it, under a key of its metadata."""
    said = f"{key}\0{_scalar(value)}".encode("utf-8", "replace")
    return f"{_MARK}m{zlib.crc32(said)}"


def _scalar(value: Scalar) -> str:
    """Write a value so that equal ones are written alike: 1 as 1.0, and not as "1" or true."""
    if isinstance(value, str):
        return f'"{value}'
    if value is None or isinstance(value, bool):
        return str(value)
    try:
        return repr(float(value) + 0.0)  # no negative zero
    except OverflowError:  # digits without end
        return repr(float("inf") if value > 0 else float("-inf"))


def tag_marks(tags: bytes) -> list[str]:
    """Return the marks of tags as they are stored."""
    return [tag_mark(tag) for tag in decoded_tags(tags)]


def decoded_tags(tags: bytes) -> list[str]:
    """Return tags that are stored as an array."""
    return [] if tags == b"[]" else msgspec.json.decode(tags, type=list[str])


def metadata_marks(metadata: bytes) -> list[str]:
    """Return the marks of metadata as it is stored: of its scalars, and of those in its arrays."""
    if metadata == b"{}":
        return []
    return [
        metadata_mark(key, item)
        for key, value in _members(metadata).items()
        for item in (value if isinstance(value, list) else [value])
        if not isinstance(item, list | dict)
    ]


_lenient = json.JSONDecoder(strict=False, parse_int=float)  # an int may have too many digits


def _members(metadata: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(metadata, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):  # lone surrogates, numbers out of range
        pass
    try:
        members = _lenient.decode(metadata.decode("utf-8", "replace"))
    except (ValueError, RecursionError):  # damaged: no filter finds it
        return {}
    return members if isinstance(members, dict) else {}


# --- Words --------------------------------------------------------------------------------------


def indexed(marks: Iterable[str], text: str) -> str:
    """Put together what is indexed of an object."""
    return f"{' '.join(marks)} {set_apart(text)}"


def set_apart(text: str) -> str:
    """Return a text with a space around each character that is a word by itself."""
    if text.isascii():
        return text
    composed = unicodedata.normalize("NFC", text)  # some systems take Korean syllables apart
    return replaced(_UNSPACED, r" \1 ", composed.replace(_MARK, " "))


def insert(db: apsw.Connection, kind: str, rows: Iterable[tuple[int, str]]) -> None:
    """Store what is `indexed` of objects that have no words yet, by their numbers.

    One statement for all of them: between two, its thread would have to get the interpreter back.
    """
    listed = msgspec.json.encode(list(rows)).decode()
    db.execute(
        f"INSERT INTO {TABLES[kind]} (rowid, words)"
        " SELECT value ->> 0, value ->> 1 FROM json_each(?)",
        (listed,),
    )


def delete(db: apsw.Connection, kind: str, numbers: str, values: tuple[object, ...] = ()) -> None:
    """Remove the words of objects whose numbers a query gives, such as `VALUES (?)`."""
    db.execute(f"DELETE FROM {TABLES[kind]} WHERE rowid IN ({numbers})", values)


def stems(db: apsw.Connection, text: str) -> list[str]:
    """Return the words of a text as the index has them, in order, repeated as they are."""
    return _tokens(db, _STEMMING, set_apart(text))


def folded(db: apsw.Connection, text: str) -> list[str]:
    """Return the words and marks of what is `indexed`, each as it can be asked for."""
    return _tokens(db, _FOLDING, text)


def query_terms(db: apsw.Connection, text: str) -> list[Term]:
    """Return what is looked for in a query, each word once; stop words only if nothing else is."""
    written = folded(db, set_apart(text))
    terms: dict[str, Term] = {}
    for word, stem in zip(written, stems(db, text), strict=True):
        terms.setdefault(stem, Term(word, stem))
    telling = [term for term in terms.values() if term.word not in _STOP_WORDS]
    return telling or list(terms.values())


def _tokens(db: apsw.Connection, tokenizer: tuple[str, ...], text: str) -> list[str]:
    tokenize = db.fts5_tokenizer(tokenizer[0], list(tokenizer[1:]))
    found = tokenize(
        text.encode("utf-8", "replace"),
        apsw.FTS5_TOKENIZE_DOCUMENT,
        None,
        include_offsets=False,
        include_colocated=False,
    )
    return cast("list[str]", found)  # as it is without offsets


def quote(word: str) -> str:
    """Write a word or a mark so that a MATCH takes it for nothing else."""
    return '"' + word.replace('"', '""') + '"'
