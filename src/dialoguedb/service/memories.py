"""Memories: ids for new ones, pages of lists."""

import asyncio
from collections.abc import Callable
from weakref import WeakValueDictionary

from dialoguedb.model.memories import (
    Memory,
    MemoryFilter,
    MemoryUpdate,
    MemoryVersion,
    MemoryVersionFilter,
    NewMemory,
    NewVersion,
    OnSimilar,
)
from dialoguedb.model.projects import Project
from dialoguedb.ports import MemoryStore, WriteOptions
from dialoguedb.service.pages import PagePiece, PageRequest, PageTokens
from dialoguedb.service.similar import SimilarMemories
from dialoguedb.values.lists import Slice, Window


class MemoryService:
    """What can be done with memories."""

    def __init__(
        self,
        store: MemoryStore,
        new_id: Callable[[], str],
        pages: PageTokens,
        similar: SimilarMemories,
    ) -> None:
        self._store = store
        self._similar = similar
        self._comparing = WeakValueDictionary[tuple[str, str], asyncio.Lock]()
        """Held while a memory is compared and stored: of two alike that come here one is."""

        self._new_id = new_id
        self._pages = pages

    async def create(
        self,
        project: Project,
        namespace: str,
        new: NewMemory,
        options: WriteOptions,
        on_similar: OnSimilar = "store",
    ) -> Memory:
        """Create a memory, unless one that is like it is to be answered."""
        if not new.named:
            new.id = self._new_id()
        if on_similar == "store" or new.details.supersedes is not None:
            return await self._store.create(project, namespace, new, options)
        async with self._comparing.setdefault((project.id, namespace), asyncio.Lock()):
            new.similar = await self._similar.find(project, namespace, new, on_similar)
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
        self,
        project: Project,
        namespace: str,
        memory_id: str,
        update: MemoryUpdate,
        options: WriteOptions,
    ) -> Memory:
        """Change a memory."""
        return await self._store.update(project, namespace, memory_id, update, options)

    async def history(
        self, project: Project, memory_id: str, request: PageRequest[MemoryVersionFilter]
    ) -> PagePiece[MemoryVersion]:
        """Return a page of what a memory said before, or its first piece."""
        scope = f"versions {project.id} {memory_id}"
        listing = self._pages.resume(scope, request)
        namespace = listing.filter.namespace

        async def fetch(window: Window) -> Slice[MemoryVersion]:
            return await self._store.versions(project, namespace, memory_id, window)

        return self._pages.piece(scope, listing, fetch, await fetch(listing.pieces))

    async def create_version(
        self,
        project: Project,
        namespace: str,
        memory_id: str,
        new: NewVersion,
        options: WriteOptions,
    ) -> MemoryVersion:
        """Store a former version, as an import brings it."""
        return await self._store.create_version(project, namespace, memory_id, new, options)

    async def delete(
        self, project: Project, namespace: str, memory_id: str, options: WriteOptions
    ) -> None:
        """Delete one memory."""
        await self._store.delete(project, namespace, memory_id, options)
