"""The store, in the hands of LangGraph itself and beside its own."""

import operator
import threading
from collections.abc import Callable
from typing import Annotated, TypedDict

import pytest
from langgraph.graph import END, START, StateGraph
from langgraph.store.base import (
    BaseStore,
    GetOp,
    InvalidNamespaceError,
    ListNamespacesOp,
    MatchCondition,
    PutOp,
    SearchOp,
)
from langgraph.store.memory import InMemoryStore

from dialoguedb.errors import InvalidRequest
from dialoguedb.integrations.langgraph import DialogueDBStore

ITEMS = [
    (("users", "ada"), "likes", {"drink": "tea", "cups": 3, "sure": True, "of": ["green", None]}),
    (("users", "ada"), "pets", {"name": "Grüße \u0000 👋🏽", "kinds": {"cat": 1, "dog": 2}}),
    (("users", "bo"), "likes", {"drink": "coffee", "cups": 3.5}),
    (("users", "bo", "old"), "likes", {"drink": "milk", "cups": 12}),
    (("docs",), "x" * 300, {}),
    (("docs", "*"), "k/ey ?#", {"drink": "tea"}),
]


@pytest.fixture
def store(db):
    return DialogueDBStore(db)


def fill(store):
    for namespace, key, value in ITEMS:
        store.put(namespace, key, value)


def addresses(items):
    return sorted((item.namespace, item.key, repr(item.value)) for item in items)


def test_it_is_a_store(store):
    assert isinstance(store, BaseStore)
    assert store.get(("a",), "b") is None
    assert store.search(("a",)) == []
    assert store.search((), query="tea") == []
    assert store.list_namespaces() == []
    store.delete(("a",), "b")


def test_what_is_put_is_got_as_it_was_and_the_last_counts(store):
    fill(store)
    for namespace, key, value in ITEMS:
        item = store.get(namespace, key)
        assert (item.namespace, item.key, item.value) == (namespace, key, value)
    first = store.get(("users", "ada"), "likes")
    store.put(("users", "ada"), "likes", {"drink": "water"})
    second = store.get(("users", "ada"), "likes")
    assert second.value == {"drink": "water"}
    assert second.created_at == first.created_at
    assert second.updated_at >= first.updated_at
    assert len(store.search(("users", "ada"))) == 2
    store.delete(("users", "ada"), "likes")
    assert store.get(("users", "ada"), "likes") is None
    store.put(("users", "ada"), "likes", {"drink": "juice"})
    assert store.get(("users", "ada"), "likes").value == {"drink": "juice"}


@pytest.mark.parametrize("prefix", [(), ("users",), ("users", "ada"), ("users", "bo"), ("none",)])
@pytest.mark.parametrize(
    "condition",
    [
        None,
        {"drink": "tea"},
        {"drink": {"$ne": "tea"}},
        {"cups": 3, "sure": True},
        {"kinds": {"dog": 2}},
        {"kinds": {"dog": {"$gt": 1}}},
        {"of": ["green", None]},
        {"absent": None},
    ],
    ids=repr,
)
def test_it_filters_as_the_librarys_own_store_does(store, prefix, condition):
    theirs = InMemoryStore()
    fill(store)
    fill(theirs)
    expected = addresses(theirs.search(prefix, filter=condition, limit=100))
    assert addresses(store.search(prefix, filter=condition, limit=100)) == expected
    found = store.search(prefix, query="What do they drink?", filter=condition, limit=100)
    assert set(addresses(found)) <= set(expected)
    if condition == {"drink": "tea"}:
        assert addresses(found) == expected


@pytest.mark.parametrize(
    ("condition", "cups"),
    [
        ({"$gt": 3}, [3.5, 12]),
        ({"$gte": 3, "$lt": 12}, [3, 3.5]),
        ({"$lte": 3.5}, [3, 3.5]),
        ({"$eq": 12}, [12]),
    ],
)
@pytest.mark.parametrize("query", [None, "What do they drink?"])
def test_numbers_are_compared(store, condition, cups, query):
    fill(store)
    found = store.search(("users",), filter={"cups": condition}, query=query, limit=100)
    assert sorted(item.value["cups"] for item in found) == cups


def test_an_unknown_operator_is_refused(store):
    fill(store)
    with pytest.raises(ValueError, match="Unsupported operator"):
        store.search(("users",), filter={"cups": {"$near": 3}})


def test_what_is_meant_is_found_best_first_with_its_score(store):
    for n in range(30):
        store.put(("notes",), f"n{n}", {"text": f"The parcel number {n} left the harbour."})
    store.put(("notes",), "tea", {"text": "She drinks a cup of Earl Grey each morning."})
    found = store.search(("notes",), query="Which hot beverage does she like?", limit=3)
    assert found[0].key == "tea"
    scores = [item.score for item in found]
    assert scores == sorted(scores, reverse=True)
    assert len(store.search(("notes",), query="parcel", limit=5, offset=5)) == 5
    store.put(("notes",), "tea", {"text": "The boat sank."})
    assert store.search(("notes",), query="Earl Grey", limit=1)[0].value["text"] != "She drinks"
    assert all("Grey" not in repr(item.value) for item in store.search(("notes",), limit=100))


