"""Writes a dialogue as a session of a coding agent, which that program goes on with."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from msgspec import Struct

from dialoguedb.cli.data.transfer.readers import anthropic, claude_code, codex, openai
from dialoguedb.cli.data.transfer.readers.locations import Location, Machine
from dialoguedb.cli.data.transfer.writers.conversations import ConversationWriter
from dialoguedb.cli.data.transfer.writers.left_out import LeftOut
from dialoguedb.client.encoding import json_codec
from dialoguedb.client.encoding.fields import timestamp

Json = dict[str, Any]

_CODEX_VERSION = "0.171.0"
_CLAUDE_VERSION = "2.1.332"
"""The versions whose sessions these are like; the programs read older ones as well."""


class Session(Struct, frozen=True):
    """Where a session is, and when it began."""

    id: UUID
    cwd: Path
    """The directory that the program works in, to which it ties its sessions."""

    begun: datetime
    machine: Machine

    def time(self, index: int) -> str:
        """Return a time for each of its lines, in their order."""
        return timestamp(self.begun + timedelta(milliseconds=index))


class Target(Struct, frozen=True):
    """How a program has its sessions written, and is asked to go on."""

    format_name: str
    path: Callable[[Session], Path]
    lines: Callable[[Session, Sequence[str], Iterator[Json]], Iterator[Json]]
    """Takes what the system says, and the messages."""

    command: str


class SessionWriter(ConversationWriter):
    """Writes the lines of a session to memory, and not to any file."""

    def __init__(self, target: Target, session: Session, left_out: LeftOut) -> None:
        super().__init__(target.format_name, BytesIO(), left_out)
        self.content = b""
        self._target = target
        self._session = session

    def _write(self, about: Json, messages: Iterator[Json]) -> bool:
        system = [about["system"]] if "system" in about else []
        found = list(messages)
        lines = self._target.lines(self._session, system, iter(found))
        self.content = b"".join(json_codec.encode(line) + b"\n" for line in lines)
        return bool(found)


def new_session(cwd: Path, machine: Machine) -> Session:
    """Return a session that is not there yet."""
    return Session(uuid4(), cwd, datetime.now(UTC), machine)


def _directory(locations: Sequence[Location]) -> Path:
    return locations[0].directory


def _codex_path(session: Session) -> Path:
    begun = session.begun.astimezone()
    name = f"rollout-{begun:%Y-%m-%dT%H-%M-%S}-{session.id}.jsonl"
    return _directory(codex.locations(session.machine)) / f"sessions/{begun:%Y/%m/%d}" / name


def _codex_lines(session: Session, _: Sequence[str], messages: Iterator[Json]) -> Iterator[Json]:
    about = {
        "id": str(session.id),
        "timestamp": session.time(0),
        "cwd": str(session.cwd),
        "originator": "dialoguedb",
        "cli_version": _CODEX_VERSION,
        "source": "cli",
    }
    entries = [("session_meta", about)]
    entries += [("response_item", _codex_item(one)) for one in messages]
    for index, (kind, payload) in enumerate(entries):
        yield {
            "timestamp": session.time(index),
            "ordinal": index,
            "type": kind,
            "payload": payload,
        }


def _codex_item(item: Json) -> Json:
    """Return an item as the program has it: messages with a type, and texts in parts."""
    if "role" not in item:
        return item
    role = "developer" if item["role"] == "system" else item["role"]
    content = item["content"]
    if isinstance(content, str):
        kind = "output_text" if role == "assistant" else "input_text"
        content = [{"type": kind, "text": content}]
    return {**item, "type": "message", "role": role, "content": content}


def _claude_path(session: Session) -> Path:
    folder = re.sub(r"[^a-zA-Z0-9]", "-", str(session.cwd))
    directory = _directory(claude_code.locations(session.machine))
    return directory / "projects" / folder / f"{session.id}.jsonl"


def _claude_lines(
    session: Session, system: Sequence[str], messages: Iterator[Json]
) -> Iterator[Json]:
    parent = None
    hidden = [{"role": "user", "content": text} for text in system]
    for index, message in enumerate([*hidden, *messages]):
        own_id = str(uuid4())
        line = {
            "parentUuid": parent,
            "isSidechain": False,
            "userType": "external",
            "cwd": str(session.cwd),
            "sessionId": str(session.id),
            "version": _CLAUDE_VERSION,
            "type": message["role"],
            "message": _claude_message(message, own_id),
            "uuid": own_id,
            "timestamp": session.time(index),
        }
        yield line | ({"isMeta": True} if index < len(hidden) else {})
        parent = own_id


def _claude_message(message: Json, own_id: str) -> Json:
    """Return a message; one of the model as its API would have answered."""
    if message["role"] == "user":
        return message
    content = message["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    has_call = any(block["type"] == "tool_use" for block in blocks)
    return {
        "id": f"msg_{own_id}",
        "type": "message",
        "role": "assistant",
        "model": "dialoguedb",
        "content": blocks,
        "stop_reason": "tool_use" if has_call else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 0, "output_tokens": 0},
    }


TARGETS: Mapping[str, Target] = {
    codex.NAME: Target(openai.RESPONSES, _codex_path, _codex_lines, "codex resume"),
    claude_code.NAME: Target(anthropic.NAME, _claude_path, _claude_lines, "claude --resume"),
}
"""The programs that can go on with a dialogue, by their names in an import."""
