"""What a memory may tell of itself: where it comes from, when it is true, how sure it is."""

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, structs

from dialoguedb.values import limits
from dialoguedb.values.fields import Confidence, ExpiresAt, Id, Trust, ValidFrom, ValidTo
from dialoguedb.values.validation_errors import ValidationErrors
from dialoguedb.values.validators import FieldValidators, validate_timestamp

NO_DETAILS = b"{}"
"""How the details of a memory without any are stored."""

_TIMES = ("valid_from", "valid_to", "expires_at")

SourceMessages = Annotated[
    list[Id],
    Meta(min_length=1, max_length=limits.SOURCE_MESSAGES_MAX, description="Those that say it."),
]


class MemorySource(Struct, rename="camel", frozen=True, omit_defaults=True):
    """The messages that a memory was made of; nothing checks that they are there."""

    dialogue_id: Id
    message_ids: SourceMessages | UnsetType | None = UNSET


class Details(Struct, rename="camel", frozen=True, kw_only=True, omit_defaults=True):
    """What a memory tells of itself; times in the form of `values.timestamps`."""

    source: MemorySource | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    expires_at: str | None = None
    confidence: float | None = None
    trust: Trust | None = None
    supersedes: str | None = None
    """The id of a memory of the same namespace; no version of a history has it."""

    def without_link(self) -> "Details":
        """Return the same without the memory that is superseded."""
        return structs.replace(self, supersedes=None)

    def encoded(self) -> bytes:
        """Return them as they are stored."""
        return _encoder.encode(self)

    def shown(self) -> dict[str, Any]:
        """Return those that are set, by the names of the fields."""
        return {name: value for name, value in structs.asdict(self).items() if value is not None}


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Details)


def decode_details(stored: bytes) -> Details:
    """Return details that are stored."""
    return _NONE if stored == NO_DETAILS else _decoder.decode(stored)


_NONE = Details()


class DetailsInput(Struct, rename="camel", kw_only=True):
    """Details as they are received."""

    validators: ClassVar[FieldValidators] = dict.fromkeys(_TIMES, validate_timestamp)

    source: MemorySource | UnsetType | None = UNSET
    valid_from: ValidFrom | UnsetType | None = UNSET
    valid_to: ValidTo | UnsetType | None = UNSET
    expires_at: ExpiresAt | UnsetType | None = UNSET
    confidence: Confidence | UnsetType | None = UNSET
    trust: Trust | UnsetType | None = UNSET


_FIELDS = DetailsInput.__struct_fields__


def details_change(sent: DetailsInput, errors: ValidationErrors) -> dict[str, Any]:
    """Return the fields that were sent, None for null, noting validation errors."""
    given = {name: getattr(sent, name) for name in _FIELDS}
    change = {name: value for name, value in given.items() if value is not UNSET}
    source = change.get("source")
    if source is not None and source.message_ids is None:
        change["source"] = MemorySource(source.dialogue_id)
    for name in _TIMES:
        if isinstance(change.get(name), str):
            change[name] = validate_timestamp(change[name], _CAMEL[name], errors)
    return change


_CAMEL = {field.name: field.encode_name for field in structs.fields(DetailsInput)}


def details_of(
    sent: DetailsInput, errors: ValidationErrors, supersedes: str | None = None
) -> Details:
    """Return the details of something new, noting validation errors."""
    details = Details(**details_change(sent, errors), supersedes=supersedes)
    note_bad_times(details, errors)
    return details


def note_bad_times(details: Details, errors: ValidationErrors) -> None:
    """Note an error when something would be true at no time."""
    if details.valid_from and details.valid_to and details.valid_to <= details.valid_from:
        errors.invalid("validTo", "validTo is not after validFrom")


def check_details(details: Details) -> None:
    """Refuse what would be true at no time; InvalidRequest."""
    errors = ValidationErrors()
    note_bad_times(details, errors)
    errors.raise_if_any()
