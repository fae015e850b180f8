# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""A dialogue, bound to its database."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar, Unpack, overload
from weakref import WeakMethod

from dialoguedb.client.encoding.etags import last_seq
from dialoguedb.client.encoding.fields import checked_message, checked_tags
from dialoguedb.client.inputs import (
    AnyMessage,
    AppendOptions,
    Content,
    ContextOptions,
    DialogueListOptions,
    DialoguePageOptions,
    MessageListOptions,
    MessageOptions,
    MessagePageOptions,
    SummaryFields,
    ThreadFields,
)
from dialoguedb.client.keyword_arguments import known_only
from dialoguedb.client.records import (
    ContextRecord,
    DeletionReceipt,
    DialogueRecord,
    HistoryCheck,
    HistoryRepair,
    MessageRecord,
    SummaryRecord,
)
from dialoguedb.client.sync.api import Api
from dialoguedb.client.sync.messages import Message
from dialoguedb.client.sync.pagination import every_item
from dialoguedb.client.sync.polling import completed_summary
from dialoguedb.client.tracking.changes import assigned_into, changed_members
from dialoguedb.client.tracking.objects import TrackedDialogue, checked_state
from dialoguedb.client.tracking.pagination import PaginationState
from dialoguedb.errors import ErrorDetail, InvalidRequest, VersionConflict
from dialoguedb.values.lists import Page

R = TypeVar("R")

WAIT_S_DEFAULT = 60.0
_CONFLICTS_MAX = 8


