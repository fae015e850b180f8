"""uvicorn, run from here: started on our sockets, stopped by signals, with our exit code."""

import asyncio
import logging
import signal
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from socket import socket
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from dialoguedb.cli.server.sockets import Listener
from dialoguedb.cli.signals import handled
from dialoguedb.errors import InternalError
from dialoguedb.http.protocol import READ_BYTES_PER_SECOND_MIN, BoundedProtocol

logger = logging.getLogger(__name__)

_KEEP_ALIVE_S = 75
"""Longer than clients and load balancers keep an idle connection, so that they close it first."""

_LOOK_S = 0.05
_HANGING_UP_S = 5
_TLS_OPENING_S = 10
_TLS_CLOSING_S = 1
"""How long a client gets to say goodbye; one that is idle would else hold up every stop."""


class Server(uvicorn.Server):
    """One application in its place; leaves signals to `stopped_by_signals`."""

    def __init__(
        self,
        app: ASGIApp,
        listener: Listener,
        context: ssl.SSLContext | None,
        shutdown_timeout_s: int,
        when_ready: Callable[[], None] = lambda: None,
        read_rate: float = READ_BYTES_PER_SECOND_MIN,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=BoundedProtocol,
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                workers=1,
                timeout_keep_alive=_KEEP_ALIVE_S,
            )
        )
        self._listener = listener
        self._shutdown_timeout_s = shutdown_timeout_s
        self._context = context
        self._when_ready = when_ready
        self._read_rate = read_rate

    async def run_until_stopped(self) -> None:
        """Serve until told to stop, then finish what is in flight."""
        await self.serve(self._listener.listening)

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Start the application, then accept connections, then tell so."""
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            raise InternalError("The application did not start; the log says why")
        self.servers = [await self._accept(one) for one in sockets or ()]
        self.started = True
        self._when_ready()

    async def _accept(self, listening: socket) -> asyncio.Server:
        """Serve connections; uvicorn itself offers no time limits on TLS's opening and closing."""
        return await asyncio.get_running_loop().create_server(
            self._connection,
            sock=listening,
            ssl=self._context,
            ssl_handshake_timeout=_TLS_OPENING_S if self._context else None,
            ssl_shutdown_timeout=_TLS_CLOSING_S if self._context else None,
        )

    def _connection(self) -> BoundedProtocol:
        connection = BoundedProtocol(self.config, self.server_state, self.lifespan.state)
        connection.read_bytes_per_second_min = self._read_rate
        return connection

    async def shutdown(self, sockets: list[socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's
        """Stop accepting, finish what is in flight, and hang up on what does not end in time."""
        connections = self.server_state.connections
        logger.info("Stopping", extra={"connections": len(connections)})
        for server in self.servers:
            server.close()
        for connection in list(connections):
            connection.shutdown()
        await self._until_idle(self._shutdown_timeout_s)
        if connections:
            logger.warning("Hanging up on requests", extra={"connections": len(connections)})
        for connection in list(connections):
            connection.transport.abort()
        self.force_exit = False
        await self._until_idle(_HANGING_UP_S)
        await self.lifespan.shutdown()

    async def _until_idle(self, most_s: float) -> None:
        """Wait until nothing is in flight, the time is over, or a second signal says to go."""
        state = self.server_state
        with suppress(TimeoutError):
            async with asyncio.timeout(most_s):
                # uvicorn's sets tell nobody when they change
                while (state.connections or state.tasks) and not self.force_exit:  # noqa: ASYNC110
                    await asyncio.sleep(_LOOK_S)

    def capture_signals(self) -> nullcontext[None]:  # type: ignore[override] # no generator needed
        """Leave signals alone; uvicorn would raise them again at the end and spoil exit code 0."""
        return nullcontext()


@contextmanager
def stopped_by_signals(
    *servers: uvicorn.Server, signals: Sequence[int] = (signal.SIGTERM, signal.SIGINT)
) -> Iterator[None]:
    """Let signals stop the servers; a second one no longer waits for requests."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        for server in servers:
            server.force_exit = server.should_exit
            server.should_exit = True

    with handled(signals, stop):
        yield
