"""Conversations as Anthropic's Messages API takes them: `{"system", "messages"}`."""

from collections.abc import Iterator, Sequence
from typing import Any

from dialoguedb.cli.data.transfer.lines import Line
from dialoguedb.cli.data.transfer.readers import openai
from dialoguedb.cli.data.transfer.readers.reader import FileContent

NAME = openai.ANTHROPIC

_ROLES = ("user", "assistant")
_BLOCKS = frozenset({"tool_use", "tool_result", "thinking", "redacted_thinking"})
"""Blocks that no other API has by these names."""


def recognises(first: Sequence[Any]) -> bool:
    """Tell whether these are conversations, one of which has what only this API takes."""
    return all(map(is_conversation, first)) and any(map(_is_certain, first))


def is_conversation(document: Any) -> bool:
    """Tell whether this is a request with messages of the two roles that the API knows."""
    return (
        isinstance(document, dict)
        and openai.recognises_chat(document)
        and all(one["role"] in _ROLES for one in document["messages"])
    )


def _is_certain(document: dict[str, Any]) -> bool:
    contents = [one.get("content") for one in document["messages"]]
    blocks = [block for content in contents if isinstance(content, list) for block in content]
    return "system" in document or any(
        isinstance(block, dict) and block.get("type") in _BLOCKS for block in blocks
    )


def lines(document: Any) -> Iterator[Line]:
    """Yield a conversation; what the system says is its first message."""
    if not is_conversation(document):
        raise ValueError("it is something else")
    yield from openai.chat_lines(document, NAME)


def only(content: FileContent) -> Iterator[Line]:
    """Yield the only conversation of a file."""
    if not is_conversation(content.documents[0]):
        raise ValueError("it is something else")
    yield from openai.only_chat(content, NAME)
