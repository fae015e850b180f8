"""OpenAI's Codex CLI: a rollout, a file of lines, for each thread.

Everything said is written twice: as an item of Responses, which the model sees, and as an event,
which is shown. Only the items are read.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from dialoguedb.cli.data.transfer.conversions import pruned, time_of
from dialoguedb.cli.data.transfer.left_out import (
    Kind,
    accounted,
    leave_out,
    leave_out_unknown,
)
from dialoguedb.cli.data.transfer.lines import DialogueLine, Line, MessageLine, json_of
from dialoguedb.cli.data.transfer.readers.conversation import (
    conversation,
    read_in_turn,
    read_lines,
    texts_joined,
)
from dialoguedb.cli.data.transfer.readers.locations import Location, Machine
from dialoguedb.cli.data.transfer.readers.reader import FileContent

NAME = "codex"

Json = dict[str, Any]

_HEADER = "session_meta"
_ITEM = "response_item"
_EVENT = "event_msg"
_TURN = "turn_context"
_KNOWN = {_HEADER, _ITEM, _EVENT, _TURN, "world_state", "token_usage_record", "compacted"}

_NOTES = "internal_chat_message_metadata_passthrough"
"""The member of an item in which the program says what it is for."""

_BY_PROGRAM = re.compile(
    r"\s*(?:<(?:environment_context|user_instructions|turn_aborted|user_shell_command)>"
    r"|# AGENTS\.md instructions )"
)
"""How messages of role `user` begin that nobody typed, in rollouts that do not say so."""

_AROUND_IMAGE = re.compile(r"<image name=[^>]*>|</image>")
_SILENT = frozenset({"ghost_snapshot", "compaction", "compaction_trigger", "context_compaction"})
_COMMAND = "CommandExecution"
_SHOWN = "item_completed"
"""The event that repeats an item, as it is shown."""

_THOUGHT = "reasoning"
_FOLDERS_DEEP = 3
"""Rollouts are in a folder for each day, those in one for each month, those in one a year."""

_FILES = ("sessions/*/*/*/rollout-*.jsonl", "archived_sessions/rollout-*.jsonl")


def locations(machine: Machine) -> list[Location]:
    """Return where the program keeps rollouts."""
    return [machine.location(".codex", _FILES, "CODEX_HOME")]


def recognises(first: Sequence[Any]) -> bool:
    """Tell whether a file begins as a rollout does."""
    return bool(first) and _is_header(first[0])


def _is_header(document: Any) -> bool:
    if not isinstance(document, dict) or document.get("type") != _HEADER:
        return False
    about = document.get("payload")
    return isinstance(about, dict) and isinstance(about.get("id"), str)


def lines(content: FileContent) -> Iterator[Line]:
    """Yield the dialogue of a rollout; nothing when nobody has said anything in it yet."""
    about = content.documents[0]["payload"]
    inherited = _inherited(about, content.file.path, {about["id"]})
    rollout = _Rollout()
    with accounted():  # what the file of the parent leaves out is told of that
        for document in inherited:
            rollout.read(document)
    rollout.model = None
    read_in_turn(content, content.documents, rollout.read)
    if not rollout.messages and not rollout.has_unknown:
        return
    dialogue = DialogueLine(
        id=about["id"],
        created=time_of(about.get("timestamp")),
        metadata=json_of(_described(about, rollout.model)),
    )
    yield from conversation(dialogue, rollout.messages)


def _described(about: Json, model: str | None) -> Json:
    origin = about.get("source")
    found = {
        "source": NAME,
        "model": model,
        "cwd": about.get("cwd"),
        "version": about.get("cli_version"),
        "forkedFrom": about.get("forked_from_id"),
        "startedBy": origin if isinstance(origin, dict) else None,
    }
    return pruned(found)


def _inherited(about: Json, path: Path, read: set[str]) -> list[Json]:
    """Return the lines that a fork goes on from: those of its parent, if that is still there."""
    base = about.get("history_base") or {}
    parent = base.get("thread_id") or about.get("forked_from_id")
    end = base.get("end_ordinal_exclusive", about.get("forked_from_ordinal_exclusive"))
    if parent is None or end is None or parent in read:
        return []
    file = _rollout_of(parent, path)
    found = read_lines(file) if file else []
    if not (found and _is_header(found[0])):
        leave_out(Kind.MISSING)
        return []
    before = _inherited(found[0]["payload"], path, {*read, parent})
    return [*before, *(one for one in found if one.get("ordinal", end) < end)]


def _rollout_of(thread: str, beside: Path) -> Path | None:
    """Return the rollout of a thread, if it is where those of a program are."""
    name = f"rollout-*-{thread}.jsonl"
    if not re.fullmatch(r"[\w-]+", thread):
        return None
    folder = beside.parent
    found = sorted(folder.glob(name))
    for depth in range(1, _FOLDERS_DEEP + 1):
        if found or not folder.name.isdigit():
            break
        folder = folder.parent
        found = sorted(folder.glob("*/" * depth + name))
    if not found and folder.name == "sessions":
        found = sorted(folder.parent.glob(f"archived_sessions/{name}"))
    return found[0] if found else None


class _Rollout(Struct):
    """What was said by now."""

    messages: list[MessageLine] = []
    model: str | None = None
    has_unknown: bool = False
    failed: dict[str, Json] = {}
    """The calls of commands that failed."""

    before: str = ""
    """The type of the last item."""

    seen: set[tuple[Any, bytes]] = set()

    def read(self, document: Json) -> None:
        """Read a line."""
        kind, payload = document.get("type"), document.get("payload")
        self.has_unknown |= kind not in _KNOWN
        if kind == _ITEM and not (document.get("metadata") or {}).get("compaction_output"):
            self._item(document, payload)
            return
        _leave_out_beside(kind, payload)
        if kind == _EVENT:
            self.failed |= _failed_command(payload)
        elif kind == _TURN and payload:
            self.model = self.model or payload.get("model")

    def _item(self, document: Json, item: Any) -> None:
        is_thought_out, self.before = self.before == _THOUGHT, item["type"]
        message = _message(item, self.failed, is_thought_out=is_thought_out)
        if message is None:
            return
        message.created = time_of(document.get("timestamp"))
        line = (document.get("ordinal", document.get("timestamp")), bytes(message.content))
        if line not in self.seen:  # else the same line, copied
            self.messages.append(message)
        else:
            leave_out(Kind.REPEATED)
        self.seen.add(line)


def _leave_out_beside(kind: Any, payload: Any) -> None:
    """Count a line that is no item of the talk."""
    if kind not in _KNOWN:
        leave_out_unknown(kind)
    elif kind in {_ITEM, "compacted"}:
        leave_out(Kind.SUMMARIES)
    elif kind == _EVENT and isinstance(payload, dict) and payload.get("type") == _SHOWN:
        leave_out(Kind.REPEATED)
    else:
        leave_out(Kind.BOOKKEEPING)


def _failed_command(event: Any) -> dict[str, Json]:
    """Return the call of a command that failed, which only the shown log tells."""
    item = event.get("item") or {}
    if item.get("type") != _COMMAND or not item.get("exit_code"):
        return {}
    return {item["id"]: {"status": item.get("status"), "exitCode": item["exit_code"]}}


def _message(item: Any, failed: dict[str, Json], *, is_thought_out: bool) -> MessageLine | None:
    """Return what somebody said or did; None when it is the program's.

    What was thought before it is of use for the model only together with the whole item.
    """
    kind = item["type"]
    kept = {name: value for name, value in item.items() if name != _NOTES and value is not None}
    if kind == "message":
        return _spoken(item, kept, is_whole=is_thought_out)
    if kind in _SILENT:
        leave_out(Kind.BOOKKEEPING)
        return None
    is_result = kind.endswith("_output")
    return MessageLine(
        id=item.get("id"),
        role="tool" if is_result else "assistant",
        content=json_of(kept),
        metadata=json_of(failed.get(item.get("call_id", ""), {}) if is_result else {}),
    )


def _spoken(item: Json, kept: Json, *, is_whole: bool) -> MessageLine | None:
    role, content = item["role"], item.get("content")
    if role not in {"user", "assistant"}:
        leave_out(Kind.CONTEXT)
        return None
    if not content:
        leave_out(Kind.EMPTY)
        return None
    if role == "user":
        content = _typed(content, (item.get(_NOTES) or {}).get("content_item_kinds"))
    elif is_whole or item.get("phase") or not isinstance(texts_joined(content), str):
        content = kept
    if not content:
        return None
    return MessageLine(id=item.get("id"), role=role, content=json_of(texts_joined(content)))


def _typed(content: Any, kinds: list[str] | None) -> Any:
    """Return what the user typed of a message, and the images."""
    if isinstance(content, str):
        content = [{"type": "input_text", "text": content}]
    found = content
    if kinds and len(kinds) == len(content):
        pairs = zip(content, kinds, strict=True)
        content = [part for part, kind in pairs if _may_be_typed(part, kind)]
    elif kinds:
        content = content if any(kind.startswith("user.") for kind in kinds) else []
    else:
        content = [part for part in content if _may_be_typed(part, "")]
    has_image = any(part.get("type") == "input_image" for part in content)
    typed = [part for part in content if not (has_image and _is_around_image(part))]
    leave_out(Kind.CONTEXT, len(found) - len(typed))
    return typed


def _may_be_typed(part: Json, kind: str) -> bool:
    if kind in {"", "unknown"}:
        return not _BY_PROGRAM.match(part.get("text") or "")
    return kind.startswith("user.")


def _is_around_image(part: Json) -> bool:
    return bool(_AROUND_IMAGE.fullmatch((part.get("text") or "").strip()))
