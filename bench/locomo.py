"""Real conversations from a file that is named by an environment variable, never shipped."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

VARIABLE = "DIALOGUEDB_LOCOMO"
CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop"}
_NAMELESS = frozenset({"user", "assistant", "customer", "text"})
"""What speakers are called who have no name."""

_STEP = timedelta(seconds=20)


@dataclass(frozen=True)
class Session:
    """One dialogue as it is sent."""

    dialogue: str
    label: str
    messages: list[dict[str, str]]

    def batches(self, size: int) -> Iterator[list[dict[str, str]]]:
        """Yield its messages in portions."""
        for first in range(0, len(self.messages), size):
            yield self.messages[first : first + size]


@dataclass(frozen=True)
class Question:
    """A question, and the ids of the messages that answer it."""

    text: str
    category: int
    answer_ids: frozenset[str]


@dataclass(frozen=True)
class Conversation:
    """The sessions of two people, and what can be asked about them."""

    name: str
    sessions: list[Session]
    questions: list[Question]


def named_file() -> Path | None:
    """Give the file that the environment names, if any."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def conversations(file: Path) -> list[Conversation]:
    """Read every conversation, with the questions that can be answered from it."""
    return [_conversation(one) for one in json.loads(file.read_text())["conversations"]]


def _conversation(one: dict[str, Any]) -> Conversation:
    sessions = list(_sessions(one))
    message_ids = {message["id"] for session in sessions for message in session.messages}
    return Conversation(one["conversation"], sessions, list(_questions(one, message_ids)))


def _sessions(one: dict[str, Any]) -> Iterator[Session]:
    for session in one["sessions"]:
        name, number = one["conversation"], session["session"]
        messages = list(_messages(session, one["speakers"]))
        yield Session(f"{name}:{number}", f"{name}, session {number}", messages)


def _messages(session: dict[str, Any], speakers: list[str]) -> Iterator[dict[str, str]]:
    created = datetime.fromisoformat(session["started"])
    for message in session["messages"]:
        caption = message.get("image_caption")
        speaker = message["speaker"]
        yield {
            "id": message["id"],
            "role": "assistant" if speaker in speakers[1:] else "user",
            **({} if speaker in _NAMELESS else {"name": speaker}),
            "content": message["text"] + (f" [shares {caption}]" if caption else ""),
            "created": created.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        }
        created += _STEP


def _questions(one: dict[str, Any], message_ids: set[str]) -> Iterator[Question]:
    for question in one.get("questions", []):
        answer_ids = frozenset(question.get("evidence") or ())
        if question["category"] in CATEGORIES and answer_ids and answer_ids <= message_ids:
            yield Question(question["question"], question["category"], answer_ids)
