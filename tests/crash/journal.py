"""What many writers sent and what was acknowledged, and the check that no more and no less is so.

Every message has a content of its own, by which it is found again. A message is only deleted by
the writer that was told it is stored.
"""

import asyncio
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.crash.wire import CUT, Connection

DIALOGUES = 8


@dataclass
class Sent:
    """A message on its way: what came of it, as far as its writer knows."""

    dialogue: str
    writer: str
    stored: dict[str, Any] | None = None
    """The message as it was acknowledged."""

    named: bool = False
    batch: tuple[str, ...] = ()
    delete_sent: bool = False
    deleted: bool = False


@dataclass
class Journal:
    """Everything that was sent, by content."""

    sent: dict[str, Sent] = field(default_factory=dict)
    writers: int = 0

    def new_writer(self, port: int, key: str) -> "Writer":
        """Add a writer."""
        self.writers += 1
        return Writer(self, f"w{self.writers}", Connection(port, key))

    @property
    def acknowledged(self) -> int:
        """How many messages were acknowledged."""
        return sum(one.stored is not None for one in self.sent.values())

    async def retry(self, port: int, key: str) -> None:
        """Send again, twice, what has an id and was not acknowledged: it is stored once."""
        async with Connection(port, key) as connection:
            for text, one in self.sent.items():
                if one.stored or not one.named or one.batch:
                    continue
                path, body = f"/dialogue/{one.dialogue}/messages", new_message(text, named=True)
                status, one.stored = await connection.ask("POST", path, body)
                assert status == 200, one.stored
                assert await connection.ask("POST", path, body) == (200, one.stored)

    async def check(self, port: int, key: str) -> None:
        """Read everything back and compare."""
        async with Connection(port, key) as connection:
            found = {}
            for name in dialogue_names():
                found[name] = await self._check_dialogue(connection, name)
            everywhere = Counter(one for contents in found.values() for one in contents)
            assert max(everywhere.values(), default=1) == 1
            self._check_each(everywhere)
            ever = sum(self._ever_stored(name, contents) for name, contents in found.items())
            _, usage = await connection.ask("GET", "/admin/usage")
            assert usage["messages"] == ever
            self._take_over(found)

    async def _check_dialogue(self, connection: Connection, name: str) -> dict[str, Any]:
        status, shown = await connection.ask("GET", f"/dialogue/{name}")
        assert status == 200, shown
        listed = await read_all(connection, name)
        contents = {one["content"]: one for one in listed}
        assert len(contents) == len(listed) == shown["totalMessages"]
        order = [(one["created"], one["seq"]) for one in listed]
        assert order == sorted(set(order))
        assert len({one["seq"] for one in listed}) == len(listed)
        assert shown["lastSeq"] == self._ever_stored(name, contents)
        assert shown.get("lastMessageCreated") == max((at for at, _ in order), default=None)
        self._check_order(contents)
        return contents

    def _ever_stored(self, dialogue: str, contents: dict[str, Any]) -> int:
        """Count what was acknowledged, and what was stored without anybody being told."""
        mine = [(text, one) for text, one in self.sent.items() if one.dialogue == dialogue]
        return sum(one.stored is not None or text in contents for text, one in mine)

    def _check_order(self, contents: dict[str, Any]) -> None:
        """Check that each writer's messages have the order in which they were acknowledged."""
        seqs = defaultdict(list)
        for text, one in self.sent.items():
            if text in contents:
                seqs[one.writer].append(contents[text]["seq"])
        assert all(one == sorted(one) for one in seqs.values())

    def _check_each(self, everywhere: Counter[str]) -> None:
        assert everywhere.keys() <= self.sent.keys(), "something was stored that nobody sent"
        for text, one in self.sent.items():
            if one.deleted:
                assert text not in everywhere, f"{text} was deleted"
            elif one.stored and not one.delete_sent:
                assert text in everywhere, f"{text} was acknowledged"
            elif one.stored is None:
                together = {other in everywhere for other in one.batch}
                assert len(together) <= 1, f"the batch of {text} is stored in part"

    def _take_over(self, found: dict[str, dict[str, Any]]) -> None:
        """Take what is stored as acknowledged from now on, and what is not as never sent."""
        for text, one in list(self.sent.items()):
            shown = found[one.dialogue].get(text)
            if one.stored and shown:
                assert shown == one.stored, "a message is not what was acknowledged"
            if one.delete_sent:
                one.deleted = one.deleted or shown is None
                one.delete_sent = one.deleted
            elif shown is None:
                del self.sent[text]
            one.stored = one.stored or shown


