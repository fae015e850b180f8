"""What the tools do with memories."""

from dialoguedb.client.aio.database import AsyncDatabase
from dialoguedb.mcp.answers import (
    FoundMemories,
    Memories,
    MemoryCreated,
    MemoryDeleted,
    MemoryTagged,
    OneRemembered,
    Remembered,
)
from dialoguedb.mcp.wanted import (
    CreateMemory,
    ListMemories,
    OneMemory,
    SearchMemories,
    UpdateMemoryTags,
)


async def create_memory(db: AsyncDatabase, wanted: CreateMemory) -> MemoryCreated:
    """Remember something."""
    stored = await db.api.memory.create(
        wanted.value,
        label=wanted.label,
        description=wanted.description,
        namespace=wanted.namespace,
        tags=wanted.tags,
        metadata=wanted.metadata,
    )
    return MemoryCreated(memory_id=stored.id, message="Remembered")


async def search_memories(db: AsyncDatabase, wanted: SearchMemories) -> FoundMemories:
    """Find memories by meaning and by words."""
    found = await db.api.search.memories(
        wanted.query, namespace=wanted.namespace, tags=wanted.tags, limit=wanted.limit
    )
    return FoundMemories(memories=[Remembered.of(hit.item, hit.relevance) for hit in found.hits])


async def list_memories(db: AsyncDatabase, wanted: ListMemories) -> Memories:
    """Return a page of memories."""
    page = await db.api.memory.list(
        limit=wanted.limit, order=wanted.order, next=wanted.next, namespace=wanted.namespace
    )
    return Memories(memories=[Remembered.of(record) for record in page], next=page.next)


async def get_memory(db: AsyncDatabase, wanted: OneMemory) -> OneRemembered:
    """Return one memory."""
    record = await db.api.memory.get(wanted.id, namespace=wanted.namespace)
    return OneRemembered(memory=Remembered.of(record))


async def delete_memory(db: AsyncDatabase, wanted: OneMemory) -> MemoryDeleted:
    """Forget one memory for good."""
    await db.api.memory.delete(wanted.id, namespace=wanted.namespace)
    return MemoryDeleted(memory_id=wanted.id, message="Deleted the memory")


async def update_memory_tags(db: AsyncDatabase, wanted: UpdateMemoryTags) -> MemoryTagged:
    """Replace a memory's tags."""
    stored = await db.api.memory.update(wanted.id, tags=wanted.tags, namespace=wanted.namespace)
    return MemoryTagged(memory_id=stored.id, tags=stored.tags, message="Replaced the tags")
