"""Messages as OpenTelemetry's conventions for generative AI have them, alone or in spans.

Every span repeats all messages before it; what it has beside those of the spans before is added.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby, takewhile
from typing import Any

from msgspec import Struct

from dialoguedb.cli.data.transfer.conversions import digest, pruned, time_of
from dialoguedb.cli.data.transfer.left_out import Kind, leave_out
from dialoguedb.cli.data.transfer.lines import DialogueLine, Line, MessageLine, json_of
from dialoguedb.cli.data.transfer.readers.conversation import conversation, valid_id
from dialoguedb.cli.data.transfer.readers.reader import FileContent
from dialoguedb.client.encoding import json_codec

NAME = "opentelemetry"

Json = dict[str, Any]

_ROLES = {"system", "user", "assistant", "tool"}
_ALL = "pydantic_ai.all_messages"
_INPUT, _OUTPUT = "gen_ai.input.messages", "gen_ai.output.messages"
_SYSTEM = "gen_ai.system_instructions"
_CONVERSATION = "gen_ai.conversation.id"
_MODELS = ("gen_ai.response.model", "gen_ai.request.model")
_RESULT = "tool_call_response"
_MEMBERS = {"text": "content", "reasoning": "content", "tool_call": "name"}
"""What a part of a type has; a text of other formats has another member."""

_NS = 1_000_000_000


class _Span(Struct):
    """What a span says of a conversation."""

    group: str
    started: str | None
    messages: list[Json]
    system: list[Json]
    model: str | None


def recognises(first: Sequence[Any]) -> bool:
    """Tell whether these are messages, or hold spans with some."""
    return bool(_are_messages(first) or any(map(_are_messages, first)) or any(_spans(first)))


def _are_messages(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_message, value))


def _is_message(value: Any) -> bool:
    if not isinstance(value, dict) or value.get("role") not in _ROLES or "id" in value:
        return False
    parts = value.get("parts")
    return isinstance(parts, list) and bool(parts) and all(map(_is_part, parts))


def _is_part(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("type"), str)
        and _MEMBERS.get(value["type"], "type") in value
    )


def lines(content: FileContent) -> Iterator[Line]:
    """Yield a dialogue for each conversation."""
    documents = content.documents
    if not all(isinstance(one, dict | list) for one in documents):
        raise ValueError("a line is no span")
    found = [documents] if _are_messages(documents) else filter(_are_messages, documents)
    for messages in found:
        own_id = f"{NAME}-{digest([content.file.known_as, messages[0]])}"
        yield from _conversation(own_id, [_Span(own_id, None, _apart(messages), [], None)])
    groups: dict[str, list[_Span]] = {}
    for span in _spans(documents):
        groups.setdefault(span.group, []).append(span)
    for own_id, spans in groups.items():
        yield from _conversation(valid_id(own_id), spans)


class _Talk(Struct):
    """Messages that follow each other, as far as the spans by now have them."""

    span: _Span
    messages: list[Json]
    own_id: str
    inherited: int = 0
    """How many of them are in what this branched off from."""


def _conversation(own_id: str, spans: Sequence[_Span]) -> Iterator[Line]:
    """Yield what the first span begins; what others have beside it becomes threads."""
    talks: list[_Talk] = []
    for span in sorted(spans, key=lambda span: span.started or ""):
        _add(span, talks, own_id)
    main = talks[0]
    metadata = json_of(pruned({"source": NAME, "model": main.span.model}))
    system = next((span.system for span in spans if span.system), [])
    before = [MessageLine(role="system", content=json_of(system))] if system else []
    for talk in talks:
        is_main = talk is main
        dialogue = DialogueLine(
            id=talk.own_id,
            thread_of=None if is_main else own_id,
            created=talk.span.started,
            metadata=metadata,
        )
        own = map(_line, talk.messages[talk.inherited :])
        yield from conversation(dialogue, [*before, *own] if is_main else own)


def _add(span: _Span, talks: list[_Talk], own_id: str) -> None:
    """Add what a span has to the talk that it goes on with, or as another one."""
    common = 0
    for talk in talks:
        equal = _common(talk.messages, span.messages)
        if equal in {len(span.messages), len(talk.messages)}:
            leave_out(Kind.REPEATED, equal)
        if equal == len(span.messages):
            return
        if equal == len(talk.messages):
            talk.messages = [*talk.messages, *span.messages[equal:]]
            return
        common = max(common, equal)
    leave_out(Kind.REPEATED, common)
    thread_id = valid_id(f"{own_id}-{digest(span.messages[: common + 1])}")
    talks.append(_Talk(span, span.messages, thread_id if talks else own_id, common))


def _common(one: Sequence[Json], other: Sequence[Json]) -> int:
    """Return with how many equal messages both begin."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: _seen(pair[0]) == _seen(pair[1]), pairs))


