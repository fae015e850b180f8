"""Makes the first page of a database again, which leads to the definitions of its tables.

In a database of ours these fill several pages, and the first has only the way to them. They are
found by what they hold.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dialoguedb import private_files
from dialoguedb.store.sqlite.connection.files import APPLICATION_ID

_HEADER_BYTES = 100
_BEGINNING = b"SQLite format 3\0"
_INTERIOR, _LEAF = 5, 13
_COUNT_AT, _CELLS_AT = slice(3, 5), 8
_COLUMNS = 5
_KINDS = frozenset({b"table", b"index", b"view", b"trigger"})
_TEXT = 13
"""The least type of a text: twice its length more."""

_LAST_SEVEN = 0x7F
_MORE = 0x80


class _Leaf(NamedTuple):
    first_row: int
    last_row: int
    page: int


def make_again(path: Path, page_bytes: int, version: int) -> None:
    """Write a first page that leads to the definitions that are found in a file."""
    leaves = sorted(_schema_leaves(path, page_bytes))
    if not leaves:
        return
    count = path.stat().st_size // page_bytes
    page = bytearray(page_bytes)
    page[:_HEADER_BYTES] = _header(page_bytes, count, version)
    end = page_bytes - 8
    for index, leaf in enumerate(leaves[:-1]):
        cell = leaf.page.to_bytes(4, "big") + _varint(leaf.last_row)
        end -= len(cell)
        page[end : end + len(cell)] = cell
        at = _HEADER_BYTES + 12 + 2 * index
        page[at : at + 2] = end.to_bytes(2, "big")
    page[_HEADER_BYTES] = _INTERIOR
    page[_HEADER_BYTES + 3 : _HEADER_BYTES + 5] = (len(leaves) - 1).to_bytes(2, "big")
    page[_HEADER_BYTES + 5 : _HEADER_BYTES + 7] = end.to_bytes(2, "big")
    page[_HEADER_BYTES + 8 : _HEADER_BYTES + 12] = leaves[-1].page.to_bytes(4, "big")
    with private_files.open_file(path, "r+b") as file:
        file.write(page)


def _header(page_bytes: int, count: int, version: int) -> bytes:
    """Return the header of a file, by the description of SQLite's format."""
    fields = (1, count, 0, 0, 1, 4, 0, 0, 1, version, 0, APPLICATION_ID)
    return b"".join(
        (
            _BEGINNING,
            page_bytes.to_bytes(2, "big"),
            b"\x02\x02\x08\x40\x20\x20",  # a log, eight reserved bytes, three fixed fractions
            *(one.to_bytes(4, "big") for one in fields),
            bytes(20),
            (1).to_bytes(4, "big"),
            bytes(4),
        )
    )


def _schema_leaves(path: Path, page_bytes: int) -> Iterator[_Leaf]:
    with path.open("rb") as file:
        index = 1
        while page := file.read(page_bytes):
            if index > 1 and page[0] == _LEAF and (rows := _schema_rows(page)):
                yield _Leaf(*rows, index)
            index += 1


def _schema_rows(page: bytes) -> tuple[int, int] | None:
    """Return the first and the last row id of a page of definitions; None for any other page."""
    count = int.from_bytes(page[_COUNT_AT], "big")
    try:
        starts = [_cell_start(page, index) for index in (0, count - 1)] if count else []
        if not all(_is_definition(page, start) for start in starts):
            return None
        rows = [_read_varint(page, _read_varint(page, start)[1])[0] for start in starts]
    except IndexError:
        return None
    return (rows[0], rows[1]) if rows else None


def _cell_start(page: bytes, index: int) -> int:
    at = _CELLS_AT + 2 * index
    return int.from_bytes(page[at : at + 2], "big")


def _is_definition(page: bytes, start: int) -> bool:
    _, at = _read_varint(page, start)
    _, header = _read_varint(page, at)
    size, at = _read_varint(page, header)
    types: list[int] = []
    while at < header + size:
        kind, at = _read_varint(page, at)
        types.append(kind)
    if len(types) != _COLUMNS or types[0] < _TEXT:
        return False
    return page[at : at + (types[0] - _TEXT) // 2] in _KINDS


def _read_varint(page: bytes, at: int) -> tuple[int, int]:
    """Read an integer of seven bits a byte, the highest first; returns it and what follows."""
    value = 0
    while True:
        byte = page[at]
        at += 1
        value = value << 7 | byte & _LAST_SEVEN
        if byte < _MORE:
            return value, at


def _varint(value: int) -> bytes:
    encoded = [value & _LAST_SEVEN]
    while value := value >> 7:
        encoded.append(value & _LAST_SEVEN | _MORE)
    return bytes(reversed(encoded))
