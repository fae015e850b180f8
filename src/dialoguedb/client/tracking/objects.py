"""Properties of dialogues, messages and memories, and those that can be changed locally."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from dialoguedb.client.encoding.fields import checked_tags
from dialoguedb.client.records import DialogueRecord, MemoryRecord, MessageRecord, StateRecord
from dialoguedb.client.tracking.changes import TrackedObject
from dialoguedb.client.tracking.message_count import MessageCount
from dialoguedb.errors import InvalidRequest
from dialoguedb.model.dialogues import Status


class TrackedMessage(TrackedObject):
    """A message: all but its tags is write-once."""

    _stored: MessageRecord

    @property
    def record(self) -> MessageRecord:
        """What is stored, as far as the client knows."""
        return self._stored

    @property
    def id(self) -> str:
        """Its id."""
        return self._stored.id

    @property
    def dialogue_id(self) -> str:
        """The dialogue that it is in."""
        return self._stored.dialogue_id

    @property
    def namespace(self) -> str | None:
        """The namespace of its dialogue; None is the default one."""
        return self._stored.namespace

    @property
    def role(self) -> str:
        """Who speaks: `user`, `assistant`, `system`, `tool` or your own."""
        return self._stored.role

    @property
    def content(self) -> Any:
        """A text, an object, or content blocks, as it was sent."""
        return self._stored.content

    @property
    def content_length(self) -> int:
        """The bytes of its content."""
        return self._stored.content_length

    @property
    def token_count(self) -> int | None:
        """The tokens of its content, where the server counts them."""
        return self._stored.token_count

    @property
    def name(self) -> str | None:
        """The speaker's name."""
        return self._stored.name

    @property
    def metadata(self) -> dict[str, Any]:
        """What was stored along with it."""
        return self._stored.metadata

    @property
    def created(self) -> str:
        """When it was created."""
        return self._stored.created

    @property
    def modified(self) -> str:
        """When its tags last changed."""
        return self._stored.modified

    @property
    def seq(self) -> int:
        """Its position in the order of arrival, from 1 on."""
        return self._stored.seq

    @property
    def tags(self) -> list[str]:
        """Its tags; a change is stored by `save()`."""
        tags: list[str] = self._part("tags")
        return tags

    @tags.setter
    def tags(self, tags: Sequence[str]) -> None:
        self._change("tags", checked_tags(tags))

    def __repr__(self) -> str:
        """Show what it is."""
        return f"<{type(self).__name__} {self.seq} of {self.dialogue_id!r}: {self.role}>"


class TrackedMemory(TrackedObject):
    """A memory: its tags change locally, and all else by `update`."""

    _stored: MemoryRecord

    @property
    def record(self) -> MemoryRecord:
        """What is stored, as far as the client knows."""
        return self._stored

    @property
    def id(self) -> str:
        """Its id."""
        return self._stored.id

    @property
    def namespace(self) -> str | None:
        """Its namespace; None is the default one."""
        return self._stored.namespace

    @property
    def label(self) -> str | None:
        """Its title for people."""
        return self._stored.label

    @property
    def description(self) -> str | None:
        """What it is for."""
        return self._stored.description

    @property
    def value(self) -> Any:
        """What is remembered, as it was sent."""
        return self._stored.value

    @property
    def metadata(self) -> dict[str, Any]:
        """What was stored along with it."""
        return self._stored.metadata

    @property
    def created(self) -> str:
        """When it was created."""
        return self._stored.created

    @property
    def modified(self) -> str:
        """When it last changed."""
        return self._stored.modified

    @property
    def version(self) -> int:
        """Counts its corrections, from 1 on."""
        return self._stored.version or 1

    @property
    def tags(self) -> list[str]:
        """Its tags; a change is stored by `save()`."""
        tags: list[str] = self._part("tags")
        return tags

    @tags.setter
    def tags(self, tags: Sequence[str]) -> None:
        self._change("tags", checked_tags(tags))

    def __repr__(self) -> str:
        """Show what it is."""
        return f"<{type(self).__name__} {self.id!r}>"


