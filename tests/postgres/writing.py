"""Writers that never give up, and the account of what they were told is stored."""

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.crash.journal import dialogue_names, read_all
from tests.crash.wire import CUT, Connection

ANSWER_SECONDS_MAX = 60
"""How long an answer may take, be it that nothing can be stored at present."""

GIVEN_UP_SECONDS = 60
"""How long a writer may be told to try again when all is well again."""

_REFUSALS = (*CUT, OSError)
_UNAVAILABLE = 503


@dataclass
class Sent:
    """A message on its way: what came of it, as far as its writer knows."""

    dialogue: str
    writer: str
    batch: tuple[str, ...]
    is_retried: bool
    stored: dict[str, Any] | None = None
    """The message as it was acknowledged."""


@dataclass
class Account:
    """Everything that was sent, by content, and every answer that should not have been."""

    sent: dict[str, Sent] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)

    @property
    def acknowledged(self) -> int:
        """How many messages were acknowledged."""
        return sum(one.stored is not None for one in self.sent.values())

    async def check(self, port: int, key: str) -> None:
        """Read everything back and compare."""
        assert not self.errors, self.errors[:20]
        async with Connection(port, key) as connection:
            stored = 0
            for name in dialogue_names():
                found = await self._read(connection, name)
                self._check_dialogue(name, found)
                stored += len(found)
            _, usage = await connection.ask("GET", "/admin/usage")
            assert usage["messages"] == stored

    async def _read(self, connection: Connection, name: str) -> dict[str, Any]:
        """Return the messages of a dialogue by content, its counters compared with them."""
        listed = await read_all(connection, name)
        found = {one["content"]: one for one in listed}
        status, shown = await connection.ask("GET", f"/dialogue/{name}")
        assert status == 200, shown
        assert len(found) == len(listed), "something is stored twice"
        assert [one["seq"] for one in listed] == list(range(1, len(listed) + 1))
        assert shown["totalMessages"] == shown["lastSeq"] == len(listed)
        return found

    def _check_dialogue(self, name: str, found: dict[str, Any]) -> None:
        mine = {text: one for text, one in self.sent.items() if one.dialogue == name}
        assert found.keys() <= mine.keys(), "something is stored that nobody sent there"
        seqs = defaultdict(list)
        for text, one in mine.items():
            if one.stored:
                assert found.get(text) == one.stored, f"{text} is not what was acknowledged"
            together = [found[other]["seq"] for other in one.batch if other in found]
            assert together in ([], _in_a_row(together, len(one.batch))), f"{text}: {together}"
            if one.is_retried:
                seqs[one.writer].append(found[text]["seq"])
        assert all(one == sorted(one) for one in seqs.values()), "not in their order"


def _in_a_row(seqs: list[int], count: int) -> list[int]:
    return list(range(seqs[0], seqs[0] + count)) if seqs else []


class Writer:
    """Sends messages to any server, one request after another, each until it is acknowledged."""

    def __init__(self, account: Account, name: str, ports: Callable[[], list[int]], key: str):
        self._account = account
        self._name = name
        self._ports = ports
        self._key = key
        self._random = random.Random(name)
        self._number = 0
        self._connection: Connection | None = None

    async def write(self, over: asyncio.Event) -> None:
        """Write until told to stop, and then only what was begun."""
        while not over.is_set():
            kind = self._random.choices(["with ids", "with a key", "without either"], [4, 4, 1])[0]
            await self._turn(kind, over)
        await self._hang_up()

    async def _turn(self, kind: str, over: asyncio.Event) -> None:
        dialogue = self._random.choice(dialogue_names())
        texts = tuple(self._new() for _ in range(self._random.choice([1, 1, 1, 5])))
        for text in texts:
            sent = Sent(dialogue, self._name, texts, is_retried=kind != "without either")
            self._account.sent[text] = sent
        batch = [{"role": "user", "content": text} for text in texts]
        if kind == "with ids":
            batch = [{**one, "id": one["content"]} for one in batch]
        path = f"/dialogue/{dialogue}/messages"
        key = texts[0] if kind == "with a key" else None
        stored = await self._until_stored(
            path, batch, key, over, is_retried=kind != "without either"
        )
        for one in stored or []:
            self._account.sent[one["content"]].stored = one

    def _new(self) -> str:
        self._number += 1
        return f"{self._name}.{self._number}"

    async def _until_stored(
        self, path: str, batch: list[Any], key: str | None, over: asyncio.Event, *, is_retried: bool
    ) -> Any:
        ended = None
        while (stored := await self._try(path, batch, key)) is None and is_retried:
            ended = ended or (time.monotonic() if over.is_set() else None)
            if ended and time.monotonic() > ended + GIVEN_UP_SECONDS:
                self._account.errors.append(f"{batch[0]['content']} is refused for good")
                return None
            await asyncio.sleep(self._random.uniform(0.01, 0.2))  # as clients do
        return stored

    async def _try(self, path: str, batch: list[Any], key: str | None) -> Any:
        """Send a request once; returns what was stored, None when nobody knows."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                connection = await self._connected()
                status, answer = await connection.ask("POST", path, batch, key)
        except TimeoutError:
            self._account.errors.append(f"{path} was not answered")
            await self._hang_up()
            return None
        except _REFUSALS as error:
            self._account.answers[type(error).__name__] += 1
            await self._hang_up()
            return None
        return answer if self._is_stored(status, answer, connection) else None

    def _is_stored(self, status: int, answer: Any, connection: Connection) -> bool:
        self._account.answers[str(status)] += 1
        if status == _UNAVAILABLE and "retry-after" in connection.headers:
            return False
        if status != 200:
            self._account.errors.append(f"{status} {answer} {connection.headers}")
        return status == 200

    async def _connected(self) -> Connection:
        """Return a connection; to another server now and then, and when the last one is gone."""
        if self._connection is None or self._random.random() < 0.1:
            await self._hang_up()
            ports = self._ports()
            if not ports:
                raise ConnectionRefusedError
            self._connection = Connection(self._random.choice(ports), self._key)
            await self._connection.__aenter__()
        return self._connection

    async def _hang_up(self) -> None:
        if self._connection is not None:
            await self._connection.__aexit__()
        self._connection = None
