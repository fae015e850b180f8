"""Large answers and uploads: bounded in memory, made while they are read, released at once."""

import asyncio
import base64
import json
import time
from contextlib import asynccontextmanager
from http import HTTPStatus

import pytest

from dialoguedb.bootstrap.default_project import default_project_key
from dialoguedb.client.options import RETRIES_DEFAULT
from dialoguedb.embed.tokens import count_tokens
from dialoguedb.formats.attachments import deferred
from dialoguedb.http.app import build_app
from dialoguedb.http.metrics import Metrics
from dialoguedb.http.options import HttpOptions
from dialoguedb.http.requests.incoming import ClientDisconnected
from dialoguedb.http.responses.response import CUT_OFF
from dialoguedb.ports.large_reads import PIECE_READ_BYTES
from dialoguedb.service import build_services
from dialoguedb.service.ids import IdGenerator
from dialoguedb.store.sqlite import SQLiteStore
from dialoguedb.values.timestamps import now

pytestmark = pytest.mark.anyio

MIB = 1024 * 1024
LARGE = "x" * 400_000
WAITS_FOR_NOBODY = {"upload_wait_seconds": 0, "answer_wait_seconds": 0}
COUNT = 12
"""Large items, which make several pieces."""


@pytest.fixture
def anyio_backend():
    return "asyncio"


class Client:
    """Calls an application in this process, and does something between the parts of an answer."""

    def __init__(self, app, metrics, services):
        self.app, self.metrics, self.services = app, metrics, services
        self.key, self.headers = "", {}

    @property
    def held(self):
        """Return what uploads and answers hold."""
        return {kind: one.held_bytes for kind, one in self.metrics.load.budgets.items()}

    async def call(  # noqa: PLR0913 - all that a request has
        self, method, target, body=b"", *, between=None, key=None, pieces=None, headers=()
    ):
        """Return the status and the parts of the body; `between` runs after each of these."""
        path, _, query = target.partition("?")
        parts, statuses, bodies = [], [], iter(pieces or [body])
        headers = [(b"authorization", b"Bearer " + (key or self.key).encode()), *headers]
        if pieces is None:
            headers.append((b"content-length", b"%d" % len(body)))
        left = len(pieces or [body])
        received: dict[bytes, bytes] = {}

        async def receive():
            nonlocal left
            left -= 1
            return {"type": "http.request", "body": next(bodies), "more_body": left > 0}

        async def send(message):
            if message["type"] == CUT_OFF:
                statuses.append("cut off")
            elif message["type"] == "http.response.start":
                statuses.append(message["status"])
                received.update(message["headers"])
            else:
                parts.append(message["body"])
                if between and message.get("more_body"):
                    await between()

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": headers,
            "client": ("127.0.0.1", 0),
        }
        await self.app(scope, receive, send)
        self.headers = received
        return statuses, parts

    async def json(self, method, target, value=None, **more):
        """Return the parsed answer to a request that succeeds."""
        body = b"" if value is None else json.dumps(value).encode()
        (status, *others), parts = await self.call(method, target, body, **more)
        assert (status, others) == (HTTPStatus.OK, [])
        return json.loads(b"".join(parts))

    async def new_key(self):
        """Return another key of the same project."""
        return (await self.json("POST", "/admin/keys", {"scope": "write"}))["key"]


@asynccontextmanager
async def serving(directory, **options):
    """Serve what a directory holds."""
    store = await SQLiteStore.open(directory)
    services = build_services(
        store,
        clock=now,
        new_id=IdGenerator(time.time_ns),
        token_secret=store.page_token_secret(),
        count_tokens=count_tokens,
    )
    metrics = Metrics()
    chosen = {"upload_bytes": 72 * MIB, "answer_bytes": 72 * MIB, **WAITS_FOR_NOBODY}
    client = Client(
        build_app(services, metrics, HttpOptions(**{**chosen, **options})), metrics, services
    )
    client.key = await default_project_key(services) or ""
    yield client
    await store.close()


async def fill(client):
    """Store large messages, memories, and dialogues with large states."""
    for number in range(COUNT):
        await client.json("POST", "/memory", {"id": f"m{number}", "value": LARGE})
        await client.json("POST", "/dialogue", {"id": f"d{number}", "state": {"is": LARGE}})
        message = {"id": f"m{number}", "role": "user", "content": LARGE}
        await client.json("POST", "/dialogue/d0/messages", message)


def sample(client, name, **labels):
    """Return the sum of what a metric counts."""
    return sum(
        one.value
        for family in client.metrics.collect()
        for one in family.samples
        if one.name == name and labels.items() <= one.labels.items()
    )


