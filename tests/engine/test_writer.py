"""The writer: operations of many callers in one transaction, each on its own."""

import asyncio
import copy
import threading

import apsw
import pytest

from dialoguedb.errors import DuplicateId, InternalError, ProjectNotFound, ServiceUnavailable
from dialoguedb.ports import IdempotencyHit
from dialoguedb.ports.statistics import WriterStatistics
from dialoguedb.store.sqlite import open_database
from dialoguedb.store.sqlite.connection.files import FILE, connect_reader
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.search_index.catch_up import Index

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.timeout(method="thread"),  # a signal does not interrupt uvloop
]

LOOP_TURNS = 50


@pytest.fixture(params=[False, True], ids=["plain loop", "uvloop"])
def anyio_backend(request):
    return "asyncio", {"use_uvloop": request.param}


class Batches(WriterStatistics):
    """Notes how many operations each commit had."""

    def __init__(self):
        super().__init__()
        self.sizes = []

    def record(self, operations, seconds, waiting):
        assert seconds >= 0
        assert waiting >= 0
        self.sizes.append(operations)


@pytest.fixture
def batches():
    return Batches()


@pytest.fixture
def path(tmp_path):
    """Make a database with a table to write to."""
    path = tmp_path / FILE
    db = open_database(path)
    db.execute("CREATE TABLE things (name TEXT PRIMARY KEY) STRICT")
    db.close()
    return path


@pytest.fixture
async def writer(path, batches):
    writer = Writer(open_database(path), batches, Index({}))
    yield writer
    await writer.close()


@pytest.fixture
def names(path):
    """Read what another process would see."""
    db = connect_reader(path)
    yield lambda: [row[0] for row in db.execute("SELECT name FROM things ORDER BY rowid")]
    db.close()


def insert(name):
    """Make an operation that stores a name and returns it."""

    def operation(db):
        db.execute("INSERT INTO things VALUES (?)", (name,))
        return name

    return operation


def insert_and_raise(error):
    """Make an operation that stores a name, and then fails."""

    def operation(db):
        db.execute("INSERT INTO things VALUES ('undone')")
        raise error

    return operation


def no_project(db):
    db.execute("INSERT INTO things VALUES ('undone')")
    db.execute("INSERT INTO usage (project, month) VALUES (99, '2026-01')")


FAILURES = [
    (insert_and_raise(DuplicateId("taken")), DuplicateId),
    (insert_and_raise(IdempotencyHit(b"answer")), IdempotencyHit),
    (insert_and_raise(ZeroDivisionError()), InternalError),
    (insert_and_raise(apsw.FullError()), ServiceUnavailable),
    (insert_and_raise(apsw.SQLError()), InternalError),
    (lambda db: db.execute("no SQL at all"), InternalError),
    (no_project, ProjectNotFound),
]


async def at_once(writer, *operations):
    """Write operations in one turn of the loop; returns their results and errors."""
    return await asyncio.gather(*map(writer.write, operations), return_exceptions=True)


class TestBatches:
    async def test_what_a_write_returns_is_what_its_operation_returned(self, writer, names):
        assert await writer.write(insert("a")) == "a"
        assert names() == ["a"]

    async def test_operations_of_one_turn_share_a_commit_and_keep_their_order(
        self, writer, batches, names
    ):
        sent = [f"{number:03}" for number in range(200)]
        assert await at_once(writer, *map(insert, sent)) == sent
        assert names() == sent
        assert batches.sizes == [200]

    async def test_a_batch_has_an_end(self, writer, batches):
        await at_once(writer, *(insert(str(number)) for number in range(1_000)))
        assert sum(batches.sizes) == 1_000
        assert max(batches.sizes) < 1_000

    async def test_each_operation_sees_what_the_one_before_it_did(self, writer):
        def count(db):
            return db.execute("SELECT count(*) FROM things").get

        operations = [insert("a"), count, insert("b"), count]
        assert await at_once(writer, *operations) == ["a", 1, "b", 2]

    async def test_operations_that_come_while_one_commits_form_the_next_batch(
        self, writer, batches
    ):
        first = asyncio.ensure_future(writer.write(insert("first")))
        await asyncio.sleep(0)  # begins the turn
        await asyncio.sleep(0)
        later = [asyncio.ensure_future(writer.write(insert(str(n)))) for n in range(10)]
        await asyncio.gather(first, *later)
        assert batches.sizes == [1, 10]


