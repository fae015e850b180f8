"""Memories over HTTP."""

from collections.abc import Mapping
from typing import ClassVar

from msgspec import UNSET, UnsetType

from dialoguedb.errors import DuplicateId, MemoryNotFound
from dialoguedb.http.requests.request import Request
from dialoguedb.http.responses.response import Deleted, Response, encode, page_response
from dialoguedb.http.route_endpoint import endpoint
from dialoguedb.http.routes.list_queries import DatedQuery
from dialoguedb.http.routes.names import InNamespace, Named
from dialoguedb.model.memories import (
    MEMORY_WRITE_ONCE,
    Memory,
    MemoryChange,
    MemoryFilter,
    MemoryInput,
    MemoryOrderBy,
)
from dialoguedb.values.lists import Page
from dialoguedb.values.validation_errors import ValidationErrors
from dialoguedb.values.validators import check_write_once


class ListMemories(DatedQuery, rename="camel", forbid_unknown_fields=True, frozen=True):
    """A request for a page of memories."""

    listing_paths: ClassVar[Mapping[str, str]] = {
        **DatedQuery.listing_paths,
        "orderBy": "filter.order_by",
    }

    order_by: MemoryOrderBy | UnsetType = UNSET


def _response(memory: Memory) -> Response:
    return Response(encode(memory))


@endpoint(
    "Memories",
    "write",
    query=InNamespace,
    body=MemoryInput,
    example={"value": "Prefers email", "label": "Contact", "namespace": "user_789"},
    response=Memory,
    errors=(DuplicateId,),
)
async def create(request: Request) -> Response:
    """Create a memory.

    An `id` that is stored already with the same bytes answers the stored memory.
    """
    body = request.decode(MemoryInput)
    new = body.validate()
    namespace = request.namespace(("namespace", body.namespace))
    options = request.write_options(namespace, _response)
    return _response(
        await request.services.memories.create(request.project, namespace, new, options)
    )


@endpoint("Memories", "read", query=ListMemories, response=Page[Memory])
async def list_(request: Request) -> Response:
    """List memories, newest first; without a namespace those of the whole project."""
    query: ListMemories = request.query
    filters = MemoryFilter(
        namespace=request.namespace_of_list(),
        tags=query.any_of(),
        created=query.span(),
        order_by=query.order_by or "created",
    )
    page = query.page_of(filters, "desc", request.admitted.namespace)
    return page_response(await request.services.memories.list(request.project, page))


@endpoint("Memories", "read", query=InNamespace, response=Memory, errors=(MemoryNotFound,))
async def get(request: Request) -> Response:
    """Return one memory."""
    memory_id, namespace = request.own_id(None), request.namespace()
    return _response(await request.services.memories.get(request.project, namespace, memory_id))


@endpoint(
    "Memories",
    "write",
    query=InNamespace,
    body=MemoryChange,
    example={"tags": ["vip"]},
    response=Memory,
    errors=(MemoryNotFound,),
)
async def update(request: Request) -> Response:
    """Replace the tags of a memory; all else is write-once."""
    change = request.decode(MemoryChange)
    errors = ValidationErrors()
    check_write_once(change, MEMORY_WRITE_ONCE, errors)
    errors.raise_if_any()
    memory_id = request.own_id(change.id)
    namespace = request.namespace(("namespace", change.namespace))
    tags = tuple(change.tags) if isinstance(change.tags, list) else None
    options = request.write_options(namespace, _response)
    memories = request.services.memories
    return _response(await memories.update(request.project, namespace, memory_id, tags, options))


@endpoint(
    "Memories",
    "write",
    query=InNamespace,
    body=Named,
    response=Deleted,
    errors=(MemoryNotFound,),
)
async def delete(request: Request) -> Response:
    """Delete one memory for good."""
    names = request.decode(Named)
    memory_id = request.own_id(names.id)
    namespace = request.namespace(("namespace", names.namespace))
    await request.services.memories.delete(
        request.project, namespace, memory_id, request.delete_options()
    )
    return Response(encode(Deleted(memory_id)))
