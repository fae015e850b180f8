"""Memories as they are stored, and what creating and tagging them comes to."""

from msgspec import UNSET, Raw, Struct, structs

from dialoguedb.errors import DuplicateId, ErrorDetail, MemoryNotFound
from dialoguedb.model.memories import Memory, NewMemory
from dialoguedb.model.rules.pages import ESCAPED_BYTES
from dialoguedb.model.rules.tags import encode_tags


class StoredMemory(Struct, gc=False):
    """A memory as an engine keeps it; value, tags and metadata are compact JSON."""

    id: str
    namespace: str
    value: bytes
    label: str | None
    description: str | None
    tags: bytes
    metadata: bytes
    created: str
    modified: str

    def to_memory(self) -> Memory:
        """Return the memory for a response."""
        return Memory(
            id=self.id,
            value=Raw(self.value),
            tags=Raw(self.tags),
            metadata=Raw(self.metadata),
            created=self.created,
            modified=self.modified,
            namespace=self.namespace or UNSET,
            label=UNSET if self.label is None else self.label,
            description=UNSET if self.description is None else self.description,
        )

    def is_same(self, new: NewMemory) -> bool:
        """Tell whether a received memory is this one, sent again."""
        return (
            self.value == new.value
            and self.metadata == new.metadata
            and (self.label, self.description) == (new.label, new.description)
            and new.created in {None, self.created}
        )


def memory_bytes(memory: StoredMemory) -> int:
    """Return what a memory adds to a page, beside its names."""
    values = len(memory.value) + len(memory.metadata) + len(memory.tags)
    return values + len(memory.description or "") * ESCAPED_BYTES


def plan_creation(
    namespace: str, new: NewMemory, existing: StoredMemory | None, now: str
) -> StoredMemory:
    """Return the memory to store, or the existing one when it is the same; DuplicateId."""
    if existing and new.named and existing.is_same(new):
        return existing
    if existing:
        message = f"Memory '{new.id}' already exists with different content"
        raise DuplicateId(message, [ErrorDetail("id", "INVALID", message)])
    return StoredMemory(
        id=new.id,
        namespace=namespace,
        value=new.value,
        label=new.label,
        description=new.description,
        tags=encode_tags(new.tags),
        metadata=new.metadata,
        created=new.created or now,
        modified=now,
    )


def plan_retag(memory: StoredMemory, tags: tuple[str, ...] | None, now: str) -> StoredMemory:
    """Return the memory with other tags; the memory itself when it stays as it is."""
    if tags is None or encode_tags(tags) == memory.tags:
        return memory
    return structs.replace(memory, tags=encode_tags(tags), modified=max(memory.modified, now))


def memory_not_found(memory_id: str) -> MemoryNotFound:
    """Return the error for a memory that does not exist."""
    return MemoryNotFound(f"Memory '{memory_id}' not found")
