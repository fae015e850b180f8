"""A connection: what is hardly HTTP, what stalls, and what must not be confused."""

import asyncio
import gc
import itertools
import json
import logging
import queue
import socket
import struct
import threading
import time
import weakref
from contextlib import contextmanager, suppress

import pytest
import uvicorn
from uvicorn.server import ServerState

from dialoguedb.http.protocol import HEAD_BYTES_MAX, HEADERS_MAX, BoundedProtocol
from dialoguedb.http.requests.incoming import ClientDisconnected
from dialoguedb.http.responses.response import CUT_OFF

UPGRADE = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
LARGE_BYTES = 64 * 1024 * 1024
SECONDS_MAX = 60


class Observed(BoundedProtocol):
    """A connection that tells when it hears something, and when it is over."""

    def __init__(self, *args):
        super().__init__(*args)
        self.heard, self.over = threading.Event(), threading.Event()

    def data_received(self, data):
        super().data_received(data)
        self.heard.set()

    def connection_lost(self, exc):
        super().connection_lost(exc)
        self.over.set()


class Impatient(Observed):
    """A connection that waits for nobody."""

    head_seconds_max = 0.1
    stall_seconds_max = 0.1
    grace_seconds = 0.3
    watch_seconds = 0.02
    linger_seconds = 0.2


class Demanding(Impatient):
    """A connection that waits for no client that is slower than any can be."""

    stall_seconds_max = SECONDS_MAX
    read_bytes_per_second_min = 1e12
    read_grace_seconds = 0.1


class Watchful(Impatient):
    """A connection that can be told for a while to wait for nobody."""

    head_seconds_max: float = SECONDS_MAX
    stall_seconds_max: float = SECONDS_MAX

    @contextmanager
    def impatient(self):
        """Wait for nobody until the block ends."""
        self.head_seconds_max = self.stall_seconds_max = Impatient.head_seconds_max
        yield
        del self.head_seconds_max, self.stall_seconds_max


class Owned:
    """Something that belongs to a request."""


OWNED: weakref.WeakSet[Owned] = weakref.WeakSet()

PIECES = [b"x" * 100_000, b"", b"y" * 70, b"z" * 300_000]


