"""Messages: what is received, kept and answered."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from msgspec import UNSET, Raw, Struct, UnsetType

from dialoguedb.errors import DuplicateId, ErrorDetail, InvalidRequest
from dialoguedb.formats.attachments.cutting import CutContent
from dialoguedb.formats.attachments.scanner import InlineAttachment
from dialoguedb.formats.content import measured_content, validate_content
from dialoguedb.formats.parts import AttachmentKind
from dialoguedb.values import limits, rawjson
from dialoguedb.values.decoding import decode, decode_body, decode_list
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
from dialoguedb.values.lists import TimeRange
from dialoguedb.values.long_values import contains
from dialoguedb.values.validation_errors import ValidationErrors, invalid_request
from dialoguedb.values.validators import (
    FieldValidators,
    validate_metadata,
    validate_timestamp,
)

_FIELD = "messages"

MESSAGE_WRITE_ONCE = ("content", "role", "name", "created", "metadata")


class AttachmentReference(Struct, rename="camel", gc=False):
    """An attachment that the content of a message refers to."""

    sha256: str
    """Of its base64, in hexadecimal digits; the content has `attachment:sha256:` before it."""

    kind: AttachmentKind
    bytes: int
    """Its size, decoded."""

    media_type: str | UnsetType = UNSET


AttachmentMode = Literal["inline", "reference"]
"""Whether the content of messages has the bytes of attachments, or references to them."""

AttachmentRead = Literal[AttachmentMode, "deferred"]
"""The same, or tokens for what is sent, which are replaced then: `formats.attachments.deferred`."""


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
    attachments: list[AttachmentReference] | UnsetType = UNSET
    """Those that the content refers to, in their order, where references were asked for."""


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
    """Whether the caller chose the id, so that a stored duplicate may be returned."""

    attachments: Sequence[InlineAttachment] = ()
    """Those in the content."""

    cut: CutContent | None = None
    """The content without its attachments, if it has some of some size; made by the service."""

    tokens: int = 0
    """What it takes in a model's window; counted by the service."""

    by_user: bool = False
    """Whether it is what a user says, not just results of tools; found by the service."""

    @property
    def stored_bytes(self) -> int:
        """Bytes that count against a quota."""
        return len(self.content) + len(self.metadata)


class MessageInput(Struct, rename="camel"):
    """A message as it is received."""

    validators: ClassVar[FieldValidators] = {
        "content": validate_content,
        "metadata": validate_metadata,
        "created": validate_timestamp,
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

    def validate(self, prefix: str, errors: ValidationErrors) -> NewMessage:
        """Check the values; the prefix is that of their paths, such as `messages[3].`."""
        measured = measured_content(self.content, f"{prefix}content", errors)
        return NewMessage(
            id=self.id or "",
            role=self.role,
            content=measured.content,
            content_length=measured.length,
            attachments=measured.attachments,
            name=self.name if isinstance(self.name, str) else None,
            tags=tuple(self.tags or ()),
            metadata=b"{}"
            if self.metadata is UNSET
            else validate_metadata(self.metadata, f"{prefix}metadata", errors),
            created=None
            if self.created is UNSET
            else validate_timestamp(self.created, f"{prefix}created", errors),
            named=bool(self.id),
        )


class MessageBatch(Struct, rename="camel"):
    """Several messages in an envelope."""

    messages: list[MessageInput]
    dialogue_id: Id | UnsetType | None = UNSET
    namespace: Namespace | UnsetType | None = UNSET


class ReceivedMessages(Struct, frozen=True):
    """The messages of one request body, decoded and validated."""

    shape: Literal["message", "array", "envelope"]
    dialogue_ids: Sequence[tuple[str, object]]
    """What names their dialogue: the path of each field in the body, and its value."""

    namespaces: Sequence[tuple[str, object]]
    new: Sequence[NewMessage]
    error: InvalidRequest | None = None
    """What is wrong with their values; names that disagree are refused before that."""


class _BodyShape(Struct):
    messages: Raw | UnsetType = UNSET
    content: Raw | UnsetType = UNSET


def receive_messages(body: bytes) -> ReceivedMessages:
    """Decode and validate messages: one, a bare array, or an envelope.

    InvalidRequest with every error of their types; those of their values are returned.
    """
    if body.lstrip().startswith(b"["):
        messages = decode_list(MessageInput, rawjson.prepare(body), _FIELD)
        return _validated("array", [], [], messages)
    if contains(body, b'"messages"') and _is_envelope(body := rawjson.prepare(body)):
        envelope = decode(MessageBatch, body)
        return _validated(
            "envelope",
            [("dialogueId", envelope.dialogue_id)],
            [("namespace", envelope.namespace)],
            envelope.messages,
        )
    message = decode_body(MessageInput, body)
    errors = ValidationErrors()
    new = message.validate("", errors)
    return ReceivedMessages(
        "message",
        [("dialogueId", message.dialogue_id)],
        [("namespace", message.namespace)],
        [new],
        errors.error() if errors.found else None,
    )


def _is_envelope(body: bytes) -> bool:
    shape = decode(_BodyShape, body)
    if not isinstance(shape.messages, Raw) or rawjson.is_null(shape.messages):
        return False
    if shape.content is not UNSET:
        raise invalid_request("messages", "Send either one message or messages, not both")
    return True


def _validated(
    shape: Literal["array", "envelope"],
    dialogue_ids: list[tuple[str, object]],
    namespaces: list[tuple[str, object]],
    messages: Sequence[MessageInput],
) -> ReceivedMessages:
    errors = ValidationErrors()
    new: list[NewMessage] = []
    if len(messages) > limits.MESSAGES_PER_REQUEST_MAX:
        message = f"{_FIELD} holds more than {limits.MESSAGES_PER_REQUEST_MAX} items"
        errors.too_large(_FIELD, message)
    else:
        new += [one.validate(f"{_FIELD}[{i}].", errors) for i, one in enumerate(messages)]
    for i, one in enumerate(messages):
        dialogue_ids.append((f"{_FIELD}[{i}].dialogueId", one.dialogue_id))
        namespaces.append((f"{_FIELD}[{i}].namespace", one.namespace))
    return ReceivedMessages(shape, dialogue_ids, namespaces, new, errors.error())


def with_path(error: DuplicateId, path: str) -> DuplicateId:
    """Return the error for the only message of a request, which is not one of an array."""
    first = f"{_FIELD}[0]."
    details = [
        ErrorDetail(path + detail.field.removeprefix(first), detail.code, detail.message)
        for detail in error.details
    ]
    return DuplicateId(error.message, details)


class MessageFilter(Struct, frozen=True):
    """Which messages of a dialogue a list shows, and how; None or empty means any."""

    role: str | None = None
    tags: tuple[str, ...] = ()
    created: TimeRange = TimeRange()
    attachments: AttachmentMode = "inline"


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
