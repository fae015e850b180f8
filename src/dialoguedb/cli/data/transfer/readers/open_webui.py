"""Open WebUI's export: an array of chats, each a tree of messages.

What a model thought stands in its text, as quoted lines that can be unfolded.
"""

import html
import re
from collections.abc import Iterator
from typing import Any

from dialoguedb.cli.data.transfer.conversions import label, pruned, time_of
from dialoguedb.cli.data.transfer.left_out import Kind, leave_out
from dialoguedb.cli.data.transfer.lines import DialogueLine, Line, MessageLine, json_of
from dialoguedb.cli.data.transfer.readers.conversation import valid_id
from dialoguedb.cli.data.transfer.trees import Branches, Node, arranged

NAME = "open-webui"

Json = dict[str, Any]

_NOTED = ("model", "sources", "annotation")


_THOUGHT = re.compile(
    r'<details type="reasoning"[^>]*>\s*<summary>.*?</summary>\n?(.*?)</details>\s*', re.DOTALL
)
_QUOTED = re.compile(r"^> ?", re.MULTILINE)


def recognises(document: Any) -> bool:
    """Tell whether this is a chat."""
    history = _chat(document).get("history") if isinstance(document, dict) else None
    return (
        isinstance(history, dict)
        and isinstance(history.get("messages"), dict)
        and "currentId" in history
    )


def _chat(document: Json) -> Json:
    """Return what is in a chat: within what is listed, or alone."""
    chat = document.get("chat")
    return chat if isinstance(chat, dict) else document


def lines(document: Json, branches: Branches = "threads") -> Iterator[Line]:
    """Yield a chat as it was last shown; what was edited or redone becomes threads."""
    chat = _chat(document)
    created = time_of(document.get("created_at"))
    if created is None and isinstance(begun := chat.get("timestamp"), int):
        created = time_of(begun / 1_000)
    kept = {
        "source": NAME,
        "model": next(iter(chat.get("models") or ()), None),
        "archived": document.get("archived"),
        "system": chat.get("system") or None,
    }
    dialogue = DialogueLine(
        id=valid_id(document.get("id") or chat["id"]),
        label=label(document.get("title") or chat.get("title")),
        created=created,
        metadata=json_of(pruned(kept)),
    )
    history = chat["history"]
    nodes = [_node(own, message) for own, message in history["messages"].items()]
    yield from arranged(dialogue, nodes, history["currentId"], branches)


def _node(own: str, message: Json) -> Node:
    created = time_of(message.get("timestamp"))
    content = _content(message)
    line = None
    if content:
        noted: Json = {name: message.get(name) or None for name in _NOTED}
        noted["files"] = [
            one for one in message.get("files") or () if one.get("type") != "image"
        ] or None
        line = MessageLine(
            id=own,
            role=message["role"],
            content=json_of(content),
            metadata=json_of(pruned(noted)),
            created=created,
        )
    else:
        leave_out(Kind.EMPTY)
    return Node(own, message.get("parentId"), line, created or "")


def _content(message: Json) -> Any:
    """Return the text; with the thoughts and the images, if there are any."""
    text = message.get("content") or ""
    images = [
        {"type": "image_url", "image_url": {"url": one["url"]}}
        for one in message.get("files") or ()
        if one.get("type") == "image" and one.get("url")
    ]
    parts = [*_texts(text)] if isinstance(text, str) else []
    is_more = images or any(part["type"] != "text" for part in parts)
    return [*parts, *images] if is_more else text


def _texts(text: str) -> Iterator[Json]:
    """Yield what is said in a text, and what was thought between."""
    end = 0
    for thought in _THOUGHT.finditer(text):
        yield from _text(text[end : thought.start()])
        quoted = thought[1].strip()
        quoted = html.unescape(quoted) if quoted.startswith("&gt;") else quoted
        if quoted:
            yield {"type": "thinking", "thinking": _QUOTED.sub("", quoted)}
        end = thought.end()
    yield from _text(text[end:])


def _text(text: str) -> Iterator[Json]:
    if text.strip():
        yield {"type": "text", "text": text}
