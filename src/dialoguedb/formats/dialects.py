"""Renders turns for OpenAI's Chat Completions, Anthropic's Messages, or as plain text.

Both APIs want every tool call followed at once by its result, so calls and results are reordered.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from dialoguedb.errors import InvalidRequest
from dialoguedb.formats.parts import Attachment, Other, Part, Reasoning, Text, ToolCall, ToolResult
from dialoguedb.formats.shown import plain_text
from dialoguedb.formats.tool_links import PartRef, ToolPairs
from dialoguedb.formats.turns import Speaker, Turn, replace_surrogates
from dialoguedb.values import rawjson
from dialoguedb.values.fields import Dialect

Json = dict[str, Any]

OPENING = "[The conversation goes on.]"
"""The first user message where a conversation begins with the assistant, as Anthropic requires."""

_NAME = re.compile(r"[^\s<|\\/>]{1,64}")
_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_-]")
_ID_CHARS_MAX = 40
"""OpenAI's limit for the id of a call."""

_ID_STEM_CHARS = 32
_TOOL_NAME_CHARS_MAX = 64


class OutgoingMessage(Struct):
    """One message to render."""

    speaker: Speaker
    name: str | None
    parts: list[Part]
    turn: int


class RenderRequest(Struct, frozen=True, kw_only=True):
    """How turns are to be rendered."""

    dialect: Dialect
    system: str = ""
    """All that is the system's, joined: its messages, a summary, memories."""


class Rendered(Struct, frozen=True):
    """Messages to send to a model."""

    messages: list[Json]
    system: str = ""
    """What the dialect takes apart from the messages."""


def render(turns: Sequence[Turn], pairs: ToolPairs, request: RenderRequest) -> Rendered:
    """Return turns, oldest first, as messages; calls and results without each other are left out.

    The pairs come from the whole history, as the turns may be a part of it. System messages are not
    among the turns.
    """
    messages = _RENDERERS[request.dialect](arrange(turns, pairs))
    if request.dialect == "anthropic":
        return Rendered(messages, request.system)
    before: list[Json] = [{"role": "system", "content": request.system}] if request.system else []
    return Rendered([*before, *messages])


def arrange(turns: Sequence[Turn], pairs: ToolPairs) -> list[OutgoingMessage]:
    """Put every result right behind its call, and parallel calls into one message."""
    indexes = {turn.id: index for index, turn in enumerate(turns)}
    result_of = {
        PartRef(indexes[call], part_index): PartRef(indexes[result], at)
        for (call, part_index), (result, at) in pairs.items()
        if call in indexes and result in indexes
    }
    arrangement = _Arrangement(turns, result_of)
    for index, turn in enumerate(turns):
        for part_index in range(len(turn.parts)):
            arrangement.add(PartRef(index, part_index))
    arrangement.close_calls()
    return arrangement.messages


