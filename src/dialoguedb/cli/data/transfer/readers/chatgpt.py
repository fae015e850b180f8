"""ChatGPT's data export: `conversations.json`, an array of trees of messages."""

from collections.abc import Iterator
from typing import Any

from dialoguedb.cli.data.transfer.conversions import label, pruned, time_of
from dialoguedb.cli.data.transfer.lines import DialogueLine, Line, MessageLine, json_of

NAME = "chatgpt"

_KEPT = {
    "model": "default_model_slug",
    "gizmo": "gizmo_id",
    "archived": "is_archived",
    "starred": "is_starred",
}


def recognises(document: Any) -> bool:
    """Tell whether this is a conversation of ChatGPT's."""
    return isinstance(document, dict) and isinstance(document.get("mapping"), dict)


def lines(document: dict[str, Any]) -> Iterator[Line]:
    """Yield a conversation as it was last shown: of what was edited or redone, the last version."""
    kept = {name: document.get(key) for name, key in _KEPT.items()}
    yield DialogueLine(
        id=document.get("conversation_id") or document["id"],
        label=label(document.get("title")),
        created=time_of(document.get("create_time")),
        metadata=json_of({"source": NAME, **pruned(kept)}),
    )
    for message in _shown(document):
        content = _content(message.get("content") or {})
        if content:
            yield _message(message, content)


def _shown(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the messages from the root to the one that was shown last."""
    mapping = document["mapping"]
    at = document.get("current_node")
    if at not in mapping:
        at = next(reversed(mapping), None)
    path: list[dict[str, Any]] = []
    seen = set()
    while at in mapping and at not in seen:
        seen.add(at)
        if message := mapping[at].get("message"):
            path.append({"id": at, **message})
        at = mapping[at].get("parent")
    return path[::-1]


def _message(message: dict[str, Any], content: Any) -> MessageLine:
    author, details = message.get("author") or {}, message.get("metadata") or {}
    recipient = message.get("recipient")
    metadata = {
        "model": details.get("model_slug"),
        "hidden": details.get("is_visually_hidden_from_conversation"),
        "recipient": None if recipient == "all" else recipient,
    }
    return MessageLine(
        id=message["id"],
        role=author.get("role") or "user",
        name=label(author.get("name")),
        content=json_of(content),
        metadata=json_of(pruned(metadata)),
        created=time_of(message.get("create_time")),
    )


def _content(content: dict[str, Any]) -> Any:
    """Return the text; content of other kinds as it is, its parts as blocks."""
    parts = content.get("parts")
    if not isinstance(parts, list):
        words = content.get("text")
        is_text = content.get("content_type") in {"text", "code", "execution_output"}
        return words if is_text else pruned(content) if _says_something(content) else None
    if all(isinstance(part, str) for part in parts):
        return "\n".join(parts)
    return [_block(part) for part in parts if part]


def _block(part: Any) -> dict[str, Any]:
    if isinstance(part, dict):
        return {"type": part.get("content_type", "part"), **part}
    return {"type": "text", "text": str(part)}


def _says_something(content: dict[str, Any]) -> bool:
    return any(value for name, value in content.items() if name != "content_type")
