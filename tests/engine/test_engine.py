"""The engine as a whole: what runs where, and what a write leaves on the disk."""

import asyncio
import threading
from functools import partial

import pytest

from dialoguedb.embed.wordllama import WordLlama
from dialoguedb.store.sqlite import SQLiteStore, open_database
from dialoguedb.store.sqlite.connection import commit_log, files
from dialoguedb.store.sqlite.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.sqlite.connection.reader import Readers
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.dialogues import SQLiteDialogues
from dialoguedb.store.sqlite.messages import SQLiteMessages
from dialoguedb.store.sqlite.projects import SQLiteProjects
from dialoguedb.store.sqlite.search_index.catch_up import Index
from tests.contract.making import World, message

pytestmark = pytest.mark.anyio

MANY = 2_000


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def store(tmp_path):
    store = await SQLiteStore.open(tmp_path)
    yield store
    await store.close()


@pytest.fixture
async def me(store):
    return await World(store).tenant()


class Engine:
    """Another process's engine on the same file, taken apart."""

    def __init__(self, path):
        self.db = open_database(path)
        self.index = Index({})
        self.writer = Writer(self.db, None, self.index)
        self.readers = Readers(path)
        self.parts = (self.writer, self.readers, ProjectRowIds(self.readers))
        self.threads: dict[str, list[tuple[str, int]]] = {"writer": [], "reader": []}
        self.db.exec_trace = self._trace("writer")
        self.readers.quick.db.exec_trace = self._trace("reader")

    def _trace(self, who):
        def trace(_cursor, sql, _values):
            self.threads[who].append((sql, threading.get_ident()))
            return True

        return trace

    def where(self, who, word):
        """Return the threads on which statements with this word ran."""
        return {thread for sql, thread in self.threads[who] if word in sql}

    async def indexed(self):
        """Wait until nothing that was written is left to be indexed, by whichever engine."""
        while self.index.due(self.db) != "nothing":  # noqa: ASYNC110 - another writes what is due
            await asyncio.sleep(0.01)

    async def close(self):
        await self.writer.close()
        self.readers.close()


@pytest.fixture
async def engine(store):
    engine = Engine(store.path)
    yield engine
    await engine.close()


class TestThreads:
    """Nothing long runs on the loop, and the loop's reader runs nowhere else."""

    async def test_a_dialogue_with_few_messages_is_deleted_on_the_loop(self, me, engine):
        await me.new("d", messages=[message() for _ in range(3)])
        await SQLiteDialogues(*engine.parts).delete(me.project, "", "d", me.write_options())
        assert engine.where("writer", "DELETE") == {threading.get_ident()}

    async def test_one_with_many_messages_is_not(self, me, engine):
        await me.new("d", messages=[message() for _ in range(1_000)])
        await SQLiteDialogues(*engine.parts).delete(me.project, "", "d", me.write_options())
        assert threading.get_ident() not in engine.where("writer", "DELETE")

    async def test_one_whose_only_thread_has_many_messages_is_not(self, me, engine):
        await me.new("d")
        await me.new("t", thread_of="d", messages=[message() for _ in range(1_000)])
        await SQLiteDialogues(*engine.parts).delete(me.project, "", "d", me.write_options())
        assert threading.get_ident() not in engine.where("writer", "DELETE")

    async def test_a_project_is_not(self, me, engine):
        await me.new("d", messages=[message() for _ in range(10)])
        await SQLiteProjects(*engine.parts).delete(me.project.id, me.write_options())
        assert threading.get_ident() not in engine.where("writer", "DELETE")

    async def test_the_loops_reader_is_used_by_the_loop_alone(self, me, engine):
        await me.new("d", messages=[message() for _ in range(10)])
        await SQLiteProjects(*engine.parts).delete(me.project.id, me.write_options())
        assert {thread for _, thread in engine.threads["reader"]} <= {threading.get_ident()}


