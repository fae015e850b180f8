"""A dialogue, bound to its database."""

import copy
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar, Unpack, overload
from weakref import WeakMethod

from dialoguedb.client.aio.api import AsyncApi
from dialoguedb.client.aio.messages import AsyncMessage
from dialoguedb.client.aio.pages import every
from dialoguedb.client.aio.waiting import until_done
from dialoguedb.client.drafts import DialogueDraft, as_state
from dialoguedb.client.fields import message as as_message
from dialoguedb.client.fields import tags as as_tags
from dialoguedb.client.inputs import (
    AnyMessage,
    Content,
    ContextFields,
    DialogueList,
    DialoguesWanted,
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
    SummaryRecord,
)
from dialoguedb.client.tracking import made_into, members_changed
from dialoguedb.client.versions import last_seq
from dialoguedb.client.walks import Walk
from dialoguedb.errors import ErrorDetail, InvalidRequest, VersionConflict

R = TypeVar("R")

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
        self._walk = Walk()
        self._forgetting = WeakMethod(self._forget)
        self._hold(record.messages or ())

    # --- Messages ---------------------------------------------------------------------------

    @property
    def messages(self) -> list[AsyncMessage]:
        """The messages that were loaded or saved here, the oldest first."""
        return sorted(self._held.values(), key=lambda message: (message.created, message.seq))

    @property
    def has_more_messages(self) -> bool:
        """Whether there are messages that were not loaded yet, as far as is known here."""
        if self._walk.is_unfinished or not self._count.is_whole:
            return True
        return len(self._held) < self.total_messages

    @known_only
    async def load_messages(self, **wanted: Unpack[MessageList]) -> Page[AsyncMessage]:
        """Load a page of messages, the oldest first; they are kept in `messages`, too."""
        page = await self._api.message.list(self.id, **self._place(wanted))
        messages = self._hold(page)
        self._count.hear(last_seq(page.version))
        if whole := self._walk.met(page, wanted):
            self._count.tell_whole(*whole)
        return Page(messages, page.next)

    @known_only
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
            yield self._message(record)

    async def get_message(self, message_id: str) -> AsyncMessage:
        """Return one message; MessageNotFound."""
        return self._message(await self._api.message.get(self.id, message_id, **self._place({})))

    @overload
    async def save_message(
        self, message: AnyMessage, /, **how: Unpack[SeveralMessages]
    ) -> AsyncMessage: ...

    @overload
    async def save_message(
        self, role: str, content: Content, **fields: Unpack[OneMessage]
    ) -> AsyncMessage: ...

    @known_only
    async def save_message(
        self, role: str | AnyMessage, content: Content | None = None, **fields: Unpack[OneMessage]
    ) -> AsyncMessage:
        """Append a message: `save_message("user", "Hello!")`, or one dict with its fields."""
        sent = one_message(role, content, fields)
        record = await self._api.message.create(self.id, **self._place(sent))
        return self._hold([record])[0]

    @known_only
    async def save_messages(
        self, messages: Sequence[AnyMessage], **fields: Unpack[SeveralMessages]
    ) -> list[AsyncMessage]:
        """Append messages, all or none, in their order."""
        records = await self._api.message.create_many(self.id, messages, **self._place(fields))
        return self._hold(records)

    async def delete_message(self, message_id: str) -> None:
        """Delete one message for good; MessageNotFound."""
        await self._api.message.delete(self.id, message_id, **self._place({}))
        held = [message.seq for message in self.messages if message.id == message_id]
        self._forget(held[0] if held else None)

    # --- Label, state and tags --------------------------------------------------------------

    async def save(self, *, if_unchanged: bool = False) -> None:
        """Store what was changed here, in one commit; nothing is sent when nothing was.

        Of the state, members that were not touched here stay as others have made them. With
        `if_unchanged`, VersionConflict when somebody else has changed it since it was read.
        """
        changes = copy.deepcopy(self._changes())
        if if_unchanged and changes:
            await self._update(changes)
        elif "state" in changes:
            await self._save_with_state(changes)
        elif changes:
            record, is_next = await self._store(self._api.dialogue.update, **changes)
            self._settle_written(record, changes, is_next=is_next)

    async def save_state(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Put these members over the state's own, and store them; returns the whole state.

        Other members that were changed here and are not stored stay changed.
        """
        sent = copy.deepcopy(as_state(state))
        stored, is_next = await self._store(self._api.state.update, sent, merge=True)
        made_into(self.state, {**self.state, **sent})
        self._settle_state(stored, {**self._stored.state, **sent}, is_next=is_next)
        return self.state

    async def set_state(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Replace the state, and store it; returns it. Changes that were not stored are dropped."""
        sent = as_state(state)
        stored, is_next = await self._store(self._api.state.update, sent, merge=False)
        self._settle_state(stored, self.state, is_next=is_next)
        return self.state

    async def save_tags(self, tags: Sequence[str]) -> None:
        """Replace the tags, and store them."""
        sent = {"tags": as_tags(tags)}
        record, is_next = await self._store(self._api.dialogue.update, **sent)
        made_into(self.tags, sent["tags"])
        self._settle_written(record, sent, is_next=is_next)

    async def refresh(self) -> None:
        """Read anew what is stored; what was changed here and is not stored stays changed."""
        self._settle(await self._api.dialogue.get(self.id, **self._place({})))

    # --- Lifecycle --------------------------------------------------------------------------

    async def end(self) -> None:
        """End it: it takes no more messages."""
        record, is_next = await self._store(self._api.dialogue.end)
        self._settle_written(record, is_next=is_next)

    async def archive(self) -> None:
        """Archive it: it changes no more at all."""
        record, is_next = await self._store(self._api.dialogue.archive)
        self._settle_written(record, is_next=is_next)

    async def reopen(self) -> None:
        """Make it active again."""
        record, is_next = await self._store(self._api.dialogue.reopen)
        self._settle_written(record, is_next=is_next)

    async def remove(self) -> DeletedDialogue:
        """Delete it for good, with its messages and, recursively, its threads."""
        return await self._api.dialogue.delete(self.id, **self._place({}))

    # --- Threads ----------------------------------------------------------------------------

    @known_only
    async def create_thread(self, **fields: Unpack[ThreadFields]) -> "AsyncDialogue":
        """Create a dialogue that is a thread of this one."""
        sent = self._place({**fields, "thread_of": self.id})
        record = await self._api.dialogue.create(**sent)
        self._count.saw_thread()
        return AsyncDialogue(self._api, record)

    @known_only
    async def get_threads(self, **wanted: Unpack[DialogueList]) -> Page["AsyncDialogue"]:
        """Return a page of its threads, the newest first."""
        place = self._place({**wanted, "thread_of": self.id})
        page = await self._api.dialogue.list(**place)
        return Page([AsyncDialogue(self._api, record) for record in page], page.next)

    @known_only
    async def iter_threads(
        self, page_size: int | None = None, **wanted: Unpack[DialoguesWanted]
    ) -> AsyncIterator["AsyncDialogue"]:
        """Go through all its threads, the newest first, page by page."""
        place = self._place({**wanted, "thread_of": self.id})
        async for record in every(self._api.dialogue.list, page_size, place):
            yield AsyncDialogue(self._api, record)

    # --- Summaries and context --------------------------------------------------------------

    @known_only
    async def compact(self, **fields: Unpack[SummaryFields]) -> SummaryRecord:
        """Start a summary of what is new; the messages stay. It is made in the background."""
        return await self._api.dialogue.compact(self.id, **self._place(fields))

    @known_only
    async def summarize(
        self, wait_s: float = WAIT_S_DEFAULT, **fields: Unpack[SummaryFields]
    ) -> SummaryRecord:
        """Summarize what is new and return the summary when it is made, or has failed.

        One that takes longer than `wait_s` is returned as it is then, and goes on being made.
        """
        summary = await self._api.summary.create(self.id, **self._place(fields))
        return await until_done(self._api, summary, wait_s)

    @known_only
    async def context(self, max_tokens: int, **wanted: Unpack[ContextFields]) -> Context:
        """Return a window on it of at most so many tokens, ready to be sent to a model."""
        return await self._api.context.get(self.id, max_tokens, **self._place(wanted))

    async def check(self) -> Check:
        """Tell whether providers of models would take its messages as they are."""
        return await self._api.context.check(self.id, **self._place({}))

    # --- Inside -----------------------------------------------------------------------------

    def _place(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields with its own namespace, whatever the client's is."""
        own = self.namespace or ""
        if fields.get("namespace", own) not in (own, None):
            raise InvalidRequest(f"This dialogue is in namespace {own!r}")
        return {**fields, "namespace": own}

    def _hold(self, records: Sequence[MessageRecord] | Page[MessageRecord]) -> list[AsyncMessage]:
        messages = [self._message(record) for record in records]
        self._count.saw(records)
        self._held.update({message.seq: message for message in messages})
        return messages

    def _message(self, record: MessageRecord) -> AsyncMessage:
        return AsyncMessage(self._api, record, self._forgetting)

    def _forget(self, seq: int | None) -> None:
        """Take note that a message was deleted from here."""
        self._count.lost(seq)
        if seq is not None:
            self._held.pop(seq, None)

    def _known_version(self) -> str:
        """Return the version of what is known here; one from a list does not tell its own."""
        if self._stored.version is not None:
            return self._stored.version
        raise InvalidRequest(
            "The version of a dialogue from a list or a search is not known: refresh() it first"
        )

    async def _update(self, changes: dict[str, Any]) -> None:
        """Store changes; VersionConflict when others have changed anything since it was read."""
        sent = self._place({**changes, "if_match": self._known_version()})
        self._settle(await self._api.dialogue.update(self.id, **sent), changes)

    async def _store(
        self, change: Callable[..., Awaitable[R]], *given: Any, **fields: Any
    ) -> tuple[R, bool]:
        """Store a change in any case; tells whether others had changed nothing before it."""
        if self._stored.version is not None and not self._is_behind:
            with suppress(VersionConflict):
                held = self._place({**fields, "if_match": self._stored.version})
                return await change(self.id, *given, **held), True
        return await change(self.id, *given, **self._place(fields)), False

    async def _save_with_state(self, changes: dict[str, Any]) -> None:
        """Store changes without those of others being lost, who may be storing theirs now."""
        state, base = changes["state"], self._stored.state
        if len(changes) > 1 or base.keys() - state.keys():
            await self._save_beside_others()
            return
        members = members_changed(state, base)
        stored, is_next = await self._store(self._api.state.update, members)
        self._settle_state(stored, state, is_next=is_next)

    async def _save_beside_others(self) -> None:
        """Store all changes, put anew over what others have stored until nobody was quicker."""
        if self._stored.version is None or self._is_behind:
            await self.refresh()
        for _ in range(_TRIES_BESIDE_OTHERS):
            with suppress(VersionConflict):
                changes = copy.deepcopy(self._changes())
                await self._update(changes)
                return
            await self.refresh()
        raise VersionConflict("Others kept changing this dialogue: save() again")


def one_message(told: object, content: object, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message that was told by its role and content, or as one dict."""
    if isinstance(told, str):
        return {"role": told, "content": content, **fields}
    if content is not None:
        raise InvalidRequest(f"The role should be a text, not {told!r}")
    message = as_message(told)
    for name in ("role", "content"):
        if name not in message:
            fault = ErrorDetail(name, "REQUIRED", f"{name} is required")
            raise InvalidRequest(f"The message has no {name}", [fault], "MISSING_PARAMETER")
    return {**message, **fields}
