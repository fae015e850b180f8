"""Sessions of Claude Code: `~/.claude/projects/…/SESSION.jsonl`, and subagents' beside them.

The lines of a file form a tree that is no branch of the conversation, so they are read in order.
A message has a line for each of its blocks. What it says about the surroundings, what it repeats
of requests, and what the program itself puts into a user's mouth is not what anybody said.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from msgspec import Struct, field

from dialoguedb.cli.data.transfer.conversions import pruned, time_of
from dialoguedb.cli.data.transfer.left_out import Kind, leave_out, leave_out_unknown
from dialoguedb.cli.data.transfer.lines import DialogueLine, Line, MessageLine, json_of
from dialoguedb.cli.data.transfer.readers.conversation import (
    conversation,
    texts_joined,
    valid_id,
)
from dialoguedb.cli.data.transfer.readers.locations import Location, Machine
from dialoguedb.cli.data.transfer.readers.reader import FileContent
from dialoguedb.cli.data.transfer.readers.sessions import (
    Json,
    Seen,
    beside,
    dialogue_of,
    first,
    last,
    objects,
    without_silent,
)

NAME = "claude-code"

_Role = Literal["user", "assistant"]
_TALK = ("user", "assistant")
_OWN_TYPES = frozenset(
    {"queue-operation", "last-prompt", "atis-latch", "api-request", "file-history-snapshot"}
)
"""Types of lines that no other program writes, and that a file may begin with."""

_BOOKKEEPING = _OWN_TYPES | {
    *("system", "mode", "permission-mode", "tools-used", "cost-state", "progress", "pr-link"),
    *("api-request-shape", "api-request-blob", "agent-name", "agent-color", "agent-setting"),
}
"""Types of lines that hold what the program notes for itself."""

_INTERRUPTED = "[Request interrupted by user"
_WRITTEN_BY_THE_PROGRAM = (
    "<command-name>",
    "<command-message>",
    "<local-command-stdout>",
    "<local-command-stderr>",
    "<local-command-caveat>",
    "<bash-input>",
    "<bash-stdout>",
    "<bash-stderr>",
    _INTERRUPTED,
)
_SURROUNDINGS = ("<system-reminder>", "<ide_opened_file>", "<ide_selection>", "<ide_diagnostics>")
"""Texts beside what was typed, in blocks of their own."""

_IN_FRONT = re.compile(
    r"(?:\s*<(system-reminder|ide_opened_file|ide_selection|ide_diagnostics)>.*?</\1>)+\s*",
    re.DOTALL,
)

_REPORT = "task-notification"
"""The origin of what a background task reports, to be answered like a prompt."""

_SYNTHETIC = "<synthetic>"

_TITLES = {"custom-title": "customTitle", "ai-title": "aiTitle", "summary": "summary"}
"""Types of lines with a title, the most wanted first."""

_FILES = ("projects/*/*.jsonl", "projects/*/*/subagents/*.jsonl")


def locations(machine: Machine) -> list[Location]:
    """Return where the program keeps sessions."""
    return [machine.location(".claude", _FILES, "CLAUDE_CONFIG_DIR")]


def recognises(first_lines: Sequence[Any]) -> bool:
    """Tell whether these are lines of a session."""
    return any(map(_is_own, first_lines))


def _is_own(line: Any) -> bool:
    if not isinstance(line, dict):
        return False
    kind, message = line.get("type"), line.get("message")
    is_of_session = "sessionId" in line
    if kind in _TALK:
        return is_of_session and "parentUuid" in line and "content" in (message or ())
    if kind in _OWN_TYPES:
        return is_of_session or "snapshot" in line
    return (kind == "attachment" and is_of_session) or (kind in _TITLES and "leafUuid" in line)


class _Spoken(Struct):
    """A message, of one line or several."""

    id: str
    role: _Role
    blocks: list[Any]
    line: Json
    """The first of its lines."""

    stopped: str | None = None
    """Why the model stopped, where that is known."""

    is_closed: bool = True
    """Whether no further line can belong to it."""

    @property
    def is_unfinished(self) -> bool:
        """Whether it is certain or likely that more lines of it will follow."""
        is_text = self.blocks[-1].get("type") == "text"
        return not (self.is_closed or (is_text and self.stopped != "tool_use"))


class _Talk(Struct):
    """Everything that was said in a session, or by a subagent of it."""

    session: str
    agent: str | None
    spoken: list[_Spoken] = []
    seen: Seen = field(default_factory=Seen)
    lines: list[Json] = []

    @property
    def id(self) -> str:
        return _thread_id(self.session, self.agent) if self.agent else self.session


def lines(content: FileContent) -> Iterator[Line]:
    """Yield the session of a file; what subagents did in it becomes threads."""
    documents = objects(content.documents)
    talks = _talks(documents)
    unfinished = [one for talk in talks for one in talk.spoken if one.is_unfinished]
    content.unfinished += [f"Message {one.id} is not written to its end" for one in unfinished]
    title = first(
        last([one.get(key) for one in documents if one.get("type") == kind])
        for kind, key in _TITLES.items()
    )
    for talk in sorted(talks, key=lambda one: one.agent is not None):
        messages = [_message(one, talk) for one in talk.spoken if not one.is_unfinished]
        if messages:
            yield from conversation(_dialogue(talk, title, content), messages)


def _talks(documents: Sequence[Json]) -> list[_Talk]:
    """Return who talked in a file, with what they said, in the order of their first lines."""
    talks: dict[tuple[str, str | None], _Talk] = {}
    agents: dict[str, str] = {}
    open_message: _Spoken | None = None
    for line in documents:
        if line.get("type") == "queue-operation":  # somebody types while the model still speaks
            leave_out(Kind.BOOKKEEPING)
            continue
        talk = None
        if (session := line.get("sessionId")) and "uuid" in line:
            agent = _agent_of(line, agents)
            talk = talks.setdefault((session, agent), _Talk(session, agent))
            talk.lines.append(line)
        else:
            _leave_out_beside(line)
        spoken = _read(line, talk, open_message) if talk else None
        if open_message and spoken is not open_message:
            open_message.is_closed = True
        open_message = spoken
    return list(talks.values())


def _leave_out_beside(line: Json) -> None:
    """Count a line that is no part of a talk."""
    kind = line.get("type")
    if kind in _BOOKKEEPING or kind in _TITLES:
        leave_out(Kind.BOOKKEEPING)
    else:
        leave_out_unknown(kind)


def _agent_of(line: Json, agents: dict[str, str]) -> str | None:
    """Return the subagent that a line is of: by its name, else by the first line of its chain."""
    if not line.get("isSidechain"):
        return None
    agent: str = line.get("agentId") or agents.get(line.get("parentUuid") or "") or line["uuid"]
    agents[line["uuid"]] = agent
    return agent


def _read(line: Json, talk: _Talk, before: _Spoken | None) -> _Spoken | None:
    """Add what a line says; returns the message that the next line may belong to."""
    role, blocks = _words(line)
    if not blocks:
        return None
    if not talk.seen.count(line["uuid"], blocks):
        leave_out(Kind.REPEATED)
        return None
    message = line.get("message") or {}
    if before and role == "assistant" and _is_more(line, before, talk):
        before.blocks += blocks
        before.stopped = message.get("stop_reason")
        return before
    is_open = role == "assistant" and bool(message.get("id"))
    spoken = _Spoken(line["uuid"], role, [*blocks], line, message.get("stop_reason"), not is_open)
    talk.spoken.append(spoken)
    return spoken if is_open else None


def _is_more(line: Json, before: _Spoken, talk: _Talk) -> bool:
    """Tell whether a line is of the same message as the one before it."""
    is_last = bool(talk.spoken) and talk.spoken[-1] is before
    return is_last and before.line["message"]["id"] == line["message"].get("id")


def _words(line: Json) -> tuple[_Role, list[Any]]:
    """Return who speaks in a line, and the blocks; none of what nobody said."""
    match line.get("type"):
        case "assistant":
            message = line["message"]
            is_made_up = line.get("isApiErrorMessage") or message.get("model") == _SYNTHETIC
            if is_made_up:
                leave_out(Kind.ERRORS)
            return "assistant", [] if is_made_up else _blocks(message.get("content"))
        case "user":
            return "user", _of_the_user(line, _blocks(line["message"].get("content")))
        case "attachment":
            return "user", _typed_meanwhile(line.get("attachment") or {})
    _leave_out_beside(line)
    return "user", []


def _of_the_user(line: Json, blocks: Sequence[Any]) -> list[Any]:
    """Return the results of tools, and what a user typed."""
    results = [block for block in blocks if block.get("type") == "tool_result"]
    others = [block for block in blocks if block.get("type") != "tool_result"]
    if not _is_typed(line, blocks):
        kind = Kind.SUMMARIES if line.get("isCompactSummary") else Kind.NOTICES
        leave_out(kind, 1 if others else 0)
        return results
    apart = [(block, _without_surroundings(block)) for block in others]
    leave_out(Kind.CONTEXT, sum(left is not block for block, left in apart))
    typed = [left for _, left in apart if left]
    if _says_who_typed(line) and not results:
        return typed
    noticed = [block for block in typed if _begins(block, (_INTERRUPTED,))]
    leave_out(Kind.NOTICES, len(noticed))
    return results + [block for block in typed if block not in noticed]


def _blocks(content: Any) -> list[Any]:
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    if not content:
        leave_out(Kind.EMPTY)
    return without_silent(content or ())


def _typed_meanwhile(attachment: Json) -> list[Any]:
    """Return what a user typed while the agent worked, which has no line of its own."""
    is_typed = attachment.get("commandMode", "prompt") == "prompt"
    is_users = (attachment.get("origin") or {}).get("kind", "human") == "human"
    is_meta = attachment.get("isMeta")
    if attachment.get("type") != "queued_command" or not (is_typed and is_users) or is_meta:
        leave_out(Kind.CONTEXT)
        return []
    return _blocks(attachment.get("prompt"))


def _is_typed(line: Json, blocks: Sequence[Any]) -> bool:
    """Tell whether a user typed what stands in a line with the role of one."""
    if line.get("isMeta") or line.get("isCompactSummary") or line.get("rowSource") == "harness":
        return False
    if (line.get("origin") or {}).get("kind") == _REPORT or line.get("promptSource") == "system":
        return False
    if _says_who_typed(line):
        return True
    spoken = [block for block in blocks if not _begins(block, (_INTERRUPTED,))]
    return not blocks or (bool(spoken) and not _begins(spoken[0], _WRITTEN_BY_THE_PROGRAM))


def _says_who_typed(line: Json) -> bool:
    """Tell whether a line, of a newer version, says that a user has typed it."""
    return bool(line.get("promptSource") or line.get("turnOrigin"))


def _without_surroundings(block: Json) -> Json | None:
    """Return a block without what the program has put in front of it; None when that is all."""
    if not _begins(block, _SURROUNDINGS):
        return block
    found = _IN_FRONT.match(block["text"])
    text = block["text"][found.end() :] if found else ""
    return {**block, "text": text} if text else None


def _begins(block: Json, marks: tuple[str, ...]) -> bool:
    return block.get("type") == "text" and block["text"].lstrip().startswith(marks)


def _message(spoken: _Spoken, talk: _Talk) -> MessageLine:
    line = spoken.line
    message = line.get("message") or {}
    started = line.get("toolUseResult")
    agent = started.get("agentId") if isinstance(started, dict) else None
    noted = {
        "model": message.get("model"),
        "messageId": message.get("id"),
        "denied": line.get("toolDenialKind"),
        "thread": _thread_id(talk.session, agent) if agent else None,
    }
    return MessageLine(
        id=spoken.id,
        role=spoken.role,
        content=json_of(texts_joined(spoken.blocks)),
        metadata=json_of(pruned(noted)),
        created=time_of(line.get("timestamp")),
    )


def _dialogue(talk: _Talk, title: Any, content: FileContent) -> DialogueLine:
    messages = [one.line.get("message") or {} for one in talk.spoken]
    noted = {
        "source": NAME,
        "model": first(one.get("model") for one in messages),
        "cwd": first(one.get("cwd") for one in talk.lines),
        "branch": first(one.get("gitBranch") for one in talk.lines),
        "title": title,
    }
    created = first(one.get("timestamp") for one in talk.lines)
    if not talk.agent:
        return dialogue_of(talk.session, title, created, noted)
    about = beside(content.file.path, f"{content.file.path.stem}.meta.json")
    own = {"agent": talk.agent, "kind": about.get("agentType"), "call": about.get("toolUseId")}
    thread = dialogue_of(
        talk.id, about.get("description"), created, {**noted, **own, "title": None}
    )
    thread.thread_of = valid_id(talk.session)
    return thread


def _thread_id(session: str, agent: str) -> str:
    return valid_id(f"{session}-agent-{agent}")
