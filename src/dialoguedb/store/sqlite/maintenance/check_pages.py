"""Looks for pages whose bytes are not those that were written: their checksums differ."""

from collections.abc import Iterator
from contextlib import closing, suppress

import apsw

from dialoguedb.store.sqlite.connection import vfs
from dialoguedb.store.sqlite.schema import page_checksums

_READ_ONLY = apsw.SQLITE_OPEN_READWRITE  # one that could not write could not read the log either
_HOLDERS = """
SELECT s.pageno, ifnull(t.tbl_name, s.name) FROM dbstat s LEFT JOIN sqlite_schema t USING (name)
"""


def page_findings(db: apsw.Connection) -> Iterator[str]:
    """Return the damaged pages of an open database's file, a line each, with what they hold."""
    if not vfs.has_checksums(db):
        if page_checksums.were_there(db):
            yield f"The file is damaged: {page_checksums.DENIED}"
        return
    path = db.filename
    damaged = damaged_pages(path)
    holders = _holders(path) if damaged else {}
    for index in damaged:
        yield f"The file is damaged: page {index}, of {holders.get(index, 'an unknown table')}"


def damaged_pages(path: str) -> list[int]:
    """Return the numbers of the pages that differ from their checksums."""
    with closing(vfs.VerifiedPages(path)) as pages:
        return [index for index in range(1, pages.count + 1) if not pages.is_whole(index)]


def _holders(path: str) -> dict[int, str]:
    """Return the tables that pages belong to, as far as the way to them can still be read."""
    holders: dict[int, str] = {}
    with closing(vfs.open_file(path, _READ_ONLY)) as db, suppress(apsw.Error):
        vfs.ignore_checksums(db)
        for index, table in db.execute(_HOLDERS):
            holders[index] = f"table {table}"
    return holders
