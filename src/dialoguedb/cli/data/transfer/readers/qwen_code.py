"""Sessions of Qwen Code: `~/.qwen/projects/…/chats/SESSION.jsonl`, a tree of Gemini's contents."""

from collections.abc import Iterator, Sequence
from typing import Any

from dialoguedb.cli.data.transfer.conversions import pruned, time_of
from dialoguedb.cli.data.transfer.left_out import Kind, leave_out, leave_out_unknown
from dialoguedb.cli.data.transfer.lines import DialogueLine, Line, MessageLine, json_of
from dialoguedb.cli.data.transfer.readers.conversation import texts_joined, valid_id
from dialoguedb.cli.data.transfer.readers.locations import Location, Machine
from dialoguedb.cli.data.transfer.readers.reader import FileContent
from dialoguedb.cli.data.transfer.readers.sessions import (
    Json,
    Links,
    chained,
    dialogue_of,
    first,
    last,
    objects,
    without_silent,
)
from dialoguedb.cli.data.transfer.trees import Branches, arranged

NAME = "qwen-code"

_ROLES = {"user": "user", "assistant": "assistant", "tool_result": "tool"}
_SYSTEM = "system"
_TYPED = "real_user"
_TYPED_MEANWHILE = "mid_turn_user_message"
_PROMPTS_OF_THE_PROGRAM = ("cron", "notification")
_LINKS = Links("uuid", "parentUuid")

_FILES = ("projects/*/chats/*.jsonl",)


def locations(machine: Machine) -> list[Location]:
    """Return where the program keeps sessions."""
    named = "QWEN_RUNTIME_DIR" if machine.named("QWEN_RUNTIME_DIR") else "QWEN_HOME"
    return [machine.location(".qwen", _FILES, named)]


def recognises(first_lines: Sequence[Any]) -> bool:
    """Tell whether these are lines of a session."""
    return any(map(_is_own, first_lines))


def _is_own(line: Any) -> bool:
    if not (isinstance(line, dict) and {"uuid", "parentUuid", "sessionId"} <= line.keys()):
        return False
    message = line.get("message")
    has_parts = isinstance(message, dict) and isinstance(message.get("parts"), list)
    return has_parts or "systemPayload" in line


def lines(content: FileContent, branches: Branches = "threads") -> Iterator[Line]:
    """Yield the session of a file; what subagents did becomes threads."""
    talks: dict[tuple[str, str | None], list[Json]] = {}
    for line in objects(content.documents):
        agent = line.get("agentId", "agent") if line.get("isSidechain") else None
        talks.setdefault((line["sessionId"], agent), []).append(line)
    for (session, agent), records in sorted(talks.items(), key=lambda one: one[0][1] is not None):
        nodes = list(chained([(one, _message(one)) for one in records], _LINKS))
        if any(node.message for node in nodes):
            dialogue = _dialogue(session, agent, records)
            yield from arranged(dialogue, nodes, nodes[-1].id, branches)


def _dialogue(session: str, agent: str | None, records: Sequence[Json]) -> DialogueLine:
    payloads = [one.get("systemPayload") or {} for one in records]
    title = last([one.get("customTitle") for one in payloads])
    noted = {
        "source": NAME,
        "model": first(one.get("model") for one in records),
        "cwd": first(one.get("cwd") for one in records),
        "branch": first(one.get("gitBranch") for one in records),
        "title": title,
        "agent": agent,
    }
    own_id = f"{session}-agent-{agent}" if agent else session
    dialogue = dialogue_of(own_id, title, first(one.get("timestamp") for one in records), noted)
    dialogue.thread_of = valid_id(session) if agent else None
    return dialogue


def _message(line: Json) -> MessageLine | None:
    """Return what is said in a line; None when nothing is."""
    role = _ROLES.get(line.get("type") or "")
    if role is None:
        _leave_out_beside(line)
        return None
    found = (line.get("message") or {}).get("parts") or ()
    parts = without_silent(found)
    if not found:
        leave_out(Kind.EMPTY)
    if not parts:
        return None
    if role == "user" and not _is_typed(line):
        leave_out(Kind.NOTICES)
        return None
    return MessageLine(
        role=role,
        content=json_of(texts_joined(_typed_meanwhile(line) or parts)),
        metadata=json_of(pruned({"model": line.get("model")})),
        created=time_of(line.get("timestamp")),
    )


def _leave_out_beside(line: Json) -> None:
    """Count a line that nobody said."""
    if line.get("type") == _SYSTEM:
        leave_out(Kind.BOOKKEEPING)
    else:
        leave_out_unknown(line.get("type"))


def _is_typed(line: Json) -> bool:
    """Tell whether a user said it: not a timer, a task in the background, or a goal."""
    is_own = line.get("subtype") not in _PROMPTS_OF_THE_PROGRAM
    return is_own and line.get("provenance", _TYPED) == _TYPED


def _typed_meanwhile(line: Json) -> list[Json]:
    """Return what a user typed while the agent worked, without the words put before it."""
    if line.get("subtype") != _TYPED_MEANWHILE:
        return []
    parts: list[Json] = line["message"]["parts"]
    shown = (line.get("systemPayload") or {}).get("displayText")
    others = [part for part in parts if "text" not in part]
    return [{"text": shown}, *others] if shown else []
