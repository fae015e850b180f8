"""The connection: uvicorn's HTTP/1.1 protocol, bounded against hostile and stalled clients.

Bytes that are no request are answered with our error object, after the responses to the requests
before them. Otherwise it serves as uvicorn does, but ignores upgrades, and writes responses as
`cycle` does.
"""

import asyncio
import re
from typing import Any

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from dialoguedb.errors import InvalidRequest
from dialoguedb.http.cycle import CountingFlow, Cycle, head_bytes
from dialoguedb.http.responses.error_responses import error_response
from dialoguedb.http.responses.response import (
    default_rate_limit_status,
    headers_of,
    new_request_id,
)
from dialoguedb.values import timestamps

HEAD_BYTES_MAX = 64 * 1024
"""The head of a request: its target and its headers."""

HEADERS_MAX = 200
"""Headers of one request."""

HEAD_SECONDS_MAX = 20
"""How long a head may take to arrive."""

STALL_SECONDS_MAX = 30
"""How long a body may stall, or a response stay unread."""

BODY_GRACE_SECONDS = 60
"""How long a body may arrive at any speed."""

BODY_BYTES_PER_SECOND_MIN = 1024
"""The least average speed of a body after that."""

READ_GRACE_SECONDS = 20
"""How long a response may be read at any speed while it waits for its client."""

READ_BYTES_PER_SECOND_MIN = 32 * 1024
"""The least average speed of a client that is waited for, after that."""

WATCH_SECONDS = 5
"""How often a connection is checked."""

LINGER_SECONDS = 1
"""How long a client that still sends is read from after an error, so that it reads the error."""

_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_UPGRADE = re.compile(rb"\r\nupgrade(?=[ \t]*:)", re.IGNORECASE)