class TrackedDialogue(TrackedObject):
    """A dialogue: its label, state and tags change, and messages are appended."""

    _stored: DialogueRecord

    def __init__(self, record: DialogueRecord) -> None:
        super().__init__(record)
        self._count = MessageCount(record)
        self._is_behind = False

    @property
    def record(self) -> DialogueRecord:
        """What is stored, as far as the client knows."""
        return msgspec.structs.replace(
            self._stored,
            total_messages=self.total_messages,
            thread_count=self.thread_count,
            last_seq=self.last_seq,
            last_message_created=self.last_message_created,
        )

    @property
    def id(self) -> str:
        """Its id."""
        return self._stored.id

    @property
    def namespace(self) -> str | None:
        """Its namespace; None is the default one."""
        return self._stored.namespace

    @property
    def thread_of(self) -> str | None:
        """The dialogue that it is a thread of."""
        return self._stored.thread_of

    @property
    def status(self) -> Status:
        """Whether it is `active`, `ended` or `archived`."""
        return self._stored.status

    @property
    def ended_at(self) -> str | None:
        """When it ended."""
        return self._stored.ended_at

    @property
    def archived_at(self) -> str | None:
        """When it was archived."""
        return self._stored.archived_at

    @property
    def metadata(self) -> dict[str, Any]:
        """What was stored along with it; it cannot be changed."""
        return self._stored.metadata

    @property
    def total_messages(self) -> int:
        """How many messages it has, as far as the client knows."""
        return self._count.messages

    @property
    def thread_count(self) -> int:
        """How many threads it has, without threads of threads."""
        return self._count.threads

    @property
    def last_seq(self) -> int:
        """The `seq` of the message that arrived last, as far as the client knows."""
        return self._count.last_seq

    @property
    def last_message_created(self) -> str | None:
        """The latest time of a message; None when there is none."""
        return self._count.last_created

    @property
    def created(self) -> str:
        """When it was created."""
        return self._stored.created

    @property
    def modified(self) -> str:
        """When it last changed."""
        return self._stored.modified

    @property
    def label(self) -> str | None:
        """Its title for people; a change is stored by `save()`."""
        label: str | None = self._copies.get("label", self._stored.label)
        return label

    @label.setter
    def label(self, label: str | None) -> None:
        self._change("label", label)

    @property
    def state(self) -> dict[str, Any]:
        """Its state; a change, also one inside of it, is stored by `save()`."""
        state: dict[str, Any] = self._part("state")
        return state

    @state.setter
    def state(self, state: Mapping[str, Any]) -> None:
        self._change("state", checked_state(state))

    @property
    def tags(self) -> list[str]:
        """Its tags; a change is stored by `save()`."""
        tags: list[str] = self._part("tags")
        return tags

    @tags.setter
    def tags(self, tags: Sequence[str]) -> None:
        self._change("tags", checked_tags(tags))

    def _apply(self, record: DialogueRecord, sent: Mapping[str, Any] | None = None) -> None:
        self._count.update_from(record)
        self._is_behind = False
        super()._apply(record, sent)

    def _apply_response(
        self, record: DialogueRecord, sent: Mapping[str, Any] | None = None, *, is_next: bool
    ) -> None:
        """Take over the response to a change; `is_next` when nobody else changed it in between.

        If somebody did, and something here is not stored yet, their change counts as not read.
        """
        known = self._stored.version
        self._apply(record, sent)
        if self.is_dirty and not is_next:
            record.version, self._is_behind = known, True

    def _apply_state(self, stored: StateRecord, sent: Mapping[str, Any], *, is_next: bool) -> None:
        """Take over a newer state; label and tags, which may have changed too, stay unknown."""
        version = stored.version if is_next else self._stored.version
        self._is_behind = not is_next
        record = msgspec.structs.replace(self._stored, state=stored.value, version=version)
        super()._apply(record, {"state": sent})

    def __repr__(self) -> str:
        """Show what it is."""
        return f"<{type(self).__name__} {self.id!r}: {self.total_messages} messages>"


def checked_state(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return a state as a dict; InvalidRequest for anything but an object."""
    if not isinstance(state, Mapping):
        raise InvalidRequest(f"A state should be a dict, not {state!r}; {{}} is the empty one")
    return {**state}
