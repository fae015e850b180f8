"""What deleted objects leave in the index of words, and how it is removed.

A deleted object leaves a tombstone, which hides its words until FTS5 merges their segment. (It has
no content to look them up by, so FTS5's `secure-delete` does nothing here.) FTS5 does so by itself
once a tenth of a segment is deleted; here it is made to do so for the last one, too.
"""

import apsw

from dialoguedb.store.sqlite.search_index.words import TABLES

_TOMBSTONES_FROM = 1 << 53
_PAGES = 100
"""They take about 10 ms to merge; the index of a million messages has some 15,000."""


def left_over(db: apsw.Connection) -> list[str]:
    """Return the tables whose pages still hold words of deleted objects, unsearchable."""
    tombstones = "SELECT 1 FROM {}_data WHERE id >= ? LIMIT 1"
    return [
        table
        for table in TABLES.values()
        if db.execute(tombstones.format(table), (_TOMBSTONES_FROM,)).fetchone()
    ]


def merge(db: apsw.Connection, table: str, *, begin: bool) -> bool:
    """Merge some more of a table's segments into one; False when that is done."""
    before = db.total_changes()
    pages = -_PAGES if begin else _PAGES
    db.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('merge', ?)", (pages,))
    return bool(db.total_changes() - before > 1)
