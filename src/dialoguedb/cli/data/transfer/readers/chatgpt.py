"""ChatGPT's data export: `conversations.json`, an array of trees of messages."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from dialoguedb.cli.data.transfer.conversions import label, pruned, time_of
from dialoguedb.cli.data.transfer.left_out import Kind, leave_out
from dialoguedb.cli.data.transfer.lines import DialogueLine, Line, MessageLine, json_of
from dialoguedb.cli.data.transfer.trees import Branches, Node, arranged
from dialoguedb.client.encoding import json_codec

NAME = "chatgpt"

Json = dict[str, Any]

_KEPT = {
    "model": "default_model_slug",
    "gizmo": "gizmo_id",
    "archived": "is_archived",
    "starred": "is_starred",
}
_HIDDEN = "is_visually_hidden_from_conversation"
_NOTED = ("citations", "content_references", "attachments", "aggregate_result", "finish_details")
"""What stands beside a text in the metadata of a message, and is kept."""

_NO_TOOLS = frozenset({None, "", "all", "assistant", "user"})
"""To whom the model writes when it calls no tool."""

_SILENT = frozenset({"reasoning_recap"})
"""Content that says how long the model thought, and nothing else."""


def recognises(document: Any) -> bool:
    """Tell whether this is a conversation of ChatGPT's."""
    return isinstance(document, dict) and isinstance(document.get("mapping"), dict)


def lines(document: Json, branches: Branches = "threads") -> Iterator[Line]:
    """Yield a conversation as it was last shown; what was edited or redone becomes threads."""
    kept = {name: document.get(key) for name, key in _KEPT.items()}
    dialogue = DialogueLine(
        id=document.get("conversation_id") or document["id"],
        label=label(document.get("title")),
        created=time_of(document.get("create_time")),
        metadata=json_of({"source": NAME, **pruned(kept)}),
    )
    mapping = document["mapping"]
    nodes = [_node(own, node, _call_of(node, mapping)) for own, node in mapping.items()]
    current = document.get("current_node")
    yield from arranged(dialogue, nodes, current, branches)


def _node(own: str, node: Json, call: str | None) -> Node:
    message = node.get("message")
    if not message:
        return Node(own, node.get("parent"))
    line = _message({"id": own, **message}, call)
    return Node(own, node.get("parent"), line, time_of(message.get("create_time")) or "")


def _call_of(node: Json, mapping: dict[str, Json]) -> str | None:
    """Return the id of the call whose result a node holds: what the tool was sent before it."""
    if not _is_of(node, "tool"):
        return None
    seen = set[str]()
    while (parent := node.get("parent")) in mapping and parent not in seen:
        seen.add(parent)
        node = mapping[parent]
        if not _is_of(node, "tool"):
            message = node.get("message") or {}
            return (message.get("id") or parent) if _is_call(message) else None
    return None


def _is_of(node: Json, role: str) -> bool:
    return ((node.get("message") or {}).get("author") or {}).get("role") == role


def _is_call(message: Json) -> bool:
    """Tell whether the model writes to a tool, not to the user."""
    is_models = (message.get("author") or {}).get("role") == "assistant"
    return is_models and message.get("recipient") not in _NO_TOOLS


def _as_call(message: Json, content: Any) -> Json:
    """Return what a tool was sent as a call of it: of a function, or with any text."""
    text = content if isinstance(content, str) else json_codec.encode(content).decode()
    called = {"call_id": message["id"], "name": message["recipient"]}
    if text.lstrip().startswith("{"):
        with suppress(ValueError):  # also a lone surrogate
            json_codec.decode(text.encode(), dict)
            return {"type": "function_call", **called, "arguments": text}
    return {"type": "custom_tool_call", **called, "input": text}


def _message(message: Json, call: str | None) -> MessageLine | None:
    """Return what somebody said; None when nothing was. A result answers a `call`."""
    author, details = message.get("author") or {}, message.get("metadata") or {}
    content = message.get("content") or {}
    found, assets = _content(content)
    if not found:
        is_silent = content.get("content_type") in _SILENT
        leave_out(Kind.BOOKKEEPING if is_silent else Kind.EMPTY)
        return None
    role, recipient = author.get("role") or "user", message.get("recipient")
    is_hidden = bool(details.get(_HIDDEN) or details.get("is_user_system_message"))
    status = message.get("status")
    metadata = {
        "model": details.get("model_slug"),
        "hidden": is_hidden,
        "recipient": None if recipient == "all" else recipient,
        "channel": message.get("channel"),
        "status": None if status == "finished_successfully" else status,
        "assets": assets or None,
        "tool_call_id": call,
        **{name: details.get(name) or None for name in _NOTED},
    }
    return MessageLine(
        id=message["id"],
        role="system" if is_hidden and role == "user" else role,
        name=label(author.get("name")),
        content=json_of(_as_call(message, found) if _is_call(message) else found),
        metadata=json_of(pruned(metadata)),
        created=time_of(message.get("create_time")),
    )


def _content(content: Json) -> tuple[Any, list[Any]]:
    """Return what is said, text wherever it is text, and what it points to outside the file."""
    kind = content.get("content_type")
    if kind in _SILENT:
        return None, []
    if isinstance(parts := content.get("parts"), list):
        read = [_part(part) for part in parts]
        texts, assets = [text for text, _ in read if text], [one for _, one in read if one]
        return "\n".join(texts) or ("[attachment]" if assets else ""), assets
    if kind in _TEXTS:
        return _TEXTS[kind](content), []
    if any(value for name, value in content.items() if name != "content_type"):
        text = content.get("text")
        return text if isinstance(text, str) and text else pruned(content), []
    return None, []


def _part(part: Any) -> tuple[str, Any]:
    """Return the text of a part, and the part where it is more."""
    if isinstance(part, str):
        return part, None
    if not isinstance(part, dict):
        return str(part) if part is not None else "", None
    kind = part.get("content_type", "")
    if isinstance(part.get("text"), str):  # what was spoken, written down
        beside = part.keys() - {"content_type", "text"}
        return part["text"], part if any(part[name] for name in beside) else None
    return ("[image]" if "image" in kind else ""), part


def _profile(content: Json) -> str:
    """Return the instructions of a user, who wrote them once and for all."""
    return "\n\n".join(filter(None, map(content.get, ("user_profile", "user_instructions"))))


def _thoughts(content: Json) -> list[dict[str, str]]:
    return [
        {"type": "thinking", "thinking": "\n".join(filter(None, (one["summary"], one["content"])))}
        for one in content.get("thoughts") or ()
        if one.get("summary") or one.get("content")
    ]


_TEXTS: dict[Any, Callable[[dict[str, Any]], Any]] = {
    "text": lambda content: content.get("text"),
    "code": lambda content: content.get("text"),
    "execution_output": lambda content: content.get("text"),
    "user_editable_context": _profile,
    "model_editable_context": lambda content: content.get("model_set_context"),
    "tether_browsing_display": lambda content: content.get("result") or content.get("summary"),
    "thoughts": _thoughts,
}
"""What contents without parts say, by their kind."""