def _seen(message: Json) -> tuple[Any, ...]:
    """Return what a message is compared by; a thought may be left out when it is repeated."""
    parts = [part for part in message["parts"] if part["type"] != "reasoning"]
    return message["role"], parts


def _line(message: Json) -> MessageLine:
    """Return a message; results are a tool's, whoever hands them over."""
    parts = message["parts"]
    is_result = all(part["type"] == _RESULT for part in parts)
    is_text = len(parts) == 1 and parts[0]["type"] == "text"
    return MessageLine(
        role="tool" if is_result else message["role"],
        content=json_of(parts[0]["content"] if is_text else [*map(_part, parts)]),
        metadata=json_of(pruned({"finish": message.get("finish_reason")})),
    )


def _part(part: Json) -> Json:
    """Return a part; bytes as a file, whose data is known to be no text."""
    media_type, data = part.get("mime_type"), part.get("content")
    if part["type"] != "blob" or not (media_type and isinstance(data, str)):
        return part
    url = f"data:{media_type};base64,{data}"
    return {"type": "file", "mediaType": media_type, "url": url}


def _spans(documents: Sequence[Any]) -> Iterator[_Span]:
    """Yield the spans that have messages, of whichever exporter: nested, or one a line."""
    for document in documents:
        if not isinstance(document, dict):
            continue
        if "attributes" in document:
            yield from _span(document, _attributes(document["attributes"]))
        elif _ALL in document or _INPUT in document:
            yield from _span(document, document)
        for name in ("resourceSpans", "scopeSpans", "spans"):
            yield from _spans(document.get(name) or ())


def _attributes(found: Any) -> Json:
    """Return attributes by their names; the protocol has them in a list, each with its type."""
    if isinstance(found, dict):
        return found
    values = ((one.get("key"), one.get("value") or {}) for one in found or ())
    return {key: next(iter(value.values()), None) for key, value in values}


def _span(span: Json, attributes: Json) -> Iterator[_Span]:
    messages = _decoded(attributes.get(_ALL))
    if not messages:
        messages = [*_decoded(attributes.get(_INPUT)), *_decoded(attributes.get(_OUTPUT))]
    if not _are_messages(messages):
        leave_out(Kind.BOOKKEEPING)
        return
    context = span.get("context") or {}
    trace = span.get("traceId") or context.get("trace_id") or span.get("trace_id")
    group = attributes.get(_CONVERSATION) or trace or digest(messages[0])
    model = next((attributes[name] for name in _MODELS if attributes.get(name)), None)
    started = span.get("start_time") or span.get("startTimeUnixNano")
    if isinstance(started, int) or (isinstance(started, str) and started.isdigit()):
        started = int(started) / _NS
    system = _decoded(attributes.get(_SYSTEM))
    yield _Span(str(group), time_of(started), _apart(messages), system, model)


def _apart(messages: Sequence[Json]) -> list[Json]:
    """Return messages of which each has one result, or none.

    A request to a model may join what are several messages where the conversation stands whole.
    """
    return [
        {**message, "parts": [part for _, part in parts]}
        for message in messages
        for _, parts in groupby(enumerate(message["parts"]), _result_index)
    ]


def _result_index(numbered: tuple[int, Json]) -> int:
    """Return which of the parts of a message a result is; -1 for what is none."""
    index, part = numbered
    return index if part["type"] == _RESULT else -1


def _decoded(value: Any) -> list[Json]:
    if isinstance(value, str):
        value = json_codec.decode(value.encode(), object)
    return value if isinstance(value, list) else []
