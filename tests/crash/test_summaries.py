"""A server killed while it makes summaries: each is completed once, and by whoever runs then."""

import asyncio
import threading

import pytest

from tests.crash.wire import Connection, until
from tests.summarize.provider import ModelServer, says

pytestmark = pytest.mark.anyio

COUNT = 50
MESSAGES = 20
COMPLETED_SECONDS_MAX = 60


@pytest.fixture
def model():
    """Run a model that answers nobody until it is let go."""
    with ModelServer() as server:
        answer = says("A summary.")

        def wait_and_answer(request):
            server.released.wait(COMPLETED_SECONDS_MAX)
            answer(request)

        server.otherwise = wait_and_answer
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.released.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def summarizing(servers, model):
    """Let servers ask that model, for all summaries at once."""
    servers.environment = {
        "DIALOGUEDB_SUMMARIZER": "openai",
        "DIALOGUEDB_SUMMARIZER_MODEL": "m",
        "DIALOGUEDB_SUMMARIZER_URL": model.url,
        "DIALOGUEDB_SUMMARIZER_PARALLEL": str(COUNT),
    }
    return servers


async def ask_for_all(connection):
    """Make the dialogues, and have each summarized."""
    for n in range(COUNT):
        messages = [{"role": "user", "content": f"In {n} we said {m}."} for m in range(MESSAGES)]
        status, made = await connection.ask(
            "POST", "/dialogue", {"id": f"d{n}", "messages": messages}
        )
        assert status == 200, made
        body = {"id": f"s{n}", "dialogueId": f"d{n}"}
        status, made = await connection.ask("POST", "/summary", body)
        assert (status, made["status"]) == (202, "processing")


async def summaries_of(connection):
    """Return the summaries of every dialogue."""
    found = []
    for n in range(COUNT):
        status, page = await connection.ask("GET", f"/summary?dialogueId=d{n}")
        assert status == 200, page
        found.append(page["items"])
    return found


@pytest.mark.parametrize("restarted", [1, 3], ids=["one server", "three servers"])
async def test_running_summaries_are_completed_exactly_once(restarted, summarizing, model):
    servers = summarizing
    killed = await servers.start()
    async with Connection(killed.port, servers.key) as connection:
        await ask_for_all(connection)
        await until(lambda: len(model.requests) == COUNT)
        assert {one["status"] for [one] in await summaries_of(connection)} == {"processing"}
        await killed.kill()
    running = await asyncio.gather(*(servers.start() for _ in range(restarted)))
    model.released.set()
    async with Connection(running[0].port, servers.key) as connection:
        async with asyncio.timeout(COMPLETED_SECONDS_MAX):
            while True:
                found = await summaries_of(connection)
                if {one["status"] for [one] in found} == {"completed"}:
                    break
                await asyncio.sleep(0.2)  # the leases of the one that was killed must run out
        for [one] in found:
            assert (one["content"], one["messageCount"]) == ("A summary.", MESSAGES)
            assert one["llmCallCount"] == 1
    assert len(model.requests) == 2 * COUNT
    for server in running:
        await server.stop()
    assert await servers.run("check") == (0, f"Nothing wrong with {servers.address}\n")
