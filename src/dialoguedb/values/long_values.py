r"""Work on long values in pieces.

A call that goes over many megabytes keeps every other thread waiting for the interpreter, and with
them all other requests; between two pieces they run. What is short is worked on at once, elsewhere.
"""

import codecs
import io
import re
import secrets
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Raw

LONG_BYTES = 1024 * 1024
"""A value that is longer is worked on in pieces."""

PIECE_BYTES = 128 * 1024
"""What one call goes over, in some tenths of a millisecond."""

_WINDOW_BYTES = 16 * 1024
_WINDOWS_LEFT = 8
"""How much of a long string is left in its place: more than any text may have that is decoded."""

_MARK = b"~long-" + secrets.token_hex(16).encode() + b"-"
"""What no sender can have written: unguessable, and new in each process."""

_PLACED = re.compile(re.escape(_MARK) + rb"(\d+)~")
_ESCAPE_BYTES = len(rb"\u00e9")
_ESCAPES_PASSED_MAX = 8
_WHOLE_ESCAPES = re.compile(rb"(?:[^\\]++|\\(?:u.{4}|[^u]))*+", re.DOTALL)
_SECOND_HALF = re.compile(rb"\\u[dD][c-fC-F]..", re.DOTALL)
_check_string = msgspec.json.Decoder(Raw).decode


def joined(parts: Iterable[bytes | memoryview]) -> bytes:
    """Return parts in one, copied in pieces."""
    whole = io.BytesIO()
    for part in parts:
        if len(part) <= PIECE_BYTES:
            whole.write(part)
            continue
        view = memoryview(part)
        for start in range(0, len(view), PIECE_BYTES):
            whole.write(view[start : start + PIECE_BYTES])
    return whole.getvalue()


def contains(value: bytes, word: bytes) -> bool:
    """Tell whether a word is in a value."""
    if len(value) <= LONG_BYTES:
        return word in value
    return find(value, word, 0) >= 0


def find(value: bytes, word: bytes, start: int, stop: int | None = None) -> int:
    """Return where the next such word begins, before a stop if there is one; -1 if nowhere."""
    stop = len(value) if stop is None else stop
    for at in range(start, stop, PIECE_BYTES):
        found = value.find(word, at, min(at + PIECE_BYTES, stop) + len(word) - 1)
        if found >= 0:
            return found
    return -1


def starts_with(value: bytes, text: memoryview, at: int) -> bool:
    """Tell whether a text is at a place of a value."""
    there = memoryview(value)[at : at + len(text)]
    return len(there) == len(text) and all(
        bytes(there[start : start + PIECE_BYTES]) == bytes(text[start : start + PIECE_BYTES])
        for start in range(0, len(text), PIECE_BYTES)
    )


def count(value: bytes, byte: bytes) -> int:
    """Return how often a single byte is in a value."""
    if len(value) <= LONG_BYTES:
        return value.count(byte)
    return sum(value.count(byte, at, at + PIECE_BYTES) for at in range(0, len(value), PIECE_BYTES))


def invalid_utf8_at(value: bytes) -> int | None:
    """Return the first byte that is not UTF-8; None when all of it is."""
    if len(value) <= LONG_BYTES:
        try:
            value.decode()
        except UnicodeDecodeError as error:
            return error.start
        return None
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(value), PIECE_BYTES):
        pending = len(decoder.getstate()[0])
        piece = value[start : start + PIECE_BYTES]
        if piece.isascii() and not pending:
            continue
        try:
            decoder.decode(piece, final=start + PIECE_BYTES >= len(value))
        except UnicodeDecodeError as error:
            return start - pending + error.start
    return None


def safe_pieces(
    value: bytes | memoryview, start: int = 0, stop: int | None = None, size: int = PIECE_BYTES
) -> Iterator[bytes]:
    r"""Yield JSON in pieces, none of which ends within a character or an escape such as `\u00e9`.

    Nor does one end between the two escapes of one character.
    """
    stop = len(value) if stop is None else stop
    while start < stop:
        end = _safe_end(value, start, min(start + size, stop), stop)
        yield bytes(value[start:end])
        start = end


