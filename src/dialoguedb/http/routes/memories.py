"""Memories over HTTP."""

from dialoguedb.errors import DuplicateId, MemoryNotFound
from dialoguedb.http.requests.bodies import Named
from dialoguedb.http.requests.queries import InNamespace, ListMemories, named
from dialoguedb.http.requests.request import Call
from dialoguedb.http.responses.response import Answer, Deleted, encode
from dialoguedb.http.route_endpoint import endpoint
from dialoguedb.model.memories import (
    MEMORY_WRITE_ONCE,
    Memory,
    MemoryChange,
    MemoryFilter,
    MemoryInput,
)
from dialoguedb.service.pages import Listing, PageRequest
from dialoguedb.values import limits
from dialoguedb.values.checks import given, refuse_write_once
from dialoguedb.values.decoding import decode
from dialoguedb.values.lists import Page
from dialoguedb.values.validation import ValidationErrors


def _shown(memory: Memory) -> Answer:
    return Answer(encode(memory))


@endpoint(
    "Memories",
    "write",
    query=InNamespace,
    body=MemoryInput,
    example={"value": "Prefers email", "label": "Contact", "namespace": "user_789"},
    answer=Memory,
    errors=(DuplicateId,),
)
async def create(call: Call) -> Answer:
    """Create a memory.

    An `id` that is stored already with the same bytes answers the stored memory.
    """
    sent = decode(MemoryInput, call.body)
    new = sent.accept()
    namespace = call.namespace(("namespace", sent.namespace))
    options = call.write_options(namespace, _shown)
    return _shown(await call.services.memories.create(call.project, namespace, new, options))


@endpoint("Memories", "read", query=ListMemories, answer=Page[Memory])
async def list_(call: Call) -> Answer:
    """List memories, newest first; without a namespace those of the whole project."""
    query: ListMemories = call.query
    wanted = MemoryFilter(
        namespace=call.namespace_of_list(),
        tags=query.any_of(),
        created=query.span(),
        order_by=query.order_by or "created",
    )
    listing = Listing(wanted, query.order or "desc", query.limit or limits.PAGE_ITEMS_DEFAULT)
    request = PageRequest(listing, named(query), given(query.next), call.bound)
    return Answer(encode(await call.services.memories.list(call.project, request)))


@endpoint("Memories", "read", query=InNamespace, answer=Memory, errors=(MemoryNotFound,))
async def get(call: Call) -> Answer:
    """Return one memory."""
    memory_id, namespace = call.own_id(None), call.namespace()
    return _shown(await call.services.memories.get(call.project, namespace, memory_id))


@endpoint(
    "Memories",
    "write",
    query=InNamespace,
    body=MemoryChange,
    example={"tags": ["vip"]},
    answer=Memory,
    errors=(MemoryNotFound,),
)
async def update(call: Call) -> Answer:
    """Replace the tags of a memory; all else is write-once."""
    change = decode(MemoryChange, call.body)
    errors = ValidationErrors()
    refuse_write_once(change, MEMORY_WRITE_ONCE, errors)
    errors.refuse()
    memory_id = call.own_id(change.id)
    namespace = call.namespace(("namespace", change.namespace))
    tags = tuple(change.tags) if isinstance(change.tags, list) else None
    options = call.write_options(namespace, _shown)
    memories = call.services.memories
    return _shown(await memories.update(call.project, namespace, memory_id, tags, options))


@endpoint(
    "Memories",
    "write",
    query=InNamespace,
    body=Named,
    answer=Deleted,
    errors=(MemoryNotFound,),
)
async def delete(call: Call) -> Answer:
    """Delete one memory for good."""
    sent = decode(Named, call.body)
    memory_id = call.own_id(sent.id)
    namespace = call.namespace(("namespace", sent.namespace))
    await call.services.memories.delete(
        call.project, namespace, memory_id, call.services.write_options()
    )
    return Answer(encode(Deleted(memory_id)))
