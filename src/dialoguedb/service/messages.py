"""Messages: ids for new ones, pages of lists."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from dialoguedb.formats.tokens import message_tokens
from dialoguedb.model.messages import Message, MessageFilter, NewMessage
from dialoguedb.model.projects import Project
from dialoguedb.model.refs import MessageRef
from dialoguedb.ports import MessageStore, Tags, Versioned, WriteOptions
from dialoguedb.ports.tokens import TokenCounter
from dialoguedb.service.auto_compact import AutoCompaction
from dialoguedb.service.pages import PageRequest, PageTokens
from dialoguedb.values.lists import Page

_COUNTED_AT_ONCE_BYTES = 16 * 1024
"""More than this may take milliseconds when its words are new."""


class MessageListFilter(Struct, frozen=True):
    """Which messages of which dialogue a list shows."""

    namespace: str
    dialogue_id: str
    wanted: MessageFilter = MessageFilter()


class MessagePreparation:
    """Gets messages ready to be stored: named, and their tokens counted."""

    def __init__(self, new_id: Callable[[], str], count: TokenCounter) -> None:
        self._new_id = new_id
        self._count = count

    async def prepare(self, new: Sequence[NewMessage]) -> None:
        """Give ids to those without one and count tokens; on a thread when that takes long."""
        if not self.prepare_short(new):
            self._give_ids(new)
            await asyncio.to_thread(self._count_all, new)

    def prepare_short(self, new: Sequence[NewMessage]) -> bool:
        """Prepare messages that take no time to count; False when they are too long for that."""
        if sum(len(message.content) for message in new) > _COUNTED_AT_ONCE_BYTES:
            return False
        self._give_ids(new)
        self._count_all(new)
        return True

    def _give_ids(self, new: Sequence[NewMessage]) -> None:
        for message in new:
            if not message.named:
                message.id = self._new_id()

    def _count_all(self, new: Sequence[NewMessage]) -> None:
        for message in new:
            message.tokens = message_tokens(
                message.role, message.content, message.name, message.metadata, self._count
            )


class MessageService:
    """What can be done with messages."""

    def __init__(
        self,
        store: MessageStore,
        preparation: MessagePreparation,
        pages: PageTokens,
        compaction: AutoCompaction,
    ) -> None:
        self._store = store
        self._preparation = preparation
        self._pages = pages
        self._compaction = compaction

    def create(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        new: Sequence[NewMessage],
        options: WriteOptions,
    ) -> Awaitable[Versioned[Sequence[Message]]]:
        """Append messages, all or none."""
        if project.settings.auto_compact or not self._preparation.prepare_short(new):
            return self._create_long(project, namespace, dialogue_id, new, options)
        return self._store.create(project, namespace, dialogue_id, new, options)

    async def _create_long(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        new: Sequence[NewMessage],
        options: WriteOptions,
    ) -> Versioned[Sequence[Message]]:
        await self._preparation.prepare(new)
        options = self._compaction.options_for(project, options)
        stored = await self._store.create(project, namespace, dialogue_id, new, options)
        self._compaction.after(stored)
        return stored

    async def list(
        self, project: Project, request: PageRequest[MessageListFilter]
    ) -> Versioned[Page[Message]]:
        """Return a page of a dialogue's messages."""
        scope = f"messages {project.id} {request.list_request.filter.dialogue_id}"
        listing = self._pages.resume(scope, request)
        of = listing.filter
        found = await self._store.list(
            project, of.namespace, of.dialogue_id, of.wanted, listing.window
        )
        return Versioned(self._pages.page(scope, listing, found.value), found.version)

    async def get(
        self, project: Project, namespace: str, dialogue_id: str, message_id: str
    ) -> Message:
        """Return one message."""
        return await self._store.get(project, namespace, dialogue_id, message_id)

    async def update(
        self,
        project: Project,
        namespace: str,
        ref: MessageRef,
        tags: Tags,
        options: WriteOptions,
    ) -> Message:
        """Replace the tags of a message."""
        return await self._store.update(project, namespace, ref, tags, options)

    async def delete(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        message_id: str,
        options: WriteOptions,
    ) -> None:
        """Delete one message."""
        await self._store.delete(project, namespace, dialogue_id, message_id, options)
