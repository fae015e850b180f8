"""Memories: ids for new ones, pages of lists."""

from collections.abc import Callable

from dialoguedb.model.memories import Memory, MemoryFilter, NewMemory
from dialoguedb.model.projects import Project
from dialoguedb.ports import MemoryStore, Tags, WriteOptions
from dialoguedb.service.pages import PagePiece, PageRequest, PageTokens
from dialoguedb.values.lists import Slice, Window


class MemoryService:
    """What can be done with memories."""

    def __init__(self, store: MemoryStore, new_id: Callable[[], str], pages: PageTokens) -> None:
        self._store = store
        self._new_id = new_id
        self._pages = pages

    async def create(
        self, project: Project, namespace: str, new: NewMemory, options: WriteOptions
    ) -> Memory:
        """Create a memory."""
        if not new.named:
            new.id = self._new_id()
        return await self._store.create(project, namespace, new, options)

    async def get(self, project: Project, namespace: str, memory_id: str) -> Memory:
        """Return one memory."""
        return await self._store.get(project, namespace, memory_id)

    async def list(self, project: Project, request: PageRequest[MemoryFilter]) -> PagePiece[Memory]:
        """Return a page of memories, or its first piece."""
        scope = f"memories {project.id}"
        listing = self._pages.resume(scope, request)

        async def fetch(window: Window) -> Slice[Memory]:
            return await self._store.list(project, listing.filter, window)

        return self._pages.piece(scope, listing, fetch, await fetch(listing.pieces))

    async def update(
        self, project: Project, namespace: str, memory_id: str, tags: Tags, options: WriteOptions
    ) -> Memory:
        """Replace the tags."""
        return await self._store.update(project, namespace, memory_id, tags, options)

    async def delete(
        self, project: Project, namespace: str, memory_id: str, options: WriteOptions
    ) -> None:
        """Delete one memory."""
        await self._store.delete(project, namespace, memory_id, options)
