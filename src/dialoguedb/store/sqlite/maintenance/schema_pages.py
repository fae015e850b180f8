"""Makes the first pages of a damaged copy readable: the header, and the tables' definitions."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw

from dialoguedb import private_files
from dialoguedb.store.sqlite.connection import files, vfs
from dialoguedb.store.sqlite.connection.errors import UNREADABLE
from dialoguedb.store.sqlite.maintenance import first_page
from dialoguedb.store.sqlite.schema import migrations
from dialoguedb.values import timestamps

_HEADER_BYTES = 100
_MAGIC = b"SQLite format 3\0"
_PAGE_SIZES = {1 << power for power in range(9, 16)}
_PAGE_BYTES = 4096
_FIXED = {18: b"\x02\x02", 21: b"\x40\x20\x20", 44: b"\0\0\0\x04", 56: b"\0\0\0\x01"}
"""What every header of ours has: log, fractions of a page, formats of the schema and of texts."""

_RESERVED_AT = 20
_APPLICATION_AT = 68
_INTERIOR, _LEAF = 5, 13
_CELLS_AT, _CHILD_AT, _POINTERS_AT = 3, 8, 12
_EXISTING = apsw.SQLITE_OPEN_READWRITE


def make_readable(path: Path) -> None:
    """Put the header right, and accept the pages of the schema with their definitions renewed."""
    content = bytearray(path.read_bytes()[: 1 << 20])
    size = int.from_bytes(content[16:18], "big")
    size = size if size in _PAGE_SIZES else _PAGE_BYTES
    found = content[:_HEADER_BYTES]
    header = _header(found, size)
    content[:_HEADER_BYTES] = header
    with private_files.open_file(path, "r+b") as file:
        file.write(header)
    pages = sorted(_schema_pages(content, size))
    with closing(vfs.VerifiedPages(str(path))) as verified:
        damaged = [page for page in pages if not verified.is_whole(page)]
    if damaged or header != found:
        vfs.accept_pages(str(path), [1, *damaged])
        if not _leads_to_tables(path):
            first_page.make_again(path, size, len(migrations.MIGRATIONS))
            vfs.accept_pages(str(path), [1])
        _renew_definitions(path)


def _header(header: bytearray, size: int) -> bytearray:
    """Return a header with what never changes as it must be."""
    mended = bytearray(header)
    mended[: len(_MAGIC)] = _MAGIC
    mended[16:18] = size.to_bytes(2, "big")
    for at, value in _FIXED.items():
        mended[at : at + len(value)] = value
    if mended[_RESERVED_AT] not in (0, vfs.RESERVED_BYTES):
        mended[_RESERVED_AT] = vfs.RESERVED_BYTES
    mended[_APPLICATION_AT : _APPLICATION_AT + 4] = files.APPLICATION_ID.to_bytes(4, "big")
    return mended


def _schema_pages(content: bytearray, size: int) -> Iterator[int]:
    """Return the pages that hold the schema: the first, and its children."""
    yield 1
    first = content[:size]
    if first[_HEADER_BYTES] != _INTERIOR:
        return
    at = _HEADER_BYTES
    cells = int.from_bytes(first[at + _CELLS_AT : at + _CELLS_AT + 2], "big")
    starts = [at + _POINTERS_AT + 2 * index for index in range(cells)]
    offsets = [int.from_bytes(first[start : start + 2], "big") for start in starts]
    for offset in (at + _CHILD_AT, *offsets):
        child = int.from_bytes(first[offset : offset + 4], "big")
        if 1 < child <= len(content) // size and content[(child - 1) * size] == _LEAF:
            yield child


def _leads_to_tables(path: Path) -> bool:
    with closing(vfs.open_file(str(path), _EXISTING)) as db:
        try:
            db.pragma("writable_schema", 1)
            return bool(db.execute("SELECT count(*) FROM migrations").get)
        except (apsw.Error, *UNREADABLE):
            return False


def _renew_definitions(path: Path) -> None:
    """Give every table and index the definition that it has in a new database."""
    with closing(vfs.open_file(str(path), _EXISTING)) as db, closing(_fresh()) as fresh:
        db.pragma("writable_schema", 1)
        steps = db.execute("SELECT max(version) FROM migrations").get
        if isinstance(steps, int) and 0 < steps <= len(migrations.MIGRATIONS):
            db.pragma("user_version", steps)
        newest = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
        if migrations.version(db) == len(migrations.MIGRATIONS):
            for name, sql in fresh.execute(newest).fetchall():
                db.execute(
                    "UPDATE sqlite_schema SET sql = ? WHERE name = ? AND sql IS NOT ?",
                    (sql, name, sql),
                )
        db.pragma("writable_schema", "RESET")


def _fresh() -> apsw.Connection:
    db = apsw.Connection(":memory:")
    migrations.migrate(db, timestamps.now())
    return db
