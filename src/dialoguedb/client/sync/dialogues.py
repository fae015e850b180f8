# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""A dialogue, bound to its database."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Unpack, overload

import msgspec

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
from dialoguedb.client.sync.api import Api
from dialoguedb.client.sync.messages import Message
from dialoguedb.client.sync.pages import every
from dialoguedb.client.sync.waiting import until_done
from dialoguedb.errors import InvalidRequest, VersionConflict

WAIT_S_DEFAULT = 60.0
_TRIES_BESIDE_OTHERS = 8


class Dialogue(DialogueDraft):
    """A conversation: its messages, state, tags and threads.

    Methods whose names begin with `save` store at once; `label`, `state` and `tags` can also be
    changed here first, and stored together by `save()`.
    """

    def __init__(self, api: Api, record: DialogueRecord) -> None:
        super().__init__(record)
        self._api = api
        self._held: dict[int, Message] = {}
        self._next: str | None = None
        self._loaded = False
        self._hold(record.messages or ())

    # --- Messages ---------------------------------------------------------------------------

    @property
    def messages(self) -> list[Message]:
        """The messages that were loaded or saved here, the oldest first."""
        return sorted(self._held.values(), key=lambda message: (message.created, message.seq))

    @property
    def has_more_messages(self) -> bool:
        """Whether there are messages that were not loaded yet."""
        return self._next is not None if self._loaded else len(self._held) < self.total_messages

    def load_messages(self, **wanted: Unpack[MessageList]) -> Page[Message]:
        """Load a page of messages, the oldest first; they are kept in `messages`, too."""
        page = self._api.message.list(self.id, **self._place(wanted))
        self._loaded, self._next = True, page.next
        return Page(self._hold(page), page.next)

    def iter_messages(
        self, page_size: int | None = None, **wanted: Unpack[MessagesWanted]
    ) -> Iterator[Message]:
        """Go through all messages, the oldest first, page by page; none is kept here."""
        return self._every_message(page_size, self._place(wanted))

    def _every_message(self, page_size: int | None, wanted: dict[str, Any]) -> Iterator[Message]:
        def fetch(**paging: Any) -> Page[MessageRecord]:
            return self._api.message.list(self.id, **paging)

        for record in every(fetch, page_size, wanted):
            yield Message(self._api, record)

    def get_message(self, message_id: str) -> Message:
        """Return one message; MessageNotFound."""
        record = self._api.message.get(self.id, message_id, **self._place({}))
        return Message(self._api, record)

    @overload
    def save_message(self, message: MessageInput, /) -> Message: ...

    @overload
    def save_message(
        self, role: str, content: Content, **fields: Unpack[OneMessage]
    ) -> Message: ...

    def save_message(
        self, role: str | MessageInput, content: Content = "", **fields: Any
    ) -> Message:
        """Append a message: `save_message("user", "Hello!")`, or one dict with its fields."""
        sent: dict[str, Any] = {"role": role, "content": content, **fields}
        if not isinstance(role, str):
            sent = {**role}
        record = self._api.message.create(self.id, **self._place(sent))
        self._count([record])
        return self._hold([record])[0]

    def save_messages(
        self, messages: Sequence[MessageInput], **fields: Unpack[SeveralMessages]
    ) -> list[Message]:
        """Append messages, all or none, in their order."""
        records = self._api.message.create_many(self.id, messages, **self._place(fields))
        self._count(records)
        return self._hold(records)

    def delete_message(self, message_id: str) -> None:
        """Delete one message for good; MessageNotFound."""
        self._api.message.delete(self.id, message_id, **self._place({}))
        self._held = {
            seq: message for seq, message in self._held.items() if message.id != message_id
        }
        self._stored.total_messages = max(0, self.total_messages - 1)

    # --- Label, state and tags --------------------------------------------------------------

    def save(self, *, if_unchanged: bool = False) -> None:
        """Store what was changed here, in one commit; nothing is sent when nothing was.

        Of the state, members that were not touched here stay as others have made them. With
        `if_unchanged`, VersionConflict when somebody else has changed it since it was read.
        """
        changes = copy.deepcopy(self._changes())
        if if_unchanged and changes:
            self._update(changes, if_match=self._known_version())
        elif "state" in changes:
            self._save_with_state(changes)
        elif changes:
            self._update(changes)

    def save_state(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Put these members over the state's own, and store them; returns the whole state.

        Other members that were changed here and are not stored stay changed.
        """
        stored = self._api.state.update(self.id, state, merge=True, **self._place({}))
        self._change("state", {**self.state, **state})
        self._settle_state(stored, {**self._stored.state, **state})
        return self.state

    def set_state(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Replace the state, and store it; returns it. Changes that were not stored are dropped."""
        stored = self._api.state.update(self.id, state, merge=False, **self._place({}))
        self._settle_state(stored, self.state)
        return self.state

    def save_tags(self, tags: Sequence[str]) -> None:
        """Replace the tags, and store them."""
        sent = {"tags": [*tags]}
        record = self._api.dialogue.update(self.id, **self._place(sent))
        self._change("tags", sent["tags"])
        self._settle(record, sent)

    def refresh(self) -> None:
        """Read anew what is stored; what was changed here and is not stored stays changed."""
        self._settle(self._api.dialogue.get(self.id, **self._place({})))

    # --- Lifecycle --------------------------------------------------------------------------

    def end(self) -> None:
        """End it: it takes no more messages."""
        self._settle(self._api.dialogue.end(self.id, **self._place({})))

    def archive(self) -> None:
        """Archive it: it changes no more at all."""
        self._settle(self._api.dialogue.archive(self.id, **self._place({})))

    def reopen(self) -> None:
        """Make it active again."""
        self._settle(self._api.dialogue.reopen(self.id, **self._place({})))

    def remove(self) -> DeletedDialogue:
        """Delete it for good, with its messages and, recursively, its threads."""
        return self._api.dialogue.delete(self.id, **self._place({}))

    # --- Threads ----------------------------------------------------------------------------

    @known_only
    def create_thread(self, **fields: Unpack[ThreadFields]) -> "Dialogue":
        """Create a dialogue that is a thread of this one."""
        sent = self._place({**fields, "thread_of": self.id})
        record = self._api.dialogue.create(**sent)
        self._stored.thread_count += 1
        return Dialogue(self._api, record)

    def get_threads(self, **wanted: Unpack[DialogueList]) -> Page["Dialogue"]:
        """Return a page of its threads, the newest first."""
        place = self._place({**wanted, "thread_of": self.id})
        page = self._api.dialogue.list(**place)
        return Page([Dialogue(self._api, record) for record in page], page.next)

    def iter_threads(
        self, page_size: int | None = None, **wanted: Unpack[DialoguesWanted]
    ) -> Iterator["Dialogue"]:
        """Go through all its threads, the newest first, page by page."""
        place = self._place({**wanted, "thread_of": self.id})
        for record in every(self._api.dialogue.list, page_size, place):
            yield Dialogue(self._api, record)

    # --- Summaries and context --------------------------------------------------------------

    def compact(self, **fields: Unpack[SummaryFields]) -> SummaryRecord:
        """Start a summary of what is new; the messages stay. It is made in the background."""
        return self._api.dialogue.compact(self.id, **self._place(fields))

    def summarize(
        self, wait_s: float = WAIT_S_DEFAULT, **fields: Unpack[SummaryFields]
    ) -> SummaryRecord:
        """Summarize what is new and return the summary when it is made, or has failed.

        One that takes longer than `wait_s` is returned as it is then, and goes on being made.
        """
        summary = self._api.summary.create(self.id, **self._place(fields))
        return until_done(self._api, summary, wait_s)

    def context(self, max_tokens: int, **wanted: Unpack[ContextFields]) -> Context:
        """Return a window on it of at most so many tokens, ready to be sent to a model."""
        return self._api.context.get(self.id, max_tokens, **self._place(wanted))

    def check(self) -> Check:
        """Tell whether providers of models would take its messages as they are."""
        return self._api.context.check(self.id, **self._place({}))

    # --- Inside -----------------------------------------------------------------------------

    def _place(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields with its own namespace, whatever the client's is."""
        return {**fields, "namespace": self.namespace or ""}

    def _hold(self, records: Sequence[MessageRecord] | Page[MessageRecord]) -> list[Message]:
        messages = [Message(self._api, record) for record in records]
        self._held.update({message.seq: message for message in messages})
        return messages

    def _known_version(self) -> str:
        """Return the version of what is known here; one from a list does not tell its own."""
        if self._stored.version is not None:
            return self._stored.version
        raise InvalidRequest(
            "The version of a dialogue from a list or a search is not known: refresh() it first"
        )

    def _update(self, changes: dict[str, Any], **how: Any) -> None:
        record = self._api.dialogue.update(self.id, **self._place({**changes, **how}))
        self._settle(record, changes)

    def _save_with_state(self, changes: dict[str, Any]) -> None:
        """Store changes without those of others being lost, who may be storing theirs now."""
        state, base = changes["state"], self._stored.state
        if len(changes) > 1 or base.keys() - state.keys():
            self._save_beside_others()
            return
        members = members_changed(state, base)
        stored = self._api.state.update(self.id, members, **self._place({}))
        self._settle_state(stored, state)

    def _save_beside_others(self) -> None:
        """Store all changes, put anew over what others have stored until nobody was quicker."""
        if self._stored.version is None:
            self.refresh()
        for _ in range(_TRIES_BESIDE_OTHERS):
            with suppress(VersionConflict):
                changes = copy.deepcopy(self._changes())
                self._update(changes, if_match=self._known_version())
                return
            self.refresh()
        raise VersionConflict("Others kept changing this dialogue: save() again")

    def _settle_state(self, stored: StateRecord, sent: Mapping[str, Any]) -> None:
        changed = {"state": stored.value, "version": stored.version}
        self._settle(msgspec.structs.replace(self._stored, **changed), {"state": sent})
