"""A pooler in transaction mode between servers and PostgreSQL: nobody gets another's answer."""

import asyncio

import pytest

from tests.crash.servers import Servers
from tests.crash.wire import Connection
from tests.databases import pooler
from tests.databases.engines import databases_of

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(pooler.PROGRAM is None, reason="pgbouncer is not installed"),
]

CLIENTS = 24
TURNS = 15


@pytest.fixture
async def servers(tmp_path):
    """Run two servers behind a pooler, with a project; returns their ports and its key."""
    server = databases_of("postgres").server
    name = server.new_database().rpartition("/")[2]
    with pooler.pooling(server.port) as port:
        servers = Servers(tmp_path)
        url = f"postgresql://postgres@127.0.0.1:{port}/{name}"
        servers.storage = ["--database", url, "--pooled"]
        _, made = await servers.run("projects", "create", "pooled", "--quiet")
        running = [await servers.start() for _ in range(2)]
        yield [one.port for one in running], made.strip().splitlines()[-1]
        for one in running:
            await one.stop()
            assert "Traceback" not in one.log()


async def lead_a_life(port, key, name):
    """Store, change, read and find what only this client has."""
    async with Connection(port, key) as connection:

        async def done(method, path, body=None):
            status, answer = await connection.ask(method, path, body)
            assert status == 200, answer
            return answer

        within = f"?namespace={name}"
        await done("POST", "/dialogue", {"id": name, "namespace": name, "tags": [name]})
        for turn in range(TURNS):
            message = {"role": "user", "content": f"{name} {turn}"}
            stored = await done("POST", f"/dialogue/{name}/messages{within}", message)
            assert (stored["seq"], stored["content"]) == (turn + 1, f"{name} {turn}")
            await done("PUT", f"/dialogue/{name}/state{within}", {"turn": turn, "of": name})
            assert await done("GET", f"/dialogue/{name}/state{within}") == {
                "turn": turn,
                "of": name,
            }
            listed = await done("GET", f"/dialogue{within}&tags={name}")
            assert [one["id"] for one in listed["items"]] == [name]
        query = {"query": name, "object": "message", "namespace": name, "limit": 50}
        found = await done("POST", "/search", query)
        assert len(found["results"]) == TURNS


async def test_each_client_gets_its_own_answers(servers):
    ports, key = servers
    lives = [lead_a_life(ports[n % 2], key, f"client{n}") for n in range(CLIENTS)]
    await asyncio.gather(*lives)
