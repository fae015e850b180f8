r"""JSON as received bytes: checked, compacted, measured and merged, never re-encoded.

msgspec's `Raw` keeps a value's bytes but refuses lone surrogates (`"\ud800"`), which JSON allows
and clients send. They are replaced by a placeholder, unguessable and new in each process, before
decoding, and put back by `compact`, through which every value passes on its way to the store.
"""

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from itertools import accumulate

import msgspec
from msgspec import Raw

from dialoguedb.errors import InvalidJSON, InvalidRequest
from dialoguedb.values import limits, long_values
from dialoguedb.values.validation_errors import invalid_request

HIDDEN_SURROGATE_MARK = b"~"
"""What a hidden surrogate begins with, at the least."""

_PLACEHOLDER = f"~surrogate-{secrets.token_hex(16)}-".encode()
_PLACED = re.compile(re.escape(_PLACEHOLDER) + rb"([0-9a-fA-F]{4})~")
_PLACED_BYTES = len(_PLACEHOLDER) + 5
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|u([dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_SPACE = b" \t\r\n"
_SPACED_BYTES = 32 * 1024
"""What is looked through for white space at once: it may have many strings."""

_DEEPER, _BACK = b"\x01", b"\xff"  # as signed bytes: one deeper, one back
_STEPS = bytes.maketrans(b"[]{}", 2 * (_DEEPER + _BACK))
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_object_decoder = msgspec.json.Decoder(dict[str, Raw])
_any_decoder = msgspec.json.Decoder(Raw)

lenient_decoder = json.JSONDecoder(strict=False, parse_int=str, parse_float=str)
"""Reads any JSON; numbers stay text, as some fit no type."""


def prepare(body: bytes) -> bytes:
    """Return a body ready for decoding; InvalidJSON when not UTF-8, InvalidRequest if too deep."""
    if (at := long_values.invalid_utf8_at(body)) is not None:
        raise InvalidJSON(f"The body is not valid UTF-8 (byte {at})")
    if b"\\" in body:
        body = _without_lone(body)
    brackets = long_values.count(body, b"[") + long_values.count(body, b"{")
    if brackets > limits.JSON_DEPTH_MAX and depth(body) > limits.JSON_DEPTH_MAX:
        check_syntax(body)
        raise _too_deep()
    return body


def _without_lone(body: bytes) -> bytes:
    """Return a body with its lone surrogates hidden."""
    if not (long_values.contains(body, b"\\ud") or long_values.contains(body, b"\\uD")):
        return body
    if len(body) <= long_values.LONG_BYTES:
        return _ESCAPE.sub(_hide_lone, body)
    return long_values.joined(
        _ESCAPE.sub(_hide_lone, piece) for piece in long_values.safe_pieces(body)
    )


def _hide_lone(match: re.Match[bytes]) -> bytes:
    lone = match[1]
    return match[0] if lone is None else _PLACEHOLDER + lone + b"~"


def check_syntax(body: bytes) -> None:
    """Raise InvalidJSON when a body is not JSON."""
    if len(body) > long_values.LONG_BYTES:
        with suppress(InvalidJSON):  # its position is that in all of the body
            _check_at_once(long_values.shortened(body))
            return
    _check_at_once(body)


def _check_at_once(body: bytes) -> None:
    try:
        _any_decoder.decode(body)
    except RecursionError:
        raise _too_deep() from None
    except msgspec.DecodeError as error:
        raise InvalidJSON(f"The body is not valid JSON: {error}") from None


def depth(value: bytes) -> int:
    """Return how deeply arrays and objects are nested; 0 for a scalar."""
    deepest = current = 0
    is_inside = False
    for piece in long_values.safe_pieces(value):
        parts = long_values.without_escaped_quotes(piece).split(b'"')
        steps = b"".join(parts[is_inside::2]).translate(_STEPS, _NOT_BRACKETS)
        level = max(accumulate(memoryview(steps).cast("b"), initial=current))
        deepest = max(deepest, level)
        current += steps.count(_DEEPER) - steps.count(_BACK)
        is_inside ^= len(parts) % 2 == 0
    return deepest


def _too_deep() -> InvalidRequest:
    return invalid_request("body", f"JSON is nested deeper than {limits.JSON_DEPTH_MAX} levels")


def hide_surrogates(value: bytes) -> bytes:
    """Return JSON with its lone surrogates hidden, so that msgspec decodes it."""
    return _ESCAPE.sub(_hide_lone, value) if b"\\u" in value else value


def has_hidden_surrogate(value: bytes) -> bool:
    """Tell whether a lone surrogate is hidden in it."""
    return long_values.contains(value, _PLACEHOLDER)


def shown(text: str) -> str:
    """Return decoded text as people may see it: hidden surrogates as the escapes they came as."""
    return _put_back(text.encode()).decode()


def compact(raw: Raw) -> bytes:
    """Return the value's bytes without insignificant white space, lone surrogates put back."""
    view = memoryview(raw)
    if len(view) > long_values.LONG_BYTES:
        return _put_back(long_values.joined(_without_space(view)))
    value = bytes(view)
    if not value.startswith(b'"'):  # a string has none
        value = msgspec.json.format(value, indent=-1)
    return _put_back(value)


def _without_space(view: memoryview) -> Iterator[bytes]:
    """Yield valid JSON in pieces, without white space beside strings."""
    is_inside = False
    for piece in long_values.safe_pieces(view, size=_SPACED_BYTES):
        parts = piece.replace(b"\\\\", b"\0\0").replace(b'\\"', b"\0\1").split(b'"')
        beside = parts[is_inside::2]
        if any(part.translate(None, _SPACE) != part for part in beside):
            parts[is_inside::2] = [part.translate(None, _SPACE) for part in beside]
            yield b'"'.join(parts).replace(b"\0\1", b'\\"').replace(b"\0\0", b"\\\\")
        else:
            yield piece
        is_inside ^= len(parts) % 2 == 0


def _put_back(value: bytes) -> bytes:
    if not long_values.contains(value, _PLACEHOLDER):
        return value
    if len(value) <= long_values.LONG_BYTES:
        return _PLACED.sub(rb"\\u\1", value)
    return long_values.joined(_with_lone(value))


def _with_lone(value: bytes) -> Iterator[bytes]:
    """Yield a long value in pieces, its lone surrogates put back."""
    end = 0
    while end < len(value):
        start, end = end, min(end + long_values.PIECE_BYTES, len(value))
        across = value.rfind(_PLACEHOLDER, end - _PLACED_BYTES, end + len(_PLACEHOLDER))
        end = max(end, across + _PLACED_BYTES) if across >= start else end
        yield _PLACED.sub(rb"\\u\1", value[start:end])


def length(value: bytes) -> int:
    """Return the UTF-8 bytes of a string's text, or of any other value's compact JSON."""
    if value[:1] != b'"':
        return len(value)
    if b"\\" not in value:
        return len(value) - 2
    if len(value) <= long_values.LONG_BYTES:
        return len(json.loads(value).encode("utf-8", "surrogatepass"))
    texts = long_values.safe_pieces(value, 1, len(value) - 1)
    return sum(len(json.loads(b'"%b"' % text).encode("utf-8", "surrogatepass")) for text in texts)


def members(value: bytes) -> dict[str, Raw]:
    """Return an object's members, each as received; the later of two equal keys counts."""
    return _object_decoder.decode(hide_surrogates(value))


def merge(value: bytes, change: bytes) -> bytes:
    """Put the members of one compact object over those of another, top level only."""
    return _joined({**members(value), **members(change)})


def merge_patch(value: bytes, patch: bytes) -> bytes:
    """Apply a JSON Merge Patch (RFC 7396) to compact JSON; null deletes, objects merge.

    An object of the patch is applied to the member of the same name; a missing one counts as `{}`.
    """
    return _put_back(_patched(hide_surrogates(value), hide_surrogates(patch)))


def _patched(value: bytes, patch: bytes) -> bytes:
    if not patch.startswith(b"{"):
        return patch
    result = _object_decoder.decode(value) if value.startswith(b"{") else {}
    for key, change in _object_decoder.decode(patch).items():
        if bytes(change) == b"null":
            result.pop(key, None)
        else:
            before = bytes(result.get(key, Raw(b"null")))
            result[key] = Raw(_patched(before, bytes(change)))
    return msgspec.json.encode(result)


def _joined(object_members: dict[str, Raw]) -> bytes:
    return _put_back(msgspec.json.encode(object_members))


def is_object(raw: Raw) -> bool:
    """Tell whether a received value is an object."""
    return bytes(memoryview(raw)[:1]) == b"{"


def is_null(raw: Raw) -> bool:
    """Tell whether a received value is null."""
    return bytes(memoryview(raw)[:5]) == b"null"
