"""Responses of the tools; the output schemas that agents see come from these."""

from typing import Any, Self

from msgspec import UNSET, Struct, UnsetType

from dialoguedb.client.records import (
    DialogueRecord,
    MemoryRecord,
    MemorySourceRecord,
    MessageRecord,
)
from dialoguedb.client.search_records import FoundItem, IndexingRecord, OmittedItem
from dialoguedb.mcp.inline_files import without_files

Indexing = IndexingRecord | UnsetType
"""How far the indexes are; only there while more may be found later."""

Omitted = list[OmittedItem] | UnsetType
"""What was found, too; only there when all would be too large."""


class ToolResponse(Struct, kw_only=True, rename="camel"):
    """The field that every response has."""

    success: bool = True


class ChangeResponse(ToolResponse):
    """A response to a change, with a sentence that says what was done."""

    message: str


# --- Objects as agents see them -----------------------------------------------------------------


class SessionMessage(Struct, kw_only=True, rename="camel", omit_defaults=True):
    """A message; what it does not have is left out."""

    id: str
    role: str
    content: Any
    created: str
    name: str | None = None
    tags: list[str] = []
    metadata: dict[str, Any] = {}

    @classmethod
    def of(cls, record: MessageRecord) -> Self:
        """Show a stored message."""
        return cls(
            id=record.id,
            role=record.role,
            content=record.content,
            created=record.created,
            name=record.name,
            tags=record.tags,
            metadata=record.metadata,
        )


class FoundMessage(Struct, kw_only=True, rename="camel", omit_defaults=True):
    """A message that a search found, and where it is."""

    session_id: str
    namespace: str | None = None
    id: str
    role: str
    name: str | None = None
    content: Any
    created: str
    relevance: float

    @classmethod
    def of(cls, record: MessageRecord, relevance: float) -> Self:
        """Show a hit."""
        return cls(
            session_id=record.dialogue_id,
            namespace=record.namespace,
            id=record.id,
            role=record.role,
            name=record.name,
            content=without_files(record.content),
            created=record.created,
            relevance=relevance,
        )


class Outline(Struct, kw_only=True, rename="camel", omit_defaults=True):
    """A conversation in a list; what it does not have is left out."""

    id: str
    namespace: str | None = None
    label: str | None = None
    thread_of: str | None = None
    status: str
    tags: list[str] = []
    message_count: int
    created: str
    modified: str
    last_message_created: str | None = None
    relevance: float | None = None
    matches: list[FoundMessage] = []

    @classmethod
    def of(cls, record: DialogueRecord) -> Self:
        """Show a stored conversation."""
        return cls(
            id=record.id,
            namespace=record.namespace,
            label=record.label,
            thread_of=record.thread_of,
            status=record.status,
            tags=record.tags,
            message_count=record.total_messages,
            created=record.created,
            modified=record.modified,
            last_message_created=record.last_message_created,
        )

    @classmethod
    def found(cls, hit: FoundItem[DialogueRecord]) -> Self:
        """Show a hit, with the messages it was found by."""
        outline = cls.of(hit.item)
        outline.relevance = hit.relevance
        outline.matches = [
            FoundMessage.of(match.item, match.relevance) for match in hit.matches or ()
        ]
        return outline


class Session(Struct, kw_only=True, rename="camel"):
    """A conversation, ready to go on with."""

    id: str
    namespace: str | None
    label: str | None
    status: str
    state: dict[str, Any]
    tags: list[str]
    metadata: dict[str, Any]
    message_count: int
    messages: list[SessionMessage]
    earlier_messages: int
    """How many messages come before those shown here."""

    created: str
    modified: str

    @classmethod
    def of(cls, record: DialogueRecord) -> Self:
        """Show a stored conversation with the messages that were read along with it."""
        describe = record.messages or []
        return cls(
            id=record.id,
            namespace=record.namespace,
            label=record.label,
            status=record.status,
            state=record.state,
            tags=record.tags,
            metadata=record.metadata,
            message_count=record.total_messages,
            messages=[SessionMessage.of(message) for message in describe],
            earlier_messages=max(0, record.total_messages - len(describe)),
            created=record.created,
            modified=record.modified,
        )


class Remembered(Struct, kw_only=True, rename="camel", omit_defaults=True):
    """A memory; what it does not have is left out."""

    id: str
    namespace: str | None = None
    label: str | None = None
    description: str | None = None
    value: Any
    tags: list[str] = []
    metadata: dict[str, Any] = {}
    created: str
    modified: str
    source: MemorySourceRecord | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    expires_at: str | None = None
    confidence: float | None = None
    trust: str | None = None
    supersedes: str | None = None
    superseded_by: str | None = None
    version: int | None = None
    relevance: float | None = None

    @classmethod
    def of(cls, record: MemoryRecord, relevance: float | None = None) -> Self:
        """Show a stored memory."""
        return cls(
            id=record.id,
            namespace=record.namespace,
            label=record.label,
            description=record.description,
            value=record.value,
            tags=record.tags,
            metadata=record.metadata,
            created=record.created,
            modified=record.modified,
            source=record.source,
            valid_from=record.valid_from,
            valid_to=record.valid_to,
            expires_at=record.expires_at,
            confidence=record.confidence,
            trust=record.trust,
            supersedes=record.supersedes,
            superseded_by=record.superseded_by,
            version=record.version,
            relevance=relevance,
        )


# --- Responses about conversations --------------------------------------------------------------


class SavedResponse(ChangeResponse):
    """A conversation was stored."""

    session_id: str
    message_count: int
    label: str | None


class ResumedResponse(ToolResponse):
    """A conversation to go on with."""

    session: Session


class FoundSessionsResponse(ToolResponse):
    """What a search found."""

    dialogues: list[Outline]
    messages: list[FoundMessage]
    indexing: Indexing = UNSET
    omitted: Omitted = UNSET


class SessionsResponse(ToolResponse):
    """A page of conversations."""

    dialogues: list[Outline]
    next: str | None


class AddedResponse(ChangeResponse):
    """A message was appended."""

    session_id: str
    message_id: str


class MessagesResponse(ToolResponse):
    """A page of a conversation's messages."""

    session_id: str
    messages: list[SessionMessage]
    next: str | None


class StateUpdatedResponse(ChangeResponse):
    """The state as it is now."""

    session_id: str
    state: dict[str, Any]


class ThreadCreatedResponse(ChangeResponse):
    """A thread was created."""

    thread_id: str
    parent_id: str


# --- Responses about memories -------------------------------------------------------------------


class SimilarRemembered(Struct, rename="camel"):
    """What was remembered already and is like what is to be remembered."""

    id: str
    value: Any
    likeness: float
    equal: bool
    action: str


class MemoryCreatedResponse(ChangeResponse):
    """Something is remembered."""

    memory_id: str
    """The one that is answered in its stead when `similar` says `returned`."""

    similar: SimilarRemembered | UnsetType = UNSET


class MemoryUpdatedResponse(ChangeResponse):
    """A memory as it is now."""

    memory: Remembered


class FoundMemoriesResponse(ToolResponse):
    """What a search found."""

    memories: list[Remembered]
    indexing: Indexing = UNSET
    omitted: Omitted = UNSET


class MemoriesResponse(ToolResponse):
    """A page of memories."""

    memories: list[Remembered]
    next: str | None


class OneRememberedResponse(ToolResponse):
    """One memory."""

    memory: Remembered


class MemoryDeletedResponse(ChangeResponse):
    """A memory is forgotten."""

    memory_id: str


class MemoryTaggedResponse(ChangeResponse):
    """A memory's tags as they are now."""

    memory_id: str
    tags: list[str]
