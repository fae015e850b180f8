"""How many messages and threads a dialogue has, as far as the client knows."""

import threading
from collections.abc import Iterable

from dialoguedb.client.records import DialogueRecord, MessageRecord


class MessageCount:
    """The server's last count, and what changed since; safe to use from several threads.

    The server's count covers the messages up to one `seq`. Later ones are kept by their own `seq`,
    so that none counts twice, in whichever order they come.
    """

    def __init__(self, record: DialogueRecord) -> None:
        self._lock = threading.Lock()
        self._newer: dict[int, str] = {}
        self._deleted: set[int] = set()
        self._newest_seq = 0
        self._seq = -1
        self._messages = 0
        self.update_from(record)

    @property
    def messages(self) -> int:
        """How many messages there are."""
        with self._lock:
            return self._messages + len(self._newer)

    @property
    def is_complete(self) -> bool:
        """Whether every message that is known to have arrived is counted."""
        with self._lock:
            accounted = len(self._newer) + len(self._deleted)
            return max([self._newest_seq, *self._newer]) - self._seq <= accounted

    @property
    def last_seq(self) -> int:
        """The `seq` of the message that arrived last."""
        with self._lock:
            return max(self._newer, default=self._seq)

    @property
    def last_created(self) -> str | None:
        """The latest time of a message; None when there is none."""
        with self._lock:
            counted = [self._created] if self._created else []
            return max([*counted, *self._newer.values()], default=None)

    def update_from(self, record: DialogueRecord) -> None:
        """Start again from a record, unless it is older than what is known."""
        with self._lock:
            if record.last_seq >= self._seq:
                self._created = record.last_message_created
                self.threads = record.thread_count
                self._restart_at(record.last_seq, record.total_messages)

    def update_from_list(self, last_seq: int, messages: int) -> None:
        """Start again from a whole list: how many messages it has up to a `seq`."""
        with self._lock:
            if last_seq >= self._seq:
                counted = [self._created] if self._created else []
                newer = [created for seq, created in self._newer.items() if seq <= last_seq]
                self._created = max([*counted, *newer], default=None)
                self._restart_at(last_seq, messages)

    def note_last_seq(self, last_seq: int | None) -> None:
        """Note that a message with this `seq` is there, or was."""
        with self._lock:
            self._newest_seq = max(self._newest_seq, last_seq or 0)

    def add(self, messages: Iterable[MessageRecord]) -> None:
        """Count messages that are there."""
        with self._lock:
            for message in messages:
                if message.seq > self._seq:
                    self._newer[message.seq] = message.created

    def remove(self, seq: int | None) -> None:
        """Count a message that was deleted; its `seq` may be unknown."""
        with self._lock:
            if seq is None or seq <= self._seq:
                self._messages = max(0, self._messages - 1)
            else:
                self._newer.pop(seq, None)
                self._deleted.add(seq)

    def add_thread(self) -> None:
        """Count a thread that was created."""
        with self._lock:
            self.threads += 1

    def _restart_at(self, last_seq: int, messages: int) -> None:
        self._seq, self._messages = last_seq, messages
        self._newer = {seq: created for seq, created in self._newer.items() if seq > last_seq}
        self._deleted = {seq for seq in self._deleted if seq > last_seq}
