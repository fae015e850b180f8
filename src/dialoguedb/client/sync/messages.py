# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""A message, bound to its database."""

from collections.abc import Callable, Sequence

from dialoguedb.client.encoding.fields import checked_tags
from dialoguedb.client.records import MessageRecord
from dialoguedb.client.sync.api import Api
from dialoguedb.client.tracking.changes import assigned_into
from dialoguedb.client.tracking.objects import TrackedMessage


class Message(TrackedMessage):
    """A message; its tags can be changed, all else is write-once."""

    def __init__(
        self,
        api: Api,
        record: MessageRecord,
        on_deleted: Callable[[], Callable[[int | None], None] | None] = lambda: None,
    ) -> None:
        super().__init__(record)
        self._api = api
        self._on_deleted = on_deleted

    def save(self) -> None:
        """Store the tags, if they were changed."""
        if self.is_dirty:
            self.save_tags(self.tags)

    def save_tags(self, tags: Sequence[str]) -> None:
        """Replace the tags and store them."""
        sent = checked_tags(tags)
        stored = self._api.message.update(
            self.dialogue_id, self.id, tags=sent, namespace=self.namespace or ""
        )
        assigned_into(self.tags, sent)
        self._apply(stored, {"tags": sent})

    def remove(self) -> None:
        """Delete the message for good."""
        self._api.message.delete(self.dialogue_id, self.id, namespace=self.namespace or "")
        if on_deleted := self._on_deleted():  # None once nobody uses the dialogue
            on_deleted(self.seq)