class Dialogue(TrackedDialogue):
    """A conversation: its messages, state, tags and threads.

    Methods whose names begin with `save` store at once; `label`, `state` and `tags` can also be
    changed here first, and stored together by `save()`.
    """

    def __init__(self, api: Api, record: DialogueRecord) -> None:
        super().__init__(record)
        self._api = api
        self._messages: dict[int, Message] = {}
        self._pagination = PaginationState()
        self._on_deleted = WeakMethod(self._remove_message)
        self._add_messages(record.messages or ())

    # --- Messages ---------------------------------------------------------------------------

    @property
    def messages(self) -> list[Message]:
        """The messages that were loaded or saved here, oldest first."""
        return sorted(self._messages.values(), key=lambda message: (message.created, message.seq))

    @property
    def has_more_messages(self) -> bool:
        """Whether there are messages that were not loaded yet, as far as the client knows."""
        if self._pagination.is_unfinished or not self._count.is_complete:
            return True
        return len(self._messages) < self.total_messages

    @known_only
    def load_messages(self, **options: Unpack[MessagePageOptions]) -> Page[Message]:
        """Load a page of messages, oldest first; they are kept in `messages`, too."""
        page = self._api.message.list(self.id, **self._with_namespace(options))
        messages = self._add_messages(page)
        self._count.note_last_seq(last_seq(page.version))
        if whole := self._pagination.add_page(page, options):
            self._count.update_from_list(*whole)
        return Page(messages, page.next)

    @known_only
    def iter_messages(
        self, page_size: int | None = None, **options: Unpack[MessageListOptions]
    ) -> Iterator[Message]:
        """Iterate over all messages, oldest first, page by page; none is kept here."""
        return self._iterate_messages(page_size, self._with_namespace(options))

    def _iterate_messages(
        self, page_size: int | None, options: dict[str, Any]
    ) -> Iterator[Message]:
        def fetch(**paging: Any) -> Page[MessageRecord]:
            return self._api.message.list(self.id, **paging)

        for record in every_item(fetch, page_size, options):
            yield self._message(record)

    def get_message(self, message_id: str) -> Message:
        """Return one message; MessageNotFound."""
        return self._message(self._api.message.get(self.id, message_id, **self._with_namespace({})))

    @overload
    def save_message(self, message: AnyMessage, /, **options: Unpack[AppendOptions]) -> Message: ...

    @overload
    def save_message(
        self, role: str, content: Content, **fields: Unpack[MessageOptions]
    ) -> Message: ...

    @known_only
    def save_message(
        self,
        role: str | AnyMessage,
        content: Content | None = None,
        **fields: Unpack[MessageOptions],
    ) -> Message:
        """Append a message: `save_message("user", "Hello!")`, or one dict with its fields."""
        sent = message_fields(role, content, fields)
        record = self._api.message.create(self.id, **self._with_namespace(sent))
        return self._add_messages([record])[0]

    @known_only
    def save_messages(
        self, messages: Sequence[AnyMessage], **fields: Unpack[AppendOptions]
    ) -> list[Message]:
        """Append messages, all or none, in their order."""
        records = self._api.message.create_many(self.id, messages, **self._with_namespace(fields))
        return self._add_messages(records)

    def delete_message(self, message_id: str) -> None:
        """Delete one message for good; MessageNotFound."""
        self._api.message.delete(self.id, message_id, **self._with_namespace({}))
        held = [message.seq for message in self.messages if message.id == message_id]
        self._remove_message(held[0] if held else None)

    # --- Label, state and tags --------------------------------------------------------------

    def save(self, *, if_unchanged: bool = False) -> None:
        """Store local changes in one transaction; nothing is sent when there are none.

        Members of the state that were not changed here stay as others stored them. With
        `if_unchanged`, VersionConflict when somebody else has changed it since it was read.
        """
        changes = copy.deepcopy(self._changes())
        if if_unchanged and changes:
            self._update(changes)
        elif "state" in changes:
            self._save_with_state(changes)
        elif changes:
            record, is_next = self._store(self._api.dialogue.update, **changes)
            self._apply_response(record, changes, is_next=is_next)

    def save_state(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Merge these members into the state and store them; returns the whole state.

        Other local changes that are not stored are kept.
        """
        sent = copy.deepcopy(checked_state(state))
        stored, is_next = self._store(self._api.state.update, sent, merge=True)
        assigned_into(self.state, {**self.state, **sent})
        self._apply_state(stored, {**self._stored.state, **sent}, is_next=is_next)
        return self.state

    def set_state(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Replace the state and return it; local changes that are not stored are dropped."""
        sent = checked_state(state)
        stored, is_next = self._store(self._api.state.update, sent, merge=False)
        self._apply_state(stored, self.state, is_next=is_next)
        return self.state

    def save_tags(self, tags: Sequence[str]) -> None:
        """Replace the tags, and store them."""
        sent = {"tags": checked_tags(tags)}
        record, is_next = self._store(self._api.dialogue.update, **sent)
        assigned_into(self.tags, sent["tags"])
        self._apply_response(record, sent, is_next=is_next)

    def refresh(self) -> None:
        """Read again what is stored; local changes that are not stored are kept."""
        self._apply(self._api.dialogue.get(self.id, **self._with_namespace({})))

    # --- Lifecycle --------------------------------------------------------------------------

    def end(self) -> None:
        """End it: it takes no more messages."""
        record, is_next = self._store(self._api.dialogue.end)
        self._apply_response(record, is_next=is_next)

    def archive(self) -> None:
        """Archive it: it changes no more at all."""
        record, is_next = self._store(self._api.dialogue.archive)
        self._apply_response(record, is_next=is_next)

    def reopen(self) -> None:
        """Make it active again."""
        record, is_next = self._store(self._api.dialogue.reopen)
        self._apply_response(record, is_next=is_next)

    def remove(self) -> DeletionReceipt:
        """Delete it for good, with its messages and, recursively, its threads."""
        return self._api.dialogue.delete(self.id, **self._with_namespace({}))

    # --- Threads ----------------------------------------------------------------------------

    @known_only
    def create_thread(self, **fields: Unpack[ThreadFields]) -> "Dialogue":
        """Create a dialogue that is a thread of this one."""
        sent = self._with_namespace({**fields, "thread_of": self.id})
        record = self._api.dialogue.create(**sent)
        self._count.add_thread()
        return Dialogue(self._api, record)

    @known_only
    def get_threads(self, **options: Unpack[DialoguePageOptions]) -> Page["Dialogue"]:
        """Return a page of its threads, newest first."""
        own = self._with_namespace({**options, "thread_of": self.id})
        page = self._api.dialogue.list(**own)
        return Page([Dialogue(self._api, record) for record in page], page.next)

    @known_only
    def iter_threads(
        self, page_size: int | None = None, **options: Unpack[DialogueListOptions]
    ) -> Iterator["Dialogue"]:
        """Iterate over all its threads, newest first, page by page."""
        own = self._with_namespace({**options, "thread_of": self.id})
        for record in every_item(self._api.dialogue.list, page_size, own):
            yield Dialogue(self._api, record)

    # --- Summaries and context --------------------------------------------------------------

    @known_only
    def compact(self, **fields: Unpack[SummaryFields]) -> SummaryRecord:
        """Start a summary of what is new, made in the background; the messages stay."""
        return self._api.dialogue.compact(self.id, **self._with_namespace(fields))

    @known_only
    def summarize(
        self, wait_s: float = WAIT_S_DEFAULT, **fields: Unpack[SummaryFields]
    ) -> SummaryRecord:
        """Summarize what is new; returns the summary when it is completed or has failed.

        After `wait_s` the summary is returned as it is then, and is still being made.
        """
        summary = self._api.summary.create(self.id, **self._with_namespace(fields))
        return completed_summary(self._api, summary, wait_s)

    @known_only
    def context(self, max_tokens: int, **options: Unpack[ContextOptions]) -> ContextRecord:
        """Return a context window of at most so many tokens, ready to be sent to a model."""
        return self._api.context.get(self.id, max_tokens, **self._with_namespace(options))

    def check(self, provider: str | None = None) -> HistoryCheck:
        """Tell whether a provider, or all of them, would accept its messages as they are."""
        return self._api.context.check(self.id, **self._with_namespace({"provider": provider}))

    def repair(self, provider: str) -> HistoryRepair:
        """Return its messages as a provider takes them, and what was changed for it."""
        return self._api.context.repair(self.id, provider, **self._with_namespace({}))

    # --- Internals --------------------------------------------------------------------------

    def _with_namespace(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields with the namespace of the dialogue, not that of the client."""
        own = self.namespace or ""
        if fields.get("namespace", own) not in (own, None):
            raise InvalidRequest(f"This dialogue is in namespace {own!r}")
        return {**fields, "namespace": own}

    def _add_messages(
        self, records: Sequence[MessageRecord] | Page[MessageRecord]
    ) -> list[Message]:
        messages = [self._message(record) for record in records]
        self._count.add(records)
        self._messages.update({message.seq: message for message in messages})
        return messages

    def _message(self, record: MessageRecord) -> Message:
        return Message(self._api, record, self._on_deleted)

    def _remove_message(self, seq: int | None) -> None:
        """Count a message that was deleted here."""
        self._count.remove(seq)
        if seq is not None:
            self._messages.pop(seq, None)

    def _known_version(self) -> str:
        """Return the version of the stored record; InvalidRequest for one from a list."""
        if self._stored.version is not None:
            return self._stored.version
        raise InvalidRequest(
            "The version of a dialogue from a list or a search is not known: refresh() it first"
        )

    def _update(self, changes: dict[str, Any]) -> None:
        """Store changes; VersionConflict when others changed anything since it was read."""
        sent = self._with_namespace({**changes, "if_match": self._known_version()})
        self._apply(self._api.dialogue.update(self.id, **sent), changes)

    def _store(self, change: Callable[..., R], *args: Any, **fields: Any) -> tuple[R, bool]:
        """Store a change in any case; also returns whether nobody else changed it in between."""
        if self._stored.version is not None and not self._is_behind:
            with suppress(VersionConflict):
                held = self._with_namespace({**fields, "if_match": self._stored.version})
                return change(self.id, *args, **held), True
        return change(self.id, *args, **self._with_namespace(fields)), False

    def _save_with_state(self, changes: dict[str, Any]) -> None:
        """Store changes without losing those that others store at the same time."""
        state, base = changes["state"], self._stored.state
        if len(changes) > 1 or base.keys() - state.keys():
            self._save_with_retries()
            return
        members = changed_members(state, base)
        stored, is_next = self._store(self._api.state.update, members)
        self._apply_state(stored, state, is_next=is_next)

    def _save_with_retries(self) -> None:
        """Store all changes; after a conflict, merge them with what others stored and retry."""
        if self._stored.version is None or self._is_behind:
            self.refresh()
        for _ in range(_CONFLICTS_MAX):
            with suppress(VersionConflict):
                changes = copy.deepcopy(self._changes())
                self._update(changes)
                return
            self.refresh()
        raise VersionConflict("Others kept changing this dialogue: save() again")


def message_fields(role: object, content: object, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a message, given as role and content or as one dict."""
    if isinstance(role, str):
        return {"role": role, "content": content, **fields}
    if content is not None:
        raise InvalidRequest(f"The role should be a text, not {role!r}")
    message = checked_message(role)
    for name in ("role", "content"):
        if name not in message:
            detail = ErrorDetail(name, "REQUIRED", f"{name} is required")
            raise InvalidRequest(f"The message has no {name}", [detail], "MISSING_PARAMETER")
    return {**message, **fields}
