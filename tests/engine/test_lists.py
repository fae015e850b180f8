"""How the embedded engine reads lists: by which index, and what happens to a long read."""

import pytest

from dialoguedb.model.dialogues import DialogueFilter
from dialoguedb.model.memories import MemoryFilter
from dialoguedb.model.messages import MessageFilter
from dialoguedb.store.sqlite import SQLiteStore
from dialoguedb.store.sqlite.connection import files
from dialoguedb.values.lists import TimeRange, Window
from tests.contract.making import World, at, message

pytestmark = pytest.mark.anyio

MANY = 2_100
MESSAGES = 12_000
SPAN = TimeRange(at(10), at(2_090))
SORTS = "USE TEMP B-TREE FOR ORDER BY"


@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="module")
async def store(tmp_path_factory):
    store = await SQLiteStore.open(tmp_path_factory.mktemp("lists"))
    yield store
    await store.close()


@pytest.fixture(scope="module")
async def me(store):
    """Make a project with many dialogues, threads and messages."""
    me = await World(store).tenant()
    await me.new("parent", tags=("rare",), created=at(0))
    for first in range(0, MESSAGES, 1_000):
        numbers = range(first, first + 1_000)
        await me.append(*(message(id=f"m{n}", created=at(n)) for n in numbers), to="parent")
    for number in range(MANY):
        await me.new(
            f"d{number}",
            thread_of=None if number % 100 else "parent",
            tags=("common",),
            created=at(number),
        )
    return me


class Plans:
    """What SQLite does for the statements that lists run, in its own words."""

    def __init__(self, store):
        self._reader = store.readers.quick.db
        self._explainer = files.connect_reader(store.path)

    async def of(self, listing):
        statements = []

        def note(_, sql, values):
            statements.append((sql, values))
            return True

        self._reader.exec_trace = note
        try:
            await listing
        finally:
            self._reader.exec_trace = None
        sql, values = next(one for one in reversed(statements) if "ORDER BY" in one[0])
        plan = self._explainer.execute(f"EXPLAIN QUERY PLAN {sql}", values)
        return " / ".join(row[3] for row in plan)

    def close(self):
        self._explainer.close()


@pytest.fixture
def plans(store):
    plans = Plans(store)
    yield plans
    plans.close()


@pytest.fixture
def listed(store, me, plans):
    return store, me, plans


def windows(after=None):
    return [Window(50, "asc", after), Window(50, "desc", after)]


class TestPlans:
    @pytest.mark.parametrize("window", [*windows(), *windows((at(1_000), "d1000", ""))])
    @pytest.mark.parametrize("namespace", [None, "", "user"])
    @pytest.mark.parametrize(
        ("order_by", "index"),
        [("created", "created"), ("modified", "modified"), ("lastMessageCreated", "active")],
    )
    async def test_dialogues_are_read_in_their_order(
        self, listed, window, namespace, order_by, index
    ):
        store, me, plans = listed
        filters = DialogueFilter(namespace=namespace, order_by=order_by)
        plan = await plans.of(store.dialogues.list(me.project, filters, window))
        assert f"dialogues_{index}{'' if namespace is None else '_in'} " in plan
        assert SORTS not in plan

    @pytest.mark.parametrize("window", windows())
    async def test_threads_are_found_by_their_parent(self, store, me, plans, window):
        filters = DialogueFilter(thread_of="parent")
        plan = await plans.of(store.dialogues.list(me.project, filters, window))
        assert "threads_created " in plan
        assert SORTS not in plan

    @pytest.mark.parametrize("window", windows())
    async def test_a_rare_tag_is_where_a_list_starts(self, store, me, plans, window):
        filters = DialogueFilter(tags=("rare",))
        plan = await plans.of(store.dialogues.list(me.project, filters, window))
        assert "SEARCH r USING INTEGER PRIMARY KEY" in plan
        assert "dialogue_tags" in plan

    @pytest.mark.parametrize("window", windows())
    async def test_a_common_tag_is_met_in_order(self, store, me, plans, window):
        filters = DialogueFilter(tags=("common",))
        plan = await plans.of(store.dialogues.list(me.project, filters, window))
        assert plan.startswith("SEARCH r USING INDEX dialogues_created ")
        assert SORTS not in plan

    async def test_few_closed_dialogues_are_where_a_list_starts(self, store, me, plans):
        filters = DialogueFilter(status="archived")
        plan = await plans.of(store.dialogues.list(me.project, filters, Window(50, "desc")))
        assert plan.startswith("SEARCH r USING INTEGER PRIMARY KEY")

    async def test_many_dialogues_of_a_range_are_met_in_another_order(self, store, me, plans):
        filters = DialogueFilter(created=SPAN, order_by="modified")
        plan = await plans.of(store.dialogues.list(me.project, filters, Window(50, "desc")))
        assert "dialogues_modified " in plan
        assert SORTS not in plan

    @pytest.mark.parametrize("window", [*windows(), *windows((at(1_000), 1_001))])
    @pytest.mark.parametrize("filters", [MessageFilter(), MessageFilter(created=SPAN)])
    async def test_messages_are_read_in_their_order(self, store, me, plans, window, filters):
        listing = store.messages.list(me.project, "", "parent", filters, window)
        plan = await plans.of(listing)
        assert "messages_in_order " in plan
        assert SORTS not in plan

    @pytest.mark.parametrize("namespace", [None, "user"])
    @pytest.mark.parametrize("order_by", ["created", "modified"])
    async def test_memories_are_read_in_their_order(self, store, me, plans, namespace, order_by):
        filters = MemoryFilter(namespace=namespace, order_by=order_by)
        plan = await plans.of(store.memories.list(me.project, filters, Window(50, "desc")))
        assert f"memories_{order_by}{'' if namespace is None else '_in'} " in plan
        assert SORTS not in plan


class TestLongReads:
    async def test_a_late_page_of_a_range_costs_no_more_steps_than_the_first(self, store, me):
        async def steps(after):
            spent = 0

            def count():
                nonlocal spent
                spent += 1
                return False

            db = store.readers.quick.db
            db.set_progress_handler(count, 10, id="test")
            window = Window(10, "asc", after)
            filters = MessageFilter(created=SPAN)
            await store.messages.list(me.project, "", "parent", filters, window)
            db.set_progress_handler(None, id="test")
            return spent

        await steps(None)  # prepares the statement
        assert await steps((at(2_050), 2_051)) < 2 * await steps(None)

    async def test_reads_over_budget_leave_the_loop_s_reader_as_it_was(self, store, me):
        none = MessageFilter(role="nobody")
        for _ in range(1_800):
            listing = store.messages.list(me.project, "", "parent", none, Window(50, "asc"))
            assert (await listing).value.items == []
        found = await store.dialogues.get(me.project, "", "parent", 0)
        assert found.value.total_messages == MESSAGES
        assert not store.readers.quick.db.in_transaction
