"""Readers: what is short is read on the loop, what is long on a thread, with the same answer."""

import asyncio
import threading
from contextlib import closing
from typing import Any

import apsw
import pytest

from dialoguedb.errors import MessageNotFound
from dialoguedb.model.messages import MessageFilter
from dialoguedb.store.sqlite import SQLiteStore
from dialoguedb.store.sqlite.connection import files
from dialoguedb.store.sqlite.connection.reader import Readers, Shape
from dialoguedb.values.lists import Window
from tests.contract.making import World, at, ids, message

pytestmark = pytest.mark.anyio

MANY = 30_000
LARGE = "x" * 100_000
SLOW = "SELECT count(*) FROM messages WHERE id GLOB 'm*' AND substr(id, 2) % 7 = 3"

LARGE_ONES = (
    "SELECT m.content FROM messages m JOIN dialogues d ON d.number = m.dialogue"
    " WHERE d.id = 'large'"
)
CONTENTS: Shape[bytes, bytes] = Shape(bytes, list, len, lambda content: (len(content),))


@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="module")
async def store(tmp_path_factory):
    store = await SQLiteStore.open(tmp_path_factory.mktemp("reader"))
    yield store
    await store.close()


@pytest.fixture(scope="module")
async def me(store):
    """Make a dialogue of many messages, and one of large ones."""
    me = await World(store).tenant()
    await me.new("many")
    for first in range(0, MANY, 1_000):
        batch = [
            message(
                id=f"m{number:05}",
                role="tool" if number % 9_999 == 5 else "user",
                tags=("some",) if number % 9 == 0 else (),
                created=at(number * 7_919 % MANY),
            )
            for number in range(first, first + 1_000)
        ]
        await me.append(*batch, to="many")
    await me.new("large", messages=[message(LARGE, id=f"l{number}") for number in range(100)])
    return me


def in_order():
    """Return the ids of the many messages in the order in which they are listed."""
    numbers = sorted(range(MANY), key=lambda number: (number * 7_919 % MANY, number))
    return [f"m{number:05}" for number in numbers]


class Threads:
    """Notes on which threads a query ran."""

    def __init__(self, query):
        self._query = query
        self.seen = []

    def __call__(self, reader):
        self.seen.append(threading.get_ident())
        return self._query(reader)


class TestWhere:
    async def test_a_short_read_runs_on_the_loop(self, store, me):
        query = Threads(lambda reader: reader.db.execute("SELECT count(*) FROM projects").get)
        assert await store.readers.read(query) == 1
        assert query.seen == [threading.get_ident()]

    async def test_one_of_many_steps_is_repeated_on_a_thread(self, store, me):
        query = Threads(lambda reader: reader.db.execute(SLOW).get)
        found = await store.readers.read(query)
        assert found == sum(number % 7 == 3 for number in range(MANY))
        here, there = query.seen
        assert here == threading.get_ident() != there

    async def test_one_of_many_bytes_is_repeated_on_a_thread(self, store, me):
        def read(reader):
            rows = reader.db.execute(LARGE_ONES)
            return reader.page(rows, Window(1_000, "asc"), CONTENTS)

        query = Threads(read)
        found = await store.readers.read(query)
        assert [len(content) for content in found.items] == [len(LARGE) + 2] * 100
        here, *there = query.seen
        assert here == threading.get_ident()
        assert there
        assert here not in there

    async def test_the_loop_goes_on_while_a_long_one_reads(self, store, me):
        loop = asyncio.get_running_loop()
        released = threading.Event()
        here = threading.get_ident()

        def query(reader):
            if threading.get_ident() == here:
                raise apsw.InterruptError
            assert released.wait(30)
            return "read"

        reading = asyncio.ensure_future(store.readers.read(query))
        for _ in range(50):
            await asyncio.sleep(0)
        assert not reading.done()
        assert len(await me.messages("large", limit=1_000)) == 100
        loop.call_soon(released.set)
        assert await reading == "read"

    async def test_a_refusal_is_the_same_on_both(self, store, me):
        def refuse(reader):
            raise MessageNotFound(str(reader.db.execute(SLOW).get))

        with pytest.raises(MessageNotFound, match=r"\d+"):
            await store.readers.read(refuse)


