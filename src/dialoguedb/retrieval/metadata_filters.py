"""Which metadata satisfies the conditions of a search, for an engine without SQLite's JSON.

Metadata is compared by type: 1 is 1.0, but neither "1" nor true. An array has what it contains, and
what is stored as an object equals nothing. A key that is missing satisfies `$nin` alone.
"""

import json
import operator
from collections.abc import Callable, ItemsView, Sequence
from typing import Any

import msgspec

from dialoguedb.model.search import Condition, Operator

_COMPARISONS: dict[Operator, Callable[[Any, Any], bool]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}
_LARGEST = 1 << 63
_DIGITS = 400
"""Of what a fraction can hold; with more it is infinite."""


Members = Sequence[tuple[str, Any]] | ItemsView[str, Any]


class _Members(list[tuple[str, Any]]):
    """The members of an object, each as often as it is there."""


def satisfies(metadata: bytes, conditions: Sequence[Condition]) -> bool:
    """Tell whether metadata, as it is stored, satisfies all conditions."""
    if metadata == b"{}":
        return not needs_some(conditions)
    is_plain = b"\\" not in metadata  # then keys are written as they are
    if is_plain:
        for condition in conditions:
            if condition.operator != "$nin" and _bytes(condition.key) not in metadata:
                return False
        is_plain = all(metadata.count(b'"%s"' % _bytes(one.key)) <= 1 for one in conditions)
    members = _members(metadata, is_plain=is_plain)
    return all(_satisfies(members, condition) for condition in conditions)


def _bytes(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")


def needs_some(conditions: Sequence[Condition]) -> bool:
    """Tell whether empty metadata cannot satisfy all conditions."""
    return any(condition.operator != "$nin" for condition in conditions)


def _satisfies(members: Members, condition: Condition) -> bool:
    values = [value for key, value in members if key == condition.key]
    found = any(
        any(_holds(one, condition) for one in value)
        if isinstance(value, list) and not isinstance(value, _Members)
        else _holds(value, condition)
        for value in values
    )
    return not found if condition.operator == "$nin" else found


def _holds(value: Any, condition: Condition) -> bool:
    if isinstance(value, list | dict):
        return False
    value = comparable(value)
    if condition.operator in {"$in", "$nin"}:
        return any(_is_equal(value, comparable(one)) for one in condition.values)
    bound = comparable(condition.values[0])
    compare = _COMPARISONS[condition.operator]
    return _is_ordered(value) and _kind(value) is _kind(bound) and compare(value, bound)


def _is_equal(one: Any, other: Any) -> bool:
    return _kind(one) is _kind(other) and bool(one == other)


def _kind(value: Any) -> type:
    return float if isinstance(value, int) and not isinstance(value, bool) else type(value)


def _is_ordered(value: Any) -> bool:
    return _kind(value) in {float, str}


def comparable(value: Any) -> Any:
    """Return a value as numbers are compared: one that takes more than 64 bits is a fraction."""
    if not isinstance(value, int) or isinstance(value, bool) or -_LARGEST <= value < _LARGEST:
        return value
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _integer(digits: str) -> int | float:
    """Read an integer, which may have more digits than Python converts."""
    return int(digits) if len(digits) <= _DIGITS else float(digits)


_plain_decoder = msgspec.json.Decoder(dict[str, Any])
_decoder = json.JSONDecoder(object_pairs_hook=_Members, parse_int=_integer, strict=False)


def _members(metadata: bytes, *, is_plain: bool) -> Members:
    """Return the members of metadata; is it plain, no key is asked for that is there twice."""
    if is_plain:
        try:
            return _plain_decoder.decode(metadata).items()
        except (msgspec.DecodeError, RecursionError):  # numbers out of range
            pass
    try:
        members = _decoder.decode(metadata.decode("utf-8", "replace"))
    except (ValueError, RecursionError):  # damaged: no filter finds it
        return _Members()
    return members if isinstance(members, _Members) else _Members()
