"""What programs keep for OpenAI's interfaces: chat messages, and items of Responses."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from dialoguedb.cli.data.transfer.conversions import digest, label, pruned, time_of
from dialoguedb.cli.data.transfer.left_out import Kind, leave_out
from dialoguedb.cli.data.transfer.lines import DialogueLine, Line, MessageLine, json_of
from dialoguedb.cli.data.transfer.readers.conversation import conversation
from dialoguedb.cli.data.transfer.readers.reader import FileContent, beginning
from dialoguedb.errors import InvalidRequest

CHAT = "openai-chat"
CHAT_LINES = "openai-chat-lines"
RESPONSES = "openai-responses"
ANTHROPIC = "anthropic"
SPELLINGS = frozenset({CHAT, RESPONSES, ANTHROPIC})
"""Formats that cannot be told apart where nobody has called a tool yet, or thought aloud."""

_SHOWN = frozenset({"role", "content", "name"})
_TIMES = ("created_at", "created", "timestamp")
_NOTED = ("model", "usage", "finish_reason", "weight")
_BOOKKEEPING = frozenset({"id", *_TIMES, *_NOTED})
"""What programs note beside a message; everything else is part of what was exchanged."""

_SECONDS_MAX = 1e11
"""A greater time is in milliseconds: as seconds it would be of the year 5138."""

_SPOKEN_BY_TOOLS = ("_output", "_call_result")
_BLOCKS_OF_RESPONSES = frozenset({"input_text", "input_image", "input_file", "output_text"})
_ALSO_SAYS = frozenset({"tool_calls", "function_call", "refusal", "audio"})
"""What a chat message may have in the place of a content."""

_SOMETHING_ELSE = "it is something else"


def recognises_chat(document: Any) -> bool:
    """Tell whether these are chat messages, or an object that holds them."""
    is_object = isinstance(document, dict)
    messages = document.get("messages") if is_object else document
    return _all(messages, lambda one: "role" in one and "type" not in one) and (
        is_object or not any(map(_is_of_responses, messages))
    )


def _is_of_responses(item: dict[str, Any]) -> bool:
    """Tell whether an item without a type says by its blocks that it is one of Responses."""
    content = item.get("content")
    return isinstance(content, list) and any(
        isinstance(block, dict) and block.get("type") in _BLOCKS_OF_RESPONSES for block in content
    )


def recognises_responses(document: Any) -> bool:
    """Tell whether these are items of Responses, or an object that holds them."""
    return _all(_items(document), lambda one: "type" in one or "role" in one)


def recognises_chat_lines(first: Sequence[Any]) -> bool:
    """Tell whether the lines of a file are the messages of one chat."""
    return _all([*first], _is_chat_line)


def _is_chat_line(value: dict[str, Any]) -> bool:
    is_spoken = "content" in value or not _ALSO_SAYS.isdisjoint(value)
    return is_spoken and isinstance(value.get("role"), str)


def chat_of_lines(content: FileContent) -> Iterator[Line]:
    """Yield the one conversation of a file with a message a line."""
    messages = content.documents
    if not recognises_chat_lines(messages):
        raise ValueError("a line is no message")
    return chat_lines(messages, known=beginning(content.file, messages))


def only_chat(content: FileContent, source: str = CHAT) -> Iterator[Line]:
    """Yield the only conversation of a file."""
    (document,) = content.documents
    if not recognises_chat(document):
        raise ValueError(_SOMETHING_ELSE)
    messages = document["messages"] if isinstance(document, dict) else document
    return chat_lines(document, source, known=beginning(content.file, messages))


def chat_lines(document: Any, source: str = CHAT, known: Any = None) -> Iterator[Line]:
    """Yield a conversation of chat messages; those with more than a text stay as they are.

    What the system says may stand beside the messages. One without an id is `known` by its
    messages, or by what is given.
    """
    is_request = isinstance(document, dict)
    messages = document["messages"] if is_request else document
    system = document.get("system") if is_request else None
    before = [{"role": "system", "content": system}] if isinstance(system, str | list) else []
    read = [_chat_message(message) for message in (*before, *messages)]
    dialogue = _dialogue(document, source, known or messages)
    yield from conversation(dialogue, [one for one in read if one])


def _chat_message(message: dict[str, Any]) -> MessageLine | None:
    content, created = message.get("content"), _time_of(message)
    if any(message[key] for key in message.keys() - _SHOWN - _BOOKKEEPING):
        content = {name: value for name, value in message.items() if name != "name"}
    if not content:
        leave_out(Kind.EMPTY)
        return None
    noted = _NOTED if created else (*_NOTED, *_TIMES)
    own_id = message.get("id")
    return MessageLine(
        id=own_id if isinstance(own_id, str) and own_id else None,
        role=message["role"],
        name=label(message.get("name")),
        content=json_of(content),
        metadata=json_of(pruned({name: message.get(name) for name in noted})),
        created=created,
    )


def _time_of(message: dict[str, Any]) -> str | None:
    """Return when a message was written, if it says so in seconds, milliseconds or ISO 8601."""
    for name in _TIMES:
        value = message.get(name)
        if value is None:
            continue
        if isinstance(value, int | float) and value > _SECONDS_MAX:
            value /= 1000
        with suppress(InvalidRequest):
            if created := time_of(value):
                return created
    return None


def only_responses(content: FileContent) -> Iterator[Line]:
    """Yield the only conversation of a file."""
    (document,) = content.documents
    if not recognises_responses(document):
        raise ValueError(_SOMETHING_ELSE)
    return responses_lines(document, beginning(content.file, _items(document)))


def responses_lines(document: Any, known: Any = None) -> Iterator[Line]:
    """Yield a conversation of items; those that are no messages stay as they are."""
    items = list(_items(document))
    read = [_message_of(item) for item in items]
    dialogue = _dialogue(document, RESPONSES, known or items)
    yield from conversation(dialogue, [one for one in read if one])


def _message_of(item: dict[str, Any]) -> MessageLine | None:
    """Return the message of an item; one without a type may be a chat message."""
    if "type" not in item and not _is_of_responses(item):
        return _chat_message(item)
    kind = item.get("type", "message")
    if kind != "message":
        role = "tool" if kind.endswith(_SPOKEN_BY_TOOLS) else "assistant"
        return MessageLine(id=item.get("id"), role=role, content=json_of(item))
    if content := _plain(item.get("content")):
        return MessageLine(
            id=item.get("id"), role=item.get("role", "assistant"), content=json_of(content)
        )
    leave_out(Kind.EMPTY)
    return None


def _dialogue(document: Any, source: str, known: Any) -> DialogueLine:
    """Return the dialogue; its own id, else one that is a hash of what it is known by.

    The hash says nothing of the spelling, which shows only once a file has grown.
    """
    about = document if isinstance(document, dict) else {}
    own_id = about.get("id") or about.get("conversation_id") or about.get("session_id")
    return DialogueLine(
        id=str(own_id or f"{CHAT}-{digest(known)}"),
        label=label(about.get("title") or about.get("label")),
        created=time_of(about.get("created_at") or about.get("created")),
        metadata=json_of({"source": source}),
    )


def _items(document: Any) -> Any:
    """Return the items of a list, or of the question and the answer."""
    if not isinstance(document, dict):
        return document
    if isinstance(held := document.get("items") or document.get("data"), list):
        return held
    questions, answers = document.get("input"), document.get("output")
    if isinstance(questions, str):
        questions = [{"role": "user", "content": questions}]
    both = [part for part in (questions, answers) if isinstance(part, list)]
    return [item for part in both for item in part]


def _plain(content: Any) -> Any:
    """Return the text of a message that has nothing else."""
    if isinstance(content, list) and _all(content, _is_plain):
        return "\n".join(block["text"] for block in content)
    return content


def _is_plain(block: dict[str, Any]) -> bool:
    beside = {name: value for name, value in block.items() if name not in {"type", "text"}}
    return isinstance(block.get("text"), str) and not any(beside.values())


def _all(messages: Any, is_one: Callable[[dict[str, Any]], bool]) -> bool:
    return (
        isinstance(messages, list)
        and bool(messages)
        and all(isinstance(one, dict) and is_one(one) for one in messages)
    )
