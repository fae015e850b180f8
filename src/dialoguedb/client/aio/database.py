"""The client: where a program starts."""

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self, Unpack

from dialoguedb.client.aio.api import AsyncApi
from dialoguedb.client.aio.dialogues import AsyncDialogue
from dialoguedb.client.aio.memories import AsyncMemory
from dialoguedb.client.aio.messages import AsyncMessage
from dialoguedb.client.aio.pagination import every_item
from dialoguedb.client.aio.sender import AsyncSender
from dialoguedb.client.inputs import (
    DialogueFields,
    DialogueListOptions,
    DialoguePageOptions,
    MemoryListOptions,
    MemoryPageOptions,
    NewMemoryFields,
    SearchOptions,
)
from dialoguedb.client.keyword_arguments import known_only
from dialoguedb.client.options import RETRIES_DEFAULT, TIMEOUT_S_DEFAULT, check_options
from dialoguedb.client.records import DeletionReceipt, DialogueRecord
from dialoguedb.client.search_records import Found
from dialoguedb.client.transport.requests import AsyncTransport
from dialoguedb.client.transport.retries import RetryPolicy
from dialoguedb.errors import DialogueNotFound, DuplicateId
from dialoguedb.model.erasures import ErasureReceipt
from dialoguedb.model.messages import AttachmentMode
from dialoguedb.values.lists import Page


