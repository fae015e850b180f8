"""What a format does not hold of what is exported, counted by kind."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from dialoguedb.cli.data.transfer.lines import EMPTY, DialogueLine, MessageLine
from dialoguedb.formats.outgoing.losses import Loss, LossKind

Kind = Literal[
    LossKind,
    "memory",
    "thread",
    "empty dialogue",
    "silent dialogue",
    "empty message",
    "namespace",
    "status",
    "state",
    "metadata",
    "tags",
    "time",
    "message id",
    "role",
    "system",
]

_WORDS: Mapping[Kind, str] = {
    "memory": "memories",
    "thread": "that dialogues are threads; each is a conversation of its own",
    "empty dialogue": "dialogues without messages",
    "silent dialogue": "dialogues of which the format shows nothing",
    "empty message": "messages that say nothing",
    "namespace": "namespaces of dialogues",
    "status": "that dialogues are ended or archived",
    "state": "states of dialogues",
    "metadata": "metadata of dialogues and messages",
    "tags": "tags of dialogues and messages",
    "time": "times of dialogues and messages",
    "message id": "ids of messages",
    "role": "roles of messages; another one stands there",
    "system": "positions of the system's messages; they stand before all others",
    "name": "names of speakers or tools; in the text, or as they can be there",
    "thought": "thoughts of a model",
    "signed-thought": "signed thoughts of a model",
    "attachment": "attachments; they are named in words",
    "call": "tool calls",
    "result": "results of tools, or what they answer",
    "id": "ids of tool calls; another one stands there",
    "error": "that results of tools are errors",
    "detail": "details, and unknown parts, that only their own program can read",
}

_SPEAKERS = frozenset({"system", "user", "assistant", "tool"})


class LeftOut:
    """Counts what is left out."""

    def __init__(self) -> None:
        self._counts: Counter[Kind] = Counter()

    def add(self, kind: Kind, count: int = 1) -> None:
        """Count something."""
        self._counts[kind] += count

    def add_losses(self, losses: Iterable[Loss]) -> None:
        """Count what was left out of parts."""
        for loss in losses:
            self.add(loss.kind)

    def add_beside(self, dialogue: DialogueLine) -> None:
        """Count what a dialogue has beside an id, a title and messages."""
        self.add("thread", dialogue.thread_of is not None)
        self.add("namespace", bool(dialogue.namespace))
        self.add("status", dialogue.status != "active")
        self.add("state", dialogue.state != EMPTY)
        self._add_notes(dialogue)

    def add_beside_content(self, message: MessageLine) -> None:
        """Count what a message has beside its role, its name and its content."""
        self.add("message id", message.id is not None)
        self.add("time", message.created is not None)
        self.add("role", message.role not in _SPEAKERS)
        self._add_notes(message)

    def _add_notes(self, line: DialogueLine | MessageLine) -> None:
        self.add("metadata", line.metadata != EMPTY)
        self.add("tags", bool(line.tags))

    def sentences(self) -> Iterator[str]:
        """Yield what is left out and how often, a kind each."""
        for kind, words in _WORDS.items():
            if count := self._counts[kind]:
                yield f"{words}: {count:,}"
