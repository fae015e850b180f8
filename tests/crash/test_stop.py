"""Servers asked to stop under load: what they have begun they finish, and nothing is lost."""

import asyncio
import json
import random

import pytest

from tests.crash.journal import Journal, make_dialogues, new_message
from tests.crash.wire import CUT, Connection, until

pytestmark = pytest.mark.anyio

WRITERS = 32
MESSAGES_BEFORE = 200


class TestUnderLoad:
    @pytest.mark.parametrize("turn", range(3))
    async def test_every_request_is_answered_or_was_never_begun(self, turn, servers):
        journal = Journal()
        server = await servers.start()
        await make_dialogues(server.port, servers.key)
        never = asyncio.Event()
        writers = [journal.new_writer(server.port, servers.key) for _ in range(WRITERS)]
        tasks = [asyncio.create_task(writer.write(never)) for writer in writers]
        seen = MESSAGES_BEFORE + random.randrange(MESSAGES_BEFORE)
        await until(lambda: journal.acknowledged > seen)
        await server.stop()
        await asyncio.gather(*tasks)
        assert "Traceback" not in server.log()
        unanswered = [text for text, one in journal.sent.items() if one.stored is None]
        again = await servers.start()
        await journal.check(again.port, servers.key)
        assert not set(unanswered) & journal.sent.keys(), "stored, but nobody was told"
        await again.stop()
        assert (await servers.run("check"))[0] == 0

    async def test_it_starts_again_at_once(self, servers):
        server = await servers.start()
        await make_dialogues(server.port, servers.key)
        for _ in range(3):
            stopping = asyncio.create_task(server.stop())
            server = await servers.start()
            await stopping
            async with Connection(server.port, servers.key) as connection:
                assert (await connection.ask("GET", "/dialogue/d0"))[0] == 200
        await server.stop()


class TestInFlight:
    @pytest.fixture
    async def server(self, servers):
        """Run a server with dialogues."""
        server = await servers.start()
        await make_dialogues(server.port, servers.key)
        return server

    async def test_a_request_still_arriving_is_finished(self, server, servers):
        body = json.dumps(new_message("late", named=True)).encode()
        async with Connection(server.port, servers.key) as late:
            late.send("POST", "/dialogue/d0/messages", body[:9], len(body))
            async with Connection(server.port, servers.key) as other:
                assert (await other.ask("GET", "/health"))[0] == 200  # so it has arrived, too
            stopping = asyncio.create_task(server.stop())
            await until(lambda: "Stopping" in server.log())
            late.send_rest(body[9:])
            status, stored = await late.answer()
            assert (status, stored["id"]) == (200, "late")
        await stopping
        again = await servers.start()
        async with Connection(again.port, servers.key) as connection:
            path = "/dialogue/d0/message/late"
            assert await connection.ask("GET", path) == (200, stored)
        await again.stop()

    async def test_an_idle_connection_holds_up_nothing(self, server, servers):
        async with Connection(server.port, servers.key) as idle:
            assert (await idle.ask("GET", "/health"))[0] == 200
            await server.stop()
            with pytest.raises(CUT):
                await idle.ask("GET", "/health")

    async def test_nobody_new_is_let_in(self, server, servers):
        await server.stop()
        with pytest.raises(ConnectionRefusedError):
            async with Connection(server.port, servers.key):
                pass
