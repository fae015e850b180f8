"""LangGraph's filters: evaluated in full, and as far as a search can evaluate them.

A search filters by metadata, so the first plain members of a value are stored there as well.
"""

from collections.abc import Collection, Mapping
from itertools import islice
from typing import Any

from langgraph.store.base import ListNamespacesOp, MatchCondition

_FIELD = "value."
_FIELDS_MAX = 50
_CHARS_MAX = 256
_ORDERS = {"$gt", "$gte", "$lt", "$lte"}

Filter = Mapping[str, Any] | None


def searchable(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plain members of a value, as metadata."""
    plain = ((f"{_FIELD}{key}", one) for key, one in value.items() if _is_plain(key, one))
    return dict(islice(plain, _FIELDS_MAX))


def metadata_filter(conditions: Filter) -> dict[str, Any]:
    """Return a filter on metadata that accepts everything that matches, and little more.

    Of a value with more plain members than are copied, only the first are searched.
    """
    return {
        f"{_FIELD}{key}": condition
        for key, condition in (conditions or {}).items()
        if _is_plain(key, condition) or _is_simple(key, condition)
    }


def _is_plain(key: str, value: Any) -> bool:
    if len(key) > _CHARS_MAX:
        return False
    return isinstance(value, int | float) or (isinstance(value, str) and len(value) <= _CHARS_MAX)


def _is_simple(key: str, condition: Any) -> bool:
    """Tell whether a condition is made of operators that mean the same in a search."""
    return (
        isinstance(condition, dict)
        and bool(condition)
        and all(
            (name in _ORDERS and isinstance(value, int | float))
            or (name == "$eq" and _is_plain(key, value))
            for name, value in condition.items()
        )
    )


def matches(value: Mapping[str, Any], conditions: Filter) -> bool:
    """Tell whether a value matches a filter."""
    return all(_agrees(value.get(key), condition) for key, condition in (conditions or {}).items())


def _agrees(value: Any, condition: Any) -> bool:
    if isinstance(condition, dict):
        if any(name.startswith("$") for name in condition):
            return all(_holds(value, name, other) for name, other in condition.items())
        return isinstance(value, dict) and all(
            _agrees(value.get(key), other) for key, other in condition.items()
        )
    if isinstance(condition, list | tuple):
        return (
            isinstance(value, list | tuple)
            and len(value) == len(condition)
            and all(map(_agrees, value, condition))
        )
    return bool(value == condition)


def _holds(value: Any, name: str, other: Any) -> bool:
    match name:
        case "$eq":
            return bool(value == other)
        case "$ne":
            return bool(value != other)
        case "$gt" | "$gte" | "$lt" | "$lte":
            return _is_ordered(value, name, other)
        case _:
            raise ValueError(f"Unsupported operator: {name}")


def _is_ordered(value: Any, name: str, other: Any) -> bool:
    """Compare as numbers, as LangGraph's own stores do; what is no number does not match."""
    try:
        one, two = float(value), float(other)
    except (TypeError, ValueError):
        return False
    compared = {"$gt": one > two, "$gte": one >= two, "$lt": one < two, "$lte": one <= two}
    return compared[name]


def matching_namespaces(
    namespaces: Collection[tuple[str, ...]], op: ListNamespacesOp
) -> list[tuple[str, ...]]:
    """Return those of the namespaces that match, in order."""
    found = (
        one
        for one in namespaces
        if all(_fits(condition, one) for condition in op.match_conditions or ())
    )
    cut = {one if op.max_depth is None else one[: op.max_depth] for one in found}
    return sorted(cut)[op.offset : op.offset + op.limit]


def _fits(condition: MatchCondition, namespace: tuple[str, ...]) -> bool:
    path = condition.path
    if len(namespace) < len(path):
        return False
    ends = namespace[: len(path)] if condition.match_type == "prefix" else namespace[-len(path) :]
    return all(pattern in {"*", name} for name, pattern in zip(ends, path, strict=True))
