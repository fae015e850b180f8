"""The index of words: stems and filter tokens of objects, as `tsvector`s in a GIN index.

They are made here, with FTS5's tokenizer: PostgreSQL's own would split texts in another way, and
refuses long ones. It stores lexemes as they are, but of too many or too long ones others, unasked.
"""

from collections.abc import Iterable, Sequence

import apsw
from msgspec import Struct

from dialoguedb.retrieval.embedders import StoredEmbedder
from dialoguedb.retrieval.terms import TermGroup
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.search_index.sources import RowRef, Source, columns_of
from dialoguedb.store.tokenizer import stemmed

_LEXEME_BYTES_MAX = 2_046
_BYTES_MAX = 1_048_000
_CERTAINLY_SHORT = 511
"""Characters that take no more bytes than a lexeme may have."""

_STORE = """
    INSERT INTO {kind}_words (part, number, project, scope, length, words)
    SELECT part, number, project, scope, length, array_to_tsvector(string_to_array(words, ' '))
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::integer[], $6::text[])
        AS new (part, number, project, scope, length, words)
    ON CONFLICT (part, number) DO UPDATE SET length = excluded.length, words = excluded.words
"""
_STORE_AND_TELL = f"""
    WITH stored AS ({_STORE})
    SELECT number, name, dimensions, state FROM embedders WHERE state <> 'retired' ORDER BY number
"""


class Entry(Struct, gc=False):
    """What is stored of an object's words."""

    length: int
    """How many there are, repeated as they are, filter tokens among them."""

    words: str
    """Each once, with spaces between them."""


def entry(db: apsw.Connection, words: str) -> Entry:
    """Make it of the text that is indexed."""
    stems = stemmed(db, words)
    kept: list[str] = []
    room = _BYTES_MAX
    for stem in dict.fromkeys(map(cut, stems)):
        room -= len(stem) if stem.isascii() else len(stem.encode())
        if room < 0:
            break
        kept.append(stem)
    return Entry(len(stems), " ".join(kept))


def cut(stem: str) -> str:
    """Return as much of a stem as a lexeme takes."""
    if len(stem) <= _CERTAINLY_SHORT:
        return stem
    return stem.encode()[:_LEXEME_BYTES_MAX].decode(errors="ignore")


async def store(
    db: Connection, kind: str, found: Sequence[Source], entries: Sequence[Entry]
) -> list[StoredEmbedder]:
    """Store the words of objects in place of what there is; returns the embedders in use."""
    rows = await db.rows(
        _STORE_AND_TELL.format(kind=kind),
        [source.part for source in found],
        [source.row_id for source in found],
        [source.project for source in found],
        [source.namespace for source in found],
        [one.length for one in entries],
        [one.words for one in entries],
    )
    return [StoredEmbedder(*row) for row in rows]


async def delete(db: Connection, kind: str, rows: Sequence[RowRef]) -> None:
    """Remove the words of objects."""
    await db.execute(
        f"DELETE FROM {kind}_words w USING unnest($1::bigint[], $2::bigint[])"
        " AS gone (part, number) WHERE w.part = gone.part AND w.number = gone.number",
        *columns_of(rows),
    )


# --- Queries --------------------------------------------------------------------------------------


def quote(word: str) -> str:
    """Write a stem or a token so that a `tsquery` takes it for nothing else."""
    return "'" + cut(word).replace("\\", "\\\\").replace("'", "''") + "'"


def any_of(words: Iterable[str]) -> str:
    """Write the query for what holds any of these stems or tokens."""
    return f"({' | '.join(map(quote, words))})"


def match(group: TermGroup) -> str:
    """Write the query for what holds a term of a group."""
    return any_of(term.stem for term in group)
