"""JSON both ways: whatever JSON can say arrives as it was, in Python's own values."""

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from dialoguedb.errors import InvalidJSON, InvalidRequest

T = TypeVar("T")

_DIGITS_AT_ONCE = 640
"""As many digits as Python reads whatever limit is set; Decimal has none."""

_write = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_write_escaped = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


def encode(value: object) -> bytes:
    """Write a value; InvalidJSON when it has no place in JSON, such as NaN or a set."""
    try:
        text = _write(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidJSON(f"This cannot be written as JSON: {error}") from error
    try:
        return text.encode()
    except UnicodeEncodeError:  # a lone surrogate has only an escaped form
        return _write_escaped(value).encode()


def decode(body: bytes, kind: type[T]) -> T:
    """Read an answer; msgspec.DecodeError when it is not JSON, or not of this kind."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return msgspec.convert(_read(body), kind)


def _read(body: bytes) -> Any:
    """Read what msgspec does not: lone surrogates, and numbers of any length."""
    try:
        return json.loads(body, parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from None


def _integer(digits: str) -> int:
    """Read a whole number; one that is longer than Python likes to read at once, too."""
    return int(digits) if len(digits) <= _DIGITS_AT_ONCE else int(Decimal(digits))


def timestamp(moment: str | datetime) -> str:
    """Write a moment; InvalidRequest when a datetime does not say its time zone."""
    if isinstance(moment, str):
        return moment
    if moment.tzinfo is None:
        raise InvalidRequest(f"{moment!r} needs a time zone, such as datetime.now(UTC)")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"


def given(fields: Mapping[str, Any], *, nullable: Collection[str] = ()) -> dict[str, Any]:
    """Return the fields by their names on the wire; those that are None are left out.

    Of the nullable ones, None is sent: it takes away what is there.
    """
    return {
        camel(name): _written(name, value)
        for name, value in fields.items()
        if value is not None or name in nullable
    }


def in_query(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields for a query string, where there is only text."""
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in given(fields).items()
    }


def _written(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return timestamp(value)
    if name == "message":
        return given(value)
    if name == "messages" and not isinstance(value, int):
        return [given(message) for message in value]
    return value


def camel(name: str) -> str:
    """Return a name of Python as the wire spells it: `thread_of` is `threadOf`."""
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)
