"""A conversation store for pydantic-ai; the extra is `pydantic-ai`."""

from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any

from pydantic import TypeAdapter
from pydantic_ai.conversation_store import (
    ConversationConflict,
    ConversationEntry,
    ConversationRecord,
    ConversationStore,
)
from pydantic_ai.messages import ModelMessagesTypeAdapter

from dialoguedb.client.aio.database import AsyncDatabase
from dialoguedb.client.aio.pagination import every_item
from dialoguedb.client.inputs import MessageDict
from dialoguedb.client.records import DialogueRecord, MessageRecord
from dialoguedb.errors import DialogueNotFound, DuplicateId, VersionConflict
from dialoguedb.integrations.batches import batches
from dialoguedb.integrations.hashed_tags import hashed_tag
from dialoguedb.values.limits import PAGE_ITEMS_MAX

_OURS = "pydanticAi"
_SYSTEM = "system-prompt"
_KNOWN_MAX = 100_000
_RETURNS = {"tool-return", "retry-prompt"}
_RECORDS: TypeAdapter[Any] = TypeAdapter(ConversationRecord)


class DialogueDBConversationStore(ConversationStore):
    """Keeps conversations: `await store.save(result)` after a run, `await store.load(id)` before.

    A conversation is the dialogue with its id, and each entry a message of it; what the library
    keeps beside the messages is in the dialogue's state. A fork has copies of what it shares, so a
    deleted conversation is gone with all its messages, and its forks stay whole.
    """

    def __init__(self, db: AsyncDatabase, *, namespace: str | None = None) -> None:
        self._db = db
        self._namespace = namespace
        self._dialogue_of: OrderedDict[str, str] = OrderedDict()
        """Where entries are that a record or a history named last; others are looked for."""

    async def read_record(self, conversation_id: str) -> ConversationRecord | None:
        """Return the record of a conversation; None when there is none."""
        try:
            found = await self._db.api.dialogue.get(conversation_id, namespace=self._namespace)
        except DialogueNotFound:
            return None
        return self._noted(found)

    async def read_records(
        self, *, scope: str | None = None, limit: int | None = None
    ) -> Sequence[ConversationRecord]:
        """Return all records, or those of a scope, the last saved first."""
        tag = self._tag() if scope is None else self._tag(scope)
        found = [self._noted(one) async for one in self._dialogues(tag)]
        records = [one for one in found if one is not None]
        records.sort(key=lambda one: one.updated_at, reverse=True)
        return records[:limit]

    async def write_record(
        self,
        record: ConversationRecord,
        *,
        new_entries: Sequence[ConversationEntry] = (),
        expected_revision: str | None,
    ) -> None:
        """Store a record with new entries in one commit, as far as a request holds them."""
        own_id = record.conversation_id
        entries = [*await self._shared(record, new_entries), *new_entries]
        *before, last = [*batches([one for entry in entries for one in _messages(entry)])] or [[]]
        while True:
            version = await self._checked(record, new_entries, expected_revision)
            try:
                for batch in before:
                    await self._db.api.message.create_many(own_id, batch, namespace=self._namespace)
                await self._db.api.dialogue.update(
                    own_id,
                    state={_OURS: _RECORDS.dump_python(record, mode="json")},
                    tags=[self._tag(), *([self._tag(record.scope)] if record.scope else [])],
                    messages=last,
                    if_match=version,
                    namespace=self._namespace,
                )
            except VersionConflict:  # somebody else changed it in between, or its label alone
                continue
            except DialogueNotFound:
                raise ConversationConflict(own_id) from None
            self._note(own_id, [record.head_id, *record.branches])
            return

    async def delete_record(self, conversation_id: str, *, expected_revision: str) -> None:
        """Delete a conversation for good, with all its messages."""
        record = await self.read_record(conversation_id)
        if record is None or record.revision != expected_revision:
            raise ConversationConflict(conversation_id)
        try:
            await self._db.delete_dialogue(conversation_id, namespace=self._namespace)
        except DialogueNotFound:
            raise ConversationConflict(conversation_id) from None

    async def read_entry(self, entry_id: str) -> ConversationEntry:
        """Return an entry of a conversation whose record was read; LookupError."""
        return (await self.read_history(entry_id))[-1]

    async def read_history(
        self, head_id: str | None, *, limit: int | None = None
    ) -> list[ConversationEntry]:
        """Return the entries up to one, or the last of them; LookupError."""
        if head_id is None or limit == 0:
            return []
        dialogue_id = self._dialogue_of.get(head_id) or await self._found(head_id)
        entries: list[ConversationEntry] = []
        following: str | None = head_id
        try:
            async for entry in self._entries(dialogue_id):
                if entry.id == following:
                    entries.append(entry)
                    following = entry.parent_id
                if following is None or len(entries) == limit:
                    break
        except DialogueNotFound:
            raise LookupError(head_id) from None
        if following is not None and len(entries) != limit:
            raise LookupError(following)
        self._note(dialogue_id, [one.id for one in entries])
        return entries[::-1]

    # --- Internals --------------------------------------------------------------------------

    async def _checked(
        self,
        record: ConversationRecord,
        new_entries: Sequence[ConversationEntry],
        expected_revision: str | None,
    ) -> str:
        """Return the version of the dialogue that a record may replace; ConversationConflict."""
        own_id, head = record.conversation_id, record.head_id
        if expected_revision is None:
            try:
                made = await self._db.api.dialogue.create(id=own_id, namespace=self._namespace)
                return str(made.version)
            except DuplicateId:  # another program's, or one whose first save was interrupted
                pass
        try:
            found = await self._db.api.dialogue.get(own_id, namespace=self._namespace)
        except DialogueNotFound:
            raise ConversationConflict(own_id) from None
        stored = self._noted(found)
        is_expected = (stored.revision if stored else None) == expected_revision
        is_new = head is None or head in {one.id for one in new_entries}
        if not is_expected or not (is_new or await self._is_there(head)):
            raise ConversationConflict(own_id)
        return str(found.version)

    async def _shared(
        self, record: ConversationRecord, new_entries: Sequence[ConversationEntry]
    ) -> list[ConversationEntry]:
        """Return what a fork that is not stored yet has of the conversation it comes from."""
        first = new_entries[0].parent_id if new_entries else record.head_id
        is_own = self._dialogue_of.get(first or "") == record.conversation_id
        if record.forked_from is None or first is None or is_own:
            return []
        try:
            return await self.read_history(first)
        except LookupError:
            raise ConversationConflict(record.conversation_id) from None

    async def _is_there(self, entry_id: str | None) -> bool:
        try:
            return bool(await self.read_history(entry_id, limit=1))
        except LookupError:
            return False

    async def _found(self, entry_id: str) -> str:
        """Return the dialogue of an entry that nothing has named yet; LookupError."""
        async for one in self._dialogues(self._tag()):
            async for entry in self._entries(one.id):
                if entry.id == entry_id:
                    return one.id
        raise LookupError(entry_id)

    async def _entries(self, dialogue_id: str) -> AsyncIterator[ConversationEntry]:
        """Read entries, the newest first."""
        fetch = partial(self._db.api.message.list, dialogue_id)
        options = {"order": "desc", "namespace": self._namespace}
        waiting: MessageRecord | None = None
        async for record in every_item(fetch, PAGE_ITEMS_MAX, options):
            about = record.metadata.get(_OURS)
            if about is None:  # another program's
                continue
            if about.get("hasSystem"):
                waiting = record
            elif waiting is not None:
                yield _entry(waiting, record.content["parts"])
                waiting = None
            else:
                yield _entry(record, [])

    def _dialogues(self, tag: str) -> AsyncIterator[DialogueRecord]:
        options = {"tags": [tag], "namespace": self._namespace}
        return every_item(self._db.api.dialogue.list, PAGE_ITEMS_MAX, options)

    def _noted(self, found: DialogueRecord) -> ConversationRecord | None:
        """Return the record of a dialogue, and note where what it names is."""
        held = found.state.get(_OURS)
        if held is None:
            return None
        record: ConversationRecord = _RECORDS.validate_python(held)
        self._note(found.id, [record.head_id, *record.branches])
        return record

    def _note(self, dialogue_id: str, entry_ids: Sequence[str | None]) -> None:
        for one in entry_ids:
            if one is not None:
                self._dialogue_of[one] = dialogue_id
                self._dialogue_of.move_to_end(one)
        while len(self._dialogue_of) > _KNOWN_MAX:
            self._dialogue_of.popitem(last=False)

    def _tag(self, *scope: str) -> str:
        return hashed_tag("pydantic-ai", self._namespace or "", *scope)


