"""The SQL of a search's filters; every key and value of a caller is a bound parameter.

Metadata is compared by type: 1 is 1.0, but neither "1" nor true. An array has what it contains, and
what is stored as an object equals nothing. A key that is missing satisfies `$nin` alone.
"""

import json
from collections.abc import Iterable
from typing import Any

import apsw

from dialoguedb.formats.attachments.scanner import IMAGE_WORDS, has_image
from dialoguedb.model.search import Condition, Operator, Scalar, SearchFilter, TagFilter
from dialoguedb.store import memory_validity
from dialoguedb.store.where import Where
from dialoguedb.values.lists import TimeRange

_EVER = TimeRange()
_COMPARISONS: dict[Operator, str] = {"$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}
_NUMBERS = "type IN ('integer', 'real')"
_LISTED = "(SELECT value FROM json_each(?))"
_OF_DIALOGUE = "(SELECT b.{} FROM dialogue_bodies b WHERE b.dialogue = d.number)"
# Most messages have none of the words, and are not parsed.
_MAY_SHOW_IMAGE = " OR ".join(f"instr(m.content, X'{word.hex()}')" for word in IMAGE_WORDS)
_SHOWS_IMAGE = f"(({_MAY_SHOW_IMAGE}) AND shows_image(m.content))"


def of_messages(filters: SearchFilter) -> Where:
    """Return the conditions on messages `m` in dialogues `d`."""
    where = Where()
    if filters.created.lower:  # an index leads to the dialogues with messages as late
        where.add("d.last_message_created >= ?", filters.created.lower)
    _add_span(where, "m.created", filters.created)
    _add_span(where, "m.modified", filters.modified)
    _add_turn(where, filters)
    _add_tags(where, "m.tags", filters.tags)
    _add_metadata(where, "m.metadata", filters.metadata)
    return where


def of_dialogues(filters: SearchFilter) -> Where:
    """Return the conditions on dialogues `d` themselves."""
    where = Where()
    _add_span(where, "d.created", filters.created)
    _add_span(where, "d.modified", filters.modified)
    _add_tags(where, _OF_DIALOGUE.format("tags"), filters.tags)
    _add_metadata(where, _OF_DIALOGUE.format("metadata"), filters.metadata)
    return where


def of_messages_of_dialogues(filters: SearchFilter) -> Where:
    """Return the conditions on the messages `m` through which dialogues `d` are found."""
    of_turns = Where()
    _add_turn(of_turns, filters)
    return of_dialogues(filters) + of_turns


def of_memories(filters: SearchFilter, *, limited: bool = True) -> Where:
    """Return the conditions on memories `r`; `limited` tells that some are not always active."""
    where = Where()
    if (filters.has_image, filters.role, filters.dialogue_id) != (None, None, None):
        where.add("false")  # it is nobody's message, and in no dialogue
    _add_span(where, "r.created", filters.created)
    _add_span(where, "r.modified", filters.modified)
    memory_validity.add(where, filters, limited=limited)
    _add_tags(where, "r.tags", filters.tags)
    _add_metadata(where, "r.metadata", filters.metadata)
    return where


def prepare(db: apsw.Connection, filters: SearchFilter) -> None:
    """Give a connection what the conditions call."""
    if filters.has_image is not None:  # and not always: this has all statements prepared again
        db.create_scalar_function("shows_image", _shows_image, 1, deterministic=True)


def _shows_image(*values: Any) -> bool:
    return has_image(values[0])


def _add_span(where: Where, column: str, span: TimeRange) -> None:
    if span != _EVER:
        where.add(f"{column} >= ? AND {column} < ?", span.lower, span.upper)


def _add_turn(where: Where, filters: SearchFilter) -> None:
    if filters.role is not None:
        where.add("m.role = ?", filters.role)
    if filters.has_image is not None:
        where.add(_SHOWS_IMAGE if filters.has_image else f"NOT {_SHOWS_IMAGE}")


# --- Tags ---------------------------------------------------------------------------------------


def _add_tags(where: Where, column: str, tags: TagFilter) -> None:
    each = f"FROM json_each(CAST({column} AS TEXT)) e WHERE e.value IN {_LISTED}"
    if tags.any_of is not None:
        where.add(f"EXISTS (SELECT 1 {each})", _listed(tags.any_of))
    if tags.all_of is not None:
        distinct = set(tags.all_of)
        where.add(f"(SELECT count(DISTINCT e.value) {each}) = ?", _listed(distinct), len(distinct))
    if tags.none_of is not None:
        where.add(f"NOT EXISTS (SELECT 1 {each})", _listed(tags.none_of))


# --- Metadata -----------------------------------------------------------------------------------


def _add_metadata(where: Where, column: str, conditions: tuple[Condition, ...]) -> None:
    for condition in conditions:
        holds, values = _holds(condition)
        inside = f"EXISTS (SELECT 1 FROM json_each(e.value) i WHERE {holds.format('i')})"
        has = (
            f"EXISTS (SELECT 1 FROM json_each(CAST({column} AS TEXT)) e WHERE e.key ="
            f" CAST(? AS TEXT) AND CASE e.type WHEN 'array' THEN {inside}"
            f" ELSE {holds.format('e')} END)"
        )
        where.add(
            f"NOT {has}" if condition.operator == "$nin" else has,
            _bytes(condition.key),
            *values,
            *values,
        )


def _holds(condition: Condition) -> tuple[str, list[Any]]:
    """Return what a value is to satisfy, `{0}` its row of json_each; and the values bound."""
    if condition.operator in {"$in", "$nin"}:
        return _is_one_of(condition.values)
    sign = _COMPARISONS[condition.operator]
    value = condition.values[0]
    if isinstance(value, str):
        return f"({{0}}.type = 'text' AND {{0}}.value {sign} CAST(? AS TEXT))", [_bytes(value)]
    if _is_number(value):
        return f"({{0}}.{_NUMBERS} AND {{0}}.value {sign} {_LISTED})", [_listed([value])]
    return "false", []  # nothing is more or less than true, false or null


def _is_one_of(listed: tuple[Scalar, ...]) -> tuple[str, list[Any]]:
    kinds: dict[str, list[Scalar]] = {
        f"{{0}}.{_NUMBERS} AND {{0}}.value IN {_LISTED}": [v for v in listed if _is_number(v)],
        f"{{0}}.type = 'text' AND {{0}}.value IN {_LISTED}": [
            v for v in listed if isinstance(v, str)
        ],
        f"{{0}}.type IN {_LISTED}": [
            json.dumps(v) for v in listed if v is None or isinstance(v, bool)
        ],
    }
    used = {condition: values for condition, values in kinds.items() if values}
    return f"({' OR '.join(used) or 'false'})", [_listed(values) for values in used.values()]


def _is_number(value: Scalar) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _listed(values: Iterable[Scalar]) -> str:
    """Write values as JSON that SQLite reads as it reads those stored."""
    return json.dumps(list(values))


def _bytes(text: str) -> bytes:
    """Return a text as SQLite reads it from JSON; a lone surrogate could not be bound as text."""
    return text.encode("utf-8", "surrogatepass")
