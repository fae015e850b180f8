"""Local changes to a stored object, and how the changes of others are merged in."""

import copy
from collections.abc import Mapping
from typing import Any


class TrackedObject:
    """A stored record, with copies of the parts that were read and may be changed.

    A copy stays the same object through every `save()` and `refresh()`, so whoever holds it goes on
    changing this object.
    """

    def __init__(self, record: Any) -> None:
        self._stored = record
        self._copies: dict[str, Any] = {}

    @property
    def is_dirty(self) -> bool:
        """Whether `save()` has something to store."""
        return bool(self._changes())

    def _part(self, name: str) -> Any:
        """Return a part that may be changed in place."""
        if name not in self._copies:
            self._copies[name] = copy.deepcopy(getattr(self._stored, name))
        return self._copies[name]

    def _change(self, name: str, value: Any) -> None:
        self._copies[name] = copy.deepcopy(value)

    def _changes(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in [*self._copies.items()]
            if not is_same_json(value, getattr(self._stored, name))
        }

    def _apply(self, record: Any, sent: Mapping[str, Any] | None = None) -> None:
        """Take over a newer record; changes that were not sent with it are kept."""
        for name, value in [*self._copies.items()]:
            base = (sent or {}).get(name, getattr(self._stored, name))
            newer = getattr(record, name)
            kept = newer if is_same_json(value, base) else _rebased(value, base, newer)
            self._copies[name] = assigned_into(value, kept)
        self._stored = record


def assigned_into(value: Any, target: Any) -> Any:
    """Return the target; objects and lists become it themselves, as far as they can."""
    if is_same_json(value, target):
        return value
    if isinstance(value, dict) and isinstance(target, Mapping):
        members = {name: assigned_into(value.get(name), member) for name, member in target.items()}
        value.clear()
        value.update(members)
        return value
    if isinstance(value, list) and isinstance(target, list | tuple):
        value[:] = copy.deepcopy(target)
        return value
    return copy.deepcopy(target)


def _rebased(value: Any, base: Any, newer: Any) -> Any:
    """Return the newer value with the changes from base to value (a three-way merge).

    Objects merge member by member, anything else as a whole.
    """
    if not (isinstance(value, dict) and isinstance(base, dict) and isinstance(newer, dict)):
        return value
    untouched = {
        name: member for name, member in newer.items() if name in value or name not in base
    }
    return copy.deepcopy(untouched) | changed_members(value, base)


def changed_members(value: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of value that are new, or differ from those of base."""
    return {
        name: member
        for name, member in value.items()
        if name not in base or not is_same_json(member, base[name])
    }


def is_same_json(value: Any, other: Any) -> bool:
    """Tell whether two values are the same JSON; True and 1 are equal, but not the same."""
    if value is other:
        return True
    if isinstance(value, Mapping) and isinstance(other, Mapping):
        return value.keys() == other.keys() and all(
            is_same_json(value[name], other[name]) for name in value
        )
    if isinstance(value, list | tuple) and isinstance(other, list | tuple):
        return len(value) == len(other) and all(map(is_same_json, value, other))
    return type(value) is type(other) and bool(value == other)
