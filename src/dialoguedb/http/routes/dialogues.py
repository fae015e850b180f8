"""Dialogues over HTTP."""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, Struct, UnsetType

from dialoguedb.errors import (
    DialogueEnded,
    DialogueImmutable,
    DialogueNotFound,
    DuplicateId,
    VersionConflict,
)
from dialoguedb.http.requests.request import FieldValue, Request
from dialoguedb.http.responses.response import (
    Response,
    encode,
    encode_long,
    page_response,
    response_of,
    revision_tag,
)
from dialoguedb.http.route_endpoint import endpoint
from dialoguedb.http.routes.list_queries import DatedQuery
from dialoguedb.http.routes.names import (
    Attachments,
    InNamespace,
    NamedInDialogue,
    OfDialogue,
    sent_as,
)
from dialoguedb.model.dialogues import (
    DeletedDialogue,
    Dialogue,
    DialogueChange,
    DialogueFilter,
    DialogueInput,
    DialogueOrderBy,
    Status,
)
from dialoguedb.model.messages import MessageInput, with_path
from dialoguedb.model.rules.status import AFTER
from dialoguedb.ports import Versioned
from dialoguedb.values import limits
from dialoguedb.values.fields import Id
from dialoguedb.values.lists import Page
from dialoguedb.values.validation_errors import invalid_request
from dialoguedb.values.validators import value_or_none

LastMessages = Annotated[
    int,
    Meta(ge=0, le=limits.PAGE_ITEMS_MAX, description="Shows that many last messages, too."),
]


class GetDialogue(OfDialogue, frozen=True):
    """A request for a dialogue."""

    messages: LastMessages | UnsetType = UNSET
    attachments: Attachments | UnsetType = UNSET


class ListDialogues(DatedQuery, rename="camel", forbid_unknown_fields=True, frozen=True):
    """A request for a page of dialogues."""

    listing_paths: ClassVar[Mapping[str, str]] = {
        **DatedQuery.listing_paths,
        "orderBy": "filter.order_by",
        "threadOf": "filter.thread_of",
        "status": "filter.status",
    }

    order_by: DialogueOrderBy | UnsetType = UNSET
    thread_of: Id | UnsetType = UNSET
    status: Status | UnsetType = UNSET


class DeletedDialogueBody(Struct):
    """The answer of deleting a dialogue: what went with it."""

    id: str
    deleted: DeletedDialogue
    success: bool = True


def _response(dialogue: Versioned[Dialogue]) -> Response:
    return Response(encode(dialogue.value), revision_tag(dialogue.version))


def _response_in_one(dialogue: Versioned[Dialogue]) -> Response:
    """Return the response that is kept for an idempotency key."""
    return Response(encode_long(dialogue.value), revision_tag(dialogue.version))


async def _long_response(dialogue: Versioned[Dialogue]) -> Response:
    return await response_of(dialogue.value, revision_tag(dialogue.version))


@endpoint(
    "Dialogues",
    "write",
    query=InNamespace,
    body=DialogueInput,
    example={"label": "Order 17", "message": {"role": "user", "content": "Hello!"}},
    response=Dialogue,
    versions="revision",
    errors=(DialogueNotFound, DialogueImmutable, DuplicateId),
)
async def create(request: Request) -> Response:
    """Create a dialogue, with its first messages if you like.

    `threadOf` makes it a thread of another dialogue of the same namespace.
    """
    body = await request.decode(DialogueInput)
    new = await request.in_thread_if_large(lambda: body.validate(request.head.request_id))
    request.check_new_id(new.id, *_dialogue_ids(body))
    namespace = request.namespace(("namespace", body.namespace), *_namespaces(body))
    kept = _response_in_one if request.is_large else _response
    options = await request.write_options(namespace, kept)
    created = await request.services.dialogues.create(request.project, namespace, new, options)
    return await _long_response(created) if request.is_large else _response(created)


@endpoint("Dialogues", "read", query=ListDialogues, response=Page[Dialogue])
async def list_(request: Request) -> Response:
    """List dialogues, newest first; without a namespace those of the whole project."""
    query: ListDialogues = request.query
    filters = DialogueFilter(
        namespace=request.namespace_of_list(),
        thread_of=value_or_none(query.thread_of),
        status=query.status or None,
        tags=query.any_of(),
        created=query.span(),
        order_by=query.order_by or "created",
    )
    page = query.page_of(filters, "desc", request.admitted.namespace)
    return await page_response(await request.services.dialogues.list(request.project, page))


