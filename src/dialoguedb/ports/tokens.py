"""What counting tokens needs."""

from typing import Protocol


class TokenCounter(Protocol):
    """Tells how many tokens a text has; budgets everywhere are in these."""

    def __call__(self, text: str) -> int:
        """Return the number of tokens of a text without lone surrogates; blocks when it is long."""
        ...
