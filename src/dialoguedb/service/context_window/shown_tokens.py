"""How many tokens turns take in a window, as its dialect and target show them."""

from collections.abc import Sequence

from dialoguedb.formats.dialects import RenderRequest, render
from dialoguedb.formats.parts import Part, Text, ToolCall, ToolResult
from dialoguedb.formats.rendered_tokens import RenderedTokens
from dialoguedb.formats.tool_links import ToolPairs
from dialoguedb.formats.turns import Turn
from dialoguedb.model.context import ContextRequest
from dialoguedb.ports.tokens import TokenCounter

_SPOKEN_NAME_TOKENS = 2
"""What some dialects write around a name that stands in front of a text."""


class ShownTokens:
    """Counts turns before it is known what else is in the window.

    Those of texts, calls and results take what was counted when they were stored; others are
    rendered to count them.
    """

    def __init__(self, request: ContextRequest, count: TokenCounter) -> None:
        self._request = request
        self._rendered = RenderedTokens(request.format, count)
        self._stored: dict[str, int | None] = {}
        self._known: dict[tuple[str, ...], int] = {}

    def of(self, turns: Sequence[Turn], pairs: ToolPairs) -> int:
        """Return the tokens of turns that stand together, such as calls and their results."""
        tokens = 0
        for turn in turns:
            stored = self.stored(turn)
            if stored is None:
                return self._of_group(turns, pairs)
            tokens += stored
        return tokens

    def stored(self, turn: Turn) -> int | None:
        """Return the tokens of a turn when they are those that were counted when it was stored."""
        if turn.id not in self._stored:
            is_plain = all(map(_is_plain, turn.parts)) and not self._is_parted(turn.parts)
            named = _SPOKEN_NAME_TOKENS if turn.name else 0
            self._stored[turn.id] = turn.tokens + named if is_plain else None
        return self._stored[turn.id]

    def _is_parted(self, parts: Sequence[Part]) -> bool:
        """Tell whether chat messages part a turn: a text behind a call follows its result."""
        if len(parts) == 1 or self._request.format != "openai":
            return False
        is_call = [type(part) is ToolCall for part in parts]
        return is_call != sorted(is_call)

    def _of_group(self, turns: Sequence[Turn], pairs: ToolPairs) -> int:
        names = tuple(turn.id for turn in turns)
        if names not in self._known:
            self._known[names] = self._of_rendered(turns, pairs)
        return self._known[names]

    def _of_rendered(self, turns: Sequence[Turn], pairs: ToolPairs) -> int:
        request = RenderRequest(
            dialect=self._request.format,
            target=self._request.target,
            unanswered=self._request.unanswered,
        )
        own = {
            call: pairs[call]
            for turn in turns
            for call in ((turn.id, index) for index in range(len(turn.parts)))
            if call in pairs
        }
        rendered = render(turns, own, request)
        return self._rendered.of(rendered.messages[rendered.opened :])


def _is_plain(part: Part) -> bool:
    if type(part) is ToolResult:
        return part.kind == "function" and all(type(one) is Text for one in part.parts)
    return type(part) is Text or (type(part) is ToolCall and part.kind == "function")
