"""What of a stored thing was looked at and changed here, and how others' changes are kept."""

import copy
from collections.abc import Mapping
from typing import Any


class Draft:
    """A stored record, with copies of those parts that were looked at and may be changed.

    A copy stays the same object through every `save()` and `refresh()`, so whoever holds it goes on
    changing this draft.
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
            if not is_same(value, getattr(self._stored, name))
        }

    def _settle(self, record: Any, sent: Mapping[str, Any] | None = None) -> None:
        """Go on from a newer record, keeping what was changed since and is not in what was sent."""
        for name, value in [*self._copies.items()]:
            base = (sent or {}).get(name, getattr(self._stored, name))
            newer = getattr(record, name)
            kept = newer if is_same(value, base) else _rebased(value, base, newer)
            self._copies[name] = made_into(value, kept)
        self._stored = record


def made_into(value: Any, wanted: Any) -> Any:
    """Return what is wanted; objects and lists become it themselves, as far as they can."""
    if is_same(value, wanted):
        return value
    if isinstance(value, dict) and isinstance(wanted, Mapping):
        members = {name: made_into(value.get(name), member) for name, member in wanted.items()}
        value.clear()
        value.update(members)
        return value
    if isinstance(value, list) and isinstance(wanted, list | tuple):
        value[:] = copy.deepcopy(wanted)
        return value
    return copy.deepcopy(wanted)


def _rebased(value: Any, base: Any, newer: Any) -> Any:
    """Return what is newer with the changes from base to value; of objects, member by member."""
    if not (isinstance(value, dict) and isinstance(base, dict) and isinstance(newer, dict)):
        return value
    untouched = {
        name: member for name, member in newer.items() if name in value or name not in base
    }
    return copy.deepcopy(untouched) | members_changed(value, base)


def members_changed(value: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of value that are new, or not as they are in base."""
    return {
        name: member
        for name, member in value.items()
        if name not in base or not is_same(member, base[name])
    }


def is_same(value: Any, other: Any) -> bool:
    """Tell whether two values are the same JSON; True and 1 are equal, but not the same."""
    if value is other:
        return True
    if isinstance(value, Mapping) and isinstance(other, Mapping):
        return value.keys() == other.keys() and all(
            is_same(value[name], other[name]) for name in value
        )
    if isinstance(value, list | tuple) and isinstance(other, list | tuple):
        return len(value) == len(other) and all(map(is_same, value, other))
    return type(value) is type(other) and bool(value == other)