class Writer:
    """Sends messages over one connection until it is cut."""

    def __init__(self, journal: Journal, name: str, connection: Connection) -> None:
        self._journal = journal
        self._name = name
        self._connection = connection
        self._random = random.Random(name)
        self._number = 0
        self._stored: list[str] = []

    async def write(self, until: asyncio.Event) -> None:
        """Write until told to stop, or until the server is gone."""
        try:
            async with self._connection:
                while not until.is_set():
                    await self._turn()
        except CUT:
            return

    async def _turn(self) -> None:
        operation = self._random.choices([self._one, self._batch, self._delete], [6, 3, 1])[0]
        await operation()

    def _new(self, dialogue: str) -> dict[str, Any]:
        """Make a message, with an id or without."""
        self._number += 1
        text = f"{self._name}.{self._number}"
        named = self._random.random() < 0.5
        self._journal.sent[text] = Sent(dialogue, self._name, named=named)
        return new_message(text, named=named)

    async def _one(self) -> None:
        dialogue = self._random.choice(dialogue_names())
        new = self._new(dialogue)
        path = f"/dialogue/{dialogue}/messages"
        status, stored = await self._connection.ask("POST", path, new)
        assert status == 200, stored
        self._note([stored])

    async def _batch(self) -> None:
        dialogue = self._random.choice(dialogue_names())
        new = [self._new(dialogue) for _ in range(self._random.randint(2, 8))]
        texts = tuple(one["content"] for one in new)
        for text in texts:
            self._journal.sent[text].batch = texts
        path = f"/dialogue/{dialogue}/messages"
        status, stored = await self._connection.ask("POST", path, new)
        assert status == 200, stored
        assert [one["content"] for one in stored] == list(texts)
        self._note(stored)

    def _note(self, stored: list[dict[str, Any]]) -> None:
        for one in stored:
            self._journal.sent[one["content"]].stored = one
            self._stored.append(one["content"])

    async def _delete(self) -> None:
        if not self._stored:
            return
        text = self._stored.pop(self._random.randrange(len(self._stored)))
        one = self._journal.sent[text]
        assert one.stored
        one.delete_sent = True
        path = f"/dialogue/{one.dialogue}/message/{one.stored['id']}"
        status, answer = await self._connection.ask("DELETE", path)
        assert status == 200, answer
        one.deleted = True


def new_message(text: str, *, named: bool) -> dict[str, Any]:
    """Make a message that is known by its content."""
    return {"role": "user", "content": text, **({"id": text} if named else {})}


def dialogue_names() -> list[str]:
    """Return the dialogues that all writers write to."""
    return [f"d{number}" for number in range(DIALOGUES)]


async def make_dialogues(port: int, key: str) -> None:
    """Make the dialogues that all writers write to."""
    async with Connection(port, key) as connection:
        for name in dialogue_names():
            status, answer = await connection.ask("POST", "/dialogue", {"id": name})
            assert status == 200, answer


async def read_all(connection: Connection, dialogue: str) -> list[dict[str, Any]]:
    """Read all messages of a dialogue, page by page."""
    listed: list[dict[str, Any]] = []
    path = first = f"/dialogue/{dialogue}/messages?limit=1000"
    while True:
        status, page = await connection.ask("GET", path)
        assert status == 200, page
        listed += page["items"]
        if page["next"] is None:
            return listed
        path = f"{first}&next={page['next']}"
