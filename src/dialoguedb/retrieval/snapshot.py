"""What an engine supplies to a search: SQL, within one snapshot of its data.

All of it blocks, and runs on one thread. Each method reads at once whatever it is asked for, since
an engine behind a network pays for each call.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from dialoguedb.model.messages import Message
from dialoguedb.model.search import SearchObject
from dialoguedb.ports.search import Item
from dialoguedb.retrieval.room import Room
from dialoguedb.retrieval.terms import TermGroup, Tokenizer

Floats = NDArray[np.float32]

RowKeys = NDArray[np.int64]
"""An engine's keys of rows, which mean nothing outside the snapshot: the newer a row, the higher.
"""

NO_KEYS: RowKeys = np.empty(0, np.int64)
NO_DIALOGUE = -1

KeyPattern = Literal["scope", "matching", "neighborhoods"]
"""How keys lie: much of the scope, only rows that match the filters, or runs of neighbours."""


class Rows(NamedTuple):
    """Objects of a kind; messages of a dialogue stand together, in its order."""

    keys: RowKeys
    dialogues: RowKeys
    """The dialogue of each message; -1 for other objects."""

    @classmethod
    def apart(cls, keys: RowKeys) -> "Rows":
        """Return objects as if they stood alone."""
        return cls(keys, np.full(len(keys), NO_DIALOGUE, np.int64))


class Held(NamedTuple):
    """Rows that hold something, sorted."""

    keys: RowKeys
    since: int | None
    """From this key on none is missing; None when none is at all."""

    @classmethod
    def newest(cls, keys: RowKeys, limit: int) -> "Held":
        """Return rows that are the newest, up to a limit."""
        return cls(keys, int(keys[0]) if len(keys) == limit else None)


class Postings(NamedTuple):
    """The newest rows that hold each term group."""

    first: int
    last: int
    """The lowest and the highest key in the index, whatever scope it belongs to."""

    every: Held
    """The newest rows of the scope, whatever they hold."""

    holding: list[Held]
    mixed: bool
    """Whether some that hold a term may lie outside the scope."""

    looked_up: bool = False
    """Whether it is soon looked up which terms some hundred candidates hold, whatever their age."""


class Position(NamedTuple):
    """The position of a message in its dialogue."""

    created: str
    seq: int
    key: int


class Neighborhood(NamedTuple):
    """A message and those around it, each list beginning with the nearest."""

    dialogue: int
    earlier: list[Position]
    """Begins with the message itself."""

    later: list[Position]


class RowFeatures(NamedTuple):
    """What an engine knows of rows, in the order they were asked for."""

    cosines: Floats
    """Cosine with the query, NaN without a vector."""

    lengths: Floats
    """How many words of each are indexed, filter tokens among them."""

    names: list[tuple[int, str]]
    """Keys of messages that have a speaker's name, with the name."""


class SearchScope(Protocol):
    """The objects of one kind that a search looks at; a snapshot makes it."""

    @property
    def object(self) -> SearchObject:
        """Which kind of objects these are."""
        ...

    @property
    def filtered(self) -> bool:
        """Whether it holds more than may be found: objects that do not match the filters."""
        ...

    def rows(self, limit: int, dialogue: int | None = None) -> Rows:
        """Return all there is, matching or not, up to a limit; only of one dialogue if given."""
        ...

    def holding(
        self, groups: Sequence[TermGroup], keys: RowKeys, pattern: KeyPattern
    ) -> list[RowKeys]:
        """Return for each term group all of these rows that hold it; others among them do no harm.

        `pattern` lets an engine choose how it reads.
        """
        ...

    def newest(
        self, groups: Sequence[TermGroup], limit: int, *, strictly: bool, to_count: bool
    ) -> Postings:
        """Return the newest rows that hold each term group, and the newest of all, up to a limit.

        Of a common term an engine may return fewer, but as many as a search returns at most; of any
        term where candidates are known already, and it is only `to_count` who holds it.
        Unless `strictly`, rows outside the scope may be among those that hold a term, where that is
        faster; they take part of the limit.
        """
        ...

    def holding_any(self, groups: Sequence[TermGroup]) -> RowKeys:
        """Return all rows of the scope that hold any of the terms."""
        ...

    def nearest(self, vector: Floats, count: int, among: RowKeys | None) -> RowKeys:
        """Return about so many rows, the nearest to a vector, those of `among` alone if given."""
        ...

    def matching(self, keys: RowKeys) -> RowKeys:
        """Return those of these rows that are in the scope and match the filters, sorted."""
        ...

    def some_matching(self, limit: int | None) -> RowKeys:
        """Return rows that match the filters, up to a limit and in any order."""
        ...

    def few_matching(self, limit: int) -> RowKeys | None:
        """Return all rows that match the filters, where these are few and soon found; else None.

        About so many are few: a cheaper way to find them may return more.
        """
        ...

    def features(
        self, keys: RowKeys, vector: Floats | None = None, named: RowKeys = NO_KEYS
    ) -> RowFeatures:
        """Return what is known of rows, and the names of those of `named` that are messages."""
        ...

    def dialogues_of(self, keys: RowKeys) -> RowKeys:
        """Return the dialogue of each message, -1 where it is gone."""
        ...

    def neighborhoods(self, keys: RowKeys, count: int) -> list[Neighborhood]:
        """Return each message with so many before it and after it."""
        ...


class SearchSnapshot(Tokenizer, Protocol):
    """One state of an engine's data, as one search in one project sees it."""

    def scope(self, kind: SearchObject) -> SearchScope:
        """Return the objects that are looked for by what they say themselves."""
        ...

    def messages_of_dialogues(self) -> SearchScope:
        """Return the messages through which dialogues are found."""
        ...

    def items(self, kind: SearchObject, keys: Sequence[int], room: Room) -> dict[int, Item]:
        """Return objects, by key: in full as far as there is room for each twice, in this order."""
        ...

    def messages(self, keys: Sequence[int], room: Room) -> dict[int, Message]:
        """Return messages, by key: in full as far as there is room, in the order of the keys."""
        ...

    def around(
        self, keys: Sequence[int], count: int, room: Room
    ) -> dict[int, tuple[list[Message], list[Message]]]:
        """Return the messages before and after each message in its dialogue, oldest first.

        They are in full as far as there is room, the nearest first.
        """
        ...
