"""Sessions of Cline: `~/.cline/data/sessions/SESSION/SESSION.messages.json`."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from dialoguedb.cli.data.transfer.conversions import pruned, time_of
from dialoguedb.cli.data.transfer.left_out import Kind, leave_out
from dialoguedb.cli.data.transfer.lines import Line, MessageLine, json_of
from dialoguedb.cli.data.transfer.readers.conversation import conversation, texts_joined
from dialoguedb.cli.data.transfer.readers.locations import Location, Machine
from dialoguedb.cli.data.transfer.readers.reader import FileContent
from dialoguedb.cli.data.transfer.readers.sessions import (
    Json,
    Seen,
    beside,
    dialogue_of,
    first,
    image,
    without_silent,
)

NAME = "cline"

_TYPED = re.compile(r"<user_input\b[^>]*>(.*)</user_input>", re.DOTALL)
_MS = 1000
_ENDING = ".messages.json"

_FILES = f"sessions/*/*{_ENDING}"


def locations(machine: Machine) -> list[Location]:
    """Return where the program keeps sessions."""
    if machine.named("CLINE_DATA_DIR"):
        return [machine.location(".cline/data", (_FILES,), "CLINE_DATA_DIR")]
    return [machine.location(".cline", (f"data/{_FILES}",), "CLINE_DIR")]


def recognises(first_documents: Sequence[Any]) -> bool:
    """Tell whether this is the file of a session."""
    document = first_documents[0] if first_documents else None
    if not isinstance(document, dict) or not isinstance(document.get("messages"), list):
        return False
    return {"version", "sessionId", "updated_at"} <= document.keys() and (
        "agent" in document or "origin" in document
    )


def lines(content: FileContent) -> Iterator[Line]:
    """Yield the session of a file; the one beside it has its title and directory."""
    (document,) = content.documents
    held, about = document["messages"], _about(content, document["sessionId"])
    seen = Seen()
    new = [one for one in held if seen.count(str(one.get("id")), one)]
    leave_out(Kind.REPEATED, len(held) - len(new))
    leave_out(Kind.CONTEXT, 1 if document.get("system_prompt") else 0)
    messages = [line for one in new if (line := _message(one))]
    if messages:
        title = (about.get("metadata") or {}).get("title")
        noted = {
            "source": NAME,
            "model": first((one.get("modelInfo") or {}).get("id") for one in held),
            "cwd": about.get("cwd"),
            "title": title,
        }
        created = _time(first(one.get("ts") for one in held))
        dialogue = dialogue_of(document["sessionId"], title, created, noted)
        yield from conversation(dialogue, messages)


def _about(content: FileContent, session: str) -> Json:
    path = content.file.path
    name = path.name.removesuffix(_ENDING) if path.name.endswith(_ENDING) else session
    return beside(path, f"{name}.json")


def _message(message: Json) -> MessageLine | None:
    """Return what is said in a message; None of what is only shown, as errors are."""
    if (message.get("metadata") or {}).get("displayOnly"):
        leave_out(Kind.NOTICES)
        return None
    found = message.get("content")
    if isinstance(found, str):
        found = [{"type": "text", "text": found}]
    if not found:
        leave_out(Kind.EMPTY)
    blocks = without_silent(map(_block, found or ()))
    if message["role"] == "user":
        blocks = _typed(blocks)
    if not blocks:
        return None
    return MessageLine(
        id=message.get("id"),
        role=message["role"],
        content=json_of(texts_joined(blocks)),
        metadata=json_of(pruned({"model": (message.get("modelInfo") or {}).get("id")})),
        created=time_of(_time(message.get("ts"))),
    )


def _time(milliseconds: Any) -> float | None:
    return milliseconds / _MS if isinstance(milliseconds, int | float) else None


def _typed(blocks: list[Json]) -> list[Json]:
    """Return what a user typed without the tag around it."""
    return without_silent(
        {**one, "text": found[1]}
        if one.get("type") == "text" and (found := _TYPED.fullmatch(one["text"].strip()))
        else one
        for one in blocks
    )


def _block(block: Json) -> Json:
    """Return a block as Anthropic's API has it."""
    kind = block.get("type")
    if kind == "image" and isinstance(block.get("data"), str):
        return image(block.get("mediaType") or block.get("mimeType"), block["data"])
    if kind != "tool_result" or not isinstance(block.get("content"), list):
        return block
    outcomes = block["content"]
    is_failed = any(one.get("success") is False for one in outcomes if "type" not in one)
    shown = [
        one for outcome in outcomes for one in _outcome(outcome, is_one_of_many=len(outcomes) > 1)
    ]
    failed = {"is_error": True} if is_failed else {}
    return {"type": kind, "tool_use_id": block["tool_use_id"], "content": shown, **failed}


def _outcome(outcome: Json, *, is_one_of_many: bool) -> list[Json]:
    """Return what a tool answered to one of the things asked of it."""
    if "type" in outcome:
        return [outcome]
    query = outcome.get("query") if is_one_of_many else None
    found, wrong = outcome.get("result"), outcome.get("error")
    if isinstance(found, list) and all(isinstance(one, dict) and "type" in one for one in found):
        blocks, found = [_block(one) for one in found], None
    else:
        blocks = []
    texts = [
        one if isinstance(one, str) else bytes(json_of(one)).decode()
        for one in (query, found, wrong)
        if one
    ]
    return [{"type": "text", "text": "\n".join(texts)}, *blocks] if texts else blocks
