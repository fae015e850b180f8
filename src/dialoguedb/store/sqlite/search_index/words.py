"""The index of words: FTS5 tables, which hold words and filter tokens of objects, not their texts.

FTS5's own tokenizers, unicode61 with Porter's stemmer on top, split queries as they do texts.
"""

from collections.abc import Iterable, Sequence
from typing import cast

import apsw
import msgspec

from dialoguedb.retrieval.snapshot import Term, TermGroup

TABLES = {"message": "message_words", "dialogue": "dialogue_words", "memory": "memory_words"}

_FOLDING = ("unicode61", "remove_diacritics", "2")
_STEMMING = ("porter", *_FOLDING)


class FTS5Tokenizer:
    """Implements `retrieval.snapshot.Tokenizer` with what a connection has."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db

    def tokenize(self, texts: Sequence[str]) -> list[list[Term]]:
        """Return the words of each text in order, repeated as they are."""
        fold, stem = (self._db.fts5_tokenizer(name, list(args)) for name, *args in _BOTH)
        return [
            [Term(*both) for both in zip(_tokens(fold, text), _tokens(stem, text), strict=True)]
            for text in texts
        ]


_BOTH = (_FOLDING, _STEMMING)


def folded(db: apsw.Connection, text: str) -> list[str]:
    """Return the words and tokens of what is indexed, each as it can be asked for."""
    return _tokens(db.fts5_tokenizer(_FOLDING[0], list(_FOLDING[1:])), text)


def _tokens(tokenizer: apsw.FTS5Tokenizer, text: str) -> list[str]:
    found = tokenizer(
        text.encode("utf-8", "replace"),
        apsw.FTS5_TOKENIZE_DOCUMENT,
        None,
        include_offsets=False,
        include_colocated=False,
    )
    return cast("list[str]", found)  # as it is without offsets


def insert(db: apsw.Connection, kind: str, rows: Iterable[tuple[int, str]]) -> None:
    """Store what is indexed of objects that have no words yet, by their row ids.

    One statement for all of them: between two, its thread would have to get the interpreter back.
    """
    listed = msgspec.json.encode(list(rows)).decode()
    db.execute(
        f"INSERT INTO {TABLES[kind]} (rowid, words)"
        " SELECT value ->> 0, value ->> 1 FROM json_each(?)",
        (listed,),
    )


def delete(db: apsw.Connection, kind: str, row_ids: str, values: tuple[object, ...] = ()) -> None:
    """Remove the words of objects whose row ids a query gives, such as `VALUES (?)`."""
    db.execute(f"DELETE FROM {TABLES[kind]} WHERE rowid IN ({row_ids})", values)


# --- MATCH expressions --------------------------------------------------------------------------


def quote(word: str) -> str:
    """Write a word or a token so that a MATCH takes it for nothing else."""
    return '"' + word.replace('"', '""') + '"'


def any_of(words: Iterable[str]) -> str:
    """Write the expression of what holds any of these words or tokens."""
    return f"({' OR '.join(map(quote, words))})"


def match(group: TermGroup) -> str:
    """Write the expression of what holds a term of a group."""
    return quote(group[0].word) if len(group) == 1 else any_of(term.word for term in group)
