"""Clients that do harm: each kind holds what a server gives it for as long as it can."""

import asyncio
import contextlib
import socket
import struct
import time
from collections import Counter
from dataclasses import dataclass, field

from bench.generator import request_bytes
from bench.server import Server

_SMALL_BUFFER_BYTES = 4_096
_READ_BYTES = 1_024
_READ_EVERY_S = 1.0
_RESET = struct.pack("ii", 1, 0)
_HEAD_SECONDS_MAX = 60
_CONNECTING_MAX = 100
GONE = (ConnectionError, asyncio.IncompleteReadError, TimeoutError)


@dataclass
class Outcome:
    """What came of the clients of one attack."""

    statuses: Counter[str] = field(default_factory=Counter)
    """How many were answered with each status, hung up on, or still open at the end."""

    def __str__(self) -> str:
        """Spell it for the report."""
        return ", ".join(f"{count} {what}" for what, count in self.statuses.most_common())


@dataclass(frozen=True)
class Target:
    """A server, and the large answers that can be asked of it."""

    server: Server
    paths: tuple[str, ...] = ()

    def request(self, number: int) -> bytes:
        """Build the request of one client; they ask for each path in turn."""
        return request_bytes("GET", self.paths[number % len(self.paths)], self.server.key)

    async def connect(self) -> socket.socket:
        """Connect with little room for what is received."""
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER_BYTES)
        connection.settimeout(0)
        address = (self.server.host, self.server.port)
        await asyncio.get_running_loop().sock_connect(connection, address)
        return connection


async def slow_readers(target: Target, count: int, seconds: float) -> Outcome:
    """Ask for large answers at once, and read a kilobyte a second of each."""
    outcome, until = Outcome(), time.monotonic() + seconds
    await asyncio.gather(*(_read_slowly(target, n, until, outcome) for n in range(count)))
    return outcome


async def _read_slowly(target: Target, number: int, until: float, outcome: Outcome) -> None:
    loop = asyncio.get_running_loop()
    status = "unanswered"
    connection = await target.connect()
    with connection:
        try:
            await loop.sock_sendall(connection, target.request(number))
            while (left := until - time.monotonic()) > 0:
                piece = await asyncio.wait_for(loop.sock_recv(connection, _READ_BYTES), left)
                if not piece:
                    status += " and cut off"
                    break
                if status == "unanswered":
                    status = piece.split()[1].decode()
                await asyncio.sleep(_READ_EVERY_S)
        except ConnectionError:
            status += " and cut off"
        except TimeoutError:
            status += " and stuck"
    outcome.statuses[status] += 1


async def hang_ups(target: Target, count: int, seconds: float) -> Outcome:
    """Ask for large answers one after another, and reset each connection as its answer begins."""
    outcome, began = Outcome(), time.monotonic()
    tasks = []
    for number in range(count):
        await asyncio.sleep(max(0, began + seconds * number / count - time.monotonic()))
        tasks.append(asyncio.create_task(_hang_up(target, number, outcome)))
    await asyncio.gather(*tasks)
    return outcome


async def _hang_up(target: Target, number: int, outcome: Outcome) -> None:
    loop = asyncio.get_running_loop()
    status = "refused"
    try:
        with await target.connect() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            await loop.sock_sendall(connection, target.request(number))
            wait = loop.sock_recv(connection, _READ_BYTES)
            piece = await asyncio.wait_for(wait, _HEAD_SECONDS_MAX)
            status = piece.split()[1].decode() if piece else "cut off"
    except GONE:
        status = "cut off"
    outcome.statuses[status] += 1


async def uploads(target: Target, count: int, body: bytes, seconds: float) -> Outcome:
    """Send large bodies at the same time, each evenly over so many seconds."""
    outcome = Outcome()
    await asyncio.gather(*(_upload(target, body, seconds, outcome) for _ in range(count)))
    return outcome


async def _upload(target: Target, body: bytes, seconds: float, outcome: Outcome) -> None:
    server = target.server
    status = "cut off"
    with contextlib.suppress(*GONE):
        reader, writer = await asyncio.open_connection(server.host, server.port)
        try:
            head, _, _ = request_bytes("POST", "/dialogue/d/messages", server.key, b"x").partition(
                b"\r\n\r\n"
            )
            length = b"Content-Length: %d" % len(body)
            writer.write(head.replace(b"Content-Length: 1", length) + b"\r\n\r\n")
            with contextlib.suppress(ConnectionError):  # one refused early may answer before
                await _send_evenly(writer, reader, body, seconds)
            line = await asyncio.wait_for(reader.readline(), _HEAD_SECONDS_MAX)
            status = line.split()[1].decode() if line else status
        finally:
            writer.close()
    outcome.statuses[status] += 1


async def _send_evenly(
    writer: asyncio.StreamWriter, reader: asyncio.StreamReader, body: bytes, seconds: float
) -> None:
    pieces = 60
    size = -(-len(body) // pieces)
    for start in range(0, len(body), size):
        writer.write(body[start : start + size])
        await writer.drain()
        await asyncio.sleep(seconds / pieces)
        if reader._buffer:  # type: ignore[attr-defined]  # noqa: SLF001 - answered before its end
            return


async def idle(target: Target, count: int, seconds: float) -> Outcome:
    """Open connections, ask once on every second of them, and leave them open."""
    outcome = Outcome()
    gate = asyncio.Semaphore(_CONNECTING_MAX)
    opened = await asyncio.gather(*(_open(target, n, gate, outcome) for n in range(count)))
    await asyncio.sleep(seconds)
    for connection in opened:
        if connection is not None:
            connection.close()
    return outcome


async def _open(
    target: Target, number: int, gate: asyncio.Semaphore, outcome: Outcome
) -> socket.socket | None:
    loop = asyncio.get_running_loop()
    async with gate:
        try:
            connection = await target.connect()
            if number % 2:
                await loop.sock_sendall(connection, request_bytes("GET", "/health", ""))
                await asyncio.wait_for(loop.sock_recv(connection, _READ_BYTES), _HEAD_SECONDS_MAX)
        except GONE:
            outcome.statuses["refused"] += 1
            return None
    outcome.statuses["open"] += 1
    return connection
