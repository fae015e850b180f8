"""Networks that fail: nothing is lost, and nothing is there twice."""

import asyncio
import random
import time
from contextlib import nullcontext
from typing import Any

import httpx
import pytest

from dialoguedb import AsyncDialogueDB, DialogueDB
from dialoguedb.errors import (
    Closed,
    DialogueNotFound,
    NotFound,
    QuotaExceeded,
    RateLimitExceeded,
    TimedOut,
    UnexpectedAnswer,
    Unreachable,
    UnreadableAnswer,
)
from tests.client.awaited import Awaited
from tests.client.network import ANOTHER_TONGUE, FAILURES, fail_once, network

pytestmark = pytest.mark.anyio

MARK = b'"marked"'
IMPATIENT = {"timeout": 1}
"""For clients that an answer is held from; others wait for theirs, however busy the machine is."""


@pytest.fixture
async def behind(manner, project, server):
    """Return what opens a client behind a network."""
    opened: list[Any] = []

    def open_one(between, **choices):
        made = AsyncDialogueDB if manner == "async" else DialogueDB
        db = made(project.key, endpoint=between.url, **choices)
        opened.append(db if manner == "async" else Awaited(db))
        return opened[-1]

    yield open_one
    for db in opened:
        await db.close()


def limits_for(failure):
    return IMPATIENT if failure == "hold the answer" else {}


def stored(api, dialogue_id):
    page = api.get("/messages", params={"dialogueId": dialogue_id, "limit": 1000}).json()
    return [message["content"] for message in page["items"]]


@pytest.mark.parametrize("failure", FAILURES)
class TestOneFailure:
    async def test_a_message_is_stored_once(self, failure, behind, server, api):
        with network(server.port, fail_once(failure, MARK)) as between:
            db = behind(between, **limits_for(failure))
            dialogue = await db.create_dialogue()
            message = await dialogue.save_message("user", "marked")
            after = await dialogue.save_message("user", "next")
            assert (message.content, after.content) == ("marked", "next")
            assert stored(api, dialogue.id) == ["marked", "next"]
            assert failure in between.carried

    async def test_a_dialogue_is_created_once(self, failure, behind, server, api):
        with network(server.port, fail_once(failure, MARK)) as between:
            db = behind(between, **limits_for(failure))
            dialogue = await db.create_dialogue(id="chat", label="marked")
            assert dialogue.label == "marked"
            assert len(api.get("/dialogue").json()["items"]) == 1

    async def test_a_deletion_is_done_once_and_told(self, failure, behind, server, api):
        with network(server.port, fail_once(failure, b"DELETE ")) as between:
            db = behind(between, **limits_for(failure))
            dialogue = await db.create_dialogue(message={"role": "user", "content": "Hi"})
            with nullcontext() if failure != "double the request" else pytest.raises(NotFound):
                receipt = await dialogue.remove()
                assert receipt.id == dialogue.id
                if receipt.deleted:  # else the answer that counted is the one that was lost
                    assert receipt.deleted.messages == 1
            assert api.get("/dialogue").json()["items"] == []
            with pytest.raises(DialogueNotFound):
                await db.get_dialogue(dialogue.id)


class TestManyFailures:
    async def test_many_writers_lose_nothing_and_store_nothing_twice(self, behind, server, api):
        chance = random.Random(7)

        def fate(_request):
            return chance.choice(FAILURES) if chance.random() < 0.3 else None

        async def write(dialogue, writer):
            for number in range(12):
                text = f"{writer}-{number}"
                message = await dialogue.save_message("user", text)
                assert message.content == text
            return writer

        with network(server.port, fate) as between:
            db = behind(between, retries=12, **IMPATIENT)
            dialogue = await db.create_dialogue()
            await asyncio.gather(*(write(dialogue, writer) for writer in range(6)))
            read = [message.content async for message in dialogue.iter_messages(page_size=7)]
            assert len(between.carried) > 6 * 12
        assert read == stored(api, dialogue.id)
        for writer in range(6):
            own = [text for text in read if text.startswith(f"{writer}-")]
            assert own == [f"{writer}-{number}" for number in range(12)]


class TestNoAnswer:
    async def test_what_never_answers_is_unreachable(self, behind, server):
        with network(server.port, lambda _: "lose the request") as between:
            db = behind(between, retries=1)
            with pytest.raises(Unreachable):
                await db.create_dialogue()
            assert len(between.carried) == 2

    async def test_what_answers_too_late_has_timed_out(self, behind, server):
        with network(server.port, lambda _: "hold the answer") as between:
            db = behind(between, retries=0, timeout=0.2)
            with pytest.raises(TimedOut):
                await db.list_dialogues()

    async def test_what_is_no_dialoguedb_is_told_apart(self, behind, server):
        with network(server.port, lambda _: "answer as a gateway") as between:
            db = behind(between, retries=0)
            with pytest.raises(UnexpectedAnswer, match="502"):
                await db.list_dialogues()

    async def test_a_whole_answer_that_cannot_be_read_is_not_asked_for_again(
        self, behind, server, api
    ):
        with network(server.port, lambda _: ANOTHER_TONGUE) as between:
            with pytest.raises(UnreadableAnswer, match="It was done"):
                await behind(between).create_dialogue()
            assert len(between.carried) == 1
        assert len(api.get("/dialogue").json()["items"]) == 1

    async def test_a_closed_client_stays_closed(self, behind, server):
        with network(server.port, lambda _: None) as between:
            db = behind(between)
            await db.list_dialogues()
            await db.close()
            with pytest.raises(Closed):
                await db.list_dialogues()


class TestLimits:
    async def test_a_client_that_is_too_fast_waits_as_long_as_it_is_told(
        self, new_project, server, manner
    ):
        made = new_project(rateLimit={"perSecond": 1, "burst": 1})
        kind = AsyncDialogueDB if manner == "async" else DialogueDB
        async with opened(kind(made.key, endpoint=server.base_url)) as db:
            begun = time.monotonic()
            for _ in range(2):
                await db.create_memory("x")
            assert time.monotonic() - begun >= 0.9
        async with opened(kind(made.key, endpoint=server.base_url, retries=0)) as db:
            shown = await asyncio.gather(
                *(db.list_memories() for _ in range(3)), return_exceptions=True
            )
        refused = [one for one in shown if isinstance(one, RateLimitExceeded)]
        assert refused
        assert refused[0].retry_after_s >= 1

    async def test_a_quota_that_is_used_up_is_not_asked_again(self, new_project, server, manner):
        made = new_project(quotas={"messages": 0})
        kind = AsyncDialogueDB if manner == "async" else DialogueDB
        with network(server.port, lambda _: None) as between:
            async with opened(kind(made.key, endpoint=between.url)) as db:
                with pytest.raises(QuotaExceeded):
                    await db.create_dialogue(message={"role": "user", "content": "Hi"})
            assert len(between.carried) == 1


class opened:  # noqa: N801 - reads as what it does
    """A client for the length of a block, whichever it is."""

    def __init__(self, db):
        self.db = db if isinstance(db, AsyncDialogueDB) else Awaited(db)

    async def __aenter__(self):
        return self.db

    async def __aexit__(self, *_):
        await self.db.close()


def test_the_network_itself_carries_what_nothing_happens_to(server, project):
    with network(server.port, lambda _: None) as between:
        answer = httpx.get(
            f"{between.url}/dialogue", headers={"authorization": f"Bearer {project.key}"}
        )
    assert answer.json() == {"items": [], "next": None}