def test_what_is_not_to_be_indexed_is_found_by_no_query(store):
    store.put(("a",), "open", {"text": "blue elephants"})
    store.put(("a",), "kept", {"text": "blue elephants"}, index=False)
    assert [item.key for item in store.search(("a",), query="blue elephants")] == ["open"]
    assert len(store.search(("a",))) == 2


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"prefix": ("users",)},
        {"suffix": ("old",)},
        {"prefix": ("users", "*"), "max_depth": 2},
        {"prefix": ("*", "bo"), "limit": 1},
        {"max_depth": 1, "offset": 1},
        {"prefix": ("users",), "suffix": ("*", "old")},
    ],
    ids=repr,
)
def test_namespaces_are_listed_as_the_librarys_own_store_does(store, options):
    theirs = InMemoryStore()
    fill(store)
    fill(theirs)
    assert store.list_namespaces(**options) == theirs.list_namespaces(**options)


def test_a_batch_reads_before_it_writes_and_the_last_of_a_key_counts(store):
    store.put(("a",), "k", {"n": 1})
    done = store.batch(
        [
            PutOp(("a",), "k", {"n": 2}),
            GetOp(("a",), "k"),
            PutOp(("a",), "k", {"n": 3}),
            SearchOp(("a",)),
            ListNamespacesOp((MatchCondition("prefix", ("a",)),)),
            PutOp(("b",), "k", None),
        ]
    )
    assert done[0] is None
    assert done[1].value == done[3][0].value == {"n": 1}
    assert done[4] == [("a",)]
    assert store.get(("a",), "k").value == {"n": 3}


def test_bad_input_is_refused_and_stores_nothing(store):
    for namespace in [(), ("",), ("a.b",), ("langgraph",)]:
        with pytest.raises(InvalidNamespaceError):
            store.put(namespace, "k", {"n": 1})
    with pytest.raises(InvalidRequest):
        store.put(("a",), "k", {"text": "x" * 2_000_000})
    with pytest.raises(NotImplementedError):
        store.put(("a",), "k", {"n": 1}, ttl=5)
    assert store.list_namespaces() == []


def test_namespaces_of_the_database_keep_apart(db):
    stores = [DialogueDBStore(db, namespace=space) for space in (None, "ada", "bo")]
    for n, store in enumerate(stores):
        store.put(("a",), "k", {"n": n, "text": "the same words"})
    for n, store in enumerate(stores):
        assert [item.value["n"] for item in store.search(())] == [n]
        assert [item.value["n"] for item in store.search((), query="the same words")] == [n]
    stores[1].delete(("a",), "k")
    assert [len(store.search(())) for store in stores] == [1, 0, 1]


def test_threads_that_put_at_once_leave_one_and_lose_none(store, db):
    def put(writer):
        own = DialogueDBStore(db)
        for n in range(5):
            own.put(("shared",), "k", {"writer": writer, "n": n})
            own.put(("own",), f"{writer}-{n}", {"n": n})

    threads = [threading.Thread(target=put, args=[writer]) for writer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.search(("shared",), limit=100)) == 1
    assert len(store.search(("own",), limit=100)) == 40
    assert len(db.api.memory.list(limit=1_000).items) == 41


class Overtaken(DialogueDBStore):
    """A store that others are faster than once, after it has seen what is stored."""

    meanwhile: Callable[[], object] | None = None

    def _create(self, *arguments):
        if self.meanwhile:
            happens, self.meanwhile = self.meanwhile, None
            happens()
        super()._create(*arguments)


@pytest.mark.parametrize("before", [0, 1], ids=["new", "known"])
@pytest.mark.parametrize("others", [1, 2, 3])
def test_a_put_that_others_overtake_leaves_one_version(store, db, before, others):
    def put(times):
        for n in range(times):
            store.put(("a",), "k", {"n": n})

    put(before)
    overtaken = Overtaken(db)
    overtaken.meanwhile = lambda: put(others)
    overtaken.put(("a",), "k", {"n": "late"})
    assert len(db.api.memory.list(limit=10).items) == 1
    assert len(store.search(("a",))) == 1


@pytest.mark.anyio
async def test_it_does_so_without_blocking_the_event_loop(store):
    await store.aput(("a",), "k", {"text": "blue elephants"})
    assert (await store.aget(("a",), "k")).value == {"text": "blue elephants"}
    assert len(await store.asearch(("a",), query="elephants")) == 1
    assert await store.alist_namespaces() == [("a",)]
    await store.adelete(("a",), "k")
    assert await store.aget(("a",), "k") is None


def test_a_graph_remembers_from_one_thread_to_the_next(store):
    class State(TypedDict):
        texts: Annotated[list[str], operator.add]

    def remember(state, *, store):
        known = [item.value["text"] for item in store.search(("facts",), query=state["texts"][-1])]
        store.put(("facts",), state["texts"][-1], {"text": state["texts"][-1]})
        return {"texts": [f"I know {len(known)}"]}

    graph = StateGraph(State)
    graph.add_node("remember", remember)
    graph.add_edge(START, "remember")
    graph.add_edge("remember", END)
    app = graph.compile(store=store)
    assert app.invoke({"texts": ["I like tea"]})["texts"][-1] == "I know 0"
    assert app.invoke({"texts": ["What do I like?"]})["texts"][-1] == "I know 1"
