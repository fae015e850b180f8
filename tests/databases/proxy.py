"""A network between a server and its database that cuts connections in mid-transaction."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress

_CHUNK = 1 << 16
_TURNS = (b"BEGIN", b"COMMIT", b"ROLLBACK")
"""What a client sends when a connection may be cut: before it arrives, or after its answer."""


class Proxy:
    """Carries what is sent to a port; cuts a share of the transactions when told to."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.port = 0
        self.share = 0.0
        """How many of the beginnings and ends of transactions cut their connection."""

        self.cuts = 0
        self._chances = random.Random(port)
        self._carrying: set[asyncio.Task[None]] = set()

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection, and carry it for as long as it lasts."""
        task = asyncio.create_task(self._carry(reader, writer))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def hang_up(self) -> None:
        """End every connection, and wait until they are gone."""
        for task in self._carrying:
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection both ways until either side hangs up, or it is cut."""
        with closing(writer), suppress(OSError):
            answers, there = await asyncio.open_connection("127.0.0.1", self.target)
            with closing(there):
                back = asyncio.create_task(_copy(answers, writer))
                try:
                    await self._forward(reader, there)
                finally:
                    back.cancel()

    async def _forward(self, reader: asyncio.StreamReader, there: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while sent := await reader.read(_CHUNK):
                is_turn = any(turn in sent for turn in _TURNS)
                cut = is_turn and self._chances.random() < self.share
                if cut and self._chances.random() < 1 / 2:
                    self.cuts += 1
                    return
                there.write(sent)
                await there.drain()
                if cut:
                    await asyncio.sleep(self._chances.uniform(0, 0.01))  # it is carried out or not
                    self.cuts += 1
                    return


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while came := await reader.read(_CHUNK):
            writer.write(came)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def proxied(port: int) -> AsyncIterator[Proxy]:
    """Listen before a port of this machine."""
    proxy = Proxy(port)
    listening = await asyncio.start_server(proxy.take, "127.0.0.1", 0)
    proxy.port = listening.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        listening.close()
        await proxy.hang_up()
