"""Sessions of the coding agent pi: `~/.pi/agent/sessions/…/TIME_SESSION.jsonl`, a tree."""

from collections.abc import Iterator, Sequence
from typing import Any

from dialoguedb.cli.data.transfer.conversions import pruned, time_of
from dialoguedb.cli.data.transfer.left_out import Kind, leave_out, leave_out_unknown
from dialoguedb.cli.data.transfer.lines import Line, MessageLine, json_of
from dialoguedb.cli.data.transfer.readers.conversation import texts_joined
from dialoguedb.cli.data.transfer.readers.locations import Location, Machine
from dialoguedb.cli.data.transfer.readers.reader import FileContent
from dialoguedb.cli.data.transfer.readers.sessions import (
    Json,
    Links,
    chained,
    dialogue_of,
    first,
    image,
    last,
    objects,
    without_silent,
)
from dialoguedb.cli.data.transfer.trees import Branches, arranged

NAME = "pi"

_HEADER = "session"
_ROLES = {"user": "user", "assistant": "assistant", "toolResult": "tool"}
_SUMMARIES = ("compaction", "branch_summary")
_BOOKKEEPING = (
    *("model_change", "thinking_level_change", "session_info", "label", "custom"),
    "custom_message",
)
_LINKS = Links("id", "parentId")
_SIGNING = ("anthropic", "bedrock")
"""What the names of interfaces begin with whose signatures are Anthropic's."""

_AGENT, _SESSIONS = "PI_CODING_AGENT_DIR", "PI_CODING_AGENT_SESSION_DIR"
_FILES = "sessions/*/*.jsonl"


def locations(machine: Machine) -> list[Location]:
    """Return where the program keeps sessions."""
    if machine.named(_SESSIONS):
        return [machine.location(".pi/agent/sessions", ("*.jsonl", "*/*.jsonl"), _SESSIONS)]
    if machine.named(_AGENT):
        return [machine.location(".pi/agent", (_FILES,), _AGENT)]
    return [machine.location(".pi", (f"agent/{_FILES}",))]


def recognises(first_lines: Sequence[Any]) -> bool:
    """Tell whether a file begins with the header of a session."""
    header = first_lines[0] if first_lines else None
    if not isinstance(header, dict) or header.get("type") != _HEADER:
        return False
    return {"id", "cwd", "timestamp"} <= header.keys() and "message" not in header


def lines(content: FileContent, branches: Branches = "threads") -> Iterator[Line]:
    """Yield the session of a file, as its last entry shows it."""
    header, *entries = objects(content.documents)
    if header.get("type") != _HEADER:
        raise ValueError("the header of the session is missing")
    title = last([one.get("name") for one in entries if one.get("type") == "session_info"])
    messages = [one["message"] for one in entries if one.get("type") == "message"]
    noted = {
        "source": NAME,
        "model": first(one.get("model") for one in messages),
        "cwd": header.get("cwd"),
        "title": title,
    }
    nodes = list(chained([(one, _message(one)) for one in entries], _LINKS))
    if any(node.message for node in nodes):
        dialogue = dialogue_of(header["id"], title, header.get("timestamp"), noted)
        yield from arranged(dialogue, nodes, nodes[-1].id, branches)


def _message(entry: Json) -> MessageLine | None:
    """Return what is said in an entry; None when nothing is."""
    if entry.get("type") != "message":
        _leave_out_beside(entry.get("type"))
        return None
    message = entry["message"]
    role, content = _content(message)
    if not content:
        return None
    return MessageLine(
        role=role,
        content=json_of(texts_joined(content)),
        metadata=json_of(pruned({"model": message.get("model"), "api": message.get("api")})),
        created=time_of(entry.get("timestamp")),
    )


def _leave_out_beside(kind: Any) -> None:
    """Count an entry that is no message."""
    if kind in _SUMMARIES:
        leave_out(Kind.SUMMARIES)
    elif kind in _BOOKKEEPING:
        leave_out(Kind.BOOKKEEPING)
    else:
        leave_out_unknown(kind)


def _content(message: Json) -> tuple[str, list[Json]]:
    """Return who speaks, and what."""
    role = message["role"]
    if role not in _ROLES:  # of a command that a user ran, an extension, a summary
        leave_out(Kind.NOTICES)
        return role, []
    found = message.get("content")
    if isinstance(found, str):
        found = [{"type": "text", "text": found}]
    if not found:
        leave_out(Kind.EMPTY)
    is_signed = str(message.get("api")).startswith(_SIGNING)
    blocks = without_silent(_block(one, is_signed=is_signed) for one in found or ())
    return _ROLES[role], [_result(message, blocks)] if role == "toolResult" else blocks


def _block(block: Json, *, is_signed: bool) -> Json:
    """Return a block as Anthropic's API has it."""
    kind = block.get("type")
    if kind == "toolCall":
        call = {"id": block["id"], "name": block["name"], "input": block.get("arguments") or {}}
        return {"type": "tool_use", **call}
    if kind == "image":
        return image(block.get("mimeType"), block.get("data"))
    if kind == "thinking":
        signature = block.get("thinkingSignature")
        if block.get("redacted"):
            return {"type": "redacted_thinking", "data": signature}
        thought = {"type": "thinking", "thinking": block.get("thinking", "")}
        return {**thought, "signature": signature} if signature and is_signed else thought
    return {"type": "text", "text": block["text"]} if kind == "text" else block


def _result(message: Json, blocks: list[Json]) -> Json:
    result = {"tool_use_id": message["toolCallId"], "content": blocks}
    failed = {"is_error": True} if message.get("isError") else {}
    return {"type": "tool_result", **result, **failed}
