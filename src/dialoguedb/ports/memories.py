"""What the service needs of an engine for memories."""

from typing import Protocol

from dialoguedb.model.memories import (
    Memory,
    MemoryFilter,
    MemoryUpdate,
    MemoryVersion,
    NewMemory,
    NewVersion,
)
from dialoguedb.model.projects import Project
from dialoguedb.model.writes import WriteOptions
from dialoguedb.values.lists import Slice, Window


class MemoryStore(Protocol):
    """Memories, each (project, namespace, id)."""

    async def create(
        self, project: Project, namespace: str, new: NewMemory, options: WriteOptions
    ) -> Memory:
        """Store a memory; an equal existing one is answered, another one is a DuplicateId.

        What it supersedes has to be there: MemoryNotFound. If the one that is like it is gone
        meanwhile, it is stored as if there had been none.
        """
        ...

    async def get(self, project: Project, namespace: str, memory_id: str) -> Memory:
        """Return one memory."""
        ...

    async def list(self, project: Project, filters: MemoryFilter, window: Window) -> Slice[Memory]:
        """Return a window of memories, ties ordered by id."""
        ...

    async def update(
        self,
        project: Project,
        namespace: str,
        memory_id: str,
        update: MemoryUpdate,
        options: WriteOptions,
    ) -> Memory:
        """Change a memory; what it said before becomes a version of its history."""
        ...

    async def versions(
        self, project: Project, namespace: str, memory_id: str, window: Window
    ) -> Slice[MemoryVersion]:
        """Return a window of what a memory said before, by version."""
        ...

    async def create_version(
        self,
        project: Project,
        namespace: str,
        memory_id: str,
        new: NewVersion,
        options: WriteOptions,
    ) -> MemoryVersion:
        """Store a former version; an equal one is answered, another one is a DuplicateId."""
        ...

    async def delete(
        self, project: Project, namespace: str, memory_id: str, options: WriteOptions
    ) -> None:
        """Delete one memory with its history; what it superseded holds again."""
        ...
