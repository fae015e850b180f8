"""A connection: what is hardly HTTP, what stalls, and what must not be confused."""

import asyncio
import json
import logging
import queue
import socket
import threading
from contextlib import contextmanager, suppress

import pytest
import uvicorn
from uvicorn.server import ServerState

from dialoguedb.http.protocol import HEAD_BYTES_MAX, HEADERS_MAX, BoundedProtocol

UPGRADE = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
LARGE_BYTES = 64 * 1024 * 1024
SECONDS_MAX = 10


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


async def app(scope, receive, send):
    """Answer with the body that came, or with much."""
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
    config = uvicorn.Config(app, http=kind, ws="none", lifespan="off", log_config=None)
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

    def test_a_connection_at_rest_is_left_alone(self):
        with line(Impatient) as (client, made):
            server_end = made.get(timeout=SECONDS_MAX)
            for _ in range(2):
                client.sendall(post(b"x"))
                assert client.recv(1_000).endswith(b"\r\n\r\nx")
                assert not server_end.over.wait(0.3)


def test_nothing_of_this_is_logged(caplog):
    with caplog.at_level(logging.DEBUG):
        received(b"NONSENSE\r\n\r\n")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
