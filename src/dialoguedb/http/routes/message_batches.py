"""Messages as they are sent: one, a bare array, or an envelope; answered in the same shape."""

from collections.abc import Iterator, Sequence

from msgspec import UNSET, Raw, Struct, UnsetType

from dialoguedb.errors import DuplicateId, ErrorDetail
from dialoguedb.http.requests.request import Claim
from dialoguedb.model.messages import Message, MessageInput, NewMessage
from dialoguedb.values import limits
from dialoguedb.values.decoding import decode, decode_list
from dialoguedb.values.fields import Id, Namespace
from dialoguedb.values.lists import Page
from dialoguedb.values.validation import ValidationErrors, refuse

_FIELD = "messages"


class MessageBatch(Struct, rename="camel"):
    """Several messages in an envelope."""

    messages: list[MessageInput]
    dialogue_id: Id | UnsetType | None = UNSET
    namespace: Namespace | UnsetType | None = UNSET


class OneMessage(Struct, frozen=True, gc=False):
    """A single message."""

    message: MessageInput

    def dialogue_ids(self) -> Iterator[Claim]:
        """Tell which dialogue it names."""
        yield "dialogueId", self.message.dialogue_id

    def namespaces(self) -> Iterator[Claim]:
        """Tell which namespace it names."""
        yield "namespace", self.message.namespace

    def accept(self) -> list[NewMessage]:
        """Check the values; InvalidRequest with every fault."""
        errors = ValidationErrors()
        new = [self.message.accept("", errors)]
        errors.refuse()
        return new

    def shaped(self, stored: Sequence[Message]) -> object:
        """Return what was stored in the shape that was sent."""
        return stored[0]

    def placed(self, error: DuplicateId) -> DuplicateId:
        """Return the engine's refusal with the place that the message has in what was sent."""
        return placed(error, "")


class ManyMessages(Struct, frozen=True):
    """A bare array of messages, or an envelope of them."""

    messages: list[MessageInput]
    envelope: MessageBatch | None = None

    def dialogue_ids(self) -> Iterator[Claim]:
        """Tell which dialogue the envelope and each message name."""
        if self.envelope:
            yield "dialogueId", self.envelope.dialogue_id
        yield from dialogue_ids_inside(None, self.messages)

    def namespaces(self) -> Iterator[Claim]:
        """Tell which namespace the envelope and each message name."""
        if self.envelope:
            yield "namespace", self.envelope.namespace
        yield from namespaces_inside(None, self.messages)

    def accept(self) -> list[NewMessage]:
        """Check the values; InvalidRequest with every fault."""
        errors = ValidationErrors()
        if len(self.messages) > limits.MESSAGES_PER_REQUEST_MAX:
            message = f"{_FIELD} holds more than {limits.MESSAGES_PER_REQUEST_MAX} items"
            errors.too_large(_FIELD, message)
            errors.refuse()
        new = [
            message.accept(f"{_FIELD}[{place}].", errors)
            for place, message in enumerate(self.messages)
        ]
        errors.refuse()
        return new

    def shaped(self, stored: Sequence[Message]) -> object:
        """Return what was stored in the shape that was sent."""
        return Page(list(stored)) if self.envelope else stored

    def placed(self, error: DuplicateId) -> DuplicateId:
        """Return the engine's refusal; it names places in an array already."""
        return error


class _Shape(Struct):
    messages: Raw | UnsetType = UNSET
    content: Raw | UnsetType = UNSET


def receive(body: bytes) -> OneMessage | ManyMessages:
    """Read what was sent; InvalidRequest with every fault of its types."""
    if body.lstrip().startswith(b"["):
        return ManyMessages(decode_list(MessageInput, body, _FIELD))
    if b'"messages"' in body and _is_envelope(body):
        envelope = decode(MessageBatch, body)
        return ManyMessages(envelope.messages, envelope)
    return OneMessage(decode(MessageInput, body))


def _is_envelope(body: bytes) -> bool:
    shape = decode(_Shape, body)
    if not isinstance(shape.messages, Raw) or bytes(shape.messages) == b"null":
        return False
    if shape.content is not UNSET:
        raise refuse("messages", "Send either one message or messages, not both")
    return True


def placed(error: DuplicateId, place: str) -> DuplicateId:
    """Name the only message of a request by its place instead of as one of an array."""
    first = f"{_FIELD}[0]."
    details = [
        ErrorDetail(place + fault.field.removeprefix(first), fault.code, fault.message)
        for fault in error.details
    ]
    return DuplicateId(error.message, details)


def dialogue_ids_inside(
    one: MessageInput | UnsetType | None, many: list[MessageInput] | UnsetType | None
) -> Iterator[Claim]:
    """Tell which dialogue the messages inside a body name."""
    for place, message in _placed(one, many):
        yield f"{place}.dialogueId", message.dialogue_id


def namespaces_inside(
    one: MessageInput | UnsetType | None, many: list[MessageInput] | UnsetType | None
) -> Iterator[Claim]:
    """Tell which namespace the messages inside a body name."""
    for place, message in _placed(one, many):
        yield f"{place}.namespace", message.namespace


def _placed(
    one: MessageInput | UnsetType | None, many: list[MessageInput] | UnsetType | None
) -> Iterator[tuple[str, MessageInput]]:
    if isinstance(one, MessageInput):
        yield "message", one
    for number, message in enumerate(many or ()):
        yield f"{_FIELD}[{number}]", message
