"""Messages: what is received, kept and answered."""

from typing import ClassVar

from msgspec import UNSET, Raw, Struct, UnsetType

from dialoguedb.formats.content import accept_content
from dialoguedb.values import rawjson
from dialoguedb.values.checks import Checks, accept_metadata, accept_time, given
from dialoguedb.values.fields import (
    Content,
    Id,
    JsonObject,
    Name,
    Namespace,
    Role,
    StoredTags,
    Tags,
    Timestamp,
    TokenCount,
)
from dialoguedb.values.lists import Span
from dialoguedb.values.validation import ValidationErrors

MESSAGE_WRITE_ONCE = ("content", "role", "name", "created", "metadata")


class Message(Struct, rename="camel", gc=False, kw_only=True):
    """A message as it is answered."""

    id: Id
    dialogue_id: Id
    namespace: Namespace | UnsetType = UNSET
    role: Role
    content: Content
    content_length: int
    name: Name | UnsetType = UNSET
    tags: StoredTags
    metadata: JsonObject
    created: Timestamp
    modified: Timestamp
    seq: int
    token_count: TokenCount


class NewMessage(Struct, gc=False):
    """A message on its way to the store, its values compact JSON."""

    id: str
    role: str
    content: bytes
    content_length: int
    name: str | None
    tags: tuple[str, ...]
    metadata: bytes
    created: str | None
    """None leaves the time to the store, which keeps it from running backwards."""

    named: bool
    """Whether the caller chose the id, so that a stored twin may answer."""

    tokens: int = 0
    """What it takes in a model's window; counted by the service."""

    @property
    def stored_bytes(self) -> int:
        """Bytes that count against a quota."""
        return len(self.content) + len(self.metadata)


class MessageInput(Struct, rename="camel"):
    """A message as it is received."""

    checks: ClassVar[Checks] = {
        "content": accept_content,
        "metadata": accept_metadata,
        "created": accept_time,
    }

    role: Role
    content: Content
    id: Id | UnsetType | None = UNSET
    name: Name | UnsetType | None = UNSET
    metadata: JsonObject | UnsetType = UNSET
    tags: Tags | UnsetType | None = UNSET
    created: Timestamp | UnsetType | None = UNSET
    dialogue_id: Id | UnsetType | None = UNSET
    namespace: Namespace | UnsetType | None = UNSET

    def accept(self, place: str, errors: ValidationErrors) -> NewMessage:
        """Check the values; `place` is a prefix such as `messages[3].` for the faults."""
        content = accept_content(self.content, f"{place}content", errors)
        return NewMessage(
            id=self.id or "",
            role=self.role,
            content=content,
            content_length=rawjson.length(content),
            name=given(self.name),
            tags=tuple(self.tags or ()),
            metadata=accept_metadata(self.metadata, f"{place}metadata", errors),
            created=accept_time(self.created, f"{place}created", errors),
            named=bool(self.id),
        )


class MessageFilter(Struct, frozen=True):
    """Which messages of a dialogue a list shows; None or empty means any."""

    role: str | None = None
    tags: tuple[str, ...] = ()
    created: Span = Span()


class MessageChange(Struct, rename="camel"):
    """What a PUT of a message may hold: tags change, all else is write-once."""

    tags: Tags | UnsetType | None = UNSET
    dialogue_id: Id | UnsetType | None = UNSET
    namespace: Namespace | UnsetType | None = UNSET
    id: Id | UnsetType | None = UNSET
    content: Raw | UnsetType = UNSET
    role: Raw | UnsetType = UNSET
    name: Raw | UnsetType = UNSET
    created: Raw | UnsetType = UNSET
    metadata: Raw | UnsetType = UNSET
