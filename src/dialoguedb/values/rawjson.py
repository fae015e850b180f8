r"""JSON as received bytes: checked, compacted, measured and merged, never re-encoded.

msgspec's `Raw` keeps a value's bytes but refuses lone surrogates (`"\ud800"`), which JSON allows
and clients send. They are replaced by a placeholder, unguessable and new in each process, before
decoding, and put back by `compact`, through which every value passes on its way to the store.
"""

import json
import re
import secrets
from itertools import accumulate

import msgspec
from msgspec import Raw

from dialoguedb.errors import InvalidJSON, InvalidRequest
from dialoguedb.values import limits
from dialoguedb.values.validation_errors import invalid_request

HIDDEN_SURROGATE_MARK = b"~"
"""What a hidden surrogate begins with, at the least."""

_PLACEHOLDER = f"~surrogate-{secrets.token_hex(16)}-".encode()
_PLACED = re.compile(re.escape(_PLACEHOLDER) + rb"([0-9a-fA-F]{4})~")
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|u([dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_STEPS = bytes.maketrans(b"[]{}", b"\x01\xff\x01\xff")  # as signed bytes: one deeper, one back
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_object_decoder = msgspec.json.Decoder(dict[str, Raw])
_any_decoder = msgspec.json.Decoder(Raw)

lenient_decoder = json.JSONDecoder(strict=False, parse_int=str, parse_float=str)
"""Reads any JSON; numbers stay text, as some fit no type."""


def prepare(body: bytes) -> bytes:
    """Return a body ready for decoding; InvalidJSON when not UTF-8, InvalidRequest if too deep."""
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError as error:
            raise InvalidJSON(f"The body is not valid UTF-8 (byte {error.start})") from None
    if b"\\ud" in body or b"\\uD" in body:
        body = _ESCAPE.sub(_hide_lone, body)
    if body.count(b"[") + body.count(b"{") > limits.JSON_DEPTH_MAX:
        check_syntax(body)
        _check_depth(body)
    return body


def _hide_lone(match: re.Match[bytes]) -> bytes:
    lone = match[1]
    return match[0] if lone is None else _PLACEHOLDER + lone + b"~"


def check_syntax(body: bytes) -> None:
    """Raise InvalidJSON when a body is not JSON."""
    try:
        _any_decoder.decode(body)
    except RecursionError:
        raise _too_deep() from None
    except msgspec.DecodeError as error:
        raise InvalidJSON(f"The body is not valid JSON: {error}") from None


def _check_depth(body: bytes) -> None:
    if depth(body) > limits.JSON_DEPTH_MAX:
        raise _too_deep()


def depth(value: bytes) -> int:
    """Return how deeply arrays and objects are nested; 0 for a scalar."""
    if b"\\" in value:
        value = value.replace(b"\\\\", b"").replace(b'\\"', b"")
    beside_strings = b"".join(value.split(b'"')[::2])
    steps = beside_strings.translate(_STEPS, _NOT_BRACKETS)
    return max(accumulate(memoryview(steps).cast("b")), default=0)


def _too_deep() -> InvalidRequest:
    return invalid_request("body", f"JSON is nested deeper than {limits.JSON_DEPTH_MAX} levels")


def hide_surrogates(value: bytes) -> bytes:
    """Return JSON with its lone surrogates hidden, so that msgspec decodes it."""
    return _ESCAPE.sub(_hide_lone, value) if b"\\u" in value else value


def has_hidden_surrogate(value: bytes) -> bool:
    """Tell whether a lone surrogate is hidden in it."""
    return _PLACEHOLDER in value


def shown(text: str) -> str:
    """Return decoded text as people may see it: hidden surrogates as the escapes they came as."""
    return _put_back(text.encode()).decode()


def compact(raw: Raw) -> bytes:
    """Return the value's bytes without insignificant white space, lone surrogates put back."""
    value = bytes(raw)
    if not value.startswith(b'"'):  # a string has none
        value = msgspec.json.format(value, indent=-1)
    return _put_back(value)


def _put_back(value: bytes) -> bytes:
    return _PLACED.sub(rb"\\u\1", value) if _PLACEHOLDER in value else value


def length(value: bytes) -> int:
    """Return the UTF-8 bytes of a string's text, or of any other value's compact JSON."""
    if value[:1] != b'"':
        return len(value)
    if b"\\" not in value:
        return len(value) - 2
    return len(json.loads(value).encode("utf-8", "surrogatepass"))


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
    return bytes(raw)[:1] == b"{"