class TestGrowth:
    """What a write costs does not depend on how much else is stored."""

    async def steps(self, engine, operation):
        """Count SQLite's steps in tens."""
        await engine.indexed()
        spent = 0

        def count():
            nonlocal spent
            spent += 1
            return False

        engine.db.set_progress_handler(count, 10, id="test")
        await operation()
        engine.db.set_progress_handler(None, id="test")
        return spent

    async def test_deleting_one_dialogue_among_many(self, me, engine):
        dialogues = SQLiteDialogues(*engine.parts)
        spent = []
        for count in [20, MANY]:
            await asyncio.gather(
                *(me.new(f"{count}.{n}", tags=("t", "u")) for n in range(count)),
                *(me.new(f"{count}.{n}t", thread_of=f"{count}.{n}") for n in range(count)),
            )
            delete = partial(dialogues.delete, me.project, "", f"{count}.7", me.write_options())
            spent.append(await self.steps(engine, delete))
        assert spent[1] < 2 * spent[0]

    async def test_deleting_one_message_among_many(self, me, engine):
        messages = SQLiteMessages(*engine.parts)
        spent = []
        for count in [20, MANY // 2]:
            name = str(count)
            new = [message(id=str(number), tags=("t",)) for number in range(count)]
            await me.new(name, messages=new)
            delete = partial(messages.delete, me.project, "", name, "7", me.write_options())
            spent.append(await self.steps(engine, delete))
        assert spent[1] < 2 * spent[0]

    async def test_appending_one_message_to_many(self, me, engine):
        messages = SQLiteMessages(*engine.parts)
        spent = []
        for count in [20, MANY // 2]:
            name = str(count)
            new = [message(id=str(number), tags=("t",)) for number in range(count)]
            await me.new(name, messages=new)
            new = [message(id="x", tags=("t",))]
            append = partial(messages.create, me.project, "", name, new, me.write_options())
            spent.append(await self.steps(engine, append))
        assert spent[1] < 2 * spent[0]


class TestBeside:
    """Engines of one process wait for each other, and let each other go on."""

    @pytest.mark.parametrize("brought_along", [True, False], ids=["new schema", "new embedder"])
    async def test_one_is_opened_while_another_writes(self, tmp_path, brought_along):
        if not brought_along:
            await (await SQLiteStore.open(tmp_path)).close()
        other = files.connect(files.prepare(tmp_path))
        other.execute("BEGIN IMMEDIATE")
        opening = asyncio.create_task(SQLiteStore.open(tmp_path, embedder=WordLlama()))
        await asyncio.sleep(0.2)
        assert not opening.done()
        other.execute("COMMIT")
        other.close()
        await (await opening).close()


class TestReady:
    async def test_it_is_proved_by_a_write_that_reaches_the_disk(self, store):
        log = store.path.with_name(files.FILE + "-wal")
        before = log.stat().st_size
        for _ in range(3):
            await store.ready()
            assert log.stat().st_size > before
            before = log.stat().st_size

    async def test_it_changes_nothing(self, store, me):
        db = files.connect_reader(store.path)
        before = [db.pragma("user_version"), db.pragma("schema_version")]
        await store.ready()
        assert [db.pragma("user_version"), db.pragma("schema_version")] == before
        db.close()

    async def test_many_ask_at_once(self, store):
        await asyncio.gather(*(store.ready() for _ in range(500)))


class TestDisk:
    async def test_a_closed_store_is_one_file_and_its_count_of_commits(self, tmp_path):
        store = await SQLiteStore.open(tmp_path / "data")
        await (await World(store).tenant()).new("d")
        await store.close()
        left = {path.name for path in store.path.parent.iterdir()}
        assert left == {files.FILE, commit_log.FILE}

    async def test_the_log_does_not_grow_without_end(self, store, me):
        log = store.path.with_name(files.FILE + "-wal")
        await me.new("d")
        for _ in range(60):
            await me.append(*(message("x" * 10_000) for _ in range(40)))
        assert store.path.stat().st_size > 3 * log.stat().st_size

    async def test_what_was_deleted_makes_room(self, store, me):
        async def fill_and_empty():
            await me.new("d", messages=[message("x" * 10_000) for _ in range(MANY // 10)])
            await me.delete("d")
            return store.path.stat().st_size

        await fill_and_empty()
        sizes = [await fill_and_empty() for _ in range(10)]
        assert sizes[-1] < 1.5 * sizes[2]
