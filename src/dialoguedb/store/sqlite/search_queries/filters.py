"""The SQL of a search's filters; every key and value of a caller is a bound parameter.

Metadata is compared by type: 1 is 1.0, but neither "1" nor true. An array has what it contains, and
what is stored as an object equals nothing. A key that is missing satisfies `$nin` alone.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import apsw

from dialoguedb.formats.content import has_image
from dialoguedb.model.search import Condition, Operator, Scalar, SearchFilter, TagFilter
from dialoguedb.store.sqlite.search_index import words
from dialoguedb.values.lists import Span

_EVER = Span()
_COMPARISONS: dict[Operator, str] = {"$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}
_NUMBERS = "type IN ('integer', 'real')"
_LISTED = "(SELECT value FROM json_each(?))"
_MARKS_MAX = 200
"""Values up to which marks narrow a search down; so many more would not."""

_OF_DIALOGUE = "(SELECT b.{} FROM dialogue_bodies b WHERE b.dialogue = d.number)"
_SHOWS_IMAGE = "(instr(m.content, X'696d616765') AND shows_image(m.content))"


@dataclass
class Where:
    """Conditions that are all to hold, and the values in them."""

    conditions: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, condition: str, *values: Any) -> None:
        """Add a condition."""
        self.conditions.append(condition)
        self.values.extend(values)

    def __bool__(self) -> bool:
        """Tell whether anything is asked for."""
        return bool(self.conditions)

    def __add__(self, other: "Where") -> "Where":
        """Return both together."""
        return Where(self.conditions + other.conditions, self.values + other.values)

    @property
    def sql(self) -> str:
        """The conditions as one."""
        return " AND ".join(self.conditions) or "true"


def of_messages(wanted: SearchFilter) -> Where:
    """Return what is asked of messages `m` in dialogues `d`."""
    where = Where()
    if wanted.created.lower:  # an index leads to the dialogues with messages as late
        where.add("d.last_message_created >= ?", wanted.created.lower)
    _add_span(where, "m.created", wanted.created)
    _add_span(where, "m.modified", wanted.modified)
    _add_spoken(where, wanted)
    _add_tags(where, "m.tags", wanted.tags)
    _add_metadata(where, "m.metadata", wanted.metadata)
    return where


def of_dialogues(wanted: SearchFilter) -> Where:
    """Return what is asked of dialogues `d` themselves."""
    where = Where()
    _add_span(where, "d.created", wanted.created)
    _add_span(where, "d.modified", wanted.modified)
    _add_tags(where, _OF_DIALOGUE.format("tags"), wanted.tags)
    _add_metadata(where, _OF_DIALOGUE.format("metadata"), wanted.metadata)
    return where


def of_messages_of_dialogues(wanted: SearchFilter) -> Where:
    """Return what is asked of the messages `m` through which dialogues `d` are found."""
    spoken = Where()
    _add_spoken(spoken, wanted)
    return of_dialogues(wanted) + spoken


def of_memories(wanted: SearchFilter) -> Where:
    """Return what is asked of memories `r`."""
    where = Where()
    if (wanted.has_image, wanted.role, wanted.dialogue_id) != (None, None, None):
        where.add("false")  # it is nobody's message, and in no dialogue
    _add_span(where, "r.created", wanted.created)
    _add_span(where, "r.modified", wanted.modified)
    _add_tags(where, "r.tags", wanted.tags)
    _add_metadata(where, "r.metadata", wanted.metadata)
    return where


def prepare(db: apsw.Connection, wanted: SearchFilter) -> None:
    """Give a connection what the conditions call."""
    if wanted.has_image is not None:  # and not always: this has all statements prepared anew
        db.create_scalar_function("shows_image", _shows_image, 1, deterministic=True)


def _shows_image(*values: Any) -> bool:
    return has_image(values[0])


def _add_span(where: Where, column: str, span: Span) -> None:
    if span != _EVER:
        where.add(f"{column} >= ? AND {column} < ?", span.lower, span.upper)


def _add_spoken(where: Where, wanted: SearchFilter) -> None:
    if wanted.role is not None:
        where.add("m.role = ?", wanted.role)
    if wanted.has_image is not None:
        where.add(_SHOWS_IMAGE if wanted.has_image else f"NOT {_SHOWS_IMAGE}")


# --- Tags ---------------------------------------------------------------------------------------


def _add_tags(where: Where, column: str, wanted: TagFilter) -> None:
    each = f"FROM json_each(CAST({column} AS TEXT)) e WHERE e.value IN {_LISTED}"
    if wanted.any_of is not None:
        where.add(f"EXISTS (SELECT 1 {each})", _listed(wanted.any_of))
    if wanted.all_of is not None:
        distinct = set(wanted.all_of)
        where.add(f"(SELECT count(DISTINCT e.value) {each}) = ?", _listed(distinct), len(distinct))
    if wanted.none_of is not None:
        where.add(f"NOT EXISTS (SELECT 1 {each})", _listed(wanted.none_of))


# --- Metadata -----------------------------------------------------------------------------------


def _add_metadata(where: Where, column: str, wanted: tuple[Condition, ...]) -> None:
    for condition in wanted:
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


def _is_one_of(wanted: tuple[Scalar, ...]) -> tuple[str, list[Any]]:
    kinds: dict[str, list[Scalar]] = {
        f"{{0}}.{_NUMBERS} AND {{0}}.value IN {_LISTED}": [v for v in wanted if _is_number(v)],
        f"{{0}}.type = 'text' AND {{0}}.value IN {_LISTED}": [
            v for v in wanted if isinstance(v, str)
        ],
        f"{{0}}.type IN {_LISTED}": [
            json.dumps(v) for v in wanted if v is None or isinstance(v, bool)
        ],
    }
    asked = {condition: values for condition, values in kinds.items() if values}
    return f"({' OR '.join(asked) or 'false'})", [_listed(values) for values in asked.values()]


def _is_number(value: Scalar) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _listed(values: Iterable[Scalar]) -> str:
    """Write values as JSON that SQLite reads as it reads those stored."""
    return json.dumps(list(values))


def _bytes(text: str) -> bytes:
    """Return a text as SQLite reads it from JSON; a lone surrogate could not be bound as text."""
    return text.encode("utf-8", "surrogatepass")


# --- Marks --------------------------------------------------------------------------------------


def marks_of_messages(wanted: SearchFilter) -> list[str]:
    """Return MATCH expressions that all messages found satisfy, and few others."""
    return _marks_of_spoken(wanted) + _marks_of_fields(wanted)


def marks_of_messages_of_dialogues(wanted: SearchFilter) -> list[str]:
    """Return the same for the messages through which dialogues are found."""
    return _marks_of_spoken(wanted)


def marks_of_fields(wanted: SearchFilter) -> list[str]:
    """Return the same for dialogues and memories."""
    return _marks_of_fields(wanted)


def _marks_of_spoken(wanted: SearchFilter) -> list[str]:
    marks = [] if wanted.role is None else [words.quote(words.role_mark(wanted.role))]
    return [*marks, words.quote(words.IMAGE_MARK)] if wanted.has_image else marks


def _marks_of_fields(wanted: SearchFilter) -> list[str]:
    tags = [wanted.tags.any_of or (), *((tag,) for tag in wanted.tags.all_of or ())]
    any_of = [[words.tag_mark(tag) for tag in group] for group in tags]
    any_of += [
        [words.metadata_mark(one.key, value) for value in one.values]
        for one in wanted.metadata
        if one.operator == "$in"
    ]
    return [
        f"({' OR '.join(map(words.quote, group))})"
        for group in any_of
        if 0 < len(group) <= _MARKS_MAX
    ]
