# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""A message, bound to its database."""

from collections.abc import Callable, Sequence

from dialoguedb.client.drafts import MessageDraft
from dialoguedb.client.fields import tags as as_tags
from dialoguedb.client.records import MessageRecord
from dialoguedb.client.sync.api import Api
from dialoguedb.client.tracking import made_into


class Message(MessageDraft):
    """A message; its tags can be changed, all else is as it was said."""

    def __init__(
        self,
        api: Api,
        record: MessageRecord,
        forgetting: Callable[[], Callable[[int | None], None] | None] = lambda: None,
    ) -> None:
        super().__init__(record)
        self._api = api
        self._forgetting = forgetting

    def save(self) -> None:
        """Store the tags, if they were changed."""
        if self.is_dirty:
            self.save_tags(self.tags)

    def save_tags(self, tags: Sequence[str]) -> None:
        """Replace the tags and store them."""
        sent = as_tags(tags)
        stored = self._api.message.update(
            self.dialogue_id, self.id, tags=sent, namespace=self.namespace or ""
        )
        made_into(self.tags, sent)
        self._settle(stored, {"tags": sent})

    def remove(self) -> None:
        """Delete the message for good."""
        self._api.message.delete(self.dialogue_id, self.id, namespace=self.namespace or "")
        if forget := self._forgetting():  # the dialogue, while somebody uses it
            forget(self.seq)
