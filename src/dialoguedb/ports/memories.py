"""What the service needs of an engine for memories."""

from typing import Protocol

from dialoguedb.model.memories import Memory, MemoryFilter, NewMemory
from dialoguedb.model.projects import Project
from dialoguedb.model.writes import Tags, WriteOptions
from dialoguedb.values.lists import Slice, Window


class MemoryStore(Protocol):
    """Memories, each (project, namespace, id)."""

    async def create(
        self, project: Project, namespace: str, new: NewMemory, options: WriteOptions
    ) -> Memory:
        """Store a memory; an equal existing one is answered, another one is a DuplicateId."""
        ...

    async def get(self, project: Project, namespace: str, memory_id: str) -> Memory:
        """Return one memory."""
        ...

    async def list(self, project: Project, filters: MemoryFilter, window: Window) -> Slice[Memory]:
        """Return a window of memories, ties ordered by id."""
        ...

    async def update(
        self, project: Project, namespace: str, memory_id: str, tags: Tags, options: WriteOptions
    ) -> Memory:
        """Replace the tags; None changes nothing."""
        ...

    async def delete(
        self, project: Project, namespace: str, memory_id: str, options: WriteOptions
    ) -> None:
        """Delete one memory."""
        ...
