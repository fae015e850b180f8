"""The tokens of the texts of one window, each counted once."""

from collections.abc import Iterable

from dialoguedb.formats.parts import Text
from dialoguedb.formats.tokens import MESSAGE_TOKENS
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
        """Take the tokens that were stored with turns of a single text."""
        for turn in turns:
            if len(turn.parts) == 1 and turn.name is None:
                part = turn.parts[0]
                if isinstance(part, Text):
                    self[part.text] = turn.tokens - MESSAGE_TOKENS
