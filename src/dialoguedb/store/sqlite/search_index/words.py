"""The index of words: FTS5 tables, which hold words and filter tokens of objects, not their texts.

Its tokenizers, see `store.tokenizer`, split queries as they do texts.
"""

from collections.abc import Iterable

import apsw
import msgspec

from dialoguedb.retrieval.terms import TermGroup

TABLES = {"message": "message_words", "dialogue": "dialogue_words", "memory": "memory_words"}


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