AT_ONCE = [
    "/dialogue/d0?messages=1000",
    "/dialogue/d0/context?maxTokens=2000000",
    "/dialogue/d0/check?provider=anthropic",
    "/dialogue/d0/repair?provider=anthropic",
]
LISTS = ["/messages?dialogueId=d0", "/memory", "/dialogue"]


@pytest.fixture
async def client(tmp_path):
    async with serving(tmp_path / "data") as client:
        await fill(client)
        yield client


class TestAPage:
    @pytest.mark.parametrize("target", LISTS)
    async def test_comes_in_pieces_that_are_the_page(self, target, client):
        limit = "&limit=7" if "?" in target else "?limit=7"
        listed, token = [], ""
        for count in (7, 5):
            _, parts = await client.call("GET", target + limit + token)
            assert b"content-length" not in client.headers
            assert max(map(len, parts)) < 3 * MIB
            page = json.loads(b"".join(parts))
            assert len(page["items"]) == count
            listed += page["items"]
            token = f"&next={page['next']}"
        assert token == "&next=None"
        one_by_one, token = [], ""
        for _ in range(COUNT):
            page = await client.json("GET", target + limit.replace("7", "1") + token)
            one_by_one += page["items"]
            token = f"&next={page['next']}"
        assert listed == one_by_one
        assert len({item["id"] for item in listed}) == COUNT

    async def test_of_short_items_is_whole(self, client):
        await client.json("POST", "/dialogue", {"id": "short"})
        messages = [{"role": "user", "content": "x"} for _ in range(1_000)]
        await client.json("POST", "/dialogue/short/messages", messages)
        _, (body,) = await client.call("GET", "/messages?dialogueId=short&limit=1000")
        assert client.headers[b"content-length"] == b"%d" % len(body)

    async def test_has_nothing_of_what_is_appended_meanwhile(self, client):
        async def append():
            await client.json("POST", "/dialogue/d0/messages", {"role": "user", "content": "new"})

        page = await client.json("GET", "/messages?dialogueId=d0&limit=1000", between=append)
        assert [item["id"] for item in page["items"]] == [f"m{number}" for number in range(COUNT)]
        assert client.headers[b"etag"] == b'"%d"' % COUNT

    async def test_ends_before_what_is_appended_meanwhile_and_the_next_has_all_of_it(self, client):
        sent = 0

        async def append():
            nonlocal sent
            messages = [
                {"id": f"new{sent + number}", "role": "user", "content": "x"} for number in range(4)
            ]
            sent += len(messages)
            await client.json("POST", "/dialogue/d0/messages", messages)

        target = f"/messages?dialogueId=d0&limit={COUNT + 2}"
        page = await client.json("GET", target, between=append)
        listed = [item["id"] for item in page["items"]]
        assert listed == [f"m{number}" for number in range(COUNT)]
        while page["next"]:
            page = await client.json("GET", f"{target}&next={page['next']}")
            listed += [item["id"] for item in page["items"]]
        assert sent > 4
        assert listed[COUNT:] == [f"new{number}" for number in range(sent)]

    async def test_goes_on_without_what_is_deleted_meanwhile(self, client):
        async def delete():
            await client.call("DELETE", "/message/m11?dialogueId=d0")

        page = await client.json("GET", "/messages?dialogueId=d0&limit=1000", between=delete)
        assert [item["id"] for item in page["items"]] == [f"m{number}" for number in range(11)]

    async def test_that_cannot_be_read_to_its_end_is_cut_off(self, client, caplog):
        async def delete():
            await client.call("DELETE", "/dialogue/d0")

        statuses, _ = await client.call("GET", "/messages?dialogueId=d0", between=delete)
        assert statuses == [HTTPStatus.OK, "cut off"]
        assert client.held == {"upload": 0, "answer": 0}
        (logged,) = caplog.messages
        assert logged.startswith("cut off: GET /messages: ")
        assert "d0" in logged

    async def test_that_is_not_read_to_its_end_is_counted_as_far_as_it_was_sent(self, client):
        seen = []

        async def hang_up():
            seen.append(1)
            if len(seen) > len(LISTS):
                raise ClientDisconnected

        before = sample(client, "dialoguedb_http_sent_bytes_total")
        _, parts = await client.call("GET", "/messages?dialogueId=d0", between=hang_up)
        sent_bytes = sample(client, "dialoguedb_http_sent_bytes_total") - before
        assert sent_bytes == sum(map(len, parts)) > len(LARGE)
        assert sample(client, "dialoguedb_http_requests_total", route="/messages") == 1

    async def test_is_not_read_for_its_head(self, client):
        statuses, parts = await client.call("HEAD", "/messages?dialogueId=d0")
        assert statuses == [HTTPStatus.OK]
        assert len(b"".join(parts)) < 3 * MIB


