"""A history of turns, grouped by tool calls and their results."""

from collections.abc import Iterable, Sequence

from dialoguedb.formats.parts import ToolCall, ToolResult
from dialoguedb.formats.tool_links import ToolLinker
from dialoguedb.formats.turns import Turn, parse_turn
from dialoguedb.model.messages import Message


class History:
    """Turns in order, grouped by the tool calls and results that must stay together."""

    def __init__(
        self, messages: Iterable[Message], *, whole: bool, shows_unanswered: bool = False
    ) -> None:
        self._shows_unanswered = shows_unanswered
        self.turns = [parse_turn(message) for message in messages]
        self.indexes = {turn.id: index for index, turn in enumerate(self.turns)}
        links = ToolLinker(whole=whole)
        for turn in self.turns:
            links.add(turn)
        self.issues = links.finish()
        self.pairs = links.pairs
        self._paired = {ref for pair in links.result_of.items() for ref in pair}
        self._groups: dict[int, list[int]] = {}
        for call, result in links.result_of.items():
            self._merge_groups(call.turn, result.turn)

    def group(self, index: int) -> Sequence[int]:
        """Return the indexes of a turn and its group; none when it has nothing to show."""
        turn = self.turns[index]
        is_shown = turn.has_text or any(
            (index, part_index) in self._paired or self._stands_alone(part)
            for part_index, part in enumerate(turn.parts)
            if isinstance(part, ToolCall | ToolResult)
        )
        return self._groups.get(index, (index,)) if is_shown else ()

    def _stands_alone(self, part: ToolCall | ToolResult) -> bool:
        """Tell whether a call or a result is shown without the other."""
        is_call = isinstance(part, ToolCall)
        return part.kind == "server" or (is_call and self._shows_unanswered)

    @property
    def hidden_tokens(self) -> int:
        """The tokens of turns that a window never shows, such as unpaired results."""
        turns = enumerate(self.turns)
        return sum(turn.tokens for index, turn in turns if not self.group(index))

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
