"""Messages: ids for new ones, pages of lists."""

import asyncio
from collections.abc import Callable, Sequence

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
        """Name those whose sender chose no id, and count all; on a thread when that takes long."""
        for message in new:
            if not message.named:
                message.id = self._new_id()
        if sum(len(message.content) for message in new) <= _COUNTED_AT_ONCE_BYTES:
            self._count_all(new)
        else:
            await asyncio.to_thread(self._count_all, new)

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
        intake: MessagePreparation,
        pages: PageTokens,
        compaction: AutoCompaction,
    ) -> None:
        self._store = store
        self._intake = intake
        self._pages = pages
        self._compaction = compaction

    async def create(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        new: Sequence[NewMessage],
        options: WriteOptions,
    ) -> Versioned[Sequence[Message]]:
        """Append messages, all or none."""
        await self._intake.prepare(new)
        options = self._compaction.options_for(project, options)
        stored = await self._store.create(project, namespace, dialogue_id, new, options)
        self._compaction.after(stored)
        return stored

    async def list(
        self, project: Project, request: PageRequest[MessageListFilter]
    ) -> Versioned[Page[Message]]:
        """Return a page of a dialogue's messages."""
        scope = f"messages {project.id} {request.listing.filter.dialogue_id}"
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