SHORT = {"role": "user", "content": "x"}
PICTURE = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 10_000).decode()


async def send_picture(client, number):
    """Append a message with a picture of some size, twice; returns its content."""
    source = {"type": "base64", "media_type": "image/png", "data": PICTURE}
    content = [{"type": "text", "text": "é"}, *[{"type": "image", "source": source}] * 2]
    message = {"id": f"p{number}", "role": "user", "content": content}
    await client.json("POST", "/dialogue/pictures/messages", message)
    return content


class TestAttachments:
    @pytest.fixture
    async def content(self, client):
        await client.json("POST", "/dialogue", {"id": "pictures"})
        await send_picture(client, 1)
        return await send_picture(client, 0)

    @pytest.mark.parametrize(
        ("target", "found"),
        [
            ("/message/p0?dialogueId=pictures", lambda answer: answer),
            ("/messages?dialogueId=pictures", lambda answer: answer["items"][0]),
            ("/messages?dialogueId=pictures&limit=1", lambda answer: answer["items"][0]),
            ("/dialogue/pictures?messages=2", lambda answer: answer["messages"][1]),
        ],
    )
    async def test_are_read_while_they_are_sent(self, target, found, content, client):
        held = []

        async def look():
            held.append(client.held["answer"])

        _, parts = await client.call("GET", target, between=look)
        assert found(json.loads(b"".join(parts)))["content"] == content
        assert max(map(len, parts)) < 2 * MIB
        assert set(held) == {PIECE_READ_BYTES}
        length = client.headers.get(b"content-length", b"%d" % sum(map(len, parts)))
        assert int(length) == sum(map(len, parts))
        assert client.held == {"upload": 0, "answer": 0}

    @pytest.mark.parametrize("headers", [[], [(b"idempotency-key", b"k")]])
    @pytest.mark.parametrize("shape", [lambda sent: sent, lambda sent: [sent, SHORT]])
    async def test_are_answered_in_pieces_when_they_were_sent(self, shape, headers, client):
        await client.json("POST", "/dialogue", {"id": "pictures"})
        source = {"type": "base64", "media_type": "image/png", "data": PICTURE * 2}
        sent = {"id": "sent", "role": "user", "content": [{"type": "image", "source": source}]}
        body = json.dumps(shape(sent)).encode()
        target = "/dialogue/pictures/messages"
        _, parts = await client.call("POST", target, body, headers=headers)
        assert max(map(len, parts)) < MIB
        assert client.headers[b"content-length"] == b"%d" % sum(map(len, parts))
        first = json.loads(b"".join(parts))
        one = first[0] if isinstance(first, list) else first
        assert one["content"] == sent["content"]
        _, parts = await client.call("POST", target, body, headers=headers)
        again = json.loads(b"".join(parts))
        assert (again[0] if isinstance(again, list) else again) == one
        assert client.held == {"upload": 0, "answer": 0}

    async def test_have_their_length_in_the_head(self, content, client):
        await client.call("HEAD", "/message/p0?dialogueId=pictures")
        length = client.headers[b"content-length"]
        _, parts = await client.call("GET", "/message/p0?dialogueId=pictures")
        assert int(length) == sum(map(len, parts)) == int(client.headers[b"content-length"])

    async def test_that_are_deleted_meanwhile_cut_the_answer_off(self, content, client):
        async def delete():
            await client.call("DELETE", "/dialogue/pictures")

        statuses, _ = await client.call("GET", "/message/p0?dialogueId=pictures", between=delete)
        assert statuses == [HTTPStatus.OK, "cut off"]
        assert client.held == {"upload": 0, "answer": 0}

    async def test_of_others_cannot_be_named(self, content, client):
        _, parts = await client.call("GET", "/message/p0?dialogueId=pictures&attachments=reference")
        sha256 = json.loads(b"".join(parts))["attachments"][0]["sha256"]
        token = deferred.token(deferred.DeferredText(sha256, len(PICTURE)))
        forged = token.decode().replace(token.decode()[15:30], "0" * 15)
        message = {"id": "forged", "role": "user", "content": forged}
        await client.json("POST", "/dialogue/pictures/messages", message)
        answer = await client.json("GET", "/message/forged?dialogueId=pictures")
        assert answer["content"] == forged


