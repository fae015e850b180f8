"""Turns of parts, and windows of them that are checked as their provider does."""

from dialoguedb.formats.dialects import RenderRequest, render
from dialoguedb.formats.parts import Native, Reasoning, Text, ToolCall, ToolResult
from dialoguedb.formats.tool_links import ToolLinker
from dialoguedb.formats.turns import Turn
from tests.property.windows import CHECKS

ASK = ("user", Text("Where?"))


def turns(*history):
    """Make turns of a speaker and parts; a speaker may be `(speaker, name)`."""
    made = []
    for index, (by, *parts) in enumerate(history):
        speaker, name = by if isinstance(by, tuple) else (by, None)
        made.append(Turn(f"m{index}", "", index, speaker, name, tuple(parts), 1))
    return made


def windowed(dialect, *history, **request):
    """Return the window of turns, checked."""
    made = turns(*history)
    links = ToolLinker()
    for turn in made:
        links.add(turn)
    links.finish()
    window = render(made, links.pairs, RenderRequest(dialect=dialect, **request))
    CHECKS[dialect](window.messages, window.system or None)
    return window


def messages(dialect, *history, **request):
    """Return the messages of a window of turns."""
    return windowed(dialect, *history, **request).messages


def native(spelling, **value):
    """Make the value that a part was read from."""
    return Native(spelling, value)


def call(tool_id="a", name="track", arguments='{"order": 17}', **more):
    """Make a tool call."""
    return ToolCall(tool_id, name, arguments, **more)


def result(tool_id="a", *parts, **more):
    """Make the result of a tool call."""
    return ToolResult(tool_id, parts or (Text("on its way"),), **more)


def thought(text="Hm.", signature="sig"):
    """Make a signed thought of Anthropic."""
    value = {"type": "thinking", "thinking": text, "signature": signature}
    return Reasoning(text, signature, native=Native("anthropic", value))
