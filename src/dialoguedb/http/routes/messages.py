"""Messages over HTTP: one or a batch, in every spelling."""

from collections.abc import Sequence

from msgspec import Struct

from dialoguedb.errors import (
    DialogueEnded,
    DialogueImmutable,
    DialogueNotFound,
    DuplicateId,
    MessageNotFound,
    VersionConflict,
)
from dialoguedb.http.requests.bodies import NamedInDialogue, aside
from dialoguedb.http.requests.queries import ListMessages, OfDialogue, named
from dialoguedb.http.requests.request import Call
from dialoguedb.http.responses.etags import sequence_tag
from dialoguedb.http.responses.response import Answer, encode
from dialoguedb.http.route_endpoint import endpoint
from dialoguedb.http.routes import message_batches
from dialoguedb.model.messages import (
    MESSAGE_WRITE_ONCE,
    Message,
    MessageChange,
    MessageFilter,
    MessageInput,
)
from dialoguedb.ports import Versioned
from dialoguedb.service.messages import MessagesOf
from dialoguedb.service.pages import Listing, PageRequest
from dialoguedb.values import limits
from dialoguedb.values.checks import given, refuse_write_once
from dialoguedb.values.decoding import decode
from dialoguedb.values.lists import Page
from dialoguedb.values.validation import ValidationErrors, refuse

Stored = Versioned[Sequence[Message]]


class DeletedMessage(Struct, rename="camel"):
    """The answer of deleting a message."""

    id: str
    dialogue_id: str
    success: bool = True


@endpoint(
    "Messages",
    "write",
    query=OfDialogue,
    body=(MessageInput, list[MessageInput], message_batches.MessageBatch),
    example={"dialogueId": "dlg_abc123", "role": "user", "content": "Hello!"},
    answer=(Message, list[Message], Page[Message]),
    versions="sequence",
    conditional=True,
    errors=(DialogueNotFound, DialogueEnded, DialogueImmutable, DuplicateId, VersionConflict),
)
async def create(call: Call) -> Answer:
    """Append a message, or several, all or nothing.

    One object is answered by the message, an array by an array, `{"messages": […]}` by a list. An
    `id` that is stored already with the same bytes answers the stored message.
    """
    sent = await aside(call.body, lambda: message_batches.receive(call.body))
    dialogue_id = call.dialogue_id(*sent.dialogue_ids())
    namespace = call.namespace(*sent.namespaces())

    def answer(stored: Stored) -> Answer:
        return Answer(encode(sent.shaped(stored.value)), sequence_tag(stored.version))

    options = call.write_options(namespace, answer)
    new = await aside(call.body, sent.accept)
    messages = call.services.messages
    try:
        return answer(await messages.create(call.project, namespace, dialogue_id, new, options))
    except DuplicateId as error:
        raise sent.placed(error) from None


@endpoint(
    "Messages",
    "read",
    query=ListMessages,
    answer=Page[Message],
    versions="sequence",
    errors=(DialogueNotFound,),
)
async def list_(call: Call) -> Answer:
    """List the messages of a dialogue, oldest first."""
    query: ListMessages = call.query
    wanted = MessageFilter(role=given(query.role), tags=query.any_of(), created=query.span())
    listing = Listing(
        filter=MessagesOf(call.namespace(), call.dialogue_id(), wanted),
        order=query.order or "asc",
        limit=query.limit or limits.PAGE_ITEMS_DEFAULT,
    )
    request = PageRequest(listing, named(query), given(query.next), call.bound)
    found = await call.services.messages.list(call.project, request)
    return Answer(encode(found.value), sequence_tag(found.version))


@endpoint("Messages", "read", query=OfDialogue, answer=Message, errors=(MessageNotFound,))
async def get(call: Call) -> Answer:
    """Return one message."""
    message_id, dialogue_id = call.id_in_path("id"), call.dialogue_id()
    messages = call.services.messages
    return Answer(
        encode(await messages.get(call.project, call.namespace(), dialogue_id, message_id))
    )


@endpoint(
    "Messages",
    "write",
    query=OfDialogue,
    body=MessageChange,
    example={"tags": ["vip"]},
    answer=Message,
    errors=(MessageNotFound, DialogueImmutable),
)
async def update(call: Call) -> Answer:
    """Replace the tags of a message; all else is write-once."""
    change = decode(MessageChange, call.body)
    errors = ValidationErrors()
    refuse_write_once(change, MESSAGE_WRITE_ONCE, errors)
    errors.refuse()
    place = (
        call.dialogue_id(("dialogueId", change.dialogue_id)),
        call.own_id(change.id),
    )
    namespace = call.namespace(("namespace", change.namespace))
    tags = tuple(change.tags) if isinstance(change.tags, list) else None
    options = call.write_options(namespace, _shown)
    messages = call.services.messages
    return _shown(await messages.update(call.project, namespace, place, tags, options))


@endpoint(
    "Messages",
    "write",
    query=OfDialogue,
    body=NamedInDialogue,
    answer=DeletedMessage,
    errors=(MessageNotFound, DialogueImmutable),
)
async def delete(call: Call) -> Answer:
    """Delete one message for good."""
    sent = decode(NamedInDialogue, call.body)
    message_id = call.own_id(sent.id)
    dialogue_id = call.dialogue_id(("dialogueId", sent.dialogue_id))
    namespace = call.namespace(("namespace", sent.namespace))
    options = call.services.write_options()
    await call.services.messages.delete(call.project, namespace, dialogue_id, message_id, options)
    return Answer(encode(DeletedMessage(message_id, dialogue_id)))


def _shown(message: Message) -> Answer:
    return Answer(encode(message))


@endpoint("Messages", "read", query=OfDialogue)
async def unnamed(_: Call) -> Answer:
    """Refuse a request for one message that names none."""
    raise refuse("id", "The message's id is required in the path", "MISSING_PARAMETER")