@endpoint(
    "Dialogues",
    "read",
    query=GetDialogue,
    response=Dialogue,
    versions="revision",
    errors=(DialogueNotFound,),
)
async def get(request: Request) -> Response:
    """Return one dialogue, with its last messages if you like.

    `messagesNext` is there when they are too large for one answer: the oldest of them are missing.
    """
    dialogue_id, namespace = request.dialogue_id(), request.namespace()
    query: GetDialogue = request.query
    last, mode = query.messages or 0, sent_as(query.attachments)
    found = await request.services.dialogues.get(
        request.project, namespace, dialogue_id, last, mode
    )
    return await _long_response(found) if found.value.messages else _response(found)


@endpoint(
    "Dialogues",
    "write",
    query=OfDialogue,
    body=DialogueChange,
    example={
        "dialogueId": "dlg_abc123",
        "label": "Order 17",
        "tags": ["vip"],
        "state": {"step": "checkout"},
    },
    response=Dialogue,
    versions="revision",
    conditional=True,
    errors=(DialogueNotFound, DialogueEnded, DialogueImmutable, DuplicateId, VersionConflict),
)
async def update(request: Request) -> Response:
    """Change label, state and tags and append messages, all in one commit.

    `state` and `tags` replace what is there; `label: null` clears the label. Where the path has no
    id, the body's `id` names the dialogue.
    """
    body = await request.decode(DialogueChange)
    change = await request.in_thread_if_large(body.validate)
    own_ids = (("id", body.id), ("dialogueId", body.dialogue_id))
    dialogue_id = request.dialogue_id(*own_ids, *_dialogue_ids(body), named_by="id")
    namespace = request.namespace(("namespace", body.namespace), *_namespaces(body))
    kept = _response_in_one if request.is_large else _response
    options = await request.write_options(namespace, kept)
    dialogues = request.services.dialogues
    try:
        updated = await dialogues.update(request.project, namespace, dialogue_id, change, options)
    except DuplicateId as error:
        raise with_path(error, "message.") if body.message else error from None
    return await _long_response(updated) if request.is_large else _response(updated)


@endpoint(
    "Dialogues",
    "write",
    query=OfDialogue,
    body=NamedInDialogue,
    response=Dialogue,
    versions="revision",
    conditional=True,
    errors=(DialogueNotFound, DialogueImmutable, VersionConflict),
)
async def change_status(request: Request) -> Response:
    """End, archive or reopen a dialogue; repeating changes nothing.

    An ended dialogue takes no more messages; an archived one changes no more at all.
    """
    names = await request.decode(NamedInDialogue)
    action = request.path["action"]
    if action not in AFTER:
        raise invalid_request("action", f"action must be one of {', '.join(('compact', *AFTER))}")
    dialogue_id = request.dialogue_id(("id", names.id), ("dialogueId", names.dialogue_id))
    namespace = request.namespace(("namespace", names.namespace))
    options = await request.write_options(namespace, _response)
    dialogues = request.services.dialogues
    return _response(
        await dialogues.change_status(request.project, namespace, dialogue_id, action, options)
    )


@endpoint(
    "Dialogues",
    "write",
    query=OfDialogue,
    body=NamedInDialogue,
    response=DeletedDialogueBody,
    errors=(DialogueNotFound, DialogueImmutable),
)
async def delete(request: Request) -> Response:
    """Delete a dialogue for good, with its messages and, recursively, its threads.

    Where the path has no id, the body's `id` names the dialogue.
    """
    names = await request.decode(NamedInDialogue)
    own_ids = (("id", names.id), ("dialogueId", names.dialogue_id))
    dialogue_id = request.dialogue_id(*own_ids, named_by="id")
    namespace = request.namespace(("namespace", names.namespace))
    options = request.delete_options()
    deleted = await request.services.dialogues.delete(
        request.project, namespace, dialogue_id, options
    )
    return Response(encode(DeletedDialogueBody(dialogue_id, deleted)))


def _dialogue_ids(body: DialogueInput | DialogueChange) -> Iterator[FieldValue]:
    """Return the dialogues that the messages in a body name."""
    for path, message in _messages(body):
        yield f"{path}.dialogueId", message.dialogue_id


def _namespaces(body: DialogueInput | DialogueChange) -> Iterator[FieldValue]:
    """Return the namespaces that the messages in a body name."""
    for path, message in _messages(body):
        yield f"{path}.namespace", message.namespace


def _messages(body: DialogueInput | DialogueChange) -> Iterator[tuple[str, MessageInput]]:
    if isinstance(body.message, MessageInput):
        yield "message", body.message
    for index, message in enumerate(body.messages or ()):
        yield f"messages[{index}]", message
