"""The SQL of a search's filters; every value of a caller is a bound parameter.

Metadata is no part of it, see `metadata`.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import count

from dialoguedb.model.search import SearchFilter, TagFilter
from dialoguedb.retrieval.filter_tokens import IMAGE
from dialoguedb.store import memory_validity
from dialoguedb.store.postgres.search_index import words
from dialoguedb.store.where import Where
from dialoguedb.values.lists import TimeRange

_EVER = TimeRange()
_STATEMENTS_KEPT = 1_024
_SHOWS_IMAGE = (
    "EXISTS (SELECT FROM message_words i WHERE i.part = m.part AND i.number = m.number"
    " AND i.words @@ ?::tsquery)"
)
_TAGS = {
    "message": "message_tags t WHERE t.part = m.part AND t.dialogue = m.dialogue"
    " AND t.message = m.number",
    "dialogue": "dialogue_tags t WHERE t.part = d.part AND t.dialogue = d.number",
    "memory": "memory_tags t WHERE t.part = r.part AND t.memory = r.number",
}


@lru_cache(_STATEMENTS_KEPT)
def numbered(sql: str) -> str:
    """Return a statement with `$1`, `$2` and so on in the place of each `?`."""
    indexes = count(1)
    return re.sub(r"\?", lambda _: f"${next(indexes)}", sql)


def looked_up(table: str, condition: str) -> str:
    """Return the join of a table whose rows are looked up for each row before it, by an index.

    The planner does not know how many row ids a parameter holds, nor, before the first ANALYZE, how
    large a table is. Left to itself it would look through all of one for each row of another.
    """
    alias = table.rpartition(" ")[2]
    return f"CROSS JOIN LATERAL (SELECT * FROM {table} WHERE {condition} OFFSET 0) AS {alias}"


def of_messages(filters: SearchFilter) -> Where:
    """Return the conditions on messages `m` in dialogues `d`."""
    where = Where()
    if filters.created.lower:  # an index leads to the dialogues with messages as late
        where.add("d.last_message_created >= ?", filters.created.lower)
    _add_span(where, "m.created", filters.created)
    _add_span(where, "m.modified", filters.modified)
    _add_turn(where, filters)
    _add_tags(where, "message", filters.tags)
    return where


def of_dialogues(filters: SearchFilter) -> Where:
    """Return the conditions on dialogues `d` themselves."""
    where = Where()
    _add_span(where, "d.created", filters.created)
    _add_span(where, "d.modified", filters.modified)
    _add_tags(where, "dialogue", filters.tags)
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
    _add_tags(where, "memory", filters.tags)
    return where


def _add_span(where: Where, column: str, span: TimeRange) -> None:
    if span != _EVER:
        where.add(f"{column} >= ? AND {column} < ?", span.lower, span.upper)


def _add_turn(where: Where, filters: SearchFilter) -> None:
    if filters.role is not None:
        where.add("m.role = ANY(?::text[])", _storable([filters.role]))
    if filters.has_image is not None:
        image = words.quote(IMAGE)
        where.add(_SHOWS_IMAGE if filters.has_image else f"NOT {_SHOWS_IMAGE}", image)


def _add_tags(where: Where, kind: str, tags: TagFilter) -> None:
    found = f"FROM {_TAGS[kind]} AND t.tag = ANY(?::text[])"
    if tags.any_of is not None:
        where.add(f"EXISTS (SELECT {found})", _storable(tags.any_of))
    if tags.all_of is not None:
        distinct = sorted(set(tags.all_of))
        where.add(
            f"(SELECT count(DISTINCT t.tag) {found}) = ?::bigint",
            _storable(distinct),
            len(distinct),
        )
    if tags.none_of is not None:
        where.add(f"NOT EXISTS (SELECT {found})", _storable(tags.none_of))


def _storable(texts: Iterable[str]) -> list[str]:
    """Return those texts that can be stored, and so equal one that is."""
    return [text for text in texts if "\0" not in text and _is_unicode(text)]


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return True