class TestMemory:
    @pytest.mark.parametrize("target", [*LISTS, "/dialogue/d0?messages=1000"])
    async def test_is_held_while_an_answer_is_read_and_no_longer(self, target, client):
        seen = []

        async def look():
            seen.append(client.held["answer"])

        statuses, parts = await client.call("GET", target, between=look)
        assert statuses == [HTTPStatus.OK]
        whole_bytes = sum(map(len, parts))
        assert set(seen) == {PIECE_READ_BYTES if target in LISTS else whole_bytes}
        assert (len(seen) > 1) == (len(parts) > 1)
        assert client.held == {"upload": 0, "answer": 0}

    async def test_is_released_when_the_client_hangs_up(self, client):
        async def hang_up():
            raise ClientDisconnected

        statuses, parts = await client.call("GET", LISTS[0], between=hang_up)
        assert (statuses, len(parts)) == ([HTTPStatus.OK], 1)
        assert client.held == {"upload": 0, "answer": 0}

    @pytest.mark.parametrize("target", [*LISTS, *AT_ONCE])
    async def test_that_others_hold_is_waited_for_then_refused(self, target, client):
        inside = []

        async def another(key):
            (status, *_), parts = await client.call("GET", target, key=key)
            inside.append(status)
            if status != HTTPStatus.OK:
                assert json.loads(parts[0])["error"]["code"] == "SERVICE_UNAVAILABLE"
                assert client.headers[b"retry-after"] == b"1"

        shares = [client.metrics.load.budgets["answer"].share(await held_by(client))]
        await shares[0].grow_to(client.metrics.load.budgets["answer"].owner_bytes_max)
        await another(client.key)
        await another(await client.new_key())
        shares[0].release()
        await another(client.key)
        assert inside == [503, 200, 200]

    async def test_of_an_upload_is_held_until_it_is_answered(self, client):
        body = json.dumps({"role": "user", "content": [{"x": LARGE}] * 2}).encode()
        cases = {"declared": [body], "in pieces": [body[:300_000], body[300_000:]]}
        for pieces in cases.values():
            statuses, _ = await client.call("POST", "/dialogue/d1/messages", pieces=pieces)
            assert statuses == [HTTPStatus.OK]
            assert client.held == {"upload": 0, "answer": 0}

    async def test_is_found_by_all_uploads_that_come_back_when_they_are_told(self, tmp_path):
        choices = {"upload_bytes": 2 * MIB, "upload_wait_seconds": 0.1}
        async with serving(tmp_path / "many", **choices) as client:
            await client.json("POST", "/dialogue", {"id": "d"})
            refused = 0

            async def upload(number):
                nonlocal refused
                message = {"id": f"m{number}", "role": "user", "content": [{"x": LARGE}] * 2}
                for _ in range(1 + RETRIES_DEFAULT):
                    assert client.held["upload"] <= 2 * MIB
                    sent = json.dumps(message).encode()
                    statuses, _ = await client.call("POST", "/dialogue/d/messages", sent)
                    if statuses == [HTTPStatus.OK]:
                        return
                    assert statuses == [HTTPStatus.SERVICE_UNAVAILABLE]
                    refused += 1
                    await asyncio.sleep(int(client.headers[b"retry-after"]))

            await asyncio.gather(*map(upload, range(25)))
            found = await client.json("GET", "/dialogue/d")
            assert found["totalMessages"] == 25
            assert refused > 0
            assert client.held == {"upload": 0, "answer": 0}

    @pytest.mark.parametrize("pieces", [None, [b" " * 300_000, b" " * 300_000]])
    async def test_of_uploads_is_shared_by_key(self, pieces, client):
        budget = client.metrics.load.budgets["upload"]
        share = budget.share(await held_by(client))
        await share.grow_to(budget.owner_bytes_max)
        body, target = b"{}" + b" " * 600_000, "/dialogue/d0/messages"
        refused, _ = await client.call("POST", target, body, pieces=pieces)
        other = await client.new_key()
        served, _ = await client.call("POST", target, body, pieces=pieces, key=other)
        assert (refused, served) == ([HTTPStatus.SERVICE_UNAVAILABLE], [HTTPStatus.BAD_REQUEST])
        assert budget.held_bytes == budget.owner_bytes_max
        assert budget.refused == 1


async def held_by(client):
    """Return whose memory the requests of the client take."""
    caller = await client.services.keys.find(client.key)
    return caller.key_id
