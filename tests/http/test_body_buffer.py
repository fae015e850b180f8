"""Large bodies share one memory while they come in."""

import time
from typing import Any

import pytest

from dialoguedb.embed.tokens import count_tokens
from dialoguedb.errors import DialogueDBError, ServiceUnavailable
from dialoguedb.http.metrics import Metrics
from dialoguedb.http.pipeline import ErrorMiddleware
from dialoguedb.http.requests.body_buffer import BodyBuffer
from dialoguedb.http.requests.incoming import RequestBody
from dialoguedb.http.requests.request import AppContext
from dialoguedb.http.responses.response import Response
from dialoguedb.service import build_services
from dialoguedb.service.ids import IdGenerator
from dialoguedb.store.sqlite import SQLiteStore
from dialoguedb.values.timestamps import now

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


PIECES = [b'{"a":"', b"x" * 600, b'"}']


def reading(buffer):
    """Make an application that reads the body and answers its length."""

    async def read(scope, receive, _send):
        exchange = scope["exchange"]
        exchange.body = RequestBody(buffer)
        body = await exchange.body.read(receive)
        exchange.response = Response(str(len(body)).encode())

    return read


async def status_of(frame, during=None):
    """Send a body in pieces and return the status of the answer."""
    pieces = iter(PIECES)
    answers = []

    async def receive():
        piece = next(pieces)
        if during and piece == PIECES[-1]:
            await during()
        return {"type": "http.request", "body": piece, "more_body": piece != PIECES[-1]}

    async def send(message):
        answers.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "raw_path": b"/",
        "query_string": b"",
        "client": None,
        "headers": [],
    }
    await frame(scope, receive, send)
    return answers[0]["status"]


async def unused():
    """Stand for what is not needed here."""


@pytest.fixture
async def frame_with(tmp_path):
    """Make frames whose bodies share so many bytes."""
    store = await SQLiteStore.open(tmp_path / "data")
    services = build_services(
        store,
        clock=now,
        new_id=IdGenerator(time.time_ns),
        token_secret=store.page_token_secret(),
        count_tokens=count_tokens,
    )

    def make(bytes_max):
        buffer = BodyBuffer(bytes_max)
        context = AppContext(services, Metrics(), b"", lambda: None, unused, buffer)
        return ErrorMiddleware(reading(buffer), context, access_log=False)

    yield make
    await store.close()


class TestALargeBody:
    async def test_comes_in_while_there_is_room(self, frame_with):
        assert await status_of(frame_with(1_000)) == 200

    async def test_is_told_to_come_back_when_there_is_none(self, frame_with):
        assert await status_of(frame_with(500)) == 503

    async def test_finds_no_room_while_another_is_held(self, frame_with):
        frame, inside = frame_with(1_000), []

        async def another():
            inside.append(await status_of(frame))

        assert await status_of(frame, during=another) == 200
        assert inside == [503]

    async def test_gives_its_room_back_however_it_ends(self, frame_with):
        frame = frame_with(1_000)
        assert [await status_of(frame) for _ in range(5)] == [200] * 5
        refusing = frame_with(500)
        assert [await status_of(refusing) for _ in range(5)] == [503] * 5


class TestTheBuffer:
    def test_refuses_with_an_error_of_ours(self):
        with pytest.raises(ServiceUnavailable) as refusal:
            BodyBuffer(1).reserve(2)
        assert isinstance(refusal.value, DialogueDBError)
