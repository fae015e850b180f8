"""What becomes of an error of the driver or of PostgreSQL: run again, or said as what it is."""

import asyncpg
import pytest

from dialoguedb.errors import InternalError, ProjectNotFound, ServiceUnavailable
from dialoguedb.store.postgres.connection.readers import Readers
from dialoguedb.store.postgres.connection.writer import Writer
from tests.contract.making import message
from tests.contract.test_attachments import picture, received

pytestmark = pytest.mark.anyio

FOREIGN_KEYS = """
    SELECT conrelid::regclass::text, conname, confrelid::regclass::text,
        (SELECT attname FROM pg_attribute WHERE attrelid = conrelid
            AND attnum = conkey[array_upper(conkey, 1)])
    FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace
    ORDER BY conname
"""

# What a statement is given wrong, which no other connection would change.
DEFECTS = {
    "too few values": ("SELECT $1::bigint, $2::bigint", 1),
    "too many values": ("SELECT 1", 1),
    "a value of another type": ("SELECT $1::bigint", "one"),
    "a number that is too large": ("SELECT $1::bigint", 1 << 63),
    "a text that is no Unicode": ("SELECT $1::text", "\ud800"),
    "too many values for the protocol": ("SELECT 1", *[1] * 40_000),
    "an unknown column": ("SELECT nothing",),
}


class Runs:
    """An operation that counts how often it runs, and on which connection."""

    def __init__(self, sql, *values):
        self._sql, self._values = sql, values
        self.count = 0
        self.processes = set()

    async def __call__(self, db):
        self.count += 1
        self.processes.add(db.raw.get_server_pid())
        return await db.rows(self._sql, *self._values)


@pytest.fixture
async def pool(url):
    async with asyncpg.create_pool(url, min_size=0, max_size=1) as pool:
        yield pool


@pytest.mark.parametrize("defect", DEFECTS)
@pytest.mark.parametrize("made", ["write", "read", "read_once"])
async def test_a_defect_is_no_lost_connection(pool, made, defect):
    run = Runs(*DEFECTS[defect])
    do = Writer(pool, None).write if made == "write" else getattr(Readers(pool), made)
    with pytest.raises(InternalError):
        await do(run)
    assert run.count == 1
    again = Runs("SELECT 1")
    await do(again)
    assert again.processes == run.processes  # the connection is kept


async def test_what_a_driver_refuses_on_a_lost_connection_is_run_again(pool):
    seen = []

    async def operation(db):
        seen.append(db.raw.get_server_pid())
        if len(seen) == 1:
            db.raw.terminate()
        return await db.value("SELECT 1")

    assert await Writer(pool, None).write(operation) == 1
    assert len(seen) == 2


async def test_a_closed_pool_is_a_database_that_cannot_be_reached(pool):
    await pool.close()
    with pytest.raises(ServiceUnavailable):
        await Writer(pool, None).write(Runs("SELECT 1"))


@pytest.fixture
async def filled(servers):
    """Have some of everything stored that refers to something."""
    me = servers[0]
    sent = [message(str(n), id=f"m{n}", tags=("t",)) for n in range(3)]
    await me.new("d", messages=sent, tags=("t",))
    await me.append(received(picture()), to="d")
    await me.summarize("d")
    await me.remember(id="m", tags=("t",))
    await me.new_key()
    return me


class TestAViolatedForeignKey:
    async def test_says_that_the_project_is_gone_where_it_names_one(self, pool, filled):
        writer, tried = Writer(pool, None), set()
        for table, name, target, column in await pool.fetch(FOREIGN_KEYS):
            assert name.endswith("_project_fkey") == (target == "projects")
            run = Runs(
                f"UPDATE {table} SET {column} = -1 WHERE ctid = (SELECT min(ctid) FROM {table})"
            )
            if not await pool.fetchval(f"SELECT count(*) FROM {table}"):
                continue
            tried.add(target)
            with pytest.raises(ProjectNotFound if target == "projects" else InternalError):
                await writer.write(run)
            assert run.count == (1 if target == "projects" else 10), name
        assert tried == {"projects", "dialogues", "messages", "attachments", "memories"}

    async def test_says_nothing_of_a_project_that_others_name(self, pool, filled):
        run = Runs("DELETE FROM projects")
        with pytest.raises(InternalError):
            await Writer(pool, None).write(run)

    async def test_is_decided_again_by_what_is_there(self, pool, filled):
        """Another transaction has taken away what a row was to name."""
        seen = []

        async def operation(db):
            seen.append(await db.value("SELECT count(*) FROM dialogues"))
            if len(seen) == 1:
                await db.execute("UPDATE messages SET dialogue = -1")
            return "there" if seen[-1] else "gone"

        assert await Writer(pool, None).write(operation) == "there"
        assert len(seen) == 2

    async def test_is_answered_as_a_project_that_is_gone(self, servers):
        me, other = servers
        await me.new("d")
        await other.services.projects.delete(me.project.id, me.write_options())
        for write in (
            me.new_key,
            lambda: me.new("e"),
            lambda: me.remember(id="m"),
            lambda: me.store.projects.count_request(me.project, "2026-03"),
        ):
            with pytest.raises(ProjectNotFound):
                await write()
