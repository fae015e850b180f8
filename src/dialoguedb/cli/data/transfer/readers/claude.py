"""Claude's data export: `conversations.json`, an array of conversations, each a tree."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from dialoguedb.cli.data.transfer.conversions import label, pruned, time_of
from dialoguedb.cli.data.transfer.left_out import Kind, leave_out
from dialoguedb.cli.data.transfer.lines import DialogueLine, Line, MessageLine, json_of
from dialoguedb.cli.data.transfer.trees import Branches, Node, arranged

NAME = "claude"

_ROLES = {"human": "user"}
_BLOCK_DROPPED = frozenset({"start_timestamp", "stop_timestamp", "citations", "flags"})


def recognises(document: Any) -> bool:
    """Tell whether this is a conversation of Claude's."""
    return isinstance(document, dict) and isinstance(document.get("chat_messages"), list)


def lines(document: dict[str, Any], branches: Branches = "threads") -> Iterator[Line]:
    """Yield a conversation as it was last shown; what was edited or redone becomes threads."""
    project = document.get("project") or {}
    dialogue = DialogueLine(
        id=document["uuid"],
        label=label(document.get("name")),
        created=time_of(document.get("created_at")),
        metadata=json_of(pruned({"source": NAME, "project": project.get("name")})),
    )
    nodes = [_node(message) for message in document["chat_messages"]]
    if not any(node.parent for node in nodes):  # an older export: a list
        for before, node in pairwise(nodes):
            node.parent = before.id
    current = document.get("current_leaf_message_uuid")
    yield from arranged(dialogue, nodes, current, branches)


def _node(message: dict[str, Any]) -> Node:
    created, content = time_of(message.get("created_at")), _content(message)
    line = None
    if content:
        noted = {"files": _file_names(message), "citations": _citations(message)}
        line = MessageLine(
            id=message["uuid"],
            role=_ROLES.get(message["sender"], message["sender"]),
            content=json_of(content),
            metadata=json_of(pruned(noted)),
            created=created,
        )
    else:
        leave_out(Kind.EMPTY)
    return Node(message["uuid"], message.get("parent_message_uuid"), line, created or "")


def _content(message: dict[str, Any]) -> Any:
    """Return the text, or blocks where there is more than text."""
    blocks = [_block(block) for block in message.get("content") or ()]
    blocks += [_document(one) for one in message.get("attachments") or ()]
    blocks = [block for block in blocks if block.get("type") != "text" or block.get("text")]
    if not blocks:
        return message.get("text")
    if all(block.get("type") == "text" for block in blocks):
        return "\n".join(block["text"] for block in blocks)
    return blocks


def _block(block: dict[str, Any]) -> dict[str, Any]:
    return pruned({name: value for name, value in block.items() if name not in _BLOCK_DROPPED})


def _document(attachment: dict[str, Any]) -> dict[str, Any]:
    """Return an attached text as a block that providers know."""
    text = attachment.get("extracted_content") or ""
    return {
        "type": "document",
        "title": attachment.get("file_name") or "attachment",
        "source": {"type": "text", "media_type": "text/plain", "data": text},
    }


def _file_names(message: dict[str, Any]) -> list[str] | None:
    names = [one.get("file_name") for one in message.get("files") or ()]
    return [name for name in names if name] or None


def _citations(message: dict[str, Any]) -> list[Any] | None:
    """Return what its texts cite, in order."""
    found = [one for block in message.get("content") or () for one in block.get("citations") or ()]
    return found or None
