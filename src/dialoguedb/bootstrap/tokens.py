"""What counts tokens; read when the first are counted, for it takes a moment to load."""

import importlib
from functools import cache

from dialoguedb.ports.tokens import TokenCounter


def count_tokens(text: str) -> int:
    """Return the number of tokens of a text; InvalidSetting when the tokenizer is missing."""
    return _counter()(text)


@cache
def _counter() -> TokenCounter:
    counter: TokenCounter = importlib.import_module("dialoguedb.embed.tokens").count_tokens
    return counter