async def send_pieces(scope, send):
    """Answer with a body whose length nobody knows, or that never ends."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for piece in itertools.cycle(PIECES) if scope["path"] == "/endless" else PIECES:
        try:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        except ClientDisconnected:
            return
    if scope["path"] == "/cut":
        await send({"type": CUT_OFF})
        return
    await send({"type": "http.response.body", "body": b""})


async def app(scope, receive, send):
    """Answer with the body that came, or with much."""
    scope["owned"] = Owned()
    OWNED.add(scope["owned"])
    if scope["path"] in {"/pieces", "/endless", "/cut"}:
        await send_pieces(scope, send)
        return
    body = b""
    more = scope["method"] == "POST"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message["body"]
        more = message["more_body"]
    if scope["path"] == "/large":
        body = b"x" * LARGE_BYTES
    headers = [(b"content-length", b"%d" % len(body)), (b"x-path", scope["raw_path"])]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def line(kind=Observed):
    """Open a connection to a server in a thread; gives both of its ends."""
    config = uvicorn.Config(
        app, http=kind, ws="none", lifespan="off", log_config=None, timeout_keep_alive=60
    )
    config.load()
    made: queue.Queue[Observed] = queue.Queue()
    ports, loops = [], []
    state = ServerState()
    started, stopped = threading.Event(), asyncio.Event()

    def connection():
        protocol = kind(config, state, {})
        made.put(protocol)
        return protocol

    async def serve():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(connection, "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        loops.append(loop)
        started.set()
        await stopped.wait()
        server.close()
        for protocol in state.connections:
            protocol.transport.abort()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert started.wait(SECONDS_MAX)
    client = socket.create_connection(("127.0.0.1", ports[0]), SECONDS_MAX)
    try:
        yield client, made
    finally:
        client.close()
        loops[0].call_soon_threadsafe(stopped.set)
        thread.join()


def rest(client):
    """Read until the server hangs up."""
    received = b""
    with suppress(ConnectionResetError):
        while data := client.recv(1_000_000):
            received += data
    return received


def received(*requests):
    """Send requests as bytes and return all that comes back until the server hangs up."""
    with line() as (client, _):
        for request in requests:
            client.sendall(request)
        return rest(client)


def get(path=b"/", *headers):
    return b"GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n" % (path, b"".join(headers))


def post(body, *headers):
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n%s\r\n" % (
        len(body),
        b"".join(headers),
    )
    return head + body


CLOSE = b"Connection: close\r\n"


def error_in(answer):
    status, _, body = answer.rpartition(b"\r\n\r\n")
    assert b"HTTP/1.1 400 " in status
    return json.loads(body)["error"]


class TestWhatIsHardlyHttp:
    @pytest.mark.parametrize(
        "request_bytes",
        [
            b"NONSENSE\r\n\r\n",
            b"\x16\x03\x01\x02\x00",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
            b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        ],
    )
    def test_it_is_refused_with_our_error_object(self, request_bytes):
        answer = received(request_bytes)
        error = error_in(answer)
        assert (error["code"], error["type"]) == ("VALIDATION_ERROR", "validation_error")
        assert f"x-request-id: {error['requestId']}".encode() in answer
        assert b"x-ratelimit-limit: 20000" in answer

    @pytest.mark.parametrize(
        "request_bytes",
        [
            get(b"/" + b"x" * (HEAD_BYTES_MAX + 1)),
            get(b"/", b"X: " + b"x" * (HEAD_BYTES_MAX + 1)),
            get(b"/", b"X: x\r\n" * (HEADERS_MAX + 1)),
            b"GET / HTTP/1.1\r\nX: " + b"x" * (HEAD_BYTES_MAX * 8),
            b"GET /" + b"x" * (HEAD_BYTES_MAX * 8),
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"x" * 300_000,
        ],
    )
    def test_a_head_is_bounded(self, request_bytes):
        assert "at most" in error_in(received(request_bytes))["message"]

    def test_a_head_at_its_bounds_is_served(self):
        filler = b"X: x\r\n" * (HEADERS_MAX - 2)
        assert received(get(b"/" + b"x" * 60_000, filler, CLOSE)).startswith(b"HTTP/1.1 200 ")

    @pytest.mark.parametrize(
        ("target", "path"),
        [
            (b"/%C3%A9/%20?q=%C3%A9", b"/%C3%A9/%20"),
            (b"//api/v1/x", b"//api/v1/x"),
            (b"http://host:1/x?q", b"/x"),
            (b"/x#y", b"/x"),
            (b"*", b"/"),
        ],
    )
    def test_a_target_comes_in_any_form(self, target, path):
        assert b"x-path: %s\r\n" % path in received(get(target, CLOSE))


class TestUpgrades:
    @pytest.mark.parametrize("name", [b"Upgrade:", b"upgrade:", b"UPGRADE:"])
    def test_a_body_beside_one_is_not_lost(self, name):
        upgrade = UPGRADE.replace(b"Upgrade:", name)
        answer = received(post(b"kept", upgrade), post(b"next", CLOSE))
        assert answer.count(b"HTTP/1.1 200 ") == 2
        assert answer.endswith(b"next")
        assert b"\r\n\r\nkeptHTTP" in answer

    def test_one_that_comes_in_pieces_is_refused_rather_than_losing_the_body(self):
        whole = post(b"kept", UPGRADE)
        cut = whole.index(b"Upgrade: h2c") + 3
        with line() as (client, made):
            client.sendall(whole[:cut])
            assert made.get(timeout=SECONDS_MAX).heard.wait(SECONDS_MAX)
            client.sendall(whole[cut:])
            assert "upgraded" in error_in(rest(client))["message"]

    def test_the_word_in_a_body_stays(self):
        body = b"\r\nUpgrade: x\r\n\r\nUpgrade: y"
        assert received(post(body, CLOSE)).endswith(body)


class TestPipelining:
    def test_what_came_before_the_error_is_answered_first(self):
        answer = received(post(b"one") + post(b"two") + b"NONSENSE\r\n\r\n")
        assert answer.index(b"one") < answer.index(b"two") < answer.index(b"HTTP/1.1 400 ")

    def test_a_queued_request_that_breaks_off_is_never_answered(self):
        broken = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbad\r\nzz\r\n"
        answer = received(post(b"one") + broken)
        assert answer.count(b"HTTP/1.1 200 ") == 1
        assert answer.count(b"HTTP/1.1 400 ") == 1

    def test_a_refused_client_that_still_sends_reads_why(self):
        pieces = [b"x" * 200_000] * 10
        assert "at most" in error_in(received(b"GET / HTTP/1.1\r\nX: ", *pieces))["message"]


class TestClientsThatStall:
    @pytest.mark.parametrize(
        "start",
        [
            b"",
            b"GET / HT",
            b"GET / HTTP/1.1\r\nHost: x\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nxx",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nxx",
        ],
    )
    def test_they_are_dropped(self, start):
        with line(Impatient) as (client, _):
            client.sendall(start)
            assert rest(client) == b""

    def test_so_are_those_that_drip(self):
        with line(Impatient) as (client, made):
            client.sendall(b"POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n")
            server_end = made.get(timeout=SECONDS_MAX)
            with suppress(ConnectionError):
                while not server_end.over.wait(0.02):
                    client.sendall(b"x")

    def test_so_are_those_that_do_not_read(self):
        with line(Impatient) as (client, made):
            client.sendall(get(b"/large"))
            assert made.get(timeout=SECONDS_MAX).over.wait(SECONDS_MAX)
            assert len(rest(client)) < LARGE_BYTES

    @pytest.mark.parametrize("path", [b"/large", b"/endless"])
    def test_so_are_those_that_read_too_slowly(self, path):
        with line(Demanding) as (client, made):
            client.sendall(get(path))
            server_end = made.get(timeout=SECONDS_MAX)
            while not server_end.over.is_set():
                with suppress(ConnectionError):
                    client.recv(100)

    def test_a_connection_at_rest_is_left_alone(self):
        with line(Watchful) as (client, made):
            server_end = made.get(timeout=SECONDS_MAX)
            for _ in range(2):
                client.sendall(post(b"x"))
                assert client.recv(1_000).endswith(b"\r\n\r\nx")
                with server_end.impatient():
                    assert not server_end.over.wait(0.3)


def chunks(body):
    """Return what a body in chunks holds, and whether it came to its end."""
    parts: list[bytes] = []
    while body:
        length, _, body = body.partition(b"\r\n")
        size = int(length, 16)
        if not size:
            return b"".join(parts), body == b"\r\n"
        parts.append(body[:size])
        body = body[size + 2 :]
    return b"".join(parts), False


class TestABodyOfUnknownLength:
    def test_is_sent_in_chunks(self):
        head, _, body = received(get(b"/pieces", CLOSE)).partition(b"\r\n\r\n")
        assert b"transfer-encoding: chunked" in head
        assert chunks(body) == (b"".join(PIECES), True)

    def test_leaves_the_connection_open_for_the_next(self):
        answer = received(get(b"/pieces"), post(b"next", CLOSE))
        assert answer.count(b"HTTP/1.1 200 ") == 2
        assert answer.endswith(b"next")

    def test_ends_with_the_connection_for_an_old_client(self):
        request = b"GET /pieces HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n"
        head, _, body = received(request).partition(b"\r\n\r\n")
        assert b"transfer-encoding" not in head
        assert b"connection: close" in head
        assert body == b"".join(PIECES)

    def test_is_left_out_for_head(self):
        answer = received(b"HEAD /pieces HTTP/1.1\r\nHost: x\r\n\r\n", post(b"next", CLOSE))
        assert answer.partition(b"\r\n\r\n")[2].startswith(b"HTTP/1.1 200 ")

    def test_that_cannot_be_sent_to_its_end_is_cut_off(self, caplog):
        _, _, body = received(get(b"/cut")).partition(b"\r\n\r\n")
        assert not chunks(body)[1]
        assert caplog.messages == []  # the application has logged why


def reset(client):
    """Hang up so that the other end hears of an error."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


class TestAClientThatHangsUp:
    @pytest.mark.parametrize("hang_up", [socket.socket.close, reset])
    @pytest.mark.parametrize(
        "requests",
        [
            get(),
            get() + get(),
            get(b"/large"),
            get(b"/large") + get(b"/large"),
            get(b"/endless"),
            b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nxx",
        ],
    )
    def test_leaves_nothing_behind(self, hang_up, requests):
        with line() as (client, made):
            client.sendall(requests)
            server_end = made.get(timeout=SECONDS_MAX)
            assert server_end.heard.wait(SECONDS_MAX)
            if requests.startswith(b"GET"):
                assert client.recv(1)
            hang_up(client)
            assert server_end.over.wait(SECONDS_MAX)
            ended = weakref.WeakSet([server_end])
            del server_end
            deadline = time.monotonic() + SECONDS_MAX
            while (ended or OWNED) and time.monotonic() < deadline:
                gc.collect()
        assert not ended
        assert not OWNED


def test_nothing_of_this_is_logged(caplog):
    with caplog.at_level(logging.DEBUG):
        received(b"NONSENSE\r\n\r\n")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
