"""Histories of pydantic-ai, as its `ModelMessagesTypeAdapter` writes them: an array of messages."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from dialoguedb.cli.data.transfer.conversions import digest, pruned, time_of
from dialoguedb.cli.data.transfer.left_out import Kind, leave_out
from dialoguedb.cli.data.transfer.lines import DialogueLine, Line, MessageLine, json_of
from dialoguedb.cli.data.transfer.readers.conversation import conversation
from dialoguedb.cli.data.transfer.readers.reader import FileContent

NAME = "pydantic-ai"

Json = dict[str, Any]

_KINDS = {"request", "response"}
_SYSTEM = "system-prompt"
_SPOKEN = {_SYSTEM, "user-prompt"}
_TEXT = "text"


def recognises(first: Sequence[Any]) -> bool:
    """Tell whether these are messages, or histories of them."""
    return all(map(_is_message, first)) or all(map(_is_history, first))


def _is_message(value: Any) -> bool:
    if not isinstance(value, dict) or value.get("kind") not in _KINDS:
        return False
    parts = value.get("parts")
    return isinstance(parts, list) and all(
        isinstance(part, dict) and "part_kind" in part for part in parts
    )


def _is_history(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_message, value))


def lines(content: FileContent) -> Iterator[Line]:
    """Yield the dialogue of a history; those of one a line are one each."""
    if not recognises(content.documents):
        raise ValueError("a message is none of the library's")
    is_one = _is_message(content.documents[0])
    for history in [content.documents] if is_one else content.documents:
        own_id = _conversation_of(history)
        model = next((one["model_name"] for one in history if one.get("model_name")), None)
        dialogue = DialogueLine(
            id=own_id or f"{NAME}-{digest([content.file.known_as, history[0]])}",
            created=_time(history[0], {}),
            metadata=json_of(pruned({"source": NAME, "model": model})),
        )
        yield from conversation(dialogue, _messages(history))


def _conversation_of(history: Sequence[Json]) -> str | None:
    """Return the id of a conversation; what a new one goes on from keeps the id of the former."""
    ids = (one.get("conversation_id") for one in reversed(history))
    return next((one for one in ids if one), None)


def _messages(history: Sequence[Json]) -> Iterator[MessageLine]:
    """Yield messages; what instructs the model again in every request is there once."""
    instructions = None
    for message in history:
        instructed = message.get("instructions")
        if instructed and instructed != instructions:
            begun = message["parts"][0] if message["parts"] else {}
            yield MessageLine(
                role="system",
                content=json_of(instructed),
                metadata=json_of({"kind": "instructions"}),
                created=_time(message, begun),
            )
        elif instructed:
            leave_out(Kind.REPEATED)
        instructions = instructed or instructions
        if message["kind"] == "response":
            yield from _answer(message)
        else:
            yield from _request(message)


def _answer(message: Json) -> Iterator[MessageLine]:
    parts = [pruned(part) for part in message["parts"]]
    if not parts:
        leave_out(Kind.EMPTY)
        return
    is_text = [part["part_kind"] for part in parts] == [_TEXT]
    noted = {name: message.get(name) for name in ("model_name", "finish_reason")}
    content = {"kind": "response", "parts": parts}
    yield MessageLine(
        role="assistant",
        content=json_of(parts[0]["content"] if is_text else content),
        metadata=json_of(pruned({"model": noted["model_name"], "finish": noted["finish_reason"]})),
        created=_time(message, {}),
    )


def _request(message: Json) -> Iterator[MessageLine]:
    """Yield what the parts of a request say, together as long as one speaks; results alone."""
    numbered = enumerate(message["parts"])
    for (role, _), group in groupby(numbered, lambda one: _speaker(*one)):
        parts = [part for _, part in group]
        content: Any = [pruned({**part, "timestamp": None}) for part in parts]
        if len(parts) == 1 and parts[0]["part_kind"] in _SPOKEN:
            content = _spoken(parts[0].get("content"))
        if content:
            yield MessageLine(
                role=role,
                content=json_of(content[0] if role == "tool" else content),
                created=_time(message, parts[0]),
            )
        else:
            leave_out(Kind.EMPTY)


def _spoken(content: Any) -> Any:
    """Return what a user says; of several things each is an object, also a text."""
    if not isinstance(content, list):
        return content
    return [{"type": "text", "text": one} if isinstance(one, str) else one for one in content]


def _speaker(index: int, part: Json) -> tuple[str, int]:
    """Return who says a part, and an index that parts of the same message share."""
    kind = part["part_kind"]
    if kind == _SYSTEM:
        return "system", 0
    if kind.endswith("tool-return") or (kind == "retry-prompt" and part.get("tool_name")):
        return "tool", index
    return "user", 0


def _time(message: Json, part: Json) -> str | None:
    return time_of(part.get("timestamp") or message.get("timestamp"))
