"""Dialogues: ids for new ones, pages of lists."""

from collections.abc import Callable

import msgspec

from dialoguedb.model.dialogues import (
    Action,
    DeletedDialogue,
    Dialogue,
    DialogueFilter,
    DialogueUpdate,
    NewDialogue,
)
from dialoguedb.model.messages import AttachmentMode, AttachmentRead, MessageFilter
from dialoguedb.model.projects import Project
from dialoguedb.ports import DialogueStore, Versioned, WriteOptions
from dialoguedb.service.auto_compact import AutoCompaction
from dialoguedb.service.message_preparation import MessagePreparation
from dialoguedb.service.messages import MessageListFilter, list_scope
from dialoguedb.service.pages import ListRequest, PagePiece, PageRequest, PageTokens
from dialoguedb.values.lists import Slice, Window


class DialogueService:
    """What can be done with dialogues."""

    def __init__(
        self,
        store: DialogueStore,
        new_id: Callable[[], str],
        preparation: MessagePreparation,
        pages: PageTokens,
        compaction: AutoCompaction,
    ) -> None:
        self._store = store
        self._new_id = new_id
        self._preparation = preparation
        self._pages = pages
        self._compaction = compaction

    async def create(
        self, project: Project, namespace: str, new: NewDialogue, options: WriteOptions
    ) -> Versioned[Dialogue]:
        """Create a dialogue with its first messages."""
        new.id = new.id or self._new_id()
        await self._preparation.prepare(new.messages or ())
        options = self._compaction.options_for(project, options)
        created = await self._store.create(project, namespace, new, options)
        self._compaction.after(created)
        return created

    async def get(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        last_messages: int,
        attachments: AttachmentRead = "inline",
    ) -> Versioned[Dialogue]:
        """Return a dialogue with its last messages, oldest first.

        When all that are asked for are too large, it has a page token for those before.
        """
        found = await self._store.get(project, namespace, dialogue_id, last_messages, attachments)
        dialogue = found.value
        shown = [*(dialogue.messages or ())]
        if shown and len(shown) < min(last_messages, dialogue.total_messages):
            sent: AttachmentMode = "reference" if attachments == "reference" else "inline"
            of = MessageListFilter(namespace, dialogue_id, MessageFilter(attachments=sent))
            scope, listing = list_scope(project, dialogue_id), ListRequest(of, "desc")
            oldest = (shown[0].created, shown[0].seq)
            dialogue.messages_next = self._pages.token(scope, listing, oldest)
        return found

    async def list(
        self, project: Project, request: PageRequest[DialogueFilter]
    ) -> PagePiece[Dialogue]:
        """Return a page of dialogues, or its first piece.

        A parent named without a namespace is of the default one.
        """
        scope = f"dialogues {project.id}"
        listing = self._pages.resume(scope, request)
        filters = listing.filter
        if filters.thread_of is not None and filters.namespace is None:
            filters = msgspec.structs.replace(filters, namespace="")

        async def fetch(window: Window) -> Slice[Dialogue]:
            return await self._store.list(project, filters, window)

        return self._pages.piece(scope, listing, fetch, await fetch(listing.pieces))

    async def update(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        update: DialogueUpdate,
        options: WriteOptions,
    ) -> Versioned[Dialogue]:
        """Change label, state and tags and append messages, all or nothing."""
        await self._preparation.prepare(update.messages or ())
        options = self._compaction.options_for(project, options)
        updated = await self._store.update(project, namespace, dialogue_id, update, options)
        self._compaction.after(updated)
        return updated

    async def change_status(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        action: Action,
        options: WriteOptions,
    ) -> Versioned[Dialogue]:
        """End, archive or reopen a dialogue."""
        return await self._store.change_status(project, namespace, dialogue_id, action, options)

    async def delete(
        self, project: Project, namespace: str, dialogue_id: str, options: WriteOptions
    ) -> DeletedDialogue:
        """Delete a dialogue with all that hangs on it."""
        return await self._store.delete(project, namespace, dialogue_id, options)
