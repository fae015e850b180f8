"""How many messages and threads a dialogue has, as far as is known here."""

import threading
from collections.abc import Iterable

from dialoguedb.client.records import DialogueRecord, MessageRecord


class Count:
    """What the server has told, and what came to it since; threads may count at once.

    What is told is true up to one message, `last_seq`. Those beyond it are counted by their own
    numbers, so that none counts twice, in whichever order they come.
    """

    def __init__(self, record: DialogueRecord) -> None:
        self._lock = threading.Lock()
        self._newer: dict[int, str] = {}
        self._gone: set[int] = set()
        self._heard = 0
        self._seq = -1
        self._messages = 0
        self.tell(record)

    @property
    def messages(self) -> int:
        """How many messages there are."""
        with self._lock:
            return self._messages + len(self._newer)

    @property
    def is_whole(self) -> bool:
        """Whether nothing has arrived since, as far as is known, that is not counted."""
        with self._lock:
            accounted = len(self._newer) + len(self._gone)
            return max([self._heard, *self._newer]) - self._seq <= accounted

    @property
    def last_seq(self) -> int:
        """The number of the message that arrived last."""
        with self._lock:
            return max(self._newer, default=self._seq)

    @property
    def last_created(self) -> str | None:
        """The latest time of a message; None when there is none."""
        with self._lock:
            told = [self._created] if self._created else []
            return max([*told, *self._newer.values()], default=None)

    def tell(self, record: DialogueRecord) -> None:
        """Go on from what a record tells, unless it is older than what is known."""
        with self._lock:
            if record.last_seq >= self._seq:
                self._created = record.last_message_created
                self.threads = record.thread_count
                self._begin_at(record.last_seq, record.total_messages)

    def tell_whole(self, last_seq: int, messages: int) -> None:
        """Go on from how many messages a whole list has, up to a number."""
        with self._lock:
            if last_seq >= self._seq:
                told = [self._created] if self._created else []
                met = [created for seq, created in self._newer.items() if seq <= last_seq]
                self._created = max([*told, *met], default=None)
                self._begin_at(last_seq, messages)

    def hear(self, last_seq: int | None) -> None:
        """Take note of the number of a message that is there, or was."""
        with self._lock:
            self._heard = max(self._heard, last_seq or 0)

    def saw(self, messages: Iterable[MessageRecord]) -> None:
        """Take note of messages that are there."""
        with self._lock:
            for message in messages:
                if message.seq > self._seq:
                    self._newer[message.seq] = message.created

    def lost(self, seq: int | None) -> None:
        """Take note of a message that was deleted; its number may not be known."""
        with self._lock:
            if seq is None or seq <= self._seq:
                self._messages = max(0, self._messages - 1)
            else:
                self._newer.pop(seq, None)
                self._gone.add(seq)

    def saw_thread(self) -> None:
        """Take note of a thread that was created."""
        with self._lock:
            self.threads += 1

    def _begin_at(self, last_seq: int, messages: int) -> None:
        self._seq, self._messages = last_seq, messages
        self._newer = {seq: created for seq, created in self._newer.items() if seq > last_seq}
        self._gone = {seq for seq in self._gone if seq > last_seq}
