"""A memory, bound to its database."""

from collections.abc import Sequence

from dialoguedb.client.aio.api import AsyncApi
from dialoguedb.client.encoding.fields import checked_tags
from dialoguedb.client.records import MemoryRecord
from dialoguedb.client.tracking.changes import assigned_into
from dialoguedb.client.tracking.objects import TrackedMemory


class AsyncMemory(TrackedMemory):
    """A memory; its tags can be changed, all else is write-once."""

    def __init__(self, api: AsyncApi, record: MemoryRecord) -> None:
        super().__init__(record)
        self._api = api

    async def save(self) -> None:
        """Store the tags, if they were changed."""
        if self.is_dirty:
            await self.save_tags(self.tags)

    async def save_tags(self, tags: Sequence[str]) -> None:
        """Replace the tags and store them."""
        sent = checked_tags(tags)
        stored = await self._api.memory.update(self.id, tags=sent, namespace=self.namespace or "")
        assigned_into(self.tags, sent)
        self._apply(stored, {"tags": sent})

    async def remove(self) -> None:
        """Delete the memory for good."""
        await self._api.memory.delete(self.id, namespace=self.namespace or "")
