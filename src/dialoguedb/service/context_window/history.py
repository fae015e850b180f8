"""A history of turns, grouped by tool calls and their results."""

from collections.abc import Container, Iterable, Sequence

from dialoguedb.formats.parts import ToolCall, ToolResult
from dialoguedb.formats.tool_links import ToolLinker, ToolPairs
from dialoguedb.formats.turns import Turn, parse_turn
from dialoguedb.formats.writers.silent_turns import goes_back, stands_alone
from dialoguedb.model.messages import Message
from dialoguedb.service.context_window.shown_tokens import ShownTokens
from dialoguedb.values.fields import Dialect


class History:
    """Turns in order, grouped by what must stay together.

    That is a call and its result, and the reasoning of a model and what it did behind it, where
    the dialect sends reasoning back.
    """

    def __init__(
        self,
        turns: Iterable[Turn],
        *,
        whole: bool,
        shows_unanswered: bool = False,
        dialect: Dialect = "plain",
    ) -> None:
        self._shows_unanswered = shows_unanswered
        self.turns = list(turns)
        self.indexes = {turn.id: index for index, turn in enumerate(self.turns)}
        links = ToolLinker(whole=whole)
        for turn in self.turns:
            if turn.speaker == "system":
                links.skip()
            else:
                links.add(turn)
        self.issues = links.finish()
        self.pairs = links.pairs
        self.result_of = links.result_of
        self._paired = {ref for pair in links.result_of.items() for ref in pair}
        self._groups: dict[int, list[int]] = {}
        for call, result in links.result_of.items():
            self._merge_groups(call.turn, result.turn)
        self._is_shown = [self._has_something(index) for index in range(len(self.turns))]
        self._behind: dict[int, int] = {}
        """Of each silent turn that goes back, the turn that it goes with."""

        self._join_silent(dialect)

    def group(self, index: int) -> Sequence[int]:
        """Return the indexes of a turn and its group; none when it has nothing to show."""
        return self._groups.get(index, (index,)) if self._is_shown[index] else ()

    def is_whole(self, index: int, start: int) -> bool:
        """Tell whether a turn shows something, with all that it goes with from a start on."""
        group = self.group(index)
        return bool(group) and min(group) >= start

    def _has_something(self, index: int) -> bool:
        turn = self.turns[index]
        return turn.has_text or any(
            (index, part_index) in self._paired or self._stands_alone(part)
            for part_index, part in enumerate(turn.parts)
            if type(part) is ToolCall or type(part) is ToolResult
        )

    def _stands_alone(self, part: ToolCall | ToolResult) -> bool:
        """Tell whether a call or a result is shown without the other."""
        is_call = type(part) is ToolCall
        return part.kind == "server" or (is_call and self._shows_unanswered)

    def _join_silent(self, dialect: Dialect) -> None:
        """Have silent turns that the dialect sends back go with the turn behind them.

        Reasoning belongs to what the model did then; an opaque item stays without it as well.
        """
        behind: int | None = None
        for at in range(len(self.turns) - 1, -1, -1):
            turn = self.turns[at]
            if self._is_shown[at]:
                behind = at if turn.speaker != "system" else None
            elif not turn.is_silent:
                behind = None
            elif goes_back(turn, dialect):
                belongs = behind is not None and _is_models(self.turns[behind])
                is_alone = stands_alone(turn, dialect)
                self._is_shown[at] = is_alone or belongs
                if behind is not None and self._is_shown[at]:
                    self._behind[at] = behind
                    self._merge_groups(at, behind)
                behind = at if self._is_shown[at] else behind

    def beginning_of(self, index: int) -> int:
        """Return the index of the first of the silent turns that go with a turn, or its own."""
        while self._behind.get(index - 1) == index:
            index -= 1
        return index

    def user_speaks(self, index: int) -> bool:
        """Tell whether a turn, or the one that a silent turn goes with, is what a user says."""
        while index in self._behind:
            index = self._behind[index]
        return self.turns[index].by_user

    @property
    def joined(self) -> Iterable[tuple[int, int]]:
        """The index of each silent turn that goes with another, and that of the other."""
        return self._behind.items()

    @classmethod
    def of(
        cls,
        messages: Iterable[Message],
        *,
        whole: bool,
        shows_unanswered: bool = False,
        dialect: Dialect = "plain",
    ) -> "History":
        """Return the history of stored messages."""
        turns = map(parse_turn, messages)
        return cls(turns, whole=whole, shows_unanswered=shows_unanswered, dialect=dialect)

    def hidden_tokens(self, shown: ShownTokens) -> int:
        """Return how many of the tokens that were stored no window shows.

        Those of unpaired results, and of what the dialect shows in fewer tokens or not at all.
        """
        return sum(turn.tokens - self.shown_tokens(at, shown) for at, turn in enumerate(self.turns))

    def shown_tokens(self, index: int, shown: ShownTokens) -> int:
        """Return the tokens that a turn adds to a window; those of a group stand at its first."""
        if not self._is_shown[index]:
            return 0
        turn = self.turns[index]
        if index not in self._groups and (stored := shown.stored(turn)) is not None:
            return stored
        group = self.turns_with(index)
        stored = shown.stored(turn)
        if stored is not None and all(shown.stored(one) is not None for one in group):
            return stored
        return shown.of(group, self.pairs) if group[0] is turn else 0

    def last_of_user(self, before: int | None = None) -> int | None:
        """Return the index of what a user says last before a turn; None when nobody does."""
        start = len(self.turns) if before is None else before
        return next((at for at in range(start - 1, -1, -1) if self.turns[at].by_user), None)

    def turns_with(self, index: int) -> list[Turn]:
        """Return a turn with its group, oldest first."""
        return [self.turns[at] for at in sorted(self.group(index))]

    def with_neighbours(self, message_id: str, count: int) -> list[list[Turn]]:
        """Return a message and its neighbours, each with its group."""
        at = self.indexes[message_id]
        last = min(at + count, len(self.turns) - 1)
        return [self.turns_with(index) for index in range(max(at - count, 0), last + 1)]

    def _merge_groups(self, left_turn: int, right_turn: int) -> None:
        larger = self._groups.setdefault(left_turn, [left_turn])
        smaller = self._groups.setdefault(right_turn, [right_turn])
        if larger is smaller:
            return
        if len(larger) < len(smaller):
            larger, smaller = smaller, larger
        larger.extend(smaller)
        for index in smaller:
            self._groups[index] = larger


def position(turn: Turn) -> tuple[str, int]:
    """Return where a turn stands in its dialogue."""
    return turn.created, turn.seq


def pairs_among(pairs: ToolPairs, ids: Container[str]) -> ToolPairs:
    """Return the calls and results of some turns, by the ids of these."""
    return {one: two for one, two in pairs.items() if one[0] in ids and two[0] in ids}


def _is_models(turn: Turn) -> bool:
    return turn.speaker == "assistant" or any(isinstance(part, ToolCall) for part in turn.parts)
