"""JSON encoding and decoding without loss, in Python's own values."""

import json
import re
from typing import Any, TypeVar
from uuid import uuid4

import msgspec
from msgspec import Raw

from dialoguedb.client.encoding import long_integers
from dialoguedb.errors import InvalidJSON

T = TypeVar("T")

_PLAIN: dict[str, Any] = {"allow_nan": False, "separators": (",", ":")}
_write = json.JSONEncoder(ensure_ascii=False, **_PLAIN).encode
_write_escaped = json.JSONEncoder(**_PLAIN).encode

_LONG_BITS = 2_000
"""Python writes shorter numbers whatever limit is set."""

_PLACEHOLDER = uuid4().hex
_PLACEHOLDERS = re.compile(rf'"{_PLACEHOLDER}(\d+)"'.encode())


def encode(value: object) -> bytes:
    """Encode a value, msgspec.Raw in it byte for byte; InvalidJSON for what is not JSON."""
    try:
        text = _write(value)
    except (TypeError, ValueError):
        return _encode_around(value)
    except RecursionError as error:
        raise InvalidJSON(f"This cannot be written as JSON: {error}") from error
    try:
        return text.encode()
    except UnicodeEncodeError:  # a lone surrogate has only an escaped form
        return _write_escaped(value).encode()


def _encode_around(value: object) -> bytes:
    """Encode with placeholders for what the encoder cannot write, then replace them."""
    held: list[bytes] = []

    def placeholder(value: object) -> str:
        if not isinstance(value, Raw):
            raise TypeError(f"{type(value).__name__} is no type of JSON")
        held.append(bytes(value))
        return f"{_PLACEHOLDER}{len(held) - 1}"

    def written(*, ensure_ascii: bool) -> bytes:
        encoder = json.JSONEncoder(ensure_ascii=ensure_ascii, default=placeholder, **_PLAIN)
        return encoder.encode(_without_long_numbers(value)).encode()

    try:
        try:
            text = written(ensure_ascii=False)
        except UnicodeEncodeError:
            text = written(ensure_ascii=True)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidJSON(f"This cannot be written as JSON: {error}") from error
    return _PLACEHOLDERS.sub(lambda found: held[int(found[1])], text)


def _without_long_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_long_numbers(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_without_long_numbers(item) for item in value]
    if isinstance(value, int) and value.bit_length() > _LONG_BITS:
        return Raw(long_integers.format_digits(value).encode())
    return value


def decode(body: bytes, kind: type[T]) -> T:
    """Decode a response; the type msgspec.Raw returns it as it is.

    msgspec.DecodeError when it is not JSON; its child ValidationError when it is not of this type.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        value = _read(body)
    try:
        return msgspec.convert(Raw(body) if kind is Raw else value, kind)
    except UnicodeEncodeError as error:
        raise msgspec.ValidationError(str(error)) from None


def _read(body: bytes) -> Any:
    """Decode what msgspec does not: lone surrogates, and numbers of any length."""
    try:
        return json.loads(body, parse_int=long_integers.parse)
    except RecursionError:
        raise msgspec.ValidationError("It is nested too deeply") from None
    except ValueError as error:
        raise msgspec.DecodeError(str(error)) from None