class TestSameAnswer:
    @pytest.mark.parametrize("order", ["asc", "desc"])
    @pytest.mark.parametrize("limit", [7, 60, 1_000])
    async def test_pages_on_the_loop_and_on_threads_make_the_same_list(
        self, order, limit, store, me
    ):
        everything = in_order() if order == "asc" else in_order()[::-1]
        seen: list[str] = []
        after = None
        for _ in range(3):
            window = Window(limit, order, after)
            page = await store.messages.list(me.project, "", "many", MessageFilter(), window)
            seen += ids(page.value.items)
            after = page.value.more_after
        assert seen == everything[: 3 * limit]

    async def test_a_filter_that_few_of_many_pass(self, me):
        tools = [name for name in in_order() if int(name[1:]) % 9_999 == 5]
        assert ids(await me.messages("many", role="tool")) == tools
        assert ids(await me.messages("many", role="tool", order="desc", limit=2)) == tools[::-1]
        assert await me.messages("many", role="nobody") == []

    async def test_a_tag_that_many_have(self, me):
        tagged = [name for name in in_order() if int(name[1:]) % 9 == 0]
        assert ids(await me.messages("many", tags=("some",))) == tagged

    async def test_what_changes_meanwhile_is_seen_as_one_state(self, store, me):
        await me.new("changing", messages=[message() for _ in range(1_000)])

        async def change():
            for _ in range(30):
                await me.append(message(), message(), to="changing")

        async def look():
            for _ in range(30):
                window = Window(1_000, "desc")
                found = await store.messages.list(
                    me.project, "", "changing", MessageFilter(), window
                )
                assert found.version == found.value.items[0].seq
                assert found.version % 2 == 0

        await asyncio.gather(change(), *(look() for _ in range(4)))

    @pytest.mark.parametrize("slow", ["of many bytes", "of many steps"])
    async def test_what_is_written_during_a_long_read_is_seen_at_once(self, slow, store, me):
        here, released = threading.get_ident(), threading.Event()

        def query(reader):
            assert threading.get_ident() == here or released.wait(30)
            if slow == "of many steps":
                return reader.db.execute(SLOW).get
            rows = reader.db.execute(LARGE_ONES)
            return reader.page(rows, Window(1_000, "asc"), CONTENTS)

        reading = asyncio.ensure_future(store.readers.read(query))
        await asyncio.sleep(0)
        await me.new(slow, messages=[message("new", id="new")])
        assert bytes((await me.message("new", of=slow)).content) == b'"new"'
        assert not reading.done()
        released.set()
        await reading

    async def test_many_long_reads_at_once(self, me):
        found = await asyncio.gather(*(me.messages("large") for _ in range(12)))
        assert all(one == found[0] for one in found)


class TestReadOnly:
    async def test_readers_cannot_write(self, store, me):
        for sql in ["DELETE FROM messages", "CREATE TABLE t (a)", "PRAGMA user_version = 9"]:
            with pytest.raises(apsw.ReadOnlyError):
                store.readers.quick.db.execute(sql)
        assert (await me.get("many")).total_messages == MANY

    async def test_a_reader_does_not_wait_for_a_writer(self, store, me):
        writing = files.connect(store.path)
        writing.execute("BEGIN IMMEDIATE; DELETE FROM messages")
        assert (await me.get("many", last_messages=1)).total_messages == MANY
        assert len(await me.messages("large")) == 100
        writing.execute("ROLLBACK")
        writing.close()


class TestClosing:
    async def test_reads_under_way_are_finished_first(self, tmp_path):
        store = await SQLiteStore.open(tmp_path)
        readers = Readers(store.path)
        begun = threading.Event()
        here = threading.get_ident()

        def query(reader):
            if threading.get_ident() == here:
                raise apsw.InterruptError
            begun.set()
            return reader.db.execute("SELECT count(*) FROM projects").get

        reading = asyncio.ensure_future(readers.read(query))
        await asyncio.sleep(0)
        assert begun.wait(30)
        readers.close()
        assert await reading == 0
        await store.close()


@pytest.mark.parametrize("way", ["read", "read_off_loop", "run"])
async def test_a_page_that_is_written_while_it_is_read_is_read_again(store, way):
    """Cleaning overwrites what is unused in a page, and its checksum, in the file itself."""
    failed: list[Any] = []

    def query(reader):
        if not failed:
            failed.append(apsw.IOError("as for half of a page"))
            failed[0].extendedresult = apsw.SQLITE_IOERR_DATA
            raise failed[0]
        return reader.db.execute("SELECT 7").get

    assert await getattr(store.readers, way)(query) == 7


@pytest.mark.parametrize("way", ["read", "read_off_loop", "run"])
async def test_an_error_that_is_kept_holds_no_reader_to_old_data(tmp_path, way):
    store = await SQLiteStore.open(tmp_path)

    def refuse(reader):
        rows = reader.db.execute("SELECT 1 UNION ALL SELECT count(*) FROM projects")
        if rows.fetchone():
            raise MessageNotFound("no")

    try:
        read = getattr(store.readers, way)
        before = await read(lambda reader: reader.db.execute("SELECT count(*) FROM projects").get)
        kept = []
        for _ in range(20):  # on each of the threads
            with pytest.raises(MessageNotFound) as refused:
                await read(refuse)
            kept.append(refused.value)
        await World(store).tenant()
        for _ in range(20):
            now = await read(lambda reader: reader.db.execute("SELECT count(*) FROM projects").get)
            assert now > before
    finally:
        await store.close()


async def test_a_loop_that_is_left_holds_no_reader_to_old_data(tmp_path):
    store = await SQLiteStore.open(tmp_path / "data")
    try:
        path = store.readers.path
        with closing(files.connect(path)) as writer, closing(files.connect_reader(path)) as reader:
            writer.execute("CREATE TABLE seen (number)")
            writer.execute("INSERT INTO seen VALUES (1), (2)")
            assert _first(reader) == 1
            writer.execute("INSERT INTO seen VALUES (3)")
            assert reader.execute("SELECT count(*) FROM seen").get == 3
    finally:
        await store.close()


def _first(reader):
    """Leave a loop over rows, which has run another statement."""
    for (number,) in reader.execute("SELECT number FROM seen"):
        if reader.execute("SELECT ? + 1", (number,)).get:
            return number
    return None
