"""Cuts a long history into parts that are written one by one, so that memory holds one of them."""

from collections.abc import Iterable, Iterator

from dialoguedb.formats.parts import Reasoning
from dialoguedb.formats.tool_links import ToolPairs
from dialoguedb.formats.turns import Turn

_TURNS = 500
_BYTES = 4 * 1024 * 1024
"""From these sizes on, a part ends before the next turn of a user."""

_LONGER = 8
"""How much longer a part becomes where calls wait for their results, or no user speaks."""


def in_parts(turns: Iterable[tuple[Turn, int]], pairs: ToolPairs) -> Iterator[list[Turn]]:
    """Yield turns, each given with its size in bytes, in lists.

    A list ends where nothing is parted: no call from its result, no thought from what follows it.
    One that becomes too long without such a place ends anywhere.
    """
    waiting = _Waiting(pairs)
    part: list[Turn] = []
    size = 0
    for turn, turn_bytes in turns:
        fill = max(len(part) / _TURNS, size / _BYTES)
        if fill >= 1 and ((turn.by_user and _ends(part[-1], waiting)) or fill >= _LONGER):
            yield part
            part, size = [], 0
        part.append(turn)
        size += turn_bytes
        waiting.add(turn)
    if part:
        yield part


def _ends(turn: Turn, waiting: "_Waiting") -> bool:
    return not waiting.is_any and not any(type(part) is Reasoning for part in turn.parts[-1:])


class _Waiting:
    """The pairs of which one half has come: a call, or a result before its call."""

    def __init__(self, pairs: ToolPairs) -> None:
        self._pairs = pairs
        self._results = frozenset(pairs.values())
        self._open: set[tuple[str, int]] = set()

    @property
    def is_any(self) -> bool:
        """Whether a half is missing."""
        return bool(self._open)

    def add(self, turn: Turn) -> None:
        """Read the next turn."""
        if not turn.uses_tools:
            return
        for index in range(len(turn.parts)):
            at = (turn.id, index)
            if result := self._pairs.get(at):
                self._open ^= {result}
            if at in self._results:
                self._open ^= {at}
