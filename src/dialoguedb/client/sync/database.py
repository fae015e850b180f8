# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""The client: where a program starts."""

from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self, Unpack

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
from dialoguedb.client.sync.api import Api
from dialoguedb.client.sync.dialogues import Dialogue
from dialoguedb.client.sync.memories import Memory
from dialoguedb.client.sync.messages import Message
from dialoguedb.client.sync.pagination import every_item
from dialoguedb.client.sync.sender import Sender
from dialoguedb.client.transport.requests import Transport
from dialoguedb.client.transport.retries import RetryPolicy
from dialoguedb.errors import DialogueNotFound, DuplicateId
from dialoguedb.model.erasures import ErasureReceipt
from dialoguedb.model.messages import AttachmentMode
from dialoguedb.values.lists import Page


class Database:
    """Dialogues and memories, at a server or in an engine, whichever the transport reaches."""

    def __init__(
        self,
        transport: Transport,
        *,
        namespace: str | None = None,
        timeout: float = TIMEOUT_S_DEFAULT,
        retries: int = RETRIES_DEFAULT,
    ) -> None:
        check_options(namespace, timeout, retries)
        self._transport = transport
        self.namespace = namespace
        self.api = Api(Sender(transport, RetryPolicy(retries), timeout, namespace))
        """The direct layer: one method for each call of the API."""

    def __repr__(self) -> str:
        """Show where the data is, but no key."""
        within = "" if self.namespace is None else f", namespace {self.namespace!r}"
        return f"<{type(self).__name__} {self._transport}{within}>"

    def close(self) -> None:
        """Release the connections, or the engine."""
        self._transport.close()

    def __enter__(self) -> Self:
        """Open an engine; connections to a server are opened when they are needed."""
        self._transport.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    # --- Dialogues --------------------------------------------------------------------------

    @known_only
    def create_dialogue(self, **fields: Unpack[DialogueFields]) -> Dialogue:
        """Create a dialogue, with its first messages if you like; DuplicateId."""
        return Dialogue(self.api, self.api.dialogue.create(**fields))

    def get_dialogue(
        self,
        dialogue_id: str,
        *,
        namespace: str | None = None,
        messages: int | None = None,
        attachments: AttachmentMode | None = None,
    ) -> Dialogue:
        """Return one dialogue, with its last messages if you like; DialogueNotFound."""
        record = self.api.dialogue.get(
            dialogue_id, namespace=namespace, messages=messages, attachments=attachments
        )
        if record.messages_next is not None:
            self._read_earlier(record, namespace, messages or 0)
        return Dialogue(self.api, record)

    def _read_earlier(self, record: DialogueRecord, namespace: str | None, count: int) -> None:
        """Read what is missing of the last messages, which are too large to come at once."""
        shown = record.messages or []
        while record.messages_next is not None and len(shown) < count:
            page = self.api.message.list(
                record.id,
                namespace=namespace,
                limit=count - len(shown),
                next=record.messages_next,
            )
            shown = [*reversed(page.items), *shown]
            record.messages_next = page.next
        record.messages, record.messages_next = shown, None

    @known_only
    def get_or_create_dialogue(
        self, dialogue_id: str, **fields: Unpack[DialogueFields]
    ) -> Dialogue:
        """Return the dialogue of this id, created with these fields if there is none.

        Several programs may do this at the same time: one of them creates it.
        """
        namespace = fields.get("namespace")
        try:
            return self.get_dialogue(dialogue_id, namespace=namespace)
        except DialogueNotFound:
            fields["id"] = dialogue_id
        try:
            return self.create_dialogue(**fields)
        except DuplicateId:
            return self.get_dialogue(dialogue_id, namespace=namespace)

    @known_only
    def list_dialogues(self, **options: Unpack[DialoguePageOptions]) -> Page[Dialogue]:
        """Return a page of dialogues, newest first."""
        page = self.api.dialogue.list(**options)
        return Page([Dialogue(self.api, record) for record in page], page.next)

    @known_only
    def iter_dialogues(
        self, page_size: int | None = None, **options: Unpack[DialogueListOptions]
    ) -> Iterator[Dialogue]:
        """Iterate over all dialogues, newest first, page by page."""
        for record in every_item(self.api.dialogue.list, page_size, {**options}):
            yield Dialogue(self.api, record)

    def delete_dialogue(self, dialogue_id: str, *, namespace: str | None = None) -> DeletionReceipt:
        """Delete a dialogue for good, with its messages and, recursively, its threads."""
        return self.api.dialogue.delete(dialogue_id, namespace=namespace)

    # --- Memories ---------------------------------------------------------------------------

    @known_only
    def create_memory(self, value: Any, **fields: Unpack[NewMemoryFields]) -> Memory:
        """Create a memory of any JSON value."""
        return Memory(self.api, self.api.memory.create(value, **fields))

    def get_memory(self, memory_id: str, *, namespace: str | None = None) -> Memory:
        """Return one memory; MemoryNotFound."""
        return Memory(self.api, self.api.memory.get(memory_id, namespace=namespace))

    @known_only
    def list_memories(self, **options: Unpack[MemoryPageOptions]) -> Page[Memory]:
        """Return a page of memories, newest first."""
        page = self.api.memory.list(**options)
        return Page([Memory(self.api, record) for record in page], page.next)

    @known_only
    def iter_memories(
        self, page_size: int | None = None, **options: Unpack[MemoryListOptions]
    ) -> Iterator[Memory]:
        """Iterate over all memories, newest first, page by page."""
        for record in every_item(self.api.memory.list, page_size, {**options}):
            yield Memory(self.api, record)

    def delete_memory(self, memory_id: str, *, namespace: str | None = None) -> None:
        """Delete one memory for good; MemoryNotFound."""
        self.api.memory.delete(memory_id, namespace=namespace)

    # --- Erasure ----------------------------------------------------------------------------

    def erase(self, namespace: str) -> ErasureReceipt:
        """Erase a namespace, such as one person, for good, and return a signed receipt.

        It needs an admin key. A long one may outlast the timeout: repeat it, and it is continued.
        """
        return self.api.erasure.create(namespace)

    # --- Search -----------------------------------------------------------------------------

    @known_only
    def search_messages(self, query: str, **options: Unpack[SearchOptions]) -> Found[Message]:
        """Find messages by meaning and by words; `hits` has the relevance of each."""
        found = self.api.search.messages(query, **options)
        return found.of(lambda record: Message(self.api, record))

    @known_only
    def search_dialogues(self, query: str, **options: Unpack[SearchOptions]) -> Found[Dialogue]:
        """Find dialogues by their messages; `hits` has the messages that match best."""
        found = self.api.search.dialogues(query, **options)
        return found.of(lambda record: Dialogue(self.api, record))

    @known_only
    def search_memories(self, query: str, **options: Unpack[SearchOptions]) -> Found[Memory]:
        """Find memories by meaning and by words; `hits` has the relevance of each."""
        found = self.api.search.memories(query, **options)
        return found.of(lambda record: Memory(self.api, record))
