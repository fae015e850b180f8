"""The tokens of the texts of one window, each counted once."""

from collections.abc import Iterable

from dialoguedb.formats.parts import Text, ToolResult
from dialoguedb.formats.tokens import MESSAGE_TOKENS, TOOL_TOKENS
from dialoguedb.formats.turns import Turn
from dialoguedb.ports.tokens import TokenCounter


class TextCounts(dict[str, int]):
    """The tokens of texts; of messages that are just a text, as they were counted when stored."""

    def __init__(self, count: TokenCounter) -> None:
        super().__init__()
        self._count = count

    def __call__(self, text: str) -> int:
        """Return the tokens of a text."""
        return self[text]

    def __missing__(self, text: str) -> int:
        """Count a text."""
        tokens = self[text] = self._count(text)
        return tokens

    def know(self, turns: Iterable[Turn]) -> None:
        """Take the tokens that were stored with turns of a single text, or a result of one."""
        for turn in turns:
            if len(turn.parts) != 1 or turn.name is not None:
                continue
            part, around = turn.parts[0], MESSAGE_TOKENS
            if isinstance(part, ToolResult) and len(part.parts) == 1:
                part, around = part.parts[0], MESSAGE_TOKENS + TOOL_TOKENS
            if isinstance(part, Text):
                self[part.text] = turn.tokens - around
