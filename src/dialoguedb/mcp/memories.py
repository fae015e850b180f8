"""Tools for memories."""

from msgspec import UNSET

from dialoguedb.client.aio.database import AsyncDatabase
from dialoguedb.client.inputs import MemoryChanges
from dialoguedb.client.records import MemoryRecord, SimilarRecord
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
from dialoguedb.model.memories import OnSimilar

_NOT_STORED = (
    "Not stored: something similar is remembered. If it is no longer true, correct it with the tool"
    " that updates a memory; if both are true, create this again with onSimilar=store"
)
_STORED_BESIDE = (
    "Remembered. Something similar is remembered, too: if that is no longer true, correct it with"
    " the tool that updates a memory, and delete this one"
)


async def create_memory(
    db: AsyncDatabase, arguments: CreateMemoryArguments
) -> MemoryCreatedResponse:
    """Store a memory; unless it is said how, one that says the same as another is not stored."""
    stored = await _created(db, arguments, arguments.on_similar or "return")
    similar = stored.similar
    if similar is None:
        return MemoryCreatedResponse(memory_id=stored.id, message="Remembered")
    if similar.equal and similar.action == "returned":
        return _beside(stored.id, stored.value, similar, "Remembered already")
    if arguments.on_similar is None:
        both = await _created(db, arguments, "store")
        return _beside(both.id, stored.value, similar, _STORED_BESIDE, action="stored beside")
    if similar.action == "returned":
        return _beside(stored.id, stored.value, similar, _NOT_STORED)
    other = await db.api.memory.get(similar.id, namespace=stored.namespace or "")
    message = "Remembered, in the place of a similar memory"
    return _beside(stored.id, other.value, similar, message)


async def _created(
    db: AsyncDatabase, arguments: CreateMemoryArguments, on_similar: OnSimilar
) -> MemoryRecord:
    return await db.api.memory.create(
        arguments.value,
        label=arguments.label,
        description=arguments.description,
        namespace=arguments.namespace,
        tags=arguments.tags,
        metadata=arguments.metadata,
        on_similar=on_similar,
    )


def _beside(
    memory_id: str,
    value: object,
    similar: SimilarRecord,
    message: str,
    action: str | None = None,
) -> MemoryCreatedResponse:
    """Tell what is like it, and what became of the two."""
    shown = SimilarRemembered(
        similar.id, value, similar.likeness, similar.equal, action or similar.action
    )
    return MemoryCreatedResponse(memory_id=memory_id, similar=shown, message=message)


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
