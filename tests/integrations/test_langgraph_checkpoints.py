"""The checkpointer, in the hands of LangGraph itself, its conformance tests and its own saver."""

import operator
import threading
import uuid
from typing import Annotated, Any, TypedDict

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.conformance import checkpointer_test, validate
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.types import Command, Send, interrupt

from dialoguedb import DialogueDB
from dialoguedb.errors import MessageNotFound
from dialoguedb.integrations.langgraph import DialogueDBSaver

LARGE = "x" * 1_500_000


@pytest.fixture
def saver(db):
    return DialogueDBSaver(db)


class State(TypedDict):
    texts: Annotated[list[str], operator.add]
    large: str


def config(thread="t", **named):
    return {"configurable": {"thread_id": thread, **named}}


def talking():
    """Return a graph that asks a human, fans out, and keeps something large."""

    def ask(state):
        name = interrupt({"question": "Who are you?"})
        return {"texts": [f"Hello {name}"], "large": LARGE}

    def fan(state):
        return [Send("part", {"n": n}) for n in range(3)]

    def part(state):
        return {"texts": [f"part {state['n']}"]}

    graph = StateGraph(State)
    graph.add_node("ask", ask)
    graph.add_node("part", part)
    graph.add_edge(START, "ask")
    graph.add_conditional_edges("ask", fan, ["part"])
    graph.add_edge("part", END)
    return graph


def chatting():
    def answer(state):
        return {"messages": [AIMessage(f"Answer {len(state['messages'])}")]}

    graph = StateGraph(MessagesState)
    graph.add_node("answer", answer)
    graph.add_edge(START, "answer")
    graph.add_edge("answer", END)
    return graph


@pytest.mark.anyio
async def test_it_passes_the_librarys_own_conformance_tests(where):
    @checkpointer_test(name="DialogueDBSaver")
    async def made():
        with DialogueDB(**where) as db:
            yield DialogueDBSaver(db, namespace=uuid.uuid4().hex)

    report = await validate(made)
    assert report.passed_all(), report.to_dict()
    assert report.conformance_level() == "FULL"


def history_of(app, thread="t"):
    return [
        (state.values, state.next, state.metadata["step"], len(state.tasks))
        for state in app.get_state_history(config(thread))
    ]


def test_a_graph_is_interrupted_resumed_and_led_back_as_with_the_librarys_own(saver):
    results = []
    for one in (saver, InMemorySaver()):
        app = talking().compile(checkpointer=one)
        interrupted = app.invoke({"texts": ["Hi"], "large": ""}, config())
        assert interrupted["__interrupt__"][0].value == {"question": "Who are you?"}
        assert app.get_state(config()).next == ("ask",)
        done = app.invoke(Command(resume="Ada"), config())
        past = [*app.get_state_history(config())]
        before = next(state for state in past if state.next == ("ask",) and state.tasks)
        again = app.invoke(Command(resume="Bo"), before.config)
        app.update_state(config(), {"texts": ["by hand"]})
        results.append((done, again, app.get_state(config()).values, history_of(app)))
    assert results[0] == results[1]
    assert results[0][0]["texts"] == ["Hi", "Hello Ada", "part 0", "part 1", "part 2"]


def test_another_process_goes_on_where_this_one_stopped(saver, db):
    talking().compile(checkpointer=saver).invoke({"texts": ["Hi"], "large": ""}, config())
    app = talking().compile(checkpointer=DialogueDBSaver(db))
    assert app.invoke(Command(resume="Ada"), config())["large"] == LARGE


def test_messages_come_back_as_they_were(saver):
    app = chatting().compile(checkpointer=saver)
    first = app.invoke({"messages": [HumanMessage("Grüße \u0000 👋🏽")]}, config())
    second = app.invoke({"messages": [HumanMessage("More")]}, config())
    assert second["messages"][:2] == first["messages"]
    assert app.get_state(config()).values == second


def test_what_is_large_and_stays_the_same_is_stored_once(saver, db):
    def stored(role):
        return sum(one.role == role for one in db.get_dialogue("langgraph:t").iter_messages())

    app = talking().compile(checkpointer=saver)
    app.invoke({"texts": ["Hi"], "large": LARGE}, config())
    assert stored("value") == 5  # three pieces of the input, and of the value; one is the same
    app.invoke(Command(resume="Ada"), config())
    app.update_state(config(), {"texts": ["by hand"]})
    assert stored("checkpoint") >= 4
    assert stored("value") == 5


def test_of_what_is_large_and_grows_only_the_end_is_stored_again(saver, db):
    def stored():
        return sum(one.role == "value" for one in db.get_dialogue("langgraph:t").iter_messages())

    app = chatting().compile(checkpointer=saver)
    sent = [HumanMessage("".join(f"{n} " for n in range(400_000)), id="m")]
    app.invoke({"messages": sent}, config())
    before = stored()
    again = app.invoke({"messages": [HumanMessage("More", id="n")]}, config())
    assert again["messages"][:1] == sent
    assert before >= 8
    assert stored() - before <= 4  # the first piece, which has the number of messages, and the last


@pytest.mark.parametrize("size", [0, 1, 8_192, 8_193, 614_400, 614_401, 3_000_000])
def test_a_value_of_any_size_comes_back_even_if_its_pieces_are_equal(saver, size):
    app = talking().compile(checkpointer=saver)
    app.invoke({"texts": ["Hi"], "large": "x" * size}, config())
    assert app.get_state(config()).values["large"] == "x" * size


def test_a_checkpoint_that_has_lost_a_part_is_not_taken_for_none(saver, db):
    app = talking().compile(checkpointer=saver)
    app.invoke({"texts": ["Hi"], "large": LARGE}, config())
    dialogue = db.get_dialogue("langgraph:t")
    for one in [*dialogue.iter_messages()]:
        if one.role == "value":
            dialogue.delete_message(one.id)
    with pytest.raises(MessageNotFound):
        saver.get_tuple(config())