def _messages(entry: ConversationEntry) -> list[MessageDict]:
    """Return the message of an entry, behind one with what the system says in it."""
    (content,) = ModelMessagesTypeAdapter.dump_python([entry.message], mode="json")
    parts = content["parts"]
    system = [part for part in parts if part.get("part_kind") == _SYSTEM]
    about: dict[str, Any] = {"parent": entry.parent_id}
    if not system or system == parts or parts[: len(system)] != system:
        role = "system" if system and system == parts else _role(content)
        return [_message(entry.id, role, content, about)]
    rest = {**content, "parts": parts[len(system) :]}
    before = {"kind": "request", "parts": system}
    return [
        _message(f"{entry.id}-system", "system", before, {}),
        _message(entry.id, _role(rest), rest, {**about, "hasSystem": True}),
    ]


def _message(own_id: str, role: str, content: Any, about: dict[str, Any]) -> MessageDict:
    return {"id": own_id, "role": role, "content": content, "metadata": {_OURS: about}}


def _role(content: Any) -> str:
    if content["kind"] == "response":
        return "assistant"
    kinds = {part["part_kind"] for part in content["parts"]}
    return "tool" if kinds and kinds <= _RETURNS else "user"


def _entry(record: MessageRecord, system: Sequence[Any]) -> ConversationEntry:
    content = {**record.content, "parts": [*system, *record.content["parts"]]}
    (message,) = ModelMessagesTypeAdapter.validate_python([content])
    parent = record.metadata[_OURS].get("parent")
    return ConversationEntry(id=record.id, parent_id=parent, message=message)
