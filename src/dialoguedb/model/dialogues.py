"""Dialogues: what is received, kept and answered."""

from typing import ClassVar, Literal

from msgspec import UNSET, Raw, Struct, UnsetType, field

from dialoguedb.model.messages import Message, MessageInput, NewMessage
from dialoguedb.values import limits
from dialoguedb.values.fields import Id, JsonObject, Label, Namespace, StoredTags, Tags, Timestamp
from dialoguedb.values.lists import TimeRange
from dialoguedb.values.validation_errors import ValidationErrors
from dialoguedb.values.validators import (
    FieldValidators,
    check_write_once,
    validate_metadata,
    validate_state,
    validate_timestamp,
    value_or_none,
)

Status = Literal["active", "ended", "archived"]
Action = Literal["end", "archive", "reopen"]
StateMode = Literal["merge", "replace", "patch"]
DialogueOrderBy = Literal["created", "modified", "lastMessageCreated"]


class Dialogue(Struct, rename="camel", gc=False, kw_only=True):
    """A dialogue as it is answered."""

    id: Id
    project_id: str
    request_id: str
    namespace: Namespace | UnsetType = UNSET
    thread_of: Id | UnsetType = UNSET
    label: Label | UnsetType = UNSET
    status: Status
    ended_at: Timestamp | UnsetType = UNSET
    archived_at: Timestamp | UnsetType = UNSET
    tags: StoredTags
    metadata: JsonObject
    metadata_length: int
    metadata_sha256: str = field(name="metadataSHA256")
    state: JsonObject
    total_messages: int
    thread_count: int
    last_seq: int
    last_message_created: Timestamp | UnsetType = UNSET
    created: Timestamp
    modified: Timestamp
    messages: list[Message] | UnsetType = UNSET
    messages_next: str | UnsetType = UNSET
    """There when fewer messages are shown than asked for, since more would be too large: it lists
    those before, as `next` of the dialogue's messages, newest first."""


class NewDialogue(Struct, gc=False):
    """A dialogue on its way to the store, its values compact JSON."""

    id: str
    request_id: str
    thread_of: str | None
    label: str | None
    state: bytes
    metadata: bytes
    tags: tuple[str, ...]
    created: str | None
    messages: list[NewMessage] | None
    """None when the request named none, so that none are echoed."""

    @property
    def stored_bytes(self) -> int:
        """Bytes that count against a quota, those of the messages included."""
        own = len(self.state) + len(self.metadata)
        return own + sum(message.stored_bytes for message in self.messages or ())


class DialogueInput(Struct, rename="camel"):
    """A dialogue as it is received."""

    validators: ClassVar[FieldValidators] = {
        "state": validate_state,
        "metadata": validate_metadata,
        "created": validate_timestamp,
    }

    id: Id | UnsetType | None = UNSET
    namespace: Namespace | UnsetType | None = UNSET
    thread_of: Id | UnsetType | None = UNSET
    label: Label | UnsetType | None = UNSET
    message: MessageInput | UnsetType | None = UNSET
    messages: list[MessageInput] | UnsetType | None = UNSET
    state: JsonObject | UnsetType = UNSET
    metadata: JsonObject | UnsetType = UNSET
    tags: Tags | UnsetType | None = UNSET
    created: Timestamp | UnsetType | None = UNSET

    def validate(self, request_id: str) -> NewDialogue:
        """Check the values; InvalidRequest with every error."""
        errors = ValidationErrors()
        new = NewDialogue(
            id=self.id or "",
            request_id=request_id,
            thread_of=value_or_none(self.thread_of),
            label=value_or_none(self.label),
            state=validate_state(self.state, "state", errors),
            metadata=validate_metadata(self.metadata, "metadata", errors),
            tags=tuple(self.tags or ()),
            created=validate_timestamp(self.created, "created", errors),
            messages=validate_messages(self.message, self.messages, errors),
        )
        errors.raise_if_any()
        return new


class DialogueUpdate(Struct, gc=False):
    """A change on its way to the store; UNSET leaves a part as it is."""

    label: str | UnsetType | None
    state: bytes | UnsetType
    tags: tuple[str, ...] | UnsetType
    messages: list[NewMessage] | None

    @property
    def leaves_all(self) -> bool:
        """Whether label, state and tags stay as they are."""
        return self.label is UNSET and self.state is UNSET and self.tags is UNSET


class DialogueChange(Struct, rename="camel"):
    """What a PUT of a dialogue may hold; state and tags replace."""

    validators: ClassVar[FieldValidators] = {"state": validate_state}

    label: Label | UnsetType | None = UNSET
    state: JsonObject | UnsetType = UNSET
    tags: Tags | UnsetType | None = UNSET
    message: MessageInput | UnsetType | None = UNSET
    messages: list[MessageInput] | UnsetType | None = UNSET
    id: Id | UnsetType | None = UNSET
    dialogue_id: Id | UnsetType | None = UNSET
    namespace: Namespace | UnsetType | None = UNSET
    metadata: Raw | UnsetType = UNSET

    def validate(self) -> DialogueUpdate:
        """Check the values; InvalidRequest with every error."""
        errors = ValidationErrors()
        check_write_once(self, ("metadata",), errors)
        has_state = isinstance(self.state, Raw) and bytes(self.state) != b"null"
        update = DialogueUpdate(
            label=self.label,
            state=validate_state(self.state, "state", errors) if has_state else UNSET,
            tags=tuple(self.tags) if isinstance(self.tags, list) else UNSET,
            messages=validate_messages(self.message, self.messages, errors),
        )
        errors.raise_if_any()
        return update


class DialogueFilter(Struct, frozen=True):
    """Which dialogues a list shows; None or empty means any."""

    namespace: str | None = None
    thread_of: str | None = None
    status: Status | None = None
    tags: tuple[str, ...] = ()
    created: TimeRange = TimeRange()
    order_by: DialogueOrderBy = "created"


class StateUpdate(Struct, frozen=True):
    """A change of a state on its way to the store."""

    mode: StateMode
    value: bytes


def validate_messages(
    one: MessageInput | UnsetType | None,
    many: list[MessageInput] | UnsetType | None,
    errors: ValidationErrors,
) -> list[NewMessage] | None:
    """Check the messages sent along with a dialogue, as `message` or `messages`."""
    if isinstance(one, MessageInput) and isinstance(many, list):
        errors.invalid("messages", "Send either message or messages, not both")
        return None
    if isinstance(one, MessageInput):
        return [one.validate("message.", errors)]
    if not isinstance(many, list):
        return None
    if len(many) > limits.MESSAGES_PER_REQUEST_MAX:
        message = f"messages holds more than {limits.MESSAGES_PER_REQUEST_MAX} items"
        errors.too_large("messages", message)
        return None
    return [item.validate(f"messages[{index}].", errors) for index, item in enumerate(many)]


class DeletedDialogue(Struct):
    """What deleting a dialogue took with it."""

    dialogues: int
    messages: int
    summaries: int = 0
