"""Writers that never give up, readers beside them, and the account of what they were told."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.crash.journal import dialogue_names
from tests.crash.wire import CUT, Connection

ANSWER_SECONDS_MAX = 120
"""How long an answer may take, be it that nothing can be stored at present."""

GIVEN_UP_SECONDS = 120
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
    """Everything that was sent, by content, and every answer."""

    sent: dict[str, Sent] = field(default_factory=dict)
    acknowledged: list[str] = field(default_factory=list)
    """In the order of their answers."""

    answers: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    """What nobody should have been answered."""

    def acknowledge(self, stored: list[dict[str, Any]]) -> None:
        """Take down what a writer was told is stored."""
        for one in stored:
            self.sent[one["content"]].stored = one
            self.acknowledged.append(one["content"])


class Client:
    """Sends one request after another, to any of the servers, and takes down every answer."""

    def __init__(self, account: Account, name: str, ports: Callable[[], list[int]], key: str):
        self.account = account
        self.name = name
        self.random = random.Random(name)
        self._ports = ports
        self._key = key
        self._port: int | None = None
        self._connection: Connection | None = None

    async def ask(self, method: str, path: str, body: Any = None, key: str | None = None) -> Any:
        """Send a request once; returns what is answered with 200, None when nobody knows."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                connection = await self._connected()
                status, answer = await connection.ask(method, path, body, key)
        except TimeoutError:
            self.account.errors.append(f"{method} {path} was not answered")
            await self.hang_up()
            return None
        except _REFUSALS as error:
            await self._note_cut(f"{method} {path}", error)
            return None
        return answer if self._is_done(status, answer, connection) else None

    async def hang_up(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._connection.__aexit__()
        self._connection = None

    async def _note_cut(self, request: str, error: Exception) -> None:
        """A server that is killed hangs up; one that runs answers."""
        of = "a server that was killed" if self._port else "no server"
        self.account.answers[f"{type(error).__name__} of {of}"] += 1
        if self._port in self._ports():
            self.account.errors.append(f"{request}: {error!r} of a server that runs")
        await self.hang_up()

    def _is_done(self, status: int, answer: Any, connection: Connection) -> bool:
        if status == _UNAVAILABLE and "retry-after" in connection.headers:
            reason = answer["error"]["message"]
            self.account.answers[f"503 with Retry-After: {reason}"] += 1
            return False
        self.account.answers[str(status)] += 1
        if status != 200:
            self.account.errors.append(f"{status} {answer} {connection.headers}")
        return status == 200

    async def _connected(self) -> Connection:
        """Return a connection; to another server now and then, and when the last one is gone."""
        if self._connection is None or self.random.random() < 0.1:
            await self.hang_up()
            ports = self._ports()
            self._port = self.random.choice(ports) if ports else None
            if self._port is None:
                raise ConnectionRefusedError
            connection = Connection(self._port, self._key)
            await connection.__aenter__()
            self._connection = connection
        return self._connection


class Writer:
    """Sends messages, each until it is acknowledged."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._account = client.account
        self._random = client.random
        self._number = 0

    async def write(self, over: asyncio.Event) -> None:
        """Write until told to stop, and then only what was begun."""
        while not over.is_set():
            kind = self._random.choices(["with ids", "with a key", "without either"], [4, 4, 1])[0]
            await self._turn(kind, over)
        await self._client.hang_up()

    async def _turn(self, kind: str, over: asyncio.Event) -> None:
        dialogue = self._random.choice(dialogue_names())
        texts = tuple(self._new() for _ in range(self._random.choice([1, 1, 1, 5])))
        is_retried = kind != "without either"
        for text in texts:
            sent = Sent(dialogue, self._client.name, texts, is_retried)
            self._account.sent[text] = sent
        batch = [{"role": "user", "content": text} for text in texts]
        if kind == "with ids":
            batch = [{**one, "id": one["content"]} for one in batch]
        key = texts[0] if kind == "with a key" else None
        path = f"/dialogue/{dialogue}/messages"
        stored = await self._until_stored(path, batch, key, over, is_retried=is_retried)
        self._account.acknowledge(stored or [])

    def _new(self) -> str:
        self._number += 1
        return f"{self._client.name}x{self._number}"

    async def _until_stored(
        self, path: str, batch: list[Any], key: str | None, over: asyncio.Event, *, is_retried: bool
    ) -> Any:
        ended = None
        while (stored := await self._client.ask("POST", path, batch, key)) is None and is_retried:
            ended = ended or (time.monotonic() if over.is_set() else None)
            if ended and time.monotonic() > ended + GIVEN_UP_SECONDS:
                self._account.errors.append(f"{batch[0]['content']} is refused for good")
                return None
            await asyncio.sleep(self._random.uniform(0.01, 0.2))  # as clients do
        return stored


class Reader:
    """Reads and finds what was acknowledged, whichever server was told to store it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._account = client.account

    async def read(self, over: asyncio.Event) -> None:
        """Read until told to stop."""
        while not over.is_set():
            await asyncio.sleep(self._client.random.uniform(0.01, 0.2))  # others write meanwhile
            if self._account.acknowledged:
                await self._turn()
        await self._client.hang_up()

    async def _turn(self) -> None:
        chance = self._client.random
        text = chance.choice(self._account.acknowledged[-chance.choice([1, 20, 1_000]) :])
        stored = self._account.sent[text].stored
        assert stored
        look = chance.choice([self._get, self._count, self._search])
        is_there = await look(self._account.sent[text].dialogue, stored)
        self._account.answers["reads of what was acknowledged"] += is_there is not None
        if is_there is False:
            self._account.errors.append(f"{look.__name__} does not find {text}")

    async def _get(self, dialogue: str, stored: dict[str, Any]) -> bool | None:
        path = f"/dialogue/{dialogue}/message/{stored['id']}"
        found = await self._client.ask("GET", path)
        return None if found is None else bool(found == stored)

    async def _count(self, dialogue: str, stored: dict[str, Any]) -> bool | None:
        found = await self._client.ask("GET", f"/dialogue/{dialogue}")
        return None if found is None else bool(found["lastSeq"] >= stored["seq"])

    async def _search(self, _: str, stored: dict[str, Any]) -> bool | None:
        mode = self._client.random.choice(["keyword", "hybrid"])
        query = {"query": stored["content"], "object": "message", "mode": mode}
        found = await self._client.ask("POST", "/search", query)
        return None if found is None else any(one["id"] == stored["id"] for one in found["items"])