class TestFailures:
    @pytest.mark.parametrize(("failing", "error"), FAILURES)
    async def test_one_failing_operation_does_not_harm_its_neighbours(
        self, failing, error, writer, batches, names
    ):
        results = await at_once(writer, insert("a"), failing, insert("b"), failing, insert("c"))
        assert [type(one) for one in results] == [str, error, str, error, str]
        assert names() == ["a", "b", "c"]
        assert batches.sizes == [5]

    @pytest.mark.parametrize(("failing", "error"), FAILURES)
    async def test_a_failing_operation_alone_leaves_nothing(self, failing, error, writer, names):
        for long in [False, True]:
            with pytest.raises(error):
                await writer.write(failing, long=long)
        assert names() == []
        assert await writer.write(insert("after")) == "after"

    async def test_a_failed_transaction_fails_all_of_its_operations_and_nothing_else(
        self, writer, names
    ):
        def lose_all(db):
            db.execute("INSERT OR ROLLBACK INTO things VALUES ('before')")

        await writer.write(insert("before"))
        results = await at_once(writer, insert("a"), lose_all, insert("b"))
        assert [type(one) for one in results] == [InternalError] * 3
        with pytest.raises(InternalError):
            await writer.write(lose_all, long=True)
        assert names() == ["before"]
        assert await at_once(writer, insert("a"), insert("b")) == ["a", "b"]
        assert names() == ["before", "a", "b"]

    async def test_a_failed_commit_fails_all_of_its_operations_and_nothing_else(
        self, writer, names
    ):
        def doom(db):
            db.pragma("defer_foreign_keys", 1)
            db.execute("INSERT INTO usage (project, month) VALUES (99, '2026-01')")

        await writer.write(insert("before"))
        results = await at_once(writer, insert("a"), doom, insert("b"))
        assert [type(one) for one in results] == [ProjectNotFound] * 3
        assert names() == ["before"]
        assert await at_once(writer, insert("a"), insert("b")) == ["a", "b"]

    async def test_the_cause_is_kept_for_the_log(self, writer):
        with pytest.raises(InternalError) as caught:
            await writer.write(insert_and_raise(ZeroDivisionError("why")))
        assert isinstance(caught.value.__cause__, ZeroDivisionError)
        assert "why" not in str(caught.value)

    async def test_a_caller_who_left_disturbs_nobody(self, writer, names):
        tasks = [asyncio.ensure_future(writer.write(insert(str(n)))) for n in range(10)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert results[1::2] == ["1", "3", "5", "7", "9"]
        assert set(names()) >= {"1", "3", "5", "7", "9"}
        assert await writer.write(insert("after")) == "after"


class TestWhere:
    async def test_short_operations_run_on_the_loop_and_long_ones_do_not(self, writer):
        here = threading.get_ident()
        assert await writer.write(lambda _: threading.get_ident()) == here
        assert await writer.write(lambda _: threading.get_ident(), long=True) != here

    async def test_the_loop_goes_on_while_a_long_operation_runs(self, writer, names):
        loop = asyncio.get_running_loop()
        released = threading.Event()

        def operation(db):
            assert released.wait(30)
            return insert("long")(db)

        long = asyncio.ensure_future(writer.write(operation, long=True))
        for _ in range(LOOP_TURNS):
            await asyncio.sleep(0)
        assert not long.done()
        loop.call_soon(released.set)
        assert await long == "long"
        assert names() == ["long"]

    async def test_long_and_short_operations_keep_their_order(self, writer, batches, names):
        sent = [f"{number:02}" for number in range(20)]
        await asyncio.gather(
            *(writer.write(insert(name), long=number % 3 == 0) for number, name in enumerate(sent))
        )
        assert names() == sent
        assert batches.sizes == [1, 2] * 6 + [1, 1]


class TestOtherProcesses:
    @pytest.fixture
    def other(self, path):
        """Connect as another process would."""
        other = open_database(path)
        yield other
        other.close()

    @pytest.mark.parametrize("long", [False, True])
    async def test_another_process_writing_only_delays(self, long, writer, other, names):
        other.execute("BEGIN IMMEDIATE; INSERT INTO things VALUES ('theirs')")
        mine = asyncio.ensure_future(writer.write(insert("mine"), long=long))
        for _ in range(LOOP_TURNS):
            await asyncio.sleep(0.001)
        assert not mine.done()
        other.execute("COMMIT")
        assert await mine == "mine"
        assert names() == ["theirs", "mine"]

    async def test_one_that_writes_before_operations_are_run_again_only_delays(
        self, writer, other, names
    ):
        loop = asyncio.get_running_loop()

        def step_in(cursor, sql, _values):
            if sql == "BEGIN IMMEDIATE":
                cursor.connection.exec_trace = None
                other.execute("BEGIN IMMEDIATE; INSERT INTO things VALUES ('theirs')")
                loop.call_soon_threadsafe(loop.call_later, 0.1, other.execute, "COMMIT")
            return True

        def operation(db):
            if db.exec_trace is None and not names():
                db.exec_trace = step_in
            return insert("mine")(db)

        done = await asyncio.gather(
            writer.write(operation),
            writer.write(insert_and_raise(DuplicateId("no"))),
            return_exceptions=True,
        )
        assert done[0] == "mine"
        assert isinstance(done[1], DuplicateId)
        assert names() == ["theirs", "mine"]

    async def test_another_process_reading_delays_nothing(self, writer, other, names):
        other.execute("BEGIN; SELECT count(*) FROM things")
        assert await writer.write(insert("mine")) == "mine"
        assert names() == ["mine"]
        other.execute("COMMIT")

    @pytest.mark.parametrize(
        "error", [DuplicateId("no"), IdempotencyHit(b"seen"), ZeroDivisionError()]
    )
    @pytest.mark.parametrize("long", [False, True])
    async def test_an_error_that_is_kept_holds_nothing_up(self, writer, other, names, error, long):
        """A cursor that it was raised over would keep the writer in what was there then."""
        await writer.write(insert("first"))

        def refuse(db):
            rows = db.execute("SELECT name FROM things UNION ALL SELECT 'more'")
            if rows.fetchone():
                raise copy.copy(error)

        with pytest.raises((DuplicateId, IdempotencyHit, InternalError)) as kept:
            await writer.write(refuse, long=long)
        insert("theirs")(other)
        assert await writer.write(insert("mine")) == "mine"
        assert names() == ["first", "theirs", "mine"]
        assert kept.value.__traceback__

    async def test_both_take_their_turns(self, writer, path, names):
        theirs = Writer(open_database(path), None, Index({}))
        both = [writer, theirs]
        await asyncio.gather(
            *(both[n % 2].write(insert(str(n)), long=n % 5 == 0) for n in range(300))
        )
        await theirs.close()
        assert len(names()) == 300


class TestClosing:
    async def test_what_waits_is_finished_first(self, path, names):
        writer = Writer(open_database(path), None, Index({}))
        waiting = [
            asyncio.ensure_future(writer.write(insert(f"{n:03}"), long=n % 50 == 0))
            for n in range(600)
        ]
        await asyncio.sleep(0)
        await writer.close()
        assert await asyncio.gather(*waiting) == [f"{n:03}" for n in range(600)]
        assert len(names()) == 600

    async def test_what_comes_later_is_refused(self, path, names):
        writer = Writer(open_database(path), None, Index({}))
        first = asyncio.ensure_future(writer.write(insert("first")))
        await asyncio.sleep(0)
        closing = asyncio.ensure_future(writer.close())
        await asyncio.sleep(0)
        with pytest.raises(ServiceUnavailable):
            await writer.write(insert("late"))
        await closing
        assert await first == "first"
        with pytest.raises(ServiceUnavailable):
            await writer.write(insert("late"))
        assert names() == ["first"]

    async def test_closing_twice_does_no_harm(self, path):
        writer = Writer(open_database(path), None, Index({}))
        await writer.close()
        await writer.close()


class TestDurability:
    async def test_every_commit_waits_for_the_disk(self, writer):
        def pragmas(db):
            names = ("journal_mode", "synchronous", "foreign_keys")
            return [db.pragma(name) for name in names]

        assert await writer.write(pragmas) == ["wal", 2, 1]
