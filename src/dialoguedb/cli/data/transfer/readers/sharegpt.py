"""Conversations in the form of ShareGPT: `{"conversations": [{"from": "human", "value": …}]}`."""

import json
from collections.abc import Iterator
from typing import Any

from dialoguedb.cli.data.transfer.conversions import digest, label, pruned
from dialoguedb.cli.data.transfer.left_out import Kind, leave_out
from dialoguedb.cli.data.transfer.lines import DialogueLine, Line, MessageLine, json_of
from dialoguedb.cli.data.transfer.readers.conversation import conversation
from dialoguedb.cli.data.transfer.readers.reader import FileContent, beginning

NAME = "sharegpt"

Json = dict[str, Any]

_ASSISTANTS = ("gpt", "assistant", "chatgpt", "bard", "bing", "model")
_CALLS = ("function_call", "tool_call")
_RESULTS = ("observation", "function_response", "tool_response", "tool")
_ROLES = {
    **dict.fromkeys(("human", "user"), "user"),
    **dict.fromkeys((*_ASSISTANTS, *_CALLS), "assistant"),
    **dict.fromkeys(_RESULTS, "tool"),
    "system": "system",
}
_BESIDE = ("tools", "images", "videos", "audios", "source")


def recognises(document: Any) -> bool:
    """Tell whether this is a conversation."""
    turns = document.get("conversations") if isinstance(document, dict) else None
    return (
        isinstance(turns, list)
        and bool(turns)
        and all(isinstance(one, dict) and {"from", "value"} <= one.keys() for one in turns)
    )


def only(content: FileContent) -> Iterator[Line]:
    """Yield the only conversation of a file."""
    (document,) = content.documents
    if not recognises(document):
        raise ValueError("it is something else")
    return lines(document, beginning(content.file, document["conversations"], _is_user))


def lines(document: Json, known: Any = None) -> Iterator[Line]:
    """Yield a conversation; its calls, which have no ids, get some by their position.

    One without an id is `known` by its turns, or by what is given.
    """
    turns = document["conversations"]
    noted = {name: document.get(name) or None for name in _BESIDE}
    noted["origin"] = noted.pop("source")
    own_id = document.get("id") or document.get("conversation_id")
    dialogue = DialogueLine(
        id=str(own_id or f"{NAME}-{digest(known or turns)}"),
        label=label(document.get("title")),
        metadata=json_of(pruned({"source": NAME, **noted})),
    )
    yield from conversation(dialogue, _messages(document, turns))


def _is_user(turn: Json) -> bool:
    return _ROLES.get(turn["from"], "user") == "user"


def _messages(document: Json, turns: list[Json]) -> Iterator[MessageLine]:
    if isinstance(system := document.get("system"), str) and system:
        yield MessageLine(role="system", content=json_of(system))
    waiting: list[str] = []
    for index, turn in enumerate(turns, start=1):
        speaker, value = turn["from"], turn["value"]
        role = _ROLES.get(speaker, "user")
        calls = _calls(value, index) if speaker in _CALLS else []
        if calls:
            waiting = [one["id"] for one in calls]
            whole = {"role": role, "content": "", "tool_calls": calls}
            yield MessageLine(role=role, content=json_of(whole))
        elif role == "tool" and waiting:
            result = {"role": role, "tool_call_id": waiting.pop(0), "content": value}
            yield MessageLine(role=role, content=json_of(result))
        elif value:
            name = None if speaker in _ROLES else label(speaker)
            yield MessageLine(role=role, name=name, content=json_of(value))
        else:
            leave_out(Kind.EMPTY)


def _calls(value: Any, index: int) -> list[Json]:
    """Return what a text says is called, in the form of a chat; nothing when it is another text."""
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return []
    found = found if isinstance(found, list) else [found]
    if not all(isinstance(one, dict) and isinstance(one.get("name"), str) for one in found):
        return []
    return [_call(one, f"call_{index}_{position}") for position, one in enumerate(found, start=1)]


def _call(called: Json, own_id: str) -> Json:
    arguments = called.get("arguments", called.get("parameters", {}))
    written = arguments if isinstance(arguments, str) else json.dumps(arguments)
    function = {"name": called["name"], "arguments": written}
    return {"id": own_id, "type": "function", "function": function}
