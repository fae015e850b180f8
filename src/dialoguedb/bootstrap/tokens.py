"""Counting tokens; the counter is loaded with the first count, as it takes a moment."""

from functools import cache

from dialoguedb.ports.tokens import TokenCounter


def count_tokens(text: str) -> int:
    """Return the number of tokens of a text; InvalidSetting when the tokenizer is missing."""
    return _counter()(text)


@cache
def _counter() -> TokenCounter:
    from dialoguedb.embed import tokens  # noqa: PLC0415 - loads the tokenizer, which takes a moment

    return tokens.count_tokens
