"""The checksums of a write-ahead log's frames, which `log_frames` describes."""

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint32]
Sums = tuple[int, int]

_BIG = np.dtype(">u4")
_ORDERS = {0x377F0682: np.dtype("<u4"), 0x377F0683: _BIG}
_HEADER_BYTES = 32
_FRAME_HEADER_BYTES, _FRAME_WORDS = 24, 6
_SUMMED_BYTES = 8
"""Of a frame's header, before the page; the salts and the checksum behind them are not."""

_SALTS, _CHECKSUM, _SALTS_OF_LOG = slice(2, 4), slice(4, 6), slice(4, 6)
_SMALLEST_PAGE_BYTES = 512
_FRAMES_AT_ONCE = 256
_MASK = 0xFFFFFFFF


def first_damaged(log: Path, count: int) -> int | None:
    """Return the first damaged of so many frames of a log; None when there is none."""
    with log.open("rb") as file:
        header = np.frombuffer(file.read(_HEADER_BYTES).ljust(_HEADER_BYTES, b"\0"), _BIG)
        if header[0] not in _ORDERS:
            return 1
        order, page_bytes = _ORDERS[int(header[0])], int(header[2])
        sums = _added((0, 0), header[:_FRAME_WORDS].astype(_BIG).view(order)[None])[-1]
        if sums != _pair(header[_FRAME_WORDS:]) or page_bytes % _SMALLEST_PAGE_BYTES:
            return 1
        frame_bytes = _FRAME_HEADER_BYTES + page_bytes
        for start in range(0, count, _FRAMES_AT_ONCE):
            expected = min(_FRAMES_AT_ONCE, count - start)
            found = file.read(expected * frame_bytes)
            whole = len(found) // frame_bytes
            octets = np.frombuffer(found, np.uint8, whole * frame_bytes)
            octets = octets.reshape(whole, frame_bytes)
            frames = octets.view(_BIG)
            summed = np.hstack((octets[:, :_SUMMED_BYTES], octets[:, _FRAME_HEADER_BYTES:]))
            for index, after in enumerate(_added(sums, summed.view(order))):
                frame = frames[index]
                is_of_log = _pair(frame[_SALTS]) == _pair(header[_SALTS_OF_LOG])
                if not is_of_log or after != _pair(frame[_CHECKSUM]):
                    return start + index + 1
                sums = after
            if whole < expected:
                return start + whole + 1
    return None


def _pair(words: npt.NDArray[np.uint32]) -> Sums:
    return int(words[0]), int(words[1])


def _added(sums: Sums, rows: npt.NDArray[np.uint32]) -> list[Sums]:
    """Return both sums after each row of words."""
    weights, (carried, mixed) = _weights(rows.shape[1] // 2)
    after: list[Sums] = []
    for first, second in (rows.astype(np.uint32) @ weights.T).tolist():
        sums = (
            (first + carried[0] * sums[0] + carried[1] * sums[1]) & _MASK,
            (second + mixed[0] * sums[0] + mixed[1] * sums[1]) & _MASK,
        )
        after.append(sums)
    return after


@cache
def _weights(pairs: int) -> tuple[Words, tuple[Sums, Sums]]:
    """Return how much each word adds to both sums, and how much the sums before do."""
    weights = np.zeros((2, 2 * pairs), np.uint32)
    first, second = (1, 0), (0, 1)
    for pair in reversed(range(pairs)):
        # A step makes of (a, b) with words (x, y): (a + b + x, a + 2b + x + y).
        last = ((first[0] + first[1]) & _MASK, (second[0] + second[1]) & _MASK)
        weights[:, 2 * pair] = last
        weights[:, 2 * pair + 1] = (first[1], second[1])
        first = (last[0], (last[0] + first[1]) & _MASK)
        second = (last[1], (last[1] + second[1]) & _MASK)
    return weights, (first, second)
