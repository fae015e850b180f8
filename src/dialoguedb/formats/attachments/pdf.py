"""How many pages a PDF has, read off its page tree, in time that grows with its length alone."""

import re
import zlib
from collections.abc import Iterator
from itertools import pairwise

PAGES_MAX = 10_000
"""More are not believed: no API takes as many."""

_INFLATED_BYTES_MAX = 64 * 1024 * 1024
"""Compressed objects are read up to this size, all together."""

_OBJECTS_MAX = 100_000
_HEAD_BYTES = 1024 * 1024
"""Of an object, so much is looked at; its stream is not."""

_TREE_NODE = re.compile(rb"/Type\s*/Pages\b")
_COUNT = re.compile(rb"/Count\s+(\d{1,9})\b")
_PAGE = re.compile(rb"/Type\s*/Page\b")
_FIRST = re.compile(rb"/First\s+(\d{1,9})\b")


def pdf_pages(data: bytes) -> int | None:
    """Return the pages of a PDF; None when they cannot be told, as where it is encrypted."""
    counted, leaves = 0, 0
    for each in _objects(data):
        if _TREE_NODE.search(each):
            count = _COUNT.search(each)
            counted = max(counted, int(count[1]) if count else 0)
        elif _PAGE.search(each):
            leaves += 1
    return min(counted or leaves, PAGES_MAX) or None


def _objects(data: bytes) -> Iterator[bytes]:
    """Yield the objects of a file without their streams, and those that are in object streams."""
    left, at = _INFLATED_BYTES_MAX, 0
    for _ in range(_OBJECTS_MAX):
        start = data.find(b" obj", at)
        if start < 0:
            return
        at = _end(data, start, b"endobj")
        stream = data.find(b"stream", start, at)
        head = data[start : min(at if stream < 0 else stream, start + _HEAD_BYTES)]
        yield head
        if stream >= 0:
            at = _end(data, stream, b"endstream")
            if b"/ObjStm" in head:
                inflated = _inflated(data[stream + len(b"stream") : at].lstrip(b"\r\n"), left)
                left -= len(inflated)
                yield from _within(head, inflated)


def _end(data: bytes, start: int, word: bytes) -> int:
    found = data.find(word, start)
    return len(data) if found < 0 else found


def _inflated(stream: bytes, bytes_max: int) -> bytes:
    if bytes_max <= 0:
        return b""
    try:
        return zlib.decompressobj().decompress(stream, bytes_max)
    except zlib.error:  # encrypted, damaged or not compressed
        return stream


def _within(head: bytes, stream: bytes) -> Iterator[bytes]:
    """Yield the objects of an object stream, which begins with pairs of number and offset."""
    first = _FIRST.search(head)
    start = int(first[1]) if first else 0
    pairs = stream[: min(start, _HEAD_BYTES)].split()
    offsets = sorted(int(word) for word in pairs[1::2] if word.isdigit())
    for begin, end in pairwise([*offsets, len(stream)]):
        yield stream[start + begin : start + end]
