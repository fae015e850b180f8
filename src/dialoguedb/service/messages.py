"""Messages: ids for new ones, pages of lists."""

from collections.abc import Awaitable, Sequence
from itertools import takewhile

from msgspec import Struct, field

from dialoguedb.formats.attachments.deferred import DeferredText
from dialoguedb.model.messages import AttachmentRead, Message, MessageFilter, NewMessage
from dialoguedb.model.projects import Project
from dialoguedb.model.refs import MessageRef
from dialoguedb.ports import MessageStore, Tags, Versioned, WriteOptions
from dialoguedb.service.auto_compact import AutoCompaction
from dialoguedb.service.message_preparation import MessagePreparation
from dialoguedb.service.pages import PagePiece, PageRequest, PageTokens
from dialoguedb.values.lists import Slice, Window


class MessageListFilter(Struct, frozen=True):
    """Which messages of which dialogue a list shows."""

    namespace: str
    dialogue_id: str
    filters: MessageFilter = field(default=MessageFilter(), name="wanted")
    """Its name in page tokens stays, or those that were handed out would end."""


def list_scope(project: Project, dialogue_id: str) -> str:
    """Return what page tokens of a dialogue's messages are valid for."""
    return f"messages {project.id} {dialogue_id}"


def up_to(last_seq: int, window: Window, found: Slice[Message]) -> Slice[Message]:
    """Return a piece as far as nothing in it was appended since the page was begun.

    There the page ends, and the next one goes on from there.
    """
    items = list(takewhile(lambda message: message.seq <= last_seq, found.items))
    if len(items) == len(found.items):
        return found
    last = items[-1] if items else None
    return Slice(items, (last.created, last.seq) if last else window.after)


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
    ) -> Versioned[PagePiece[Message]]:
        """Return a page of a dialogue's messages, or its first piece.

        What is appended while it is read belongs to a later page.
        """
        scope = list_scope(project, request.list_request.filter.dialogue_id)
        listing = self._pages.resume(scope, request)
        of = listing.filter

        async def fetch(window: Window) -> Versioned[Slice[Message]]:
            return await self._store.list(project, of.namespace, of.dialogue_id, of.filters, window)

        found = await fetch(listing.pieces)

        async def rest(window: Window) -> Slice[Message]:
            return up_to(found.version, window, (await fetch(window)).value)

        piece = self._pages.piece(scope, listing, rest, found.value)
        return Versioned(piece, found.version)

    async def get(
        self,
        project: Project,
        namespace: str,
        ref: MessageRef,
        attachments: AttachmentRead = "inline",
    ) -> Message:
        """Return one message."""
        return await self._store.get(project, namespace, ref, attachments)

    async def deferred_text(self, project: Project, text: DeferredText, start: int) -> bytes:
        """Return the next part of the base64 that a message holds a token for; MessageNotFound."""
        return await self._store.deferred_text(project, text, start)

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
        """Delete one message, and what repeats it."""
        if await self._store.delete(project, namespace, dialogue_id, message_id, options):
            self._compaction.wake()
