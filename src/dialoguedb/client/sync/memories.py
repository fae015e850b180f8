# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""A memory, bound to its database."""

from collections.abc import Sequence
from typing import Unpack

from dialoguedb.client.encoding.fields import checked_tags
from dialoguedb.client.inputs import MemoryChanges, PageOptions
from dialoguedb.client.records import MemoryRecord, MemoryVersionRecord
from dialoguedb.client.sync.api import Api
from dialoguedb.client.tracking.changes import assigned_into
from dialoguedb.client.tracking.objects import TrackedMemory
from dialoguedb.values.lists import Page


class Memory(TrackedMemory):
    """A memory; its tags change, and `update` corrects what it says."""

    def __init__(self, api: Api, record: MemoryRecord) -> None:
        super().__init__(record)
        self._api = api

    def save(self) -> None:
        """Store the tags, if they were changed."""
        if self.is_dirty:
            self.save_tags(self.tags)

    def save_tags(self, tags: Sequence[str]) -> None:
        """Replace the tags and store them."""
        sent = checked_tags(tags)
        stored = self._api.memory.update(self.id, tags=sent, namespace=self.namespace or "")
        assigned_into(self.tags, sent)
        self._apply(stored, {"tags": sent})

    def update(self, **changes: Unpack[MemoryChanges]) -> None:
        """Correct what it says, or when it is true; what it said before is in its history."""
        changes["namespace"] = self.namespace or ""
        self._apply(self._api.memory.update(self.id, **changes))

    def history(self, **options: Unpack[PageOptions]) -> Page[MemoryVersionRecord]:
        """Return a page of what it said before, newest version first."""
        namespace = self.namespace or ""
        return self._api.memory.history(self.id, namespace=namespace, **options)

    def remove(self) -> None:
        """Delete the memory for good, with its history."""
        self._api.memory.delete(self.id, namespace=self.namespace or "")
