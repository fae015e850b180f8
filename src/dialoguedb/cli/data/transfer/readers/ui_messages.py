"""UIMessages of Vercel's AI SDK: a chat's array of them, or an object that holds it."""

from collections.abc import Iterator, Sequence
from typing import Any

from dialoguedb.cli.data.transfer.conversions import digest, label, pruned, time_of
from dialoguedb.cli.data.transfer.left_out import Kind, leave_out
from dialoguedb.cli.data.transfer.lines import DialogueLine, Line, MessageLine, json_of
from dialoguedb.cli.data.transfer.readers.conversation import conversation, texts_joined
from dialoguedb.cli.data.transfer.readers.reader import FileContent

NAME = "ui-messages"

Json = dict[str, Any]

_ROLES = {"system", "user", "assistant"}
_STEP = "step-start"


def recognises(first: Sequence[Any]) -> bool:
    """Tell whether these are chats, or the messages of one."""
    return all(map(_is_chat, first)) or all(map(_is_message, first))


def _is_chat(value: Any) -> bool:
    messages = value.get("messages") if isinstance(value, dict) else value
    return isinstance(messages, list) and bool(messages) and all(map(_is_message, messages))


def _is_message(value: Any) -> bool:
    if not isinstance(value, dict) or value.get("role") not in _ROLES:
        return False
    parts = value.get("parts")
    return (
        isinstance(value.get("id"), str) and isinstance(parts, list) and all(map(_is_part, parts))
    )


def _is_part(value: Any) -> bool:
    """Tell whether this is a part: a text has its text in `text`, where others have `content`."""
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        return False
    return value["type"] != "text" or "text" in value


def lines(content: FileContent) -> Iterator[Line]:
    """Yield a dialogue for each chat."""
    if not recognises(content.documents):
        raise ValueError("a message is none of the SDK's")
    is_one = _is_message(content.documents[0])
    for chat in [content.documents] if is_one else content.documents:
        about = chat if isinstance(chat, dict) else {}
        messages = about.get("messages", chat)
        own_id = about.get("id") or about.get("chatId")
        dialogue = DialogueLine(
            id=own_id or f"{NAME}-{digest([content.file.known_as, messages[0]])}",
            label=label(about.get("title")),
            created=_time(about),
            metadata=json_of({"source": NAME}),
        )
        spoken = [one for one in messages if _spoken(one)]
        leave_out(Kind.EMPTY, len(messages) - len(spoken))
        yield from conversation(dialogue, map(_line, spoken))


def _spoken(message: Json) -> list[Json]:
    return [part for part in message["parts"] if part["type"] != _STEP]


def _line(message: Json) -> MessageLine:
    """Return a message: its text, or the whole when there is more."""
    text = texts_joined([{**part, "state": None} for part in _spoken(message)])
    whole = {"role": message["role"], "parts": message["parts"]}
    noted = message.get("metadata")
    return MessageLine(
        id=message["id"],
        role=message["role"],
        content=json_of(text if isinstance(text, str) else whole),
        metadata=json_of(pruned(noted) if isinstance(noted, dict) else {}),
        created=_time(message) or (_time(noted) if isinstance(noted, dict) else None),
    )


def _time(about: Json) -> str | None:
    created = about.get("createdAt")
    return time_of(created) if isinstance(created, str) else None
