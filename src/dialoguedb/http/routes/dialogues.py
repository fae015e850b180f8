"""Dialogues over HTTP."""

from msgspec import Struct

from dialoguedb.errors import (
    DialogueEnded,
    DialogueImmutable,
    DialogueNotFound,
    DuplicateId,
    VersionConflict,
)
from dialoguedb.http.requests.bodies import NamedInDialogue, aside
from dialoguedb.http.requests.queries import (
    GetDialogue,
    InNamespace,
    ListDialogues,
    OfDialogue,
    named,
)
from dialoguedb.http.requests.request import Call
from dialoguedb.http.responses.etags import revision_tag
from dialoguedb.http.responses.response import Answer, encode
from dialoguedb.http.route_endpoint import endpoint
from dialoguedb.http.routes import message_batches
from dialoguedb.model.dialogues import (
    DeletedDialogue,
    Dialogue,
    DialogueChange,
    DialogueFilter,
    DialogueInput,
)
from dialoguedb.model.lifecycle import AFTER
from dialoguedb.ports import Versioned
from dialoguedb.service.pages import Listing, PageRequest
from dialoguedb.values import limits
from dialoguedb.values.checks import given
from dialoguedb.values.decoding import decode
from dialoguedb.values.lists import Page
from dialoguedb.values.validation import refuse


class DeletedDialogueBody(Struct):
    """The answer of deleting a dialogue: what went with it."""

    id: str
    deleted: DeletedDialogue
    success: bool = True


def _shown(dialogue: Versioned[Dialogue]) -> Answer:
    return Answer(encode(dialogue.value), revision_tag(dialogue.version))


@endpoint(
    "Dialogues",
    "write",
    query=InNamespace,
    body=DialogueInput,
    example={"label": "Order 17", "message": {"role": "user", "content": "Hello!"}},
    answer=Dialogue,
    versions="revision",
    errors=(DialogueNotFound, DialogueImmutable, DuplicateId),
)
async def create(call: Call) -> Answer:
    """Create a dialogue, with its first messages if you like.

    `threadOf` makes it a thread of another dialogue of the same namespace.
    """
    sent = await aside(call.body, lambda: decode(DialogueInput, call.body))
    new = await aside(call.body, lambda: sent.accept(call.request_id))
    inside = message_batches.dialogue_ids_inside(sent.message, sent.messages)
    call.check_new_id(new.id, *inside)
    inside = message_batches.namespaces_inside(sent.message, sent.messages)
    namespace = call.namespace(("namespace", sent.namespace), *inside)
    options = call.write_options(namespace, _shown)
    return _shown(await call.services.dialogues.create(call.project, namespace, new, options))


@endpoint("Dialogues", "read", query=ListDialogues, answer=Page[Dialogue])
async def list_(call: Call) -> Answer:
    """List dialogues, newest first; without a namespace those of the whole project."""
    query: ListDialogues = call.query
    wanted = DialogueFilter(
        namespace=call.namespace_of_list(),
        thread_of=given(query.thread_of),
        status=query.status or None,
        tags=query.any_of(),
        created=query.span(),
        order_by=query.order_by or "created",
    )
    listing = Listing(wanted, query.order or "desc", query.limit or limits.PAGE_ITEMS_DEFAULT)
    request = PageRequest(listing, named(query), given(query.next), call.bound)
    return Answer(encode(await call.services.dialogues.list(call.project, request)))


@endpoint(
    "Dialogues",
    "read",
    query=GetDialogue,
    answer=Dialogue,
    versions="revision",
    errors=(DialogueNotFound,),
)
async def get(call: Call) -> Answer:
    """Return one dialogue, with its last messages if you like."""
    dialogue_id, namespace = call.dialogue_id(), call.namespace()
    last = call.query.messages or 0
    return _shown(await call.services.dialogues.get(call.project, namespace, dialogue_id, last))


@endpoint(
    "Dialogues",
    "write",
    query=OfDialogue,
    body=DialogueChange,
    example={"label": "Order 17", "tags": ["vip"], "state": {"step": "checkout"}},
    answer=Dialogue,
    versions="revision",
    conditional=True,
    errors=(DialogueNotFound, DialogueEnded, DialogueImmutable, DuplicateId, VersionConflict),
)
async def update(call: Call) -> Answer:
    """Change label, state and tags and append messages, all in one commit.

    `state` and `tags` replace what is there; `label: null` clears the label.
    """
    sent = await aside(call.body, lambda: decode(DialogueChange, call.body))
    update = await aside(call.body, sent.accept)
    inside = message_batches.dialogue_ids_inside(sent.message, sent.messages)
    dialogue_id = call.dialogue_id(("id", sent.id), *inside)
    inside = message_batches.namespaces_inside(sent.message, sent.messages)
    namespace = call.namespace(("namespace", sent.namespace), *inside)
    options = call.write_options(namespace, _shown)
    dialogues = call.services.dialogues
    try:
        return _shown(await dialogues.update(call.project, namespace, dialogue_id, update, options))
    except DuplicateId as error:
        raise message_batches.placed(error, "message.") if sent.message else error from None


@endpoint(
    "Dialogues",
    "write",
    query=OfDialogue,
    body=NamedInDialogue,
    answer=Dialogue,
    versions="revision",
    conditional=True,
    errors=(DialogueNotFound, DialogueImmutable, VersionConflict),
)
async def act(call: Call) -> Answer:
    """End, archive or reopen a dialogue; repeating changes nothing.

    An ended dialogue takes no more messages; an archived one changes no more at all.
    """
    sent = decode(NamedInDialogue, call.body)
    action = call.path["action"]
    if action not in AFTER:
        raise refuse("action", f"action must be one of {', '.join(AFTER)}")
    dialogue_id = call.dialogue_id(("id", sent.id), ("dialogueId", sent.dialogue_id))
    namespace = call.namespace(("namespace", sent.namespace))
    options = call.write_options(namespace, _shown)
    dialogues = call.services.dialogues
    return _shown(await dialogues.act(call.project, namespace, dialogue_id, action, options))


@endpoint(
    "Dialogues",
    "write",
    query=OfDialogue,
    body=NamedInDialogue,
    answer=DeletedDialogueBody,
    errors=(DialogueNotFound, DialogueImmutable),
)
async def delete(call: Call) -> Answer:
    """Delete a dialogue for good, with its messages and, recursively, its threads."""
    sent = decode(NamedInDialogue, call.body)
    dialogue_id = call.dialogue_id(("id", sent.id), ("dialogueId", sent.dialogue_id))
    namespace = call.namespace(("namespace", sent.namespace))
    options = call.services.write_options()
    deleted = await call.services.dialogues.delete(call.project, namespace, dialogue_id, options)
    return Answer(encode(DeletedDialogueBody(dialogue_id, deleted)))
