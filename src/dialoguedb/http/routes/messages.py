"""Messages over HTTP: one or a batch, in every spelling."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from msgspec import UNSET, Struct, UnsetType

from dialoguedb.errors import (
    DialogueEnded,
    DialogueImmutable,
    DialogueNotFound,
    DuplicateId,
    MessageNotFound,
    VersionConflict,
)
from dialoguedb.http.requests.request import Request
from dialoguedb.http.responses.response import (
    Response,
    encode,
    object_response,
    page_response,
    response_of,
    sent_object,
    sequence_tag,
)
from dialoguedb.http.route_endpoint import endpoint
from dialoguedb.http.routes.list_queries import DatedQuery
from dialoguedb.http.routes.names import (
    Attachments,
    NamedInDialogue,
    OfDialogue,
    OneMessage,
    sent_as,
)
from dialoguedb.model.messages import (
    MESSAGE_WRITE_ONCE,
    Message,
    MessageBatch,
    MessageChange,
    MessageFilter,
    MessageInput,
    receive_messages,
    with_path,
)
from dialoguedb.model.refs import MessageRef
from dialoguedb.ports import Versioned
from dialoguedb.service.messages import MessageListFilter
from dialoguedb.values.fields import Id, Role
from dialoguedb.values.lists import Page
from dialoguedb.values.validation_errors import ValidationErrors, invalid_request
from dialoguedb.values.validators import check_write_once, value_or_none

Stored = Versioned[Sequence[Message]]


class ListMessages(DatedQuery, rename="camel", forbid_unknown_fields=True, frozen=True):
    """A request for a page of a dialogue's messages."""

    listing_paths: ClassVar[Mapping[str, str]] = {
        name: path.replace("filter.", "filter.filters.")
        for name, path in DatedQuery.listing_paths.items()
    } | {
        "namespace": "filter.namespace",
        "role": "filter.filters.role",
        "attachments": "filter.filters.attachments",
    }

    dialogue_id: Id | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    attachments: Attachments | UnsetType = UNSET


class DeletedMessage(Struct, rename="camel"):
    """The answer of deleting a message."""

    id: str
    dialogue_id: str
    success: bool = True


@endpoint(
    "Messages",
    "write",
    query=OfDialogue,
    body=(MessageInput, list[MessageInput], MessageBatch),
    example={"dialogueId": "dlg_abc123", "role": "user", "content": "Hello!"},
    response=(Message, list[Message], Page[Message]),
    versions="sequence",
    conditional=True,
    errors=(DialogueNotFound, DialogueEnded, DialogueImmutable, DuplicateId, VersionConflict),
)
async def create(request: Request) -> Response:
    """Append a message, or several, all or nothing.

    One object is answered by the message, an array by an array, `{"messages": […]}` by a list. An
    `id` that is stored already with the same bytes answers the stored message.
    """
    received = await request.in_thread_if_large(lambda: receive_messages(request.body))
    dialogue_id = request.dialogue_id(*received.dialogue_ids)
    namespace = request.namespace(*received.namespaces)
    if received.error is not None:
        raise received.error

    def shaped(stored: Stored) -> Message | Page[Message] | list[Message]:
        if received.shape == "message":
            return stored.value[0]
        return Page(list(stored.value)) if received.shape == "envelope" else list(stored.value)

    def response(stored: Stored) -> Response:
        return Response(request.encode(shaped(stored)), sequence_tag(stored.version))

    options = await request.write_options(namespace, response)
    messages = request.services.messages
    try:
        stored = await messages.create(
            request.project, namespace, dialogue_id, received.new, options
        )
    except DuplicateId as error:
        raise with_path(error, "") if received.shape == "message" else error from None
    if request.is_large:
        return await response_of(shaped(stored), sequence_tag(stored.version))
    return response(stored)


@endpoint(
    "Messages",
    "read",
    query=ListMessages,
    response=Page[Message],
    versions="sequence",
    errors=(DialogueNotFound,),
)
async def list_(request: Request) -> Response:
    """List the messages of a dialogue, oldest first."""
    query: ListMessages = request.query
    filters = MessageFilter(
        role=value_or_none(query.role),
        tags=query.any_of(),
        created=query.span(),
        attachments=query.attachments or "inline",
    )
    of = MessageListFilter(request.namespace(), request.dialogue_id(), filters)
    page = query.page_of(of, "asc", request.admitted.namespace)
    found = await request.services.messages.list(request.project, page)
    return await page_response(found.value, sequence_tag(found.version))


@endpoint("Messages", "read", query=OneMessage, response=Message, errors=(MessageNotFound,))
async def get(request: Request) -> Response:
    """Return one message."""
    query: OneMessage = request.query
    ref = MessageRef(request.dialogue_id(), request.id_in_path("id"))
    mode = sent_as(query.attachments)
    messages = request.services.messages
    message = await messages.get(request.project, request.namespace(), ref, mode)
    return await sent_object(message)


@endpoint(
    "Messages",
    "write",
    query=OfDialogue,
    body=MessageChange,
    example={"tags": ["vip"]},
    response=Message,
    errors=(MessageNotFound, DialogueImmutable),
)
async def update(request: Request) -> Response:
    """Replace the tags of a message; all else is write-once."""
    change = await request.decode(MessageChange)
    errors = ValidationErrors()
    check_write_once(change, MESSAGE_WRITE_ONCE, errors)
    errors.raise_if_any()
    ref = MessageRef(
        request.dialogue_id(("dialogueId", change.dialogue_id)),
        request.own_id(change.id),
    )
    namespace = request.namespace(("namespace", change.namespace))
    tags = tuple(change.tags) if isinstance(change.tags, list) else None
    options = await request.write_options(namespace, object_response)
    messages = request.services.messages
    message = await messages.update(request.project, namespace, ref, tags, options)
    return await sent_object(message)


@endpoint(
    "Messages",
    "write",
    query=OfDialogue,
    body=NamedInDialogue,
    response=DeletedMessage,
    errors=(MessageNotFound, DialogueImmutable),
)
async def delete(request: Request) -> Response:
    """Delete one message for good."""
    names = await request.decode(NamedInDialogue)
    message_id = request.own_id(names.id)
    dialogue_id = request.dialogue_id(("dialogueId", names.dialogue_id))
    namespace = request.namespace(("namespace", names.namespace))
    await request.services.messages.delete(
        request.project, namespace, dialogue_id, message_id, request.delete_options()
    )
    return Response(encode(DeletedMessage(message_id, dialogue_id)))


@endpoint("Messages", "read", query=OfDialogue)
async def unnamed(_: Request) -> Response:
    """Refuse a request for one message that names none."""
    raise invalid_request("id", "The message's id is required in the path", "MISSING_PARAMETER")
