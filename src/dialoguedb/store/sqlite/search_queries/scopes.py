"""Where a search looks: the objects of a kind in a project, a namespace or a dialogue."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import apsw
import numpy as np
from numpy.typing import NDArray

from dialoguedb.model.search import SearchFilter, SearchObject
from dialoguedb.store.sqlite.search_index import words
from dialoguedb.store.sqlite.search_queries import filters as search_filters
from dialoguedb.store.sqlite.search_queries.filters import Where
from dialoguedb.values.lists import Span

Numbers = NDArray[np.int64]

_AROUND = 4
"""Messages looked at before and after one: two of its neighbours', whose neighbours count too."""

_NOBODY = np.array([-1], np.int64)

# A dialogue's messages come one after the other, in order: what the indexes give without sorting.
_SELECTS = {
    "message": "SELECT m.number, m.dialogue FROM dialogues d"
    " CROSS JOIN messages m ON m.dialogue = d.number WHERE {}"
    " ORDER BY d.project, d.namespace, d.id, m.created, m.seq LIMIT ?",
    "dialogue": "SELECT d.number, -1 FROM dialogues d WHERE {} LIMIT ?",
    "memory": "SELECT r.number, -1 FROM memories r WHERE {} LIMIT ?",
}
_ANY_ORDER = {
    **_SELECTS,
    "message": "SELECT m.number, m.dialogue FROM dialogues d"
    " CROSS JOIN messages m ON m.dialogue = d.number WHERE {} LIMIT ?",
}
_NUMBERED = {
    "message": "SELECT m.number FROM carray(?) c CROSS JOIN messages m ON m.number = c.value"
    " CROSS JOIN dialogues d ON d.number = m.dialogue WHERE {}",
    "dialogue": "SELECT d.number FROM carray(?) c CROSS JOIN dialogues d ON d.number = c.value"
    " WHERE {}",
    "memory": "SELECT r.number FROM carray(?) c CROSS JOIN memories r ON r.number = c.value"
    " WHERE {}",
}
_OWNERS = {"message": "d", "dialogue": "d", "memory": "r"}

_DIALOGUES = (
    "SELECT m.number, m.dialogue FROM carray(?) c CROSS JOIN messages m ON m.number = c.value"
)
_PLACES = (
    "SELECT m.number, m.dialogue, m.created, m.seq FROM carray(?) c"
    " CROSS JOIN messages m ON m.number = c.value"
)
_BEFORE = (
    "SELECT * FROM (SELECT number, created, seq FROM messages WHERE dialogue = ?1"
    " AND (created, seq) {} (?2, ?3) ORDER BY created {order}, seq {order} LIMIT ?4)"
)
_WINDOW = " UNION ALL ".join(
    (_BEFORE.format("<=", order="DESC"), _BEFORE.format(">", order="ASC").replace("?4", "?5"))
)


@dataclass(frozen=True)
class Rows:
    """Objects of a kind; messages of a dialogue stand together, in its order."""

    numbers: Numbers
    dialogues: Numbers
    """The dialogue of each message; -1 for other objects."""

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.numbers)


@dataclass(frozen=True)
class Scope:
    """The objects of a kind that a search looks at."""

    db: apsw.Connection
    kind: SearchObject
    project: int
    namespace: str | None
    """None for all of the project's."""

    within: Where
    """What makes them part of the scope."""

    wanted: Where
    """What is asked of those that are found."""

    marks: tuple[str, ...]
    """MATCH expressions that narrow down what is found; only ever true where `wanted` is."""

    dialogue: int | None = None
    """The only dialogue whose messages are looked at."""

    by_time: bool = False
    """Whether messages are wanted by time, and so found by an index."""

    @property
    def filtered(self) -> bool:
        """Whether the scope as the indexes know it holds more than may be found."""
        return bool(self.wanted) or self.dialogue is not None

    @property
    def is_quick(self) -> bool:
        """Whether what satisfies the filters is soon found, or found to be much."""
        return self.kind != "message" or self.dialogue is not None or self.by_time

    @property
    def number(self) -> int | None:
        """The number of the namespace; None for all of the project's."""
        if self.namespace is None:
            return None
        return words.scope_number(self.project, self.namespace)

    @property
    def match(self) -> str:
        """The MATCH expression of all there is in the project or namespace."""
        number = self.number
        mark = words.project_mark(self.project) if number is None else words.scope_mark(number)
        return words.quote(mark)

    def rows(self, limit: int) -> Rows:
        """Return all there is, found or not, up to a limit."""
        return self._rows(_SELECTS[self.kind], self.within, limit)

    def found(self, limit: int) -> Rows:
        """Return what satisfies the filters, up to a limit and in any order."""
        return self._rows(_ANY_ORDER[self.kind], self.within + self.wanted, limit)

    def _rows(self, select: str, where: Where, limit: int) -> Rows:
        cursor = self.db.execute(select.format(where.sql), (*where.values, limit))
        pairs = integers(chain.from_iterable(cursor)).reshape(-1, 2)
        return Rows(np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1]))

    def found_of(self, numbers: Numbers) -> Numbers:
        """Return those of these objects that are in the scope and satisfy the filters, sorted."""
        where = self.within + self.wanted
        select = _NUMBERED[self.kind].format(where.sql)
        return np.sort(column(self.db, select, (array(numbers), *where.values)))

    def of_dialogue(self, dialogue: int, limit: int) -> Rows:
        """Return the messages of one dialogue of the scope, up to a limit."""
        where = self.within + Where(["d.number = ?"], [dialogue])
        return self._rows(_SELECTS["message"], where, limit)

    def apart(self, numbers: Numbers) -> Rows:
        """Return objects as if they stood alone."""
        return Rows(numbers, np.full(len(numbers), -1, np.int64))

    def dialogues_of(self, numbers: Numbers) -> Numbers:
        """Return the dialogue of each message, -1 where it is gone."""
        owners = dict(self.db.execute(_DIALOGUES, (array(numbers),)))
        return integers(owners.get(number, -1) for number in numbers.tolist())

    def around(self, numbers: Numbers) -> tuple[Rows, NDArray[np.bool_]]:
        """Return objects with their surroundings, and which of these have all theirs there too."""
        if self.kind != "message":
            return self.apart(numbers), np.ones(len(numbers), bool)
        places: dict[tuple[int, str, int, int], bool] = {}
        for number, dialogue, created, seq in self.db.execute(_PLACES, (array(numbers),)):
            del number
            window = self.db.execute(
                _WINDOW, (dialogue, created, seq, _AROUND + 1, _AROUND)
            ).fetchall()
            _note(places, dialogue, (created, seq), window)
        ordered = sorted(places)
        rows = Rows(
            integers(place[3] for place in ordered), integers(place[0] for place in ordered)
        )
        return rows, np.fromiter((places[place] for place in ordered), bool, len(ordered))


