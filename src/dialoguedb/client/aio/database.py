"""The client: everything begins here."""

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self, Unpack

from dialoguedb.client.aio.api import AsyncApi
from dialoguedb.client.aio.dialogues import AsyncDialogue
from dialoguedb.client.aio.memories import AsyncMemory
from dialoguedb.client.aio.messages import AsyncMessage
from dialoguedb.client.aio.pages import every
from dialoguedb.client.aio.sending import AsyncSender
from dialoguedb.client.inputs import (
    DialogueFields,
    DialogueList,
    DialoguesWanted,
    MemoriesWanted,
    MemoryFields,
    MemoryList,
    SearchFields,
)
from dialoguedb.client.keywords import known_only
from dialoguedb.client.options import RETRIES_DEFAULT, TIMEOUT_S_DEFAULT, check_manner
from dialoguedb.client.patience import Patience
from dialoguedb.client.records import DeletedDialogue, Found, Page
from dialoguedb.client.requests import AsyncTransport
from dialoguedb.errors import DialogueNotFound, DuplicateId


class AsyncDatabase:
    """Dialogues and memories, kept by whatever the transport leads to."""

    def __init__(
        self,
        transport: AsyncTransport,
        *,
        namespace: str | None = None,
        timeout: float = TIMEOUT_S_DEFAULT,
        retries: int = RETRIES_DEFAULT,
    ) -> None:
        check_manner(namespace, timeout, retries)
        self._transport = transport
        self.namespace = namespace
        self.api = AsyncApi(AsyncSender(transport, Patience(retries), timeout, namespace))
        """The direct layer: one method for each call of the API."""

    def __repr__(self) -> str:
        """Show where the data is, and no key."""
        within = "" if self.namespace is None else f", namespace {self.namespace!r}"
        return f"<{type(self).__name__} {self._transport}{within}>"

    async def close(self) -> None:
        """Release the connections, or the engine."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        """Get ready; an engine is opened now, connections to a server when they are needed."""
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
        self, dialogue_id: str, *, namespace: str | None = None, messages: int | None = None
    ) -> AsyncDialogue:
        """Return one dialogue, with its last messages if you like; DialogueNotFound."""
        record = await self.api.dialogue.get(dialogue_id, namespace=namespace, messages=messages)
        return AsyncDialogue(self.api, record)

    @known_only
    async def get_or_create_dialogue(
        self, dialogue_id: str, **fields: Unpack[DialogueFields]
    ) -> AsyncDialogue:
        """Return the dialogue of this id, created with these fields if there is none.

        Several may do this at the same moment: one of them creates it.
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
    async def list_dialogues(self, **wanted: Unpack[DialogueList]) -> Page[AsyncDialogue]:
        """Return a page of dialogues, the newest first."""
        page = await self.api.dialogue.list(**wanted)
        return Page([AsyncDialogue(self.api, record) for record in page], page.next)

    @known_only
    async def iter_dialogues(
        self, page_size: int | None = None, **wanted: Unpack[DialoguesWanted]
    ) -> AsyncIterator[AsyncDialogue]:
        """Go through all dialogues, the newest first, page by page."""
        async for record in every(self.api.dialogue.list, page_size, {**wanted}):
            yield AsyncDialogue(self.api, record)

    async def delete_dialogue(
        self, dialogue_id: str, *, namespace: str | None = None
    ) -> DeletedDialogue:
        """Delete a dialogue for good, with its messages and, recursively, its threads."""
        return await self.api.dialogue.delete(dialogue_id, namespace=namespace)

    # --- Memories ---------------------------------------------------------------------------

    @known_only
    async def create_memory(self, value: Any, **fields: Unpack[MemoryFields]) -> AsyncMemory:
        """Create a memory of any JSON value."""
        return AsyncMemory(self.api, await self.api.memory.create(value, **fields))

    async def get_memory(self, memory_id: str, *, namespace: str | None = None) -> AsyncMemory:
        """Return one memory; MemoryNotFound."""
        return AsyncMemory(self.api, await self.api.memory.get(memory_id, namespace=namespace))

    @known_only
    async def list_memories(self, **wanted: Unpack[MemoryList]) -> Page[AsyncMemory]:
        """Return a page of memories, the newest first."""
        page = await self.api.memory.list(**wanted)
        return Page([AsyncMemory(self.api, record) for record in page], page.next)

    @known_only
    async def iter_memories(
        self, page_size: int | None = None, **wanted: Unpack[MemoriesWanted]
    ) -> AsyncIterator[AsyncMemory]:
        """Go through all memories, the newest first, page by page."""
        async for record in every(self.api.memory.list, page_size, {**wanted}):
            yield AsyncMemory(self.api, record)

    async def delete_memory(self, memory_id: str, *, namespace: str | None = None) -> None:
        """Delete one memory for good; MemoryNotFound."""
        await self.api.memory.delete(memory_id, namespace=namespace)

    # --- Search -----------------------------------------------------------------------------

    @known_only
    async def search_messages(
        self, query: str, **wanted: Unpack[SearchFields]
    ) -> Found[AsyncMessage]:
        """Find messages by meaning and by words; `hits` tells how well each fits."""
        found = await self.api.search.messages(query, **wanted)
        return found.of(lambda record: AsyncMessage(self.api, record))

    @known_only
    async def search_dialogues(
        self, query: str, **wanted: Unpack[SearchFields]
    ) -> Found[AsyncDialogue]:
        """Find dialogues by what is said in them; `hits` tells the messages that fit best."""
        found = await self.api.search.dialogues(query, **wanted)
        return found.of(lambda record: AsyncDialogue(self.api, record))

    @known_only
    async def search_memories(
        self, query: str, **wanted: Unpack[SearchFields]
    ) -> Found[AsyncMemory]:
        """Find memories by meaning and by words; `hits` tells how well each fits."""
        found = await self.api.search.memories(query, **wanted)
        return found.of(lambda record: AsyncMemory(self.api, record))
