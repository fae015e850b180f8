"""Writers that note what was acknowledged and what was refused, and the check of both."""

import asyncio
import itertools
import random
from dataclasses import dataclass, field
from typing import Any

from tests.crash.journal import new_message, read_all
from tests.crash.wire import CUT, Connection

UNAVAILABLE = 503
DIALOGUES = 4
FILLER_CHARS = 10_000


@dataclass
class Written:
    """Messages by id, as far as their writers know."""

    acknowledged: dict[str, dict[str, Any]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    """Refused, or sent to a server that was killed."""

    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    async def write(self, port: int, key: str, until: asyncio.Event) -> None:
        """Append and read until told to stop, or until the server is gone."""
        try:
            async with Connection(port, key) as connection:
                while not until.is_set():
                    await self.append(connection)
                    await self._read(connection)
        except CUT:
            return

    async def append(self, connection: Connection) -> None:
        """Append some messages, which is acknowledged or refused."""
        number = next(self.numbers)
        count = 1 + number % 3
        new = [_message(f"n{number}.{n}") for n in range(count)]
        names = {str(one["id"]) for one in new}
        self.unknown |= names
        path = f"/dialogue/d{number % DIALOGUES}/messages"
        status, answer = await connection.ask("POST", path, new)
        if status == 200:
            self.acknowledged.update({one["id"]: one for one in answer})
            self.unknown -= names
        else:
            assert status == UNAVAILABLE, (status, answer)

    async def _read(self, connection: Connection) -> None:
        if not self.acknowledged:
            return
        name = random.choice(list(self.acknowledged))
        stored = self.acknowledged[name]
        path = f"/dialogue/{stored['dialogueId']}/message/{name}"
        status, answer = await connection.ask("GET", path)
        assert (status, answer) == (200, stored) or status == UNAVAILABLE, (status, answer)

    async def check_acknowledged(self, port: int, key: str) -> None:
        """Check that what was acknowledged is stored, whatever else is."""
        async with Connection(port, key) as connection:
            found = await everything(connection)
            for name, stored in self.acknowledged.items():
                assert found.get(name) == stored, f"{name} was acknowledged"

    async def check(self, port: int, key: str) -> None:
        """Compare what is stored with what was acknowledged; then send the others again."""
        async with Connection(port, key) as connection:
            found = await everything(connection)
            for name, stored in self.acknowledged.items():
                assert found.get(name) == stored, f"{name} was acknowledged"
            assert found.keys() <= self.acknowledged.keys() | self.unknown
            for name in sorted(self.unknown):
                number = int(name[1:].split(".")[0])
                path = f"/dialogue/d{number % DIALOGUES}/messages"
                status, answer = await connection.ask("POST", path, _message(name))
                assert status == 200, answer
                assert answer == found.get(name, answer)
                self.acknowledged[name] = answer
            self.unknown.clear()
            assert (await everything(connection)) == self.acknowledged


def _message(name: str) -> dict[str, Any]:
    """Make a message of some pages, so that the log is soon copied into the database."""
    return {**new_message(name, named=True), "metadata": {"filler": "x" * FILLER_CHARS}}


async def everything(connection: Connection) -> dict[str, dict[str, Any]]:
    """Read all messages of all dialogues, each of which is there once."""
    found: dict[str, dict[str, Any]] = {}
    for number in range(DIALOGUES):
        listed = await read_all(connection, f"d{number}")
        status, shown = await connection.ask("GET", f"/dialogue/d{number}")
        assert status == 200, shown
        assert shown["totalMessages"] == len(listed)
        for one in listed:
            assert one["id"] not in found
            found[one["id"]] = one
    return found
