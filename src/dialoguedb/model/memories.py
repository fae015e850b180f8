"""Memories: what is received, kept and answered."""

from typing import ClassVar, Literal

from msgspec import UNSET, Raw, Struct, UnsetType

from dialoguedb.formats.content import accept_value
from dialoguedb.values.checks import Checks, accept_metadata, accept_time, given
from dialoguedb.values.fields import (
    Description,
    Id,
    JsonObject,
    JsonValue,
    Label,
    Namespace,
    StoredTags,
    Tags,
    Timestamp,
)
from dialoguedb.values.lists import Span
from dialoguedb.values.validation import ValidationErrors

MemoryOrderBy = Literal["created", "modified"]

MEMORY_WRITE_ONCE = ("value", "label", "description", "metadata")


class Memory(Struct, rename="camel", gc=False, kw_only=True):
    """A memory as it is answered."""

    id: Id
    namespace: Namespace | UnsetType = UNSET
    label: Label | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    value: JsonValue
    tags: StoredTags
    metadata: JsonObject
    created: Timestamp
    modified: Timestamp


class NewMemory(Struct, gc=False):
    """A memory on its way to the store, its values compact JSON."""

    id: str
    value: bytes
    label: str | None
    description: str | None
    tags: tuple[str, ...]
    metadata: bytes
    created: str | None
    named: bool
    """Whether the caller chose the id, so that a stored twin may answer."""

    @property
    def stored_bytes(self) -> int:
        """Bytes that count against a quota."""
        return len(self.value) + len(self.metadata)


class MemoryInput(Struct, rename="camel"):
    """A memory as it is received."""

    checks: ClassVar[Checks] = {
        "value": accept_value,
        "metadata": accept_metadata,
        "created": accept_time,
    }

    value: JsonValue
    id: Id | UnsetType | None = UNSET
    namespace: Namespace | UnsetType | None = UNSET
    label: Label | UnsetType | None = UNSET
    description: Description | UnsetType | None = UNSET
    tags: Tags | UnsetType | None = UNSET
    metadata: JsonObject | UnsetType = UNSET
    created: Timestamp | UnsetType | None = UNSET

    def accept(self) -> NewMemory:
        """Check the values; InvalidRequest with every fault."""
        errors = ValidationErrors()
        new = NewMemory(
            id=self.id or "",
            value=accept_value(self.value, "value", errors),
            label=given(self.label),
            description=given(self.description),
            tags=tuple(self.tags or ()),
            metadata=accept_metadata(self.metadata, "metadata", errors),
            created=accept_time(self.created, "created", errors),
            named=bool(self.id),
        )
        errors.refuse()
        return new


class MemoryChange(Struct, rename="camel"):
    """What a PUT of a memory may hold: tags change, all else is write-once."""

    tags: Tags | UnsetType | None = UNSET
    id: Id | UnsetType | None = UNSET
    namespace: Namespace | UnsetType | None = UNSET
    value: Raw | UnsetType = UNSET
    label: Raw | UnsetType = UNSET
    description: Raw | UnsetType = UNSET
    metadata: Raw | UnsetType = UNSET


class MemoryFilter(Struct, frozen=True):
    """Which memories a list shows; None or empty means any."""

    namespace: str | None = None
    tags: tuple[str, ...] = ()
    created: Span = Span()
    order_by: MemoryOrderBy = "created"
