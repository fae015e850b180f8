"""Memories over HTTP."""

from collections.abc import Mapping
from typing import ClassVar

from msgspec import UNSET, UnsetType

from dialoguedb.errors import DuplicateId, MemoryNotFound
from dialoguedb.http.requests.request import Request
from dialoguedb.http.responses.response import (
    Deleted,
    Response,
    encode,
    object_response,
    page_response,
    sent_object,
)
from dialoguedb.http.route_endpoint import endpoint
from dialoguedb.http.routes.list_queries import DatedQuery, ListQuery
from dialoguedb.http.routes.names import InNamespace, Named
from dialoguedb.model.memories import (
    Memory,
    MemoryChange,
    MemoryFilter,
    MemoryInput,
    MemoryOrderBy,
    MemoryVersion,
    MemoryVersionFilter,
    MemoryVersionInput,
    OnSimilar,
)
from dialoguedb.values.fields import AsOf, Namespace
from dialoguedb.values.lists import Page
from dialoguedb.values.validation_errors import ValidationErrors
from dialoguedb.values.validators import validate_timestamp


class ListMemories(DatedQuery, rename="camel", forbid_unknown_fields=True, frozen=True):
    """A request for a page of memories."""

    listing_paths: ClassVar[Mapping[str, str]] = {
        **DatedQuery.listing_paths,
        "orderBy": "filter.order_by",
        "asOf": "filter.as_of",
    }

    order_by: MemoryOrderBy | UnsetType = UNSET
    as_of: AsOf | UnsetType = UNSET


class ListVersions(ListQuery, rename="camel", forbid_unknown_fields=True, frozen=True):
    """A request for a page of a memory's history."""

    listing_paths: ClassVar[Mapping[str, str]] = {
        **ListQuery.listing_paths,
        "namespace": "filter.namespace",
    }

    namespace: Namespace | UnsetType = UNSET


class CreateMemory(InNamespace, rename="camel", frozen=True):
    """A request to create a memory."""

    on_similar: OnSimilar | UnsetType = UNSET


@endpoint(
    "Memories",
    "write",
    query=CreateMemory,
    body=MemoryInput,
    example={"value": "Prefers email", "label": "Contact", "namespace": "user_789"},
    response=Memory,
    errors=(DuplicateId, MemoryNotFound),
)
async def create(request: Request) -> Response:
    """Create a memory.

    An `id` that is stored already with the same bytes answers the stored memory. With `onSimilar`,
    one that is valid in the same namespace and like it is answered or superseded, and `similar`
    tells which. What it `supersedes` has to be there, and is left out from then on.
    """
    body = await request.decode(MemoryInput)
    new = await request.in_thread_if_large(body.validate)
    namespace = request.namespace(("namespace", body.namespace))
    options = await request.write_options(namespace, object_response)
    return await sent_object(
        await request.services.memories.create(
            request.project, namespace, new, options, request.query.on_similar or "store"
        )
    )


@endpoint("Memories", "read", query=ListMemories, response=Page[Memory])
async def list_(request: Request) -> Response:
    """List memories, newest first; without a namespace those of the whole project.

    With `asOf`, those that are valid at that time; without it all, superseded and expired ones too.
    """
    query: ListMemories = request.query
    errors = ValidationErrors()
    as_of = validate_timestamp(query.as_of, "asOf", errors)
    errors.raise_if_any()
    filters = MemoryFilter(
        namespace=request.namespace_of_list(),
        tags=query.any_of(),
        created=query.span(),
        order_by=query.order_by or "created",
        as_of=as_of or UNSET,
    )
    page = query.page_of(filters, "desc", request.admitted.namespace)
    return await page_response(await request.services.memories.list(request.project, page))


@endpoint("Memories", "read", query=InNamespace, response=Memory, errors=(MemoryNotFound,))
async def get(request: Request) -> Response:
    """Return one memory."""
    memory_id, namespace = request.own_id(None), request.namespace()
    memory = await request.services.memories.get(request.project, namespace, memory_id)
    return await sent_object(memory)


@endpoint(
    "Memories",
    "write",
    query=InNamespace,
    body=MemoryChange,
    example={"value": "Prefers a phone call", "tags": ["vip"]},
    response=Memory,
    errors=(MemoryNotFound,),
)
async def update(request: Request) -> Response:
    """Change a memory: its tags, or what it says, which corrects it.

    What is left out stays; null removes a label, a description, and what tells of validity and
    source. What it said before becomes a version of its history; a change of tags alone does not.
    """
    change = await request.decode(MemoryChange)
    update_ = await request.in_thread_if_large(change.validate)
    memory_id = request.own_id(change.id)
    namespace = request.namespace(("namespace", change.namespace))
    options = await request.write_options(namespace, object_response)
    memories = request.services.memories
    return await sent_object(
        await memories.update(request.project, namespace, memory_id, update_, options)
    )


@endpoint(
    "Memories", "read", query=ListVersions, response=Page[MemoryVersion], errors=(MemoryNotFound,)
)
async def history(request: Request) -> Response:
    """List what a memory said before it was corrected, the newest version first.

    Each tells when and by which key it was written and replaced, and its own `source`. What the
    memory says now is not among them.
    """
    query: ListVersions = request.query
    memory_id = request.own_id(None)
    filters = MemoryVersionFilter(request.namespace())
    page = query.page_of(filters, "desc", request.admitted.namespace)
    return await page_response(
        await request.services.memories.history(request.project, memory_id, page)
    )


@endpoint(
    "Memories",
    "write",
    query=InNamespace,
    body=MemoryVersionInput,
    example={
        "version": 1,
        "value": "Prefers email",
        "written": "2026-03-01T09:00:00.000Z",
        "replaced": "2026-06-01T09:00:00.000Z",
    },
    response=MemoryVersion,
    errors=(MemoryNotFound, DuplicateId),
)
async def create_version(request: Request) -> Response:
    """Store a former version of a memory, as an import brings it.

    It counts as written by the key of the request. One that is stored already with the same bytes
    is answered.
    """
    body = await request.decode(MemoryVersionInput)
    new = await request.in_thread_if_large(body.validate)
    memory_id = request.own_id(None)
    namespace = request.namespace(("namespace", body.namespace))
    options = await request.write_options(namespace, object_response)
    memories = request.services.memories
    stored = await memories.create_version(request.project, namespace, memory_id, new, options)
    return await sent_object(stored)


@endpoint(
    "Memories",
    "write",
    query=InNamespace,
    body=Named,
    response=Deleted,
    errors=(MemoryNotFound,),
)
async def delete(request: Request) -> Response:
    """Delete one memory for good, with its history; what it superseded is valid again."""
    names = await request.decode(Named)
    memory_id = request.own_id(names.id)
    namespace = request.namespace(("namespace", names.namespace))
    await request.services.memories.delete(
        request.project, namespace, memory_id, request.delete_options()
    )
    return Response(encode(Deleted(memory_id)))
