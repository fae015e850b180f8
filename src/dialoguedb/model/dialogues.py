"""Dialogues: what is received, kept and answered."""

from typing import ClassVar, Literal

from msgspec import UNSET, Raw, Struct, UnsetType, field

from dialoguedb.model.messages import Message, MessageInput, NewMessage
from dialoguedb.values import limits
from dialoguedb.values.checks import (
    Checks,
    accept_metadata,
    accept_state,
    accept_time,
    given,
    refuse_write_once,
)
from dialoguedb.values.fields import Id, JsonObject, Label, Namespace, StoredTags, Tags, Timestamp
from dialoguedb.values.lists import Span
from dialoguedb.values.validation import ValidationErrors

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

    checks: ClassVar[Checks] = {
        "state": accept_state,
        "metadata": accept_metadata,
        "created": accept_time,
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

    def accept(self, request_id: str) -> NewDialogue:
        """Check the values; InvalidRequest with every fault."""
        errors = ValidationErrors()
        new = NewDialogue(
            id=self.id or "",
            request_id=request_id,
            thread_of=given(self.thread_of),
            label=given(self.label),
            state=accept_state(self.state, "state", errors),
            metadata=accept_metadata(self.metadata, "metadata", errors),
            tags=tuple(self.tags or ()),
            created=accept_time(self.created, "created", errors),
            messages=accept_messages(self.message, self.messages, errors),
        )
        errors.refuse()
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

    checks: ClassVar[Checks] = {"state": accept_state}

    label: Label | UnsetType | None = UNSET
    state: JsonObject | UnsetType = UNSET
    tags: Tags | UnsetType | None = UNSET
    message: MessageInput | UnsetType | None = UNSET
    messages: list[MessageInput] | UnsetType | None = UNSET
    id: Id | UnsetType | None = UNSET
    namespace: Namespace | UnsetType | None = UNSET
    metadata: Raw | UnsetType = UNSET

    def accept(self) -> DialogueUpdate:
        """Check the values; InvalidRequest with every fault."""
        errors = ValidationErrors()
        refuse_write_once(self, ("metadata",), errors)
        has_state = isinstance(self.state, Raw) and bytes(self.state) != b"null"
        update = DialogueUpdate(
            label=self.label,
            state=accept_state(self.state, "state", errors) if has_state else UNSET,
            tags=tuple(self.tags) if isinstance(self.tags, list) else UNSET,
            messages=accept_messages(self.message, self.messages, errors),
        )
        errors.refuse()
        return update


class DialogueFilter(Struct, frozen=True):
    """Which dialogues a list shows; None or empty means any."""

    namespace: str | None = None
    thread_of: str | None = None
    status: Status | None = None
    tags: tuple[str, ...] = ()
    created: Span = Span()
    order_by: DialogueOrderBy = "created"


class StateUpdate(Struct, frozen=True):
    """A change of a state on its way to the store."""

    mode: StateMode
    value: bytes


def accept_messages(
    one: MessageInput | UnsetType | None,
    many: list[MessageInput] | UnsetType | None,
    errors: ValidationErrors,
) -> list[NewMessage] | None:
    """Check the messages sent along with a dialogue, as `message` or `messages`."""
    if isinstance(one, MessageInput) and isinstance(many, list):
        errors.invalid("messages", "Send either message or messages, not both")
        return None
    if isinstance(one, MessageInput):
        return [one.accept("message.", errors)]
    if not isinstance(many, list):
        return None
    if len(many) > limits.MESSAGES_PER_REQUEST_MAX:
        message = f"messages holds more than {limits.MESSAGES_PER_REQUEST_MAX} items"
        errors.too_large("messages", message)
        return None
    return [item.accept(f"messages[{place}].", errors) for place, item in enumerate(many)]


class DeletedDialogue(Struct):
    """What deleting a dialogue took with it."""

    dialogues: int
    messages: int
    summaries: int = 0
