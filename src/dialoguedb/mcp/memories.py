"""Tools for memories."""

from msgspec import UNSET

from dialoguedb.client.aio.database import AsyncDatabase
from dialoguedb.client.inputs import MemoryChanges
from dialoguedb.client.records import MemoryRecord
from dialoguedb.mcp.arguments import (
    CreateMemoryArguments,
    ListMemoriesArguments,
    OneMemoryArguments,
    SearchMemoriesArguments,
    UpdateMemoryArguments,
    UpdateMemoryTagsArguments,
)
from dialoguedb.mcp.responses import (
    FoundMemoriesResponse,
    MemoriesResponse,
    MemoryCreatedResponse,
    MemoryDeletedResponse,
    MemoryTaggedResponse,
    MemoryUpdatedResponse,
    OneRememberedResponse,
    Remembered,
    SimilarRemembered,
)
from dialoguedb.model.memories import SimilarMemory

_NOT_STORED = (
    "Not stored: something similar is remembered. If it is no longer true, correct it with the tool"
    " that updates a memory; if both are true, create this again with onSimilar=store"
)


async def create_memory(
    db: AsyncDatabase, arguments: CreateMemoryArguments
) -> MemoryCreatedResponse:
    """Store a memory."""
    stored = await db.api.memory.create(
        arguments.value,
        label=arguments.label,
        description=arguments.description,
        namespace=arguments.namespace,
        tags=arguments.tags,
        metadata=arguments.metadata,
        on_similar=arguments.on_similar,
    )
    if stored.similar is None:
        return MemoryCreatedResponse(memory_id=stored.id, message="Remembered")
    return await _created_beside(db, stored, stored.similar)


async def _created_beside(
    db: AsyncDatabase, stored: MemoryRecord, similar: SimilarMemory
) -> MemoryCreatedResponse:
    """Tell what is like it, and what became of the two."""
    other, message = stored, _NOT_STORED
    if similar.action == "superseded":
        namespace = stored.namespace or ""
        other = await db.api.memory.get(similar.id, namespace=namespace)
        message = "Remembered, in the place of a similar memory"
    elif similar.equal:
        message = "Remembered already"
    return MemoryCreatedResponse(
        memory_id=stored.id,
        similar=SimilarRemembered(
            similar.id, other.value, similar.likeness, similar.equal, similar.action
        ),
        message=message,
    )


async def search_memories(
    db: AsyncDatabase, arguments: SearchMemoriesArguments
) -> FoundMemoriesResponse:
    """Find memories by meaning and by words."""
    found = await db.api.search.memories(
        arguments.query, namespace=arguments.namespace, tags=arguments.tags, limit=arguments.limit
    )
    return FoundMemoriesResponse(
        memories=[Remembered.of(hit.item, hit.relevance) for hit in found.hits],
        indexing=found.indexing or UNSET,
        omitted=found.omitted or UNSET,
    )


async def list_memories(db: AsyncDatabase, arguments: ListMemoriesArguments) -> MemoriesResponse:
    """Return a page of memories."""
    page = await db.api.memory.list(
        limit=arguments.limit,
        order=arguments.order,
        next=arguments.next,
        namespace=arguments.namespace,
    )
    return MemoriesResponse(memories=[Remembered.of(record) for record in page], next=page.next)


async def get_memory(db: AsyncDatabase, arguments: OneMemoryArguments) -> OneRememberedResponse:
    """Return one memory."""
    record = await db.api.memory.get(arguments.id, namespace=arguments.namespace)
    return OneRememberedResponse(memory=Remembered.of(record))


async def delete_memory(db: AsyncDatabase, arguments: OneMemoryArguments) -> MemoryDeletedResponse:
    """Delete one memory for good."""
    await db.api.memory.delete(arguments.id, namespace=arguments.namespace)
    return MemoryDeletedResponse(memory_id=arguments.id, message="Deleted the memory")


async def update_memory(
    db: AsyncDatabase, arguments: UpdateMemoryArguments
) -> MemoryUpdatedResponse:
    """Correct a memory."""
    given = {name: getattr(arguments, name) for name in ("value", "label", "description", "tags")}
    changes: MemoryChanges = {"namespace": arguments.namespace}
    changes |= {name: value for name, value in given.items() if value is not None}  # type: ignore[typeddict-item] # of its keys
    stored = await db.api.memory.update(arguments.id, **changes)
    return MemoryUpdatedResponse(memory=Remembered.of(stored), message="Corrected the memory")


async def update_memory_tags(
    db: AsyncDatabase, arguments: UpdateMemoryTagsArguments
) -> MemoryTaggedResponse:
    """Replace a memory's tags."""
    stored = await db.api.memory.update(
        arguments.id, tags=arguments.tags, namespace=arguments.namespace
    )
    return MemoryTaggedResponse(memory_id=stored.id, tags=stored.tags, message="Replaced the tags")
