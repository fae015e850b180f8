"""What a thing says of itself, and what of it was changed here and is not stored yet."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from dialoguedb.client.records import DialogueRecord, MemoryRecord, MessageRecord
from dialoguedb.model.dialogues import Status


class Draft:
    """A stored record, with copies of those parts that were looked at and may be changed."""

    def __init__(self, record: Any) -> None:
        self._stored = record
        self._copies: dict[str, Any] = {}

    @property
    def is_dirty(self) -> bool:
        """Whether `save()` has something to store."""
        return bool(self._changes())

    def _part(self, name: str) -> Any:
        """Return a part that may be changed in place."""
        if name not in self._copies:
            self._copies[name] = copy.deepcopy(getattr(self._stored, name))
        return self._copies[name]

    def _change(self, name: str, value: Any) -> None:
        self._copies[name] = copy.deepcopy(value)

    def _changes(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in self._copies.items()
            if not _same(value, getattr(self._stored, name))
        }

    def _settle(self, record: Any, sent: Mapping[str, Any] | None = None) -> None:
        """Go on from a newer record, keeping what was changed since and is not in what was sent."""
        kept = {}
        for name, value in self._copies.items():
            base = (sent or {}).get(name, getattr(self._stored, name))
            if not _same(value, base):
                kept[name] = _rebased(value, base, getattr(record, name))
        self._stored, self._copies = record, kept


def _rebased(value: Any, base: Any, newer: Any) -> Any:
    """Return what is newer with the changes from base to value; of objects, member by member."""
    if not (isinstance(value, dict) and isinstance(base, dict) and isinstance(newer, dict)):
        return value
    untouched = {
        name: member for name, member in newer.items() if name in value or name not in base
    }
    return copy.deepcopy(untouched) | members_changed(value, base)


def members_changed(value: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of value that are new, or not as they are in base."""
    return {
        name: member
        for name, member in value.items()
        if name not in base or not _same(member, base[name])
    }


def _same(value: Any, other: Any) -> bool:
    """Tell whether two values are the same JSON; True and 1 are equal, but not the same."""
    if value is other:
        return True
    if isinstance(value, Mapping) and isinstance(other, Mapping):
        return value.keys() == other.keys() and all(
            _same(value[name], other[name]) for name in value
        )
    if isinstance(value, list | tuple) and isinstance(other, list | tuple):
        return len(value) == len(other) and all(map(_same, value, other))
    return type(value) is type(other) and bool(value == other)


class MessageDraft(Draft):
    """A message: all but its tags is write-once."""

    _stored: MessageRecord

    @property
    def record(self) -> MessageRecord:
        """What is stored, as far as is known here."""
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
        """What is said: a text, an object, or content blocks, as it was sent."""
        return self._stored.content

    @property
    def content_length(self) -> int:
        """The bytes of what is said."""
        return self._stored.content_length

    @property
    def token_count(self) -> int | None:
        """The tokens of what is said, where the server counts them."""
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
        """When it was said."""
        return self._stored.created

    @property
    def modified(self) -> str:
        """When its tags last changed."""
        return self._stored.modified

    @property
    def seq(self) -> int:
        """Its number in the order of arrival, from 1 on."""
        return self._stored.seq

    @property
    def tags(self) -> list[str]:
        """Its tags; a change is stored by `save()`."""
        tags: list[str] = self._part("tags")
        return tags

    @tags.setter
    def tags(self, tags: Sequence[str]) -> None:
        self._change("tags", [*tags])

    def __repr__(self) -> str:
        """Show what it is."""
        return f"<{type(self).__name__} {self.seq} of {self.dialogue_id!r}: {self.role}>"


class MemoryDraft(Draft):
    """A memory: all but its tags is write-once."""

    _stored: MemoryRecord

    @property
    def record(self) -> MemoryRecord:
        """What is stored, as far as is known here."""
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
        """When its tags last changed."""
        return self._stored.modified

    @property
    def tags(self) -> list[str]:
        """Its tags; a change is stored by `save()`."""
        tags: list[str] = self._part("tags")
        return tags

    @tags.setter
    def tags(self, tags: Sequence[str]) -> None:
        self._change("tags", [*tags])

    def __repr__(self) -> str:
        """Show what it is."""
        return f"<{type(self).__name__} {self.id!r}>"


class DialogueDraft(Draft):
    """A dialogue: its label, state and tags change, and messages are appended."""

    _stored: DialogueRecord

    @property
    def record(self) -> DialogueRecord:
        """What is stored, as far as is known here."""
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
        """How many messages it has, as far as is known here."""
        return self._stored.total_messages

    @property
    def thread_count(self) -> int:
        """How many threads it has, those of threads aside."""
        return self._stored.thread_count

    @property
    def last_seq(self) -> int:
        """The number of the message that arrived last, as far as is known here."""
        return self._stored.last_seq

    @property
    def last_message_created(self) -> str | None:
        """The latest time of a message; None when there is none."""
        return self._stored.last_message_created

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
        self._change("state", dict(state))

    @property
    def tags(self) -> list[str]:
        """Its tags; a change is stored by `save()`."""
        tags: list[str] = self._part("tags")
        return tags

    @tags.setter
    def tags(self, tags: Sequence[str]) -> None:
        self._change("tags", [*tags])

    def _count(self, stored: Sequence[MessageRecord]) -> None:
        """Take note of messages that were appended from here."""
        record = self._stored
        fresh = [message for message in stored if message.seq > record.last_seq]
        latest = [message.created for message in fresh]
        if record.last_message_created is not None:
            latest.append(record.last_message_created)
        self._stored = msgspec.structs.replace(
            record,
            total_messages=record.total_messages + len(fresh),
            last_seq=max([record.last_seq, *(message.seq for message in fresh)]),
            last_message_created=max(latest, default=None),
        )

    def __repr__(self) -> str:
        """Show what it is."""
        return f"<{type(self).__name__} {self.id!r}: {self.total_messages} messages>"
