"""Memories: what is received, kept and answered."""

from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from dialoguedb.formats.content import validate_value
from dialoguedb.model.memory_details import (
    Details,
    DetailsInput,
    MemorySource,
    details_change,
    details_of,
)
from dialoguedb.model.writes import Tags as NewTags
from dialoguedb.values import rawjson
from dialoguedb.values.fields import (
    Confidence,
    Description,
    ExpiresAt,
    Id,
    JsonObject,
    JsonValue,
    Label,
    Namespace,
    StoredTags,
    Tags,
    Timestamp,
    Trust,
    ValidFrom,
    ValidTo,
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

OnSimilar = Annotated[
    Literal["store", "return", "supersede"],
    Meta(
        description="What becomes of a memory that is like one that is valid in its namespace: it"
        " is stored all the same (`store`, the default), the other one is answered (`return`), or"
        " it supersedes the other (`supersede`)."
    ),
]
VersionNumber = Annotated[int, Meta(ge=1, le=1 << 31, description="Counts its corrections.")]


class SimilarMemory(Struct, rename="camel", frozen=True):
    """A memory like the one that was sent."""

    id: Id
    likeness: Annotated[float, Meta(ge=0, le=1, description="1 when the values are equal.")]
    equal: bool
    """Whether the values say the same but for case, width, spaces, quotes and their end."""

    action: Annotated[
        Literal["returned", "superseded"],
        Meta(description="`returned`: what was sent is not stored. `superseded`: it is."),
    ]


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
    source: MemorySource | UnsetType = UNSET
    valid_from: ValidFrom | UnsetType = UNSET
    valid_to: ValidTo | UnsetType = UNSET
    expires_at: ExpiresAt | UnsetType = UNSET
    confidence: Confidence | UnsetType = UNSET
    trust: Trust | UnsetType = UNSET
    supersedes: Id | UnsetType = UNSET
    """The memory that it took the place of."""

    superseded_by: Id | UnsetType = UNSET
    superseded_at: Timestamp | UnsetType = UNSET
    """Since when another memory holds in its stead."""

    version: VersionNumber | UnsetType = UNSET
    """Of one that was corrected; its history has the versions before."""

    similar: SimilarMemory | UnsetType = UNSET
    """Of one that was sent with `onSimilar`, where there is one like it."""


class MemoryVersion(Struct, rename="camel", gc=False, kw_only=True):
    """What a memory said before it was corrected."""

    version: VersionNumber
    label: Label | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    value: JsonValue
    metadata: JsonObject
    source: MemorySource | UnsetType = UNSET
    valid_from: ValidFrom | UnsetType = UNSET
    valid_to: ValidTo | UnsetType = UNSET
    expires_at: ExpiresAt | UnsetType = UNSET
    confidence: Confidence | UnsetType = UNSET
    trust: Trust | UnsetType = UNSET
    written: Timestamp
    """When it was written."""

    written_by: Id | UnsetType = UNSET
    """The id of the key that wrote it."""

    replaced: Timestamp
    """When the version after it was written."""

    replaced_by: Id | UnsetType = UNSET
    """The id of the key that wrote the version after it."""


class FoundSimilar(Struct, frozen=True):
    """A memory like a new one, and what is to become of the two."""

    id: str
    likeness: float
    equal: bool
    policy: Literal["return", "supersede"]


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

    details: Details = Details()
    similar: FoundSimilar | None = None

    @property
    def stored_bytes(self) -> int:
        """Bytes that count against a quota."""
        return len(self.value) + len(self.metadata)


class NewVersion(Struct, gc=False):
    """A former version on its way to the store."""

    version: int
    value: bytes
    label: str | None
    description: str | None
    metadata: bytes
    details: Details
    written: str
    replaced: str

    @property
    def stored_bytes(self) -> int:
        """Bytes that count against a quota."""
        return len(self.value) + len(self.metadata)


class MemoryInput(DetailsInput, rename="camel", kw_only=True):
    """A memory as it is received."""

    validators: ClassVar[FieldValidators] = {
        **DetailsInput.validators,
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
    supersedes: Id | UnsetType | None = UNSET

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
            details=details_of(self, errors, supersedes=value_or_none(self.supersedes)),
        )
        errors.raise_if_any()
        return new


class MemoryUpdate(Struct, gc=False):
    """What changes of a memory; the defaults change nothing."""

    tags: NewTags = None
    value: bytes | None = None
    label: str | UnsetType | None = UNSET
    """None removes it."""

    description: str | UnsetType | None = UNSET
    metadata: bytes | None = None
    details: dict[str, Any] = {}
    """Fields of `Details`; None removes one."""

    supersedes: str | UnsetType | None = UNSET
    """As it is stored: it cannot be changed."""


class MemoryChange(DetailsInput, rename="camel", kw_only=True):
    """What a PUT of a memory may hold; what it leaves out stays, and null removes what may go."""

    validators: ClassVar[FieldValidators] = {
        **DetailsInput.validators,
        "value": validate_value,
        "metadata": validate_metadata,
    }

    tags: Tags | UnsetType | None = UNSET
    id: Id | UnsetType | None = UNSET
    namespace: Namespace | UnsetType | None = UNSET
    value: JsonValue | UnsetType = UNSET
    label: Label | UnsetType | None = UNSET
    description: Description | UnsetType | None = UNSET
    metadata: JsonObject | UnsetType = UNSET
    supersedes: Id | UnsetType | None = UNSET

    def validate(self) -> MemoryUpdate:
        """Check the values; InvalidRequest with every error. A value of null counts as absent."""
        errors = ValidationErrors()
        value = metadata = None
        if isinstance(self.value, Raw) and not rawjson.is_null(self.value):
            value = validate_value(self.value, "value", errors)
        if isinstance(self.metadata, Raw) and not rawjson.is_null(self.metadata):
            metadata = validate_metadata(self.metadata, "metadata", errors)
        update = MemoryUpdate(
            tags=tuple(self.tags) if isinstance(self.tags, list) else None,
            value=value,
            label=self.label,
            description=self.description,
            metadata=metadata,
            details=details_change(self, errors),
            supersedes=self.supersedes,
        )
        errors.raise_if_any()
        return update


class MemoryVersionInput(DetailsInput, rename="camel", kw_only=True):
    """A former version as an import brings it."""

    validators: ClassVar[FieldValidators] = {
        **DetailsInput.validators,
        "value": validate_value,
        "metadata": validate_metadata,
        "written": validate_timestamp,
        "replaced": validate_timestamp,
    }

    version: VersionNumber
    value: JsonValue
    written: Timestamp
    replaced: Timestamp
    namespace: Namespace | UnsetType | None = UNSET
    label: Label | UnsetType | None = UNSET
    description: Description | UnsetType | None = UNSET
    metadata: JsonObject | UnsetType = UNSET

    def validate(self) -> NewVersion:
        """Check the values; InvalidRequest with every error."""
        errors = ValidationErrors()
        new = NewVersion(
            version=self.version,
            value=validate_value(self.value, "value", errors),
            label=value_or_none(self.label),
            description=value_or_none(self.description),
            metadata=validate_metadata(self.metadata, "metadata", errors),
            details=details_of(self, errors),
            written=validate_timestamp(self.written, "written", errors) or "",
            replaced=validate_timestamp(self.replaced, "replaced", errors) or "",
        )
        if new.written > new.replaced:
            errors.invalid("replaced", "replaced is before written")
        errors.raise_if_any()
        return new


class MemoryFilter(Struct, frozen=True):
    """Which memories a list shows; None or empty means any."""

    namespace: str | None = None
    tags: tuple[str, ...] = ()
    created: TimeRange = TimeRange()
    order_by: MemoryOrderBy = "created"
    as_of: str | UnsetType = UNSET
    """The time at which they are valid; page tokens of lists for any time have none."""


class MemoryVersionFilter(Struct, frozen=True):
    """Whose versions a list shows."""

    namespace: str
