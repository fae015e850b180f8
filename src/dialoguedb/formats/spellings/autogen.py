"""The messages of AutoGen: those for models, and those that its agents exchange."""

from collections.abc import Iterator

from dialoguedb.formats.json_text import string
from dialoguedb.formats.parts import Part, Reasoning, ToolResult
from dialoguedb.formats.spellings import openai
from dialoguedb.formats.spellings.media import attachment_of
from dialoguedb.formats.spellings.part_types import Source, types


def _message(source: Source) -> Iterator[Part]:
    """Read a message: a text, or texts and images."""
    content = source.value.get("content")
    for item in content if isinstance(content, list) else [content]:
        if isinstance(item, dict) and item.keys() == {"data"}:
            yield attachment_of(source.of(item), "image")
        else:
            yield from source.reader.parts(item)


def _assistant(source: Source) -> Iterator[Part]:
    """Read what a model has written: a text or calls, and the thought before them."""
    if thought := source.string("thought"):
        yield Reasoning(thought)
    content = source.value.get("content")
    if isinstance(content, list):
        yield from openai.calls(source, content)
    else:
        yield from source.reader.parts(content)


def _results(source: Source) -> Iterator[Part]:
    content = source.value.get("content")
    for item in content if isinstance(content, list) else ():
        if isinstance(item, dict):
            output = source.reader.output(item.get("content"))
            failed = item.get("is_error") is True
            yield ToolResult(string(item, "call_id"), output, failed, name=string(item, "name"))


def _thought(source: Source) -> Iterator[Part]:
    yield Reasoning(source.string("content"))


_TEXTS = ("SystemMessage", "UserMessage", "TextMessage", "MultiModalMessage", "StopMessage")
_MORE_TEXTS = ("HandoffMessage", "ToolCallSummaryMessage")
_CONTENT = ("content",)

TYPES = [
    *types("message", _message, *_TEXTS, *_MORE_TEXTS, keys=_CONTENT),
    *types("message", _assistant, "AssistantMessage", "ToolCallRequestEvent", keys=_CONTENT),
    *types(
        "message",
        _results,
        "FunctionExecutionResultMessage",
        "ToolCallExecutionEvent",
        keys=_CONTENT,
    ),
    *types("reasoning", _thought, "ThoughtEvent", keys=_CONTENT),
]