def _note(
    places: dict[tuple[int, str, int, int], bool],
    dialogue: int,
    middle: tuple[str, int],
    window: list[tuple[Any, ...]],
) -> None:
    """Note the messages of a window: those up to two away have all their neighbours in it."""
    earlier = [row for row in window if row[1:] <= middle]
    later = [row for row in window if row[1:] > middle]
    for rows, near in ((earlier, 3), (later, 2)):
        for distance, (number, created, seq) in enumerate(rows):
            place = (dialogue, created, seq, number)
            places[place] = places.get(place, False) or distance < near


def of_objects(db: apsw.Connection, project: int, kind: SearchObject, asked: SearchFilter) -> Scope:
    """Return where objects are looked for by what they say themselves."""
    if kind == "message":
        scope = _of_messages(
            (db, project, asked),
            search_filters.of_messages(asked),
            search_filters.marks_of_messages(asked),
        )
        return replace(scope, by_time=asked.created != Span())
    within = _within(project, kind, asked)
    wanted = search_filters.of_memories(asked)
    if kind == "dialogue":
        wanted = search_filters.of_dialogues(asked)
        within = within if asked.dialogue_id is None else _dialogue(project, asked)
    marks = _complete(db, kind, search_filters.marks_of_fields(asked))
    return Scope(db, kind, project, asked.namespace, within, wanted, marks)


def of_messages_of_dialogues(db: apsw.Connection, project: int, asked: SearchFilter) -> Scope:
    """Return where messages are looked for through which dialogues are found."""
    return _of_messages(
        (db, project, asked),
        search_filters.of_messages_of_dialogues(asked),
        search_filters.marks_of_messages_of_dialogues(asked),
    )


def _of_messages(
    where: tuple[apsw.Connection, int, SearchFilter], wanted: Where, marks: list[str]
) -> Scope:
    db, project, asked = where
    narrowing = _complete(db, "message", marks)
    if asked.dialogue_id is None:
        within = _within(project, "message", asked)
        return Scope(db, "message", project, asked.namespace, within, wanted, narrowing)
    namespace = asked.namespace or ""
    within = _dialogue(project, asked)
    number = db.execute(f"SELECT d.number FROM dialogues d WHERE {within.sql}", within.values).get
    dialogue = -1 if number is None else number
    return Scope(db, "message", project, namespace, within, wanted, narrowing, dialogue)


def _within(project: int, kind: SearchObject, asked: SearchFilter) -> Where:
    owner = _OWNERS[kind]
    within = Where([f"{owner}.project = ?"], [project])
    if asked.namespace is not None:
        within.add(f"{owner}.namespace = ?", asked.namespace)
    return within


def _dialogue(project: int, asked: SearchFilter) -> Where:
    """Return what makes objects part of the one dialogue that is named."""
    names = [project, asked.namespace or "", asked.dialogue_id]
    return Where(["d.project = ?", "d.namespace = ?", "d.id = ?"], names)


def _complete(db: apsw.Connection, kind: SearchObject, marks: list[str]) -> tuple[str, ...]:
    """Return the marks unless some objects have none yet."""
    missing = "SELECT 1 FROM index_runs WHERE embedder IS NULL AND object = ?"
    if not marks or db.execute(missing, (kind,)).fetchone():
        return ()
    return tuple(marks)


def integers(values: Iterable[int]) -> Numbers:
    """Gather integers."""
    return np.fromiter(values, np.int64)


def column(db: apsw.Connection, sql: str, values: tuple[Any, ...]) -> Numbers:
    """Gather the integers of a query's only column, in no order.

    As one text they take half the time of as many rows.
    """
    gathered = f"SELECT ifnull(group_concat(number), '') FROM ({sql})"
    return np.fromstring(str(db.execute(gathered, values).get), np.int64, sep=",")


def array(numbers: Numbers) -> Any:
    """Bind numbers as the table `carray(?)`; an empty one cannot be."""
    return apsw.carray(np.ascontiguousarray(numbers) if len(numbers) else _NOBODY)
