"""Receipts of context windows: what a model saw, by the ids of what it was made of."""

from msgspec import UNSET, Struct, UnsetType, field

from dialoguedb.model.context import ContextWindow
from dialoguedb.model.memories import Memory
from dialoguedb.model.messages import Message
from dialoguedb.model.summaries import Summary
from dialoguedb.values.fields import (
    Dialect,
    Id,
    Include,
    Namespace,
    Target,
    Timestamp,
    Unanswered,
)


class WindowSettings(Struct, rename="camel", kw_only=True):
    """How a window was asked for."""

    max_tokens: int
    query_sha256: str | UnsetType = field(name="querySHA256", default=UNSET)
    """The hash of the query, if there was one: its text may repeat a message that is deleted."""

    format: Dialect
    target: Target
    recent: int
    summary: bool
    memories: int
    stable: bool
    unanswered: Unanswered
    as_of: Timestamp | UnsetType = UNSET
    include: Include | UnsetType = UNSET


class UsedMessage(Struct, array_like=True, frozen=True):
    """A message that a window is made of; another that takes its id later has another `seq`."""

    id: str
    seq: int


class UsedParts(Struct, frozen=True, kw_only=True):
    """What a window is made of, by its ids."""

    messages: list[UsedMessage]
    summary: str | None = None
    memories: list[str] = []
    corrected: dict[str, int] = {}
    """The version of each memory that had been corrected by then."""

    def version_of(self, memory_id: str) -> int:
        """Return the version of a memory that the window shows."""
        return self.corrected.get(memory_id, 1)


class NewReceipt(Struct, frozen=True, kw_only=True):
    """A receipt on its way to the store."""

    id: str
    settings: bytes
    """A `WindowSettings` as JSON."""

    parts: bytes
    """A `UsedParts` as JSON."""

    plan: bytes
    """All else that the window is rendered from, as JSON; no text of a message is in it."""

    sha256: str
    """The hash of the window as it was answered, without the receipt's id."""

    @property
    def stored_bytes(self) -> int:
        """What it counts for in the quota of stored bytes."""
        return len(self.settings) + len(self.parts) + len(self.plan)


class ReceiptContents(Struct, frozen=True, kw_only=True):
    """A stored receipt, and what is left of that which its window was made of."""

    receipt: NewReceipt
    dialogue_id: str
    namespace: str
    created: str
    messages: list[Message]
    summary: Summary | None
    memories: list[Memory]


class DeletedParts(Struct, rename="camel", kw_only=True):
    """What a window was made of and is deleted by now; nothing of it is kept."""

    message_ids: list[Id]
    summary_id: Id | UnsetType = UNSET
    memory_ids: list[Id]


class ContextReceipt(ContextWindow, rename="camel", kw_only=True):
    """A window that was answered before, as the model saw it."""

    id: Id
    dialogue_id: Id
    namespace: Namespace | UnsetType = UNSET
    created: Timestamp
    settings: WindowSettings
    sha256: str
    """The hash of the window as it was answered then."""

    verified: bool
    """Whether this is that window, byte for byte."""

    differs: str | UnsetType = UNSET
    """Why it is not."""

    deleted: DeletedParts