def test_pruning_leaves_the_last_checkpoint_and_what_it_is_made_of(saver, db):
    app = talking().compile(checkpointer=saver)
    app.invoke({"texts": ["Hi"], "large": LARGE}, config())
    done = app.invoke(Command(resume="Ada"), config())
    saver.prune(["t"])
    assert app.get_state(config()).values == done
    roles = [one.role for one in db.get_dialogue("langgraph:t").iter_messages()]
    assert sorted(roles) == ["checkpoint", "value", "value", "value"]
    assert app.invoke({"texts": ["More"]}, config())["__interrupt__"]


def test_nothing_of_it_is_what_a_search_looks_for(saver, db):
    app = chatting().compile(checkpointer=saver)
    app.invoke({"messages": [HumanMessage("elephants")]}, config())
    db.create_dialogue(id="d").save_message("user", "Zebras, too")
    found = db.search_messages("elephants checkpoint langgraph msgpack", limit=100).hits
    assert [hit.relevance for hit in found if hit.item.dialogue_id != "d"] == [0] * (len(found) - 1)
    assert found[0].item.dialogue_id == "d"


def test_threads_and_namespaces_keep_apart(db):
    savers = [DialogueDBSaver(db, namespace=space) for space in (None, "ada")]
    for n, saver in enumerate(savers):
        for thread in ("a", "b"):
            app = chatting().compile(checkpointer=saver)
            app.invoke({"messages": [HumanMessage(f"{n} {thread}")]}, config(thread))
    for n, saver in enumerate(savers):
        threads = {one.config["configurable"]["thread_id"] for one in saver.list(None)}
        assert threads == {"a", "b"}
        app = chatting().compile(checkpointer=saver)
        assert app.get_state(config("b")).values["messages"][0].content == f"{n} b"
    savers[1].delete_thread("b")
    assert savers[1].get_tuple(config("b")) is None
    assert savers[0].get_tuple(config("b"))


@pytest.mark.parametrize("thread", ["a/b", "..", "50 % = ü ", "user:1|x", 17])
def test_a_thread_may_have_any_name(saver, thread):
    app = chatting().compile(checkpointer=saver)
    app.invoke({"messages": [HumanMessage("Hi")]}, config(thread))
    assert len(app.get_state(config(thread)).values["messages"]) == 2
    listed = {one.config["configurable"]["thread_id"] for one in saver.list(None)}
    assert listed == {str(thread)}
    saver.delete_thread(thread)
    assert app.get_state(config(thread)).values == {}


def test_lists_are_filtered_and_limited_as_the_librarys_own(saver):
    theirs = InMemorySaver()
    for n in range(6):
        checkpoint = empty_checkpoint()
        for one in (saver, theirs):
            target = config("t", checkpoint_ns="sub" if n % 3 == 2 else "")
            one.put(target, checkpoint, {"source": "loop", "step": n, "odd": n % 2 == 1}, {})
    before = [one.config for one in saver.list(config())][2]
    asks: list[dict[str, Any]] = [
        {},
        {"limit": 2},
        {"limit": 0},
        {"filter": {"odd": True}},
        {"filter": {"odd": True}, "limit": 1},
        {"filter": {"none": 1}},
        {"before": before},
    ]
    for options in asks:
        for target in (config(), config(checkpoint_ns=""), config(checkpoint_ns="sub"), None):
            own = [one.metadata["step"] for one in saver.list(target, **options)]
            expected = [one.metadata["step"] for one in theirs.list(target, **options)]
            if "limit" not in options or (target and "checkpoint_ns" in target["configurable"]):
                assert sorted(own) == sorted(expected)
            assert len(own) == len(expected)
            assert own == sorted(own, reverse=True)


def test_threads_that_run_at_once_lose_nothing(saver):
    app = chatting().compile(checkpointer=saver)

    def run(thread):
        for _ in range(3):
            app.invoke({"messages": [HumanMessage("Hi")]}, config(str(thread)))

    threads = [threading.Thread(target=run, args=[n]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n in range(8):
        assert len(app.get_state(config(str(n))).values["messages"]) == 6


def test_writes_of_many_tasks_at_once_all_count(saver):
    target = saver.put(config("t", checkpoint_ns=""), empty_checkpoint(), {"step": 0}, {})

    def write(task):
        for n in range(5):
            saver.put_writes(target, [(f"c{n}", n)], f"task-{task}-{n}")

    threads = [threading.Thread(target=write, args=[n]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pending = saver.get_tuple(target).pending_writes
    assert len(pending) == len({task for task, _, _ in pending}) == 40


def test_writes_that_come_before_their_checkpoint_count(saver):
    checkpoint = empty_checkpoint()
    target = config(checkpoint_ns="")
    named = config(checkpoint_ns="", checkpoint_id=checkpoint["id"])
    for number in (1, 2):  # the second time, the checkpoint is put again
        saver.put_writes(named, [("texts", number)], f"task {number}")
        saver.put(target, checkpoint, {"source": "loop", "step": number}, {})
        writes = [(f"task {n}", "texts", n) for n in range(1, number + 1)]
        assert saver.get_tuple(target).pending_writes == writes
        assert [one.pending_writes for one in saver.list(target)] == [writes]


@pytest.mark.anyio
async def test_it_does_so_without_blocking_the_event_loop(saver):
    app = chatting().compile(checkpointer=saver)
    await app.ainvoke({"messages": [HumanMessage("Hi")]}, config())
    assert len((await app.aget_state(config())).values["messages"]) == 2
    assert len([one async for one in app.aget_state_history(config())]) == 3