class _Arrangement:
    """Appends parts in order, holding results back until all parallel calls are there."""

    def __init__(self, turns: Sequence[Turn], result_of: dict[PartRef, PartRef]) -> None:
        self.messages: list[OutgoingMessage] = []
        self._turns = turns
        self._result_of = result_of
        self._results: list[Part] = []
        self._is_answered = False
        """Whether a result came since the calls whose results are held back."""

        self._ids: set[str] = set()
        self._repeated = 0

    def add(self, ref: PartRef) -> None:
        part = self._at(ref)
        if isinstance(part, ToolResult):
            self._is_answered = bool(self._results)
        elif isinstance(part, ToolCall):
            self._add_call(ref, part)
        else:
            self.close_calls()
            speaker = self._turns[ref.turn].speaker
            self._grow(ref, "user" if speaker == "tool" else speaker, part)

    def close_calls(self) -> None:
        """Append the results that were held back."""
        if self._results:
            self.messages.append(OutgoingMessage("tool", None, self._results, -1))
            self._results = []
        self._is_answered = False

    def _add_call(self, ref: PartRef, call: ToolCall) -> None:
        result_ref = self._result_of.get(ref)
        if result_ref is None:
            return
        if self._is_answered:
            self.close_calls()
        own_id = self._own_id(call.id)
        result = self._at(result_ref)
        assert isinstance(result, ToolResult)
        renamed = ToolCall(own_id, _fit(call.name, _TOOL_NAME_CHARS_MAX), call.arguments or "{}")
        if self._results:  # a parallel call
            self.messages[-1].parts.append(renamed)
        else:
            self._grow(ref, "assistant", renamed)
        self._results.append(ToolResult(own_id, result.parts, result.is_error))

    def _grow(self, ref: PartRef, speaker: Speaker, part: Part) -> None:
        last = self.messages[-1] if self.messages else None
        if last is None or (last.turn, last.speaker) != (ref.turn, speaker):
            last = OutgoingMessage(speaker, self._turns[ref.turn].name, [], ref.turn)
            self.messages.append(last)
        last.parts.append(part)

    def _own_id(self, tool_id: str) -> str:
        """Return an id that every provider accepts, unique in the window."""
        own_id = _fit(tool_id, _ID_CHARS_MAX)
        stem = own_id[:_ID_STEM_CHARS]
        while own_id in self._ids:
            self._repeated += 1
            own_id = f"{stem}_{self._repeated}"
        self._ids.add(own_id)
        return own_id

    def _at(self, ref: PartRef) -> Part:
        return self._turns[ref.turn].parts[ref.part]


def _fit(name: str, chars: int) -> str:
    return _NOT_IN_IDS.sub("_", name)[:chars] or "call"


def _openai(outgoing: Iterable[OutgoingMessage]) -> list[Json]:
    return [message for each in outgoing for message in _openai_messages(each)]


def _openai_messages(outgoing: OutgoingMessage) -> Iterator[Json]:
    if outgoing.speaker == "tool":
        for result in outgoing.parts:
            if isinstance(result, ToolResult):
                content = _joined(result.parts)
                yield {"role": "tool", "tool_call_id": result.call_id, "content": content}
        return
    calls = [_openai_call(part) for part in outgoing.parts if isinstance(part, ToolCall)]
    visible = [part for part in outgoing.parts if isinstance(part, Text | Attachment | Other)]
    if not (calls or visible):
        return
    message: Json = {"role": outgoing.speaker}
    if outgoing.name and _NAME.fullmatch(outgoing.name):
        message["name"] = outgoing.name
    if outgoing.speaker == "user" and any(isinstance(part, Attachment) for part in visible):
        message["content"] = [_openai_part(part) for part in visible]
    else:
        message["content"] = _joined(visible) if visible else None
    if calls:
        message["tool_calls"] = calls
    yield message


def _openai_call(call: ToolCall) -> Json:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function}


def _openai_part(part: Text | Attachment | Other) -> Json:
    if isinstance(part, Text | Other) or not _is_seen(part):
        return {"type": "text", "text": _joined([part])}
    url = part.url or f"data:{part.media_type};base64,{part.data}"
    return {"type": "image_url", "image_url": {"url": url}}


def _anthropic(outgoing: Iterable[OutgoingMessage]) -> list[Json]:
    messages: list[Json] = []
    for each in outgoing:
        role = "assistant" if each.speaker == "assistant" else "user"
        blocks = _anthropic_blocks(each)
        if not blocks:
            continue
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"].extend(blocks)
        else:
            messages.append({"role": role, "content": blocks})
    if messages and messages[0]["role"] == "assistant":
        opening = {"role": "user", "content": [{"type": "text", "text": OPENING}]}
        messages.insert(0, opening)
    if messages:
        _trim_end(messages[-1])
    return messages


def _trim_end(message: Json) -> None:
    """Strip trailing space from a last assistant message, which Anthropic refuses."""
    block = message["content"][-1]
    if message["role"] == "assistant" and block["type"] == "text":
        block["text"] = block["text"].rstrip()


