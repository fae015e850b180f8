"""Tools for memories."""

from msgspec import UNSET

from dialoguedb.client.aio.database import AsyncDatabase
from dialoguedb.mcp.arguments import (
    CreateMemoryArguments,
    ListMemoriesArguments,
    OneMemoryArguments,
    SearchMemoriesArguments,
    UpdateMemoryTagsArguments,
)
from dialoguedb.mcp.responses import (
    FoundMemoriesResponse,
    MemoriesResponse,
    MemoryCreatedResponse,
    MemoryDeletedResponse,
    MemoryTaggedResponse,
    OneRememberedResponse,
    Remembered,
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
    )
    return MemoryCreatedResponse(memory_id=stored.id, message="Remembered")


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


async def update_memory_tags(
    db: AsyncDatabase, arguments: UpdateMemoryTagsArguments
) -> MemoryTaggedResponse:
    """Replace a memory's tags."""
    stored = await db.api.memory.update(
        arguments.id, tags=arguments.tags, namespace=arguments.namespace
    )
    return MemoryTaggedResponse(memory_id=stored.id, tags=stored.tags, message="Replaced the tags")
