"""Memories: what is received, kept and answered."""

from typing import ClassVar, Literal

from msgspec import UNSET, Raw, Struct, UnsetType

from dialoguedb.formats.content import validate_value
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
from dialoguedb.values.lists import TimeRange
from dialoguedb.values.validation_errors import ValidationErrors
from dialoguedb.values.validators import (
    FieldValidators,
    validate_metadata,
    validate_timestamp,
    value_or_none,
)

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
    """Whether the caller chose the id, so that a stored duplicate may be returned."""

    @property
    def stored_bytes(self) -> int:
        """Bytes that count against a quota."""
        return len(self.value) + len(self.metadata)


class MemoryInput(Struct, rename="camel"):
    """A memory as it is received."""

    validators: ClassVar[FieldValidators] = {
        "value": validate_value,
        "metadata": validate_metadata,
        "created": validate_timestamp,
    }

    value: JsonValue
    id: Id | UnsetType | None = UNSET
    namespace: Namespace | UnsetType | None = UNSET
    label: Label | UnsetType | None = UNSET
    description: Description | UnsetType | None = UNSET
    tags: Tags | UnsetType | None = UNSET
    metadata: JsonObject | UnsetType = UNSET
    created: Timestamp | UnsetType | None = UNSET

    def validate(self) -> NewMemory:
        """Check the values; InvalidRequest with every error."""
        errors = ValidationErrors()
        new = NewMemory(
            id=self.id or "",
            value=validate_value(self.value, "value", errors),
            label=value_or_none(self.label),
            description=value_or_none(self.description),
            tags=tuple(self.tags or ()),
            metadata=validate_metadata(self.metadata, "metadata", errors),
            created=validate_timestamp(self.created, "created", errors),
            named=bool(self.id),
        )
        errors.raise_if_any()
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
    created: TimeRange = TimeRange()
    order_by: MemoryOrderBy = "created"
