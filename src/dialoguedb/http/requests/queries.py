"""Reading a query string into the type that a route declares for it."""

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Annotated, Any, TypeVar, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct, UnsetType

from dialoguedb.values.decoding import decode
from dialoguedb.values.validation_errors import invalid_request

Q = TypeVar("Q", bound=Struct)

CACHED_BYTES_MAX = 64
"""Shorter queries, such as `limit=20&order=desc`, recur and are read once."""

PARAMETERS_MAX = 1_000
"""Parameters in one query."""

_CODED = re.compile(r"[%+]")
_PLAIN_PARAMETERS_MAX = 16
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,15}")
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,20})?(?:[eE]-?[0-9]{1,2})?")


class NoQuery(Struct, frozen=True):
    """A request without parameters."""


def parse(kind: type[Q], query: bytes) -> Q:
    """Read a query string; InvalidRequest with every validation error."""
    values = _values(kind, query)
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError:
        return decode(kind, msgspec.json.encode(values))


parse_cached = lru_cache(maxsize=1024)(parse)
"""The same for short queries."""


def values_of(query: bytes, parameter: str) -> set[str]:
    """Return every value that a query string gives a parameter, whatever else it holds."""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    return {text for name, text in pairs if name == parameter}


def _values(kind: type[Struct], query: bytes) -> dict[str, Any]:
    """Return the parameters by name, as numbers, booleans, lists and text."""
    values: dict[str, Any] = {}
    readers = _readers(kind)
    for name, text in _pairs(query):
        value = readers.get(name, str)(text)
        if isinstance(value, list):
            value = values.get(name, []) + value
        if name in values and not isinstance(value, list) and values[name] != value:
            raise invalid_request(name, f"{name} has two different values")
        values[name] = value
    return values


def _pairs(query: bytes) -> Iterable[Sequence[str]]:
    try:
        text = query.decode()
        if text.count("&") < _PLAIN_PARAMETERS_MAX and not _CODED.search(text):
            return [part.partition("=")[::2] for part in text.split("&") if part]
        return parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=PARAMETERS_MAX
        )
    except ValueError as error:
        raise invalid_request("query", f"The query cannot be read: {error}") from None


@cache
def _readers(kind: type[Struct]) -> dict[str, Any]:
    readers = {int: _whole_number, float: _number, bool: _boolean, list: _comma_separated}
    return {
        field.encode_name: readers.get(_plain_type(field.type), str)
        for field in msgspec.structs.fields(kind)
    }


def _plain_type(kind: Any) -> Any:
    """Return the plain type within one such as `Annotated[int, …] | UnsetType`."""
    if get_origin(kind) is Annotated:
        return _plain_type(get_args(kind)[0])
    parts = [part for part in get_args(kind) if part is not UnsetType]
    if get_origin(kind) is list or len(parts) != 1:
        return get_origin(kind) or kind
    return _plain_type(parts[0])


def _whole_number(text: str) -> int | str:
    return int(text) if _WHOLE_NUMBER.fullmatch(text) else text


def _number(text: str) -> float | str:
    return float(text) if _NUMBER.fullmatch(text) else text


def _boolean(text: str) -> bool | str:
    return {"true": True, "false": False}.get(text, text)


def _comma_separated(text: str) -> list[str]:
    return [part for part in text.split(",") if part]