class AsyncDatabase:
    """Dialogues and memories, at a server or in an engine, whichever the transport reaches."""

    def __init__(
        self,
        transport: AsyncTransport,
        *,
        namespace: str | None = None,
        timeout: float = TIMEOUT_S_DEFAULT,
        retries: int = RETRIES_DEFAULT,
    ) -> None:
        check_options(namespace, timeout, retries)
        self._transport = transport
        self.namespace = namespace
        self.api = AsyncApi(AsyncSender(transport, RetryPolicy(retries), timeout, namespace))
        """The direct layer: one method for each call of the API."""

    def __repr__(self) -> str:
        """Show where the data is, but no key."""
        within = "" if self.namespace is None else f", namespace {self.namespace!r}"
        return f"<{type(self).__name__} {self._transport}{within}>"

    async def close(self) -> None:
        """Release the connections, or the engine."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        """Open an engine; connections to a server are opened when they are needed."""
        await self._transport.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        await self.close()

    # --- Dialogues --------------------------------------------------------------------------

    @known_only
    async def create_dialogue(self, **fields: Unpack[DialogueFields]) -> AsyncDialogue:
        """Create a dialogue, with its first messages if you like; DuplicateId."""
        return AsyncDialogue(self.api, await self.api.dialogue.create(**fields))

    async def get_dialogue(
        self,
        dialogue_id: str,
        *,
        namespace: str | None = None,
        messages: int | None = None,
        attachments: AttachmentMode | None = None,
    ) -> AsyncDialogue:
        """Return one dialogue, with its last messages if you like; DialogueNotFound."""
        record = await self.api.dialogue.get(
            dialogue_id, namespace=namespace, messages=messages, attachments=attachments
        )
        if record.messages_next is not None:
            await self._read_earlier(record, namespace, messages or 0)
        return AsyncDialogue(self.api, record)

    async def _read_earlier(
        self, record: DialogueRecord, namespace: str | None, count: int
    ) -> None:
        """Read what is missing of the last messages, which are too large to come at once."""
        shown = record.messages or []
        while record.messages_next is not None and len(shown) < count:
            page = await self.api.message.list(
                record.id,
                namespace=namespace,
                limit=count - len(shown),
                next=record.messages_next,
            )
            shown = [*reversed(page.items), *shown]
            record.messages_next = page.next
        record.messages, record.messages_next = shown, None

    @known_only
    async def get_or_create_dialogue(
        self, dialogue_id: str, **fields: Unpack[DialogueFields]
    ) -> AsyncDialogue:
        """Return the dialogue of this id, created with these fields if there is none.

        Several programs may do this at the same time: one of them creates it.
        """
        namespace = fields.get("namespace")
        try:
            return await self.get_dialogue(dialogue_id, namespace=namespace)
        except DialogueNotFound:
            fields["id"] = dialogue_id
        try:
            return await self.create_dialogue(**fields)
        except DuplicateId:
            return await self.get_dialogue(dialogue_id, namespace=namespace)

    @known_only
    async def list_dialogues(self, **options: Unpack[DialoguePageOptions]) -> Page[AsyncDialogue]:
        """Return a page of dialogues, newest first."""
        page = await self.api.dialogue.list(**options)
        return Page([AsyncDialogue(self.api, record) for record in page], page.next)

    @known_only
    async def iter_dialogues(
        self, page_size: int | None = None, **options: Unpack[DialogueListOptions]
    ) -> AsyncIterator[AsyncDialogue]:
        """Iterate over all dialogues, newest first, page by page."""
        async for record in every_item(self.api.dialogue.list, page_size, {**options}):
            yield AsyncDialogue(self.api, record)

    async def delete_dialogue(
        self, dialogue_id: str, *, namespace: str | None = None
    ) -> DeletionReceipt:
        """Delete a dialogue for good, with its messages and, recursively, its threads."""
        return await self.api.dialogue.delete(dialogue_id, namespace=namespace)

    # --- Memories ---------------------------------------------------------------------------

    @known_only
    async def create_memory(self, value: Any, **fields: Unpack[NewMemoryFields]) -> AsyncMemory:
        """Create a memory of any JSON value."""
        return AsyncMemory(self.api, await self.api.memory.create(value, **fields))

    async def get_memory(self, memory_id: str, *, namespace: str | None = None) -> AsyncMemory:
        """Return one memory; MemoryNotFound."""
        return AsyncMemory(self.api, await self.api.memory.get(memory_id, namespace=namespace))

    @known_only
    async def list_memories(self, **options: Unpack[MemoryPageOptions]) -> Page[AsyncMemory]:
        """Return a page of memories, newest first."""
        page = await self.api.memory.list(**options)
        return Page([AsyncMemory(self.api, record) for record in page], page.next)

    @known_only
    async def iter_memories(
        self, page_size: int | None = None, **options: Unpack[MemoryListOptions]
    ) -> AsyncIterator[AsyncMemory]:
        """Iterate over all memories, newest first, page by page."""
        async for record in every_item(self.api.memory.list, page_size, {**options}):
            yield AsyncMemory(self.api, record)

    async def delete_memory(self, memory_id: str, *, namespace: str | None = None) -> None:
        """Delete one memory for good; MemoryNotFound."""
        await self.api.memory.delete(memory_id, namespace=namespace)

    # --- Erasure ----------------------------------------------------------------------------

    async def erase(self, namespace: str) -> ErasureReceipt:
        """Erase a namespace, such as one person, for good, and return a signed receipt.

        It needs an admin key. A long one may outlast the timeout: repeat it, and it is continued.
        """
        return await self.api.erasure.create(namespace)

    # --- Search -----------------------------------------------------------------------------

    @known_only
    async def search_messages(
        self, query: str, **options: Unpack[SearchOptions]
    ) -> Found[AsyncMessage]:
        """Find messages by meaning and by words; `hits` has the relevance of each."""
        found = await self.api.search.messages(query, **options)
        return found.of(lambda record: AsyncMessage(self.api, record))

    @known_only
    async def search_dialogues(
        self, query: str, **options: Unpack[SearchOptions]
    ) -> Found[AsyncDialogue]:
        """Find dialogues by their messages; `hits` has the messages that match best."""
        found = await self.api.search.dialogues(query, **options)
        return found.of(lambda record: AsyncDialogue(self.api, record))

    @known_only
    async def search_memories(
        self, query: str, **options: Unpack[SearchOptions]
    ) -> Found[AsyncMemory]:
        """Find memories by meaning and by words; `hits` has the relevance of each."""
        found = await self.api.search.memories(query, **options)
        return found.of(lambda record: AsyncMemory(self.api, record))