class HeadRefused(Exception):
    """A head exceeds a limit; raised through the parser, which stops there."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection; pass the class to uvicorn as `http=`."""

    head_seconds_max: float = HEAD_SECONDS_MAX
    stall_seconds_max: float = STALL_SECONDS_MAX
    grace_seconds: float = BODY_GRACE_SECONDS
    read_grace_seconds: float = READ_GRACE_SECONDS
    read_bytes_per_second_min: float = READ_BYTES_PER_SECOND_MIN
    watch_seconds: float = WATCH_SECONDS
    linger_seconds: float = LINGER_SECONDS

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._ignores_input = False
        """Whether further bytes are ignored."""

        self._refusal: bytes | None = None
        """The error to send last, after the responses to the requests before it."""

        self._unparsed_bytes = 0
        self._head_bytes = 0
        self._body_bytes = 0
        self._reading = Reading()
        self._answering: RequestResponseCycle | None = None
        self._moved = self._began = self.loop.time()
        self._awaits_head, self._awaits_body = True, False
        self._watcher = self.loop.call_later(self.watch_seconds, self._watch)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """Begin to serve a connection."""
        super().connection_made(transport)
        self.flow: CountingFlow = CountingFlow(transport)

    # --- Reading ------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Feed the parser; its callbacks do the rest."""
        if self._ignores_input:
            return
        self._unset_keepalive_if_required()
        begins = not (self._awaits_body or self._unparsed_bytes)
        self._unparsed_bytes += len(data)
        if not self._awaits_body and (b"pgrade" in data or b"PGRADE" in data):
            data = _without_upgrade(data)
        if begins and not data.isascii():
            data = _in_ascii(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._refuse(str(error.__context__ or f"This is not an HTTP request: {error}"))
        else:
            if self._unparsed_bytes > HEAD_BYTES_MAX:
                self._refuse(_TOO_LONG)

    def on_message_begin(self) -> None:
        """Start a request."""
        super().on_message_begin()
        self._began = self.loop.time()
        self._awaits_head = True
        self._head_bytes = 0

    def on_url(self, url: bytes) -> None:
        """Receive a piece of the target."""
        self.url += url
        self._head_bytes += len(url)
        if self._head_bytes > HEAD_BYTES_MAX:
            raise HeadRefused(_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Receive a header."""
        name = name.lower()
        self.headers.append((name, value))
        if name == b"expect":
            self.expect_100_continue = value.lower() == b"100-continue"
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > HEAD_BYTES_MAX:
            raise HeadRefused(_TOO_LONG)
        if len(self.headers) > HEADERS_MAX:
            raise HeadRefused(f"A request has at most {HEADERS_MAX} headers")

    def on_headers_complete(self) -> None:
        """Start the request, or queue it behind those before it."""
        self._unparsed_bytes = self._body_bytes = 0
        self._awaits_head, self._awaits_body = False, True
        self._moved = self._began
        scope = self.scope
        scope["method"] = self.parser.get_method().decode("ascii")
        scope["http_version"] = version = self.parser.get_http_version()
        scope["raw_path"], scope["query_string"] = _target(self.url)
        scope["path"] = scope["raw_path"].decode("ascii")
        if self.parser.should_upgrade():  # the parser would take the body for another protocol
            raise HeadRefused("Connections are not upgraded to other protocols here")
        before: Cycle | None = self.cycle  # type: ignore[assignment] # uvicorn hides the None
        self.cycle = Cycle(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=self.parser.should_keep_alive() and version != "1.0",
            on_response=self.on_response_complete,
        )
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def on_body(self, body: bytes) -> None:
        """Receive a piece of a body."""
        super().on_body(body)
        self._unparsed_bytes = 0
        self._body_bytes += len(body)
        self._moved = self.loop.time()

    def on_message_complete(self) -> None:
        """Note that a request is whole."""
        super().on_message_complete()
        self._unparsed_bytes = 0
        self._awaits_body = False

    # --- Responding ---------------------------------------------------------------------------

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Go on with the next request, or close the connection."""
        if self._refusal is not None and not self.pipeline and not self.transport.is_closing():
            self.transport.write(self._refusal)
            self._hang_up()
            return
        super().on_response_complete()
        cycle = self.cycle
        if cycle.response_complete and cycle.more_body and not cycle.keep_alive:
            self._hang_up()

    def _hang_up(self) -> None:
        """Close, but read on for a second: a client that still sends would miss its response."""
        self._ignores_input = True
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self.loop.call_later(self.linger_seconds, self.transport.close)
        else:
            self.transport.close()

    def _refuse(self, message: str) -> None:
        """Answer bytes that are no request, after the requests before them, and hang up."""
        self._ignores_input = True
        self._awaits_head = self._awaits_body = False
        refusal = _refusal(message)
        cycle: Cycle | None = self.cycle  # type: ignore[assignment] # uvicorn hides the None
        if cycle is not None and not cycle.response_complete:
            if not cycle.more_body or self.pipeline:
                self._refusal = refusal
                if cycle.more_body:  # it is the last in the queue, and will never be whole
                    self.pipeline.popleft()
                return
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.write(refusal)
        self._hang_up()

    # --- Watching -----------------------------------------------------------------------------

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop watching the connection, and let go of all that belongs to it.

        A timer that ran on would keep the last request, and what was answered, as long as it runs.
        """
        self._watcher.cancel()
        if self._answering is not None:  # uvicorn tells only the last request of those that queue
            self._answering.disconnected = True
            self._answering.message_event.set()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self.pipeline.clear()
        self.cycle = self.scope = self.headers = self._answering = None  # type: ignore[assignment] # uvicorn hides it

    def _watch(self) -> None:
        now = self.loop.time()
        if self._is_stalled(now) or self._is_unread(now):
            self.transport.abort()
        else:
            self._watcher = self.loop.call_later(self.watch_seconds, self._watch)

    def _is_stalled(self, now: float) -> bool:
        """Tell whether the client sends a request too slowly, or not at all."""
        taken = now - self._began
        if self._awaits_head:
            return taken > self.head_seconds_max
        if not self._awaits_body or self.flow.read_paused:
            return False
        too_slow = self._body_bytes < taken * BODY_BYTES_PER_SECOND_MIN
        return now - self._moved > self.stall_seconds_max or (
            taken > self.grace_seconds and too_slow
        )

    def _is_unread(self, now: float) -> bool:
        """Tell whether the client no longer reads what it is sent, or too slowly."""
        cycle: Cycle | None = self.cycle  # type: ignore[assignment] # uvicorn hides the None
        reading = self._reading
        unsent_bytes = self.transport.get_write_buffer_size()
        if not unsent_bytes and (cycle is None or cycle.response_complete):
            reading = self._reading = Reading()
        reading.observe(now, self.flow.written_bytes - unsent_bytes, unsent_bytes)
        too_slow = reading.read_bytes < reading.waited_seconds * self.read_bytes_per_second_min
        return reading.stalled_seconds > self.stall_seconds_max or (
            reading.waited_seconds > self.read_grace_seconds and too_slow
        )


class Reading:
    """How a client reads one response, as far as it has to be waited for."""

    def __init__(self) -> None:
        self.waited_seconds = 0.0
        """How long it was waited for."""

        self.read_bytes = 0
        """What it has read meanwhile."""

        self.stalled_seconds = 0.0
        """How long it has read nothing by now, though there was something to read."""

        self._at = self._sent_bytes = 0.0
        self._waits = False

    def observe(self, now: float, sent_bytes: int, unsent_bytes: int) -> None:
        """Observe how much was sent of all, and how much waits to be sent."""
        taken_seconds, read_bytes = now - self._at, int(sent_bytes - self._sent_bytes)
        if not (self._waits and unsent_bytes) or read_bytes:
            self.stalled_seconds = 0.0
        if self._waits and unsent_bytes:
            self.waited_seconds += taken_seconds
            self.read_bytes += read_bytes
            self.stalled_seconds += 0.0 if read_bytes else taken_seconds
        self._at, self._sent_bytes, self._waits = now, sent_bytes, bool(unsent_bytes)


def _without_upgrade(data: bytes) -> bytes:
    """Rename the header by which some clients always offer HTTP/2."""
    head, end, body = data.partition(b"\r\n\r\n")
    return _UPGRADE.sub(b"\r\nupgrad-", head) + end + body


def _in_ascii(data: bytes) -> bytes:
    """Percent-encode letters in a request's target that some clients send as they are."""
    line, end, rest = data.partition(b"\r\n")
    return _NOT_ASCII.sub(lambda found: b"%%%02X" % found[0][0], line) + end + rest


_TOO_LONG = f"The head of a request has at most {HEAD_BYTES_MAX} bytes"


def _target(url: bytes) -> tuple[bytes, bytes]:
    """Return path and query of a request's target, in either of its forms."""
    if not url.isascii():
        raise HeadRefused("A request's target is written in ASCII, with %XX for all else")
    path, _, query = url.partition(b"#")[0].partition(b"?")
    if not path.startswith(b"/"):  # http://host/path
        path = b"/" + path.partition(b"://")[2].partition(b"/")[2]
    return path, query


def _refusal(message: str) -> bytes:
    request_id = new_request_id()
    response = error_response(InvalidRequest(message), request_id, timestamps.now())
    headers = headers_of(response, request_id, default_rate_limit_status())
    return head_bytes(response.status, headers, keep_alive=False) + response.body