def _safe_end(value: bytes | memoryview, start: int, end: int, stop: int) -> int:
    if end == stop:
        return stop
    piece = bytes(value[start:end])
    if b"\\" in piece:
        end = start + (_end_between_escapes(piece) or _end_of_escapes(piece))
        second = _SECOND_HALF.match(bytes(value[end : min(end + _ESCAPE_BYTES, stop)]))
        end += second.end() if second else 0
    while start < end < stop and value[end] & 0xC0 == 0x80:  # noqa: PLR2004 - within a character
        end -= 1
    return end if end > start else stop


def _end_between_escapes(piece: bytes) -> int:
    """Return a place near the end with no backslash shortly before it; 0 when escapes are dense."""
    end = len(piece)
    for _ in range(_ESCAPES_PASSED_MAX):
        last = piece.rfind(b"\\", 0, end)
        if last < end - 2 * _ESCAPE_BYTES:
            return end
        end = last
    return 0


def _end_of_escapes(piece: bytes) -> int:
    """Return where the last whole escape or character ends."""
    whole = _WHOLE_ESCAPES.match(piece)
    return whole.end() if whole else 0


def shortened(value: bytes) -> bytes:
    """Return JSON that tells as much as a long value does of all but its long strings."""
    return Shortened(value).short if len(value) > LONG_BYTES else value


class Shortened:
    """JSON whose long strings are left out, but for their beginnings and ends; and long space.

    What is left out is whole as JSON: no escape and no character is cut apart.
    """

    def __init__(self, value: bytes | memoryview) -> None:
        """Take any JSON, valid or not; a string that is not valid stays as it is."""
        self._left_out: list[memoryview] = []
        view = memoryview(value)
        self.short = joined(self._parts(view))
        """The same with placeholders."""

    def _parts(self, view: memoryview) -> Iterator[bytes | memoryview]:
        run: list[tuple[int, int]] = []
        """The windows, one after another, that are wholly within a string."""

        is_inside, at = False, 0
        for piece in safe_pieces(view, size=_WINDOW_BYTES):
            start, at = at, at + len(piece)
            quotes = without_escaped_quotes(piece).count(b'"')
            if is_inside and not quotes:
                run.append((start, at))
                continue
            yield from self._of_run(view, run)
            run = []
            is_space = not (is_inside or piece.strip(b" \t\r\n"))
            is_inside ^= quotes % 2 == 1
            yield b" " if is_space else piece
        yield from self._of_run(view, run)

    def _of_run(self, view: memoryview, run: list[tuple[int, int]]) -> Iterator[bytes | memoryview]:
        if len(run) <= _WINDOWS_LEFT + 1:
            yield from (view[start:stop] for start, stop in run)
            return
        start, stop = run[0][0], run[_WINDOWS_LEFT][0]
        yield view[start:stop]
        rest = run[_WINDOWS_LEFT:]
        if all(_is_in_string(view[start:stop]) for start, stop in rest):
            yield b"%b%d~" % (_MARK, len(self._left_out))
            self._left_out.append(view[stop : rest[-1][1]])
        else:
            yield view[stop : rest[-1][1]]

    def is_whole(self, short: bytes | memoryview | Raw) -> bool:
        """Tell whether nothing is left out of a part of the short JSON."""
        return not self._left_out or _MARK not in bytes(short)

    def whole(self, short: bytes | memoryview | Raw) -> bytes:
        """Return JSON made of the short one with all that was left out of it."""
        return joined(self._whole_parts(memoryview(short)))

    def _whole_parts(self, short: memoryview) -> Iterator[memoryview]:
        end = 0
        for found in _PLACED.finditer(short):
            yield short[end : found.start()]
            yield self._left_out[int(found[1])]
            end = found.end()
        yield short[end:]


def without_escaped_quotes(piece: bytes) -> bytes:
    """Return JSON whose quotation marks are all those that begin and end strings."""
    if b"\\" in piece:
        return piece.replace(b"\\\\", b"").replace(b'\\"', b"")
    return piece


def _is_in_string(piece: memoryview) -> bool:
    """Tell whether this may stand in a JSON string."""
    try:
        _check_string(b'"%b"' % bytes(piece))
    except msgspec.DecodeError:
        return False
    return True
