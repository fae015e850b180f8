"""The bytes of a page of a b-tree that hold no row, where rows that were deleted may still be read.

SQLite's `secure_delete` overwrites a row where it is deleted, and pages that become free. But when
it divides a page, it copies rows to another and leaves the copies behind them, in the unused middle
of the page. Such a copy of a row that is deleted later is overwritten by nothing.
"""

from struct import unpack_from

_HEADER_BYTES = {2: 12, 5: 12, 10: 8, 13: 8}
"""By the first byte of a page of a b-tree: interior and leaf, of an index and of a table."""

_FREE_BLOCK_HEAD = 4
_WHOLE_PAGE = 65_536

PAGES_MAX = 1 << 25
"""Below it, no page but one of a b-tree begins with a byte above 1: others begin with the number
of the next page, in four bytes."""


def cleaned(page: bytes, usable: int) -> bytes | None:
    """Return a page with nothing in its unused bytes; None when nothing is in them."""
    dirty = [
        (start, stop)
        for start, stop in _unused(page, usable)
        if page.count(0, start, stop) < stop - start
    ]
    if not dirty:
        return None
    clean = bytearray(page)
    for start, stop in dirty:
        clean[start:stop] = bytes(stop - start)
    return bytes(clean)


def _unused(page: bytes, usable: int) -> list[tuple[int, int]]:
    """Return the unused parts of a page; none when it is no page of a b-tree, or a damaged one."""
    header = _HEADER_BYTES.get(page[0])
    if header is None:
        return []
    block, cells, content = unpack_from(">HHH", page, 1)
    content = content or _WHOLE_PAGE
    gap = header + 2 * cells
    if not gap <= content <= usable:
        return []
    unused = [(gap, content)]
    while block:
        if not content <= block <= usable - _FREE_BLOCK_HEAD:
            return []
        following, size = unpack_from(">HH", page, block)
        stop = block + size
        if size < _FREE_BLOCK_HEAD or stop > usable or 0 < following < stop:
            return []
        unused.append((block + _FREE_BLOCK_HEAD, stop))
        block = following
    return unused