def _anthropic_blocks(outgoing: OutgoingMessage) -> list[Json]:
    parts = (
        part
        for part in outgoing.parts
        if not isinstance(part, Reasoning)
        or (outgoing.speaker == "assistant" and part.is_returnable)
    )
    blocks = [_anthropic_block(part, outgoing.speaker) for part in parts]
    while blocks and blocks[-1]["type"] in {"thinking", "redacted_thinking"}:
        blocks.pop()  # reasoning that nothing follows
    return blocks


def _anthropic_block(part: Part, speaker: Speaker) -> Json:
    match part:
        case Text() | Other():
            return {"type": "text", "text": plain_text(part)}
        case Attachment():
            return _anthropic_image(part, speaker)
        case ToolCall():
            arguments = _object(part.arguments)
            return {"type": "tool_use", "id": part.id, "name": part.name, "input": arguments}
        case ToolResult():
            return _anthropic_result(part)
        case Reasoning():
            return _anthropic_thought(part)


def _anthropic_thought(thought: Reasoning) -> Json:
    if thought.data:
        return {"type": "redacted_thinking", "data": thought.data}
    return {"type": "thinking", "thinking": thought.text, "signature": thought.signature}


def _anthropic_result(result: ToolResult) -> Json:
    block = {"type": "tool_result", "tool_use_id": result.call_id}
    if result.is_error:  # Anthropic wants text in it
        text = {"type": "text", "text": _joined(result.parts) or "Error"}
        return {**block, "content": [text], "is_error": True}
    return {**block, "content": [_anthropic_block(part, "tool") for part in result.parts]}


def _anthropic_image(image: Attachment, speaker: Speaker) -> Json:
    if speaker == "assistant" or not _is_seen(image):
        return {"type": "text", "text": _placeholder(image)}
    if image.url:
        return {"type": "image", "source": {"type": "url", "url": image.url}}
    source = {"type": "base64", "media_type": image.media_type, "data": image.data}
    return {"type": "image", "source": source}


def _is_seen(image: Attachment) -> bool:
    """Tell whether a provider can read an image: inline, or at an HTTP URL."""
    return bool(image.data) or image.url.startswith(("https://", "http://"))


def _placeholder(image: Attachment) -> str:
    return f"[image {image.url}]" if image.url else "[image]"


def _object(arguments: str) -> Json:
    """Return the arguments of a call as an object, as Anthropic requires."""
    try:
        rawjson.prepare(arguments.encode())
        read = _encodable(json.loads(arguments))
    except (InvalidRequest, ValueError, RecursionError):
        read = arguments
    return read if isinstance(read, dict) else {"arguments": read}


def _encodable(value: Any) -> Any:
    """Return JSON that encodes as UTF-8, lone surrogates replaced."""
    text = json.dumps(value, ensure_ascii=False)
    return value if text.isascii() else json.loads(replace_surrogates(text))


def _plain(outgoing: Iterable[OutgoingMessage]) -> list[Json]:
    messages = []
    for each in outgoing:
        lines = [line for part in each.parts for line in _plain_lines(part)]
        if lines:
            named = {"name": each.name} if each.name else {}
            messages.append({"role": each.speaker, **named, "content": "\n".join(lines)})
    return messages


def _plain_lines(part: Part) -> Iterator[str]:
    match part:
        case Text() | Other():
            yield plain_text(part)
        case Attachment():
            yield _placeholder(part)
        case ToolCall():
            yield f"[calls {part.name} {part.arguments}]"
        case ToolResult():
            yield f"[result] {_joined(part.parts)}".rstrip()


def _joined(parts: Iterable[Text | Attachment | Other]) -> str:
    return "\n".join(line for part in parts for line in _plain_lines(part))


_RENDERERS: dict[Dialect, Callable[[Iterable[OutgoingMessage]], list[Json]]] = {
    "openai": _openai,
    "anthropic": _anthropic,
    "plain": _plain,
}
