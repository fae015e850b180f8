"""A dialogue, bound to its database."""

import copy
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Unpack, overload

import msgspec

from dialoguedb.client.aio.api import AsyncApi
from dialoguedb.client.aio.messages import AsyncMessage
from dialoguedb.client.aio.pages import every
from dialoguedb.client.aio.waiting import until_done
from dialoguedb.client.drafts import DialogueDraft, members_changed
from dialoguedb.client.inputs import (
    Content,
    ContextFields,
    DialogueList,
    DialoguesWanted,
    MessageInput,
    MessageList,
    MessagesWanted,
    OneMessage,
    SeveralMessages,
    SummaryFields,
    ThreadFields,
)
from dialoguedb.client.keywords import known_only
from dialoguedb.client.records import (
    Check,
    Context,
    DeletedDialogue,
    DialogueRecord,
    MessageRecord,
    Page,
    StateRecord,
    SummaryRecord,
)
from dialoguedb.errors import InvalidRequest, VersionConflict

WAIT_S_DEFAULT = 60.0
_TRIES_BESIDE_OTHERS = 8


class AsyncDialogue(DialogueDraft):
    """A conversation: its messages, state, tags and threads.

    Methods whose names begin with `save` store at once; `label`, `state` and `tags` can also be
    changed here first, and stored together by `save()`.
    """

    def __init__(self, api: AsyncApi, record: DialogueRecord) -> None:
        super().__init__(record)
        self._api = api
        self._held: dict[int, AsyncMessage] = {}
        self._next: str | None = None
        self._loaded = False
        self._hold(record.messages or ())

    # --- Messages ---------------------------------------------------------------------------

    @property
    def messages(self) -> list[AsyncMessage]:
        """The messages that were loaded or saved here, the oldest first."""
        return sorted(self._held.values(), key=lambda message: (message.created, message.seq))

    @property
    def has_more_messages(self) -> bool:
        """Whether there are messages that were not loaded yet."""
        return self._next is not None if self._loaded else len(self._held) < self.total_messages

    async def load_messages(self, **wanted: Unpack[MessageList]) -> Page[AsyncMessage]:
        """Load a page of messages, the oldest first; they are kept in `messages`, too."""
        page = await self._api.message.list(self.id, **self._place(wanted))
        self._loaded, self._next = True, page.next
        return Page(self._hold(page), page.next)

    def iter_messages(
        self, page_size: int | None = None, **wanted: Unpack[MessagesWanted]
    ) -> AsyncIterator[AsyncMessage]:
        """Go through all messages, the oldest first, page by page; none is kept here."""
        return self._every_message(page_size, self._place(wanted))

    async def _every_message(
        self, page_size: int | None, wanted: dict[str, Any]
    ) -> AsyncIterator[AsyncMessage]:
        async def fetch(**paging: Any) -> Page[MessageRecord]:
            return await self._api.message.list(self.id, **paging)

        async for record in every(fetch, page_size, wanted):
            yield AsyncMessage(self._api, record)

    async def get_message(self, message_id: str) -> AsyncMessage:
        """Return one message; MessageNotFound."""
        record = await self._api.message.get(self.id, message_id, **self._place({}))
        return AsyncMessage(self._api, record)

    @overload
    async def save_message(self, message: MessageInput, /) -> AsyncMessage: ...

    @overload
    async def save_message(
        self, role: str, content: Content, **fields: Unpack[OneMessage]
    ) -> AsyncMessage: ...

    async def save_message(
        self, role: str | MessageInput, content: Content = "", **fields: Any
    ) -> AsyncMessage:
        """Append a message: `save_message("user", "Hello!")`, or one dict with its fields."""
        sent: dict[str, Any] = {"role": role, "content": content, **fields}
        if not isinstance(role, str):
            sent = {**role}
        record = await self._api.message.create(self.id, **self._place(sent))
        self._count([record])
        return self._hold([record])[0]

    async def save_messages(
        self, messages: Sequence[MessageInput], **fields: Unpack[SeveralMessages]
    ) -> list[AsyncMessage]:
        """Append messages, all or none, in their order."""
        records = await self._api.message.create_many(self.id, messages, **self._place(fields))
        self._count(records)
        return self._hold(records)

    async def delete_message(self, message_id: str) -> None:
        """Delete one message for good; MessageNotFound."""
        await self._api.message.delete(self.id, message_id, **self._place({}))
        self._held = {
            seq: message for seq, message in self._held.items() if message.id != message_id
        }
        self._stored.total_messages = max(0, self.total_messages - 1)

    # --- Label, state and tags --------------------------------------------------------------

    async def save(self, *, if_unchanged: bool = False) -> None:
        """Store what was changed here, in one commit; nothing is sent when nothing was.

        Of the state, members that were not touched here stay as others have made them. With
        `if_unchanged`, VersionConflict when somebody else has changed it since it was read.
        """
        changes = copy.deepcopy(self._changes())
        if if_unchanged and changes:
            await self._update(changes, if_match=self._known_version())
        elif "state" in changes:
            await self._save_with_state(changes)
        elif changes:
            await self._update(changes)

    async def save_state(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Put these members over the state's own, and store them; returns the whole state.

        Other members that were changed here and are not stored stay changed.
        """
        stored = await self._api.state.update(self.id, state, merge=True, **self._place({}))
        self._change("state", {**self.state, **state})
        self._settle_state(stored, {**self._stored.state, **state})
        return self.state

    async def set_state(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Replace the state, and store it; returns it. Changes that were not stored are dropped."""
        stored = await self._api.state.update(self.id, state, merge=False, **self._place({}))
        self._settle_state(stored, self.state)
        return self.state

    async def save_tags(self, tags: Sequence[str]) -> None:
        """Replace the tags, and store them."""
        sent = {"tags": [*tags]}
        record = await self._api.dialogue.update(self.id, **self._place(sent))
        self._change("tags", sent["tags"])
        self._settle(record, sent)

    async def refresh(self) -> None:
        """Read anew what is stored; what was changed here and is not stored stays changed."""
        self._settle(await self._api.dialogue.get(self.id, **self._place({})))

    # --- Lifecycle --------------------------------------------------------------------------

    async def end(self) -> None:
        """End it: it takes no more messages."""
        self._settle(await self._api.dialogue.end(self.id, **self._place({})))

    async def archive(self) -> None:
        """Archive it: it changes no more at all."""
        self._settle(await self._api.dialogue.archive(self.id, **self._place({})))

    async def reopen(self) -> None:
        """Make it active again."""
        self._settle(await self._api.dialogue.reopen(self.id, **self._place({})))

    async def remove(self) -> DeletedDialogue:
        """Delete it for good, with its messages and, recursively, its threads."""
        return await self._api.dialogue.delete(self.id, **self._place({}))

    # --- Threads ----------------------------------------------------------------------------

    @known_only
    async def create_thread(self, **fields: Unpack[ThreadFields]) -> "AsyncDialogue":
        """Create a dialogue that is a thread of this one."""
        sent = self._place({**fields, "thread_of": self.id})
        record = await self._api.dialogue.create(**sent)
        self._stored.thread_count += 1
        return AsyncDialogue(self._api, record)

    async def get_threads(self, **wanted: Unpack[DialogueList]) -> Page["AsyncDialogue"]:
        """Return a page of its threads, the newest first."""
        place = self._place({**wanted, "thread_of": self.id})
        page = await self._api.dialogue.list(**place)
        return Page([AsyncDialogue(self._api, record) for record in page], page.next)

    async def iter_threads(
        self, page_size: int | None = None, **wanted: Unpack[DialoguesWanted]
    ) -> AsyncIterator["AsyncDialogue"]:
        """Go through all its threads, the newest first, page by page."""
        place = self._place({**wanted, "thread_of": self.id})
        async for record in every(self._api.dialogue.list, page_size, place):
            yield AsyncDialogue(self._api, record)

    # --- Summaries and context --------------------------------------------------------------

    async def compact(self, **fields: Unpack[SummaryFields]) -> SummaryRecord:
        """Start a summary of what is new; the messages stay. It is made in the background."""
        return await self._api.dialogue.compact(self.id, **self._place(fields))

    async def summarize(
        self, wait_s: float = WAIT_S_DEFAULT, **fields: Unpack[SummaryFields]
    ) -> SummaryRecord:
        """Summarize what is new and return the summary when it is made, or has failed.

        One that takes longer than `wait_s` is returned as it is then, and goes on being made.
        """
        summary = await self._api.summary.create(self.id, **self._place(fields))
        return await until_done(self._api, summary, wait_s)

    async def context(self, max_tokens: int, **wanted: Unpack[ContextFields]) -> Context:
        """Return a window on it of at most so many tokens, ready to be sent to a model."""
        return await self._api.context.get(self.id, max_tokens, **self._place(wanted))

    async def check(self) -> Check:
        """Tell whether providers of models would take its messages as they are."""
        return await self._api.context.check(self.id, **self._place({}))

    # --- Inside -----------------------------------------------------------------------------

    def _place(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields with its own namespace, whatever the client's is."""
        return {**fields, "namespace": self.namespace or ""}

    def _hold(self, records: Sequence[MessageRecord] | Page[MessageRecord]) -> list[AsyncMessage]:
        messages = [AsyncMessage(self._api, record) for record in records]
        self._held.update({message.seq: message for message in messages})
        return messages

    def _known_version(self) -> str:
        """Return the version of what is known here; one from a list does not tell its own."""
        if self._stored.version is not None:
            return self._stored.version
        raise InvalidRequest(
            "The version of a dialogue from a list or a search is not known: refresh() it first"
        )

    async def _update(self, changes: dict[str, Any], **how: Any) -> None:
        record = await self._api.dialogue.update(self.id, **self._place({**changes, **how}))
        self._settle(record, changes)

    async def _save_with_state(self, changes: dict[str, Any]) -> None:
        """Store changes without those of others being lost, who may be storing theirs now."""
        state, base = changes["state"], self._stored.state
        if len(changes) > 1 or base.keys() - state.keys():
            await self._save_beside_others()
            return
        members = members_changed(state, base)
        stored = await self._api.state.update(self.id, members, **self._place({}))
        self._settle_state(stored, state)

    async def _save_beside_others(self) -> None:
        """Store all changes, put anew over what others have stored until nobody was quicker."""
        if self._stored.version is None:
            await self.refresh()
        for _ in range(_TRIES_BESIDE_OTHERS):
            with suppress(VersionConflict):
                changes = copy.deepcopy(self._changes())
                await self._update(changes, if_match=self._known_version())
                return
            await self.refresh()
        raise VersionConflict("Others kept changing this dialogue: save() again")

    def _settle_state(self, stored: StateRecord, sent: Mapping[str, Any]) -> None:
        changed = {"state": stored.value, "version": stored.version}
        self._settle(msgspec.structs.replace(self._stored, **changed), {"state": sent})
