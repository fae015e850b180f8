"""The chat message history, in the hands of LangChain itself and beside its own history."""

import threading

import pytest
from langchain_core.chat_history import BaseChatMessageHistory, InMemoryChatMessageHistory
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables.history import RunnableWithMessageHistory

from dialoguedb.errors import InvalidRequest
from dialoguedb.integrations.langchain import DialogueDBChatMessageHistory

# Some of what histories are used by is deprecated; the class they all come of is not.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

MESSAGES = [
    SystemMessage("Be kind."),
    HumanMessage("Grüße \u0000 👋🏽"),
    HumanMessage([{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": "x"}]),
    HumanMessage(["two", "texts"]),
    HumanMessage("named", name="Ada", id="m1", additional_kwargs={"a": [1, None]}),
    AIMessage(
        "",
        tool_calls=[{"name": "weather", "args": {"city": "Oslo"}, "id": "c1", "type": "tool_call"}],
        usage_metadata={"input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
        response_metadata={"model": "m"},
    ),
    ToolMessage("rain", tool_call_id="c1", artifact={"raw": [1]}, status="error"),
    AIMessage("It rains."),
    ChatMessage("aside", role="narrator"),
    FunctionMessage("x", name="f"),
]


@pytest.fixture
def history(db):
    """Return a history."""
    return DialogueDBChatMessageHistory("user-1", db)


def test_it_is_a_history(history):
    assert isinstance(history, BaseChatMessageHistory)
    assert history.messages == []


def test_it_does_what_the_librarys_own_history_does(history):
    theirs = InMemoryChatMessageHistory()
    for one in (history, theirs):
        one.clear()
        one.add_messages([])
        one.add_messages(MESSAGES)
        one.add_user_message("Hello")
        one.add_ai_message("Hi")
        one.add_message(AIMessage("Bye"))
    assert history.messages == theirs.messages
    assert [type(message) for message in history.messages] == [type(m) for m in theirs.messages]
    assert str(history) == str(theirs)
    history.clear()
    assert history.messages == []
    history.add_user_message("Anew")
    assert history.messages == [HumanMessage("Anew")]


@pytest.mark.anyio
async def test_it_does_so_without_blocking_the_event_loop(history):
    await history.aadd_messages(MESSAGES)
    assert await history.aget_messages() == MESSAGES
    await history.aclear()
    assert await history.aget_messages() == []


def test_what_is_said_is_found_and_read_as_messages(history, db):
    history.add_messages(MESSAGES)
    messages = list(db.get_dialogue("user-1").iter_messages())
    assert [message.role for message in messages] == [
        *("system", "user", "user", "user", "user", "assistant", "tool", "assistant"),
        *("narrator", "tool"),
    ]
    assert messages[7].content == "It rains."
    assert db.search_messages("rains", limit=1)[0].id == messages[7].id


def test_what_others_stored_is_read(history, db):
    dialogue = db.create_dialogue(id="user-1")
    dialogue.save_message("user", "Hello")
    dialogue.save_message("tool", {"result": 1})
    dialogue.save_message("narrator", "It rains.")
    assert history.messages == [
        HumanMessage("Hello"),
        ToolMessage('{"result": 1}', tool_call_id=""),
        ChatMessage("It rains.", role="narrator"),
    ]


CALLED = AIMessage(
    "I look.",
    tool_calls=[{"name": "weather", "args": {"city": "Oslo"}, "id": "c1", "type": "tool_call"}],
)
ANSWERED = ToolMessage("rain", tool_call_id="c1")
FUNCTION = {"name": "weather", "arguments": '{"city": "Oslo"}'}
LISTED = [{"id": "c1", "type": "function", "function": FUNCTION}]
USE = {"type": "tool_use", "id": "c1", "name": "weather", "input": {"city": "Oslo"}}
BY_OTHERS = {
    "chat": [
        ("assistant", {"role": "assistant", "content": "I look.", "tool_calls": LISTED}),
        ("tool", {"role": "tool", "tool_call_id": "c1", "content": "rain"}),
    ],
    "calls in metadata": [
        ("assistant", "I look.", {"tool_calls": LISTED}),
        ("tool", "rain", {"tool_call_id": "c1"}),
    ],
    "Anthropic": [
        (
            "assistant",
            {"role": "assistant", "content": [{"type": "text", "text": "I look."}, USE]},
        ),
        (
            "user",
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "rain"}],
            },
        ),
    ],
    "UIMessage": [
        (
            "assistant",
            {
                "role": "assistant",
                "parts": [
                    {"type": "text", "text": "I look."},
                    {
                        "type": "tool-weather",
                        "toolCallId": "c1",
                        "state": "output-available",
                        "input": {"city": "Oslo"},
                        "output": "rain",
                    },
                ],
            },
        ),
    ],
}


@pytest.mark.parametrize("stored", BY_OTHERS.values(), ids=BY_OTHERS)
def test_calls_and_results_that_others_stored_are_read(history, db, stored):
    history.add_messages([HumanMessage("Hello"), *MESSAGES])
    dialogue = db.get_dialogue("user-1")
    for role, content, *metadata in stored:
        dialogue.save_message(role, content, **({"metadata": metadata[0]} if metadata else {}))
    history.add_ai_message("It rains.")
    assert history.messages == [
        *(HumanMessage("Hello"), *MESSAGES),
        *(CALLED, ANSWERED, AIMessage("It rains.")),
    ]


def test_a_call_of_a_custom_tool_and_one_with_broken_arguments_are_read(history, db):
    custom = {"id": "c1", "type": "custom", "custom": {"name": "run", "input": "print(1)"}}
    broken = {"id": "c2", "type": "function", "function": {"name": "f", "arguments": '{"a'}}
    dialogue = db.create_dialogue(id="user-1")
    message = {"role": "assistant", "content": None, "tool_calls": [custom, broken]}
    dialogue.save_message("assistant", message)
    assert [call["args"] for call in history.messages[0].tool_calls] == [
        *({"input": "print(1)"}, {"arguments": '{"a'}),
    ]


def test_sessions_and_namespaces_keep_apart(db):
    names = [("a", None), ("b", None), ("a", "ada"), ("a", "bo")]
    histories = [DialogueDBChatMessageHistory(name, db, namespace=space) for name, space in names]
    for one in histories:
        one.add_user_message("hi")
    histories[2].clear()
    assert [len(one.messages) for one in histories] == [1, 1, 0, 1]


def test_a_long_history_comes_whole(history):
    messages = [HumanMessage(str(number)) for number in range(2_500)]
    history.add_messages(messages)
    assert history.messages == messages


def test_threads_that_write_at_once_lose_nothing_and_part_no_batch(history, db):
    def write(writer):
        own = DialogueDBChatMessageHistory("user-1", db)
        for turn in range(10):
            own.add_messages([HumanMessage(f"{writer} {turn} a"), AIMessage(f"{writer} {turn} b")])

    threads = [threading.Thread(target=write, args=[writer]) for writer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    contents = [message.content for message in history.messages]
    assert len(contents) == len(set(contents)) == 160
    assert all(
        f"{one[:-1]}b" == other for one, other in zip(contents[::2], contents[1::2], strict=True)
    )


def test_a_batch_that_is_refused_stores_nothing(history):
    with pytest.raises(InvalidRequest):
        history.add_messages([HumanMessage("a"), HumanMessage("x" * 2_000_000)])
    assert history.messages == []


def test_a_chain_goes_on_where_it_stopped(db):
    prompt = ChatPromptTemplate.from_messages(
        [MessagesPlaceholder("history"), ("human", "{question}")]
    )
    chain = RunnableWithMessageHistory(
        prompt | FakeListChatModel(responses=["One", "Two"]),
        lambda session_id: DialogueDBChatMessageHistory(session_id, db),
        input_messages_key="question",
        history_messages_key="history",
    )
    config = {"configurable": {"session_id": "user-1"}}
    for question in ("First?", "Second?"):
        chain.invoke({"question": question}, config)
    contents = [message.content for message in DialogueDBChatMessageHistory("user-1", db).messages]
    assert contents == ["First?", "One", "Second?", "Two"]


def test_with_a_budget_its_messages_are_a_window_with_whole_calls(db):
    history = DialogueDBChatMessageHistory("user-1", db, max_tokens=2_000)
    assert history.messages == []
    history.add_messages(MESSAGES)
    sent = history.messages
    assert sent[0] == MESSAGES[0]
    assert HumanMessage("named") in sent
    called = next(at for at, one in enumerate(sent) if isinstance(one, AIMessage))
    assert sent[called].tool_calls == MESSAGES[5].tool_calls
    assert sent[called + 1] == ToolMessage("rain", tool_call_id="c1")
    assert sent[called + 2] == AIMessage("It rains.")


def test_windows_begin_alike_until_one_jumps(db):
    history = DialogueDBChatMessageHistory("user-1", db, namespace="ada", max_tokens=400)
    history.add_messages([MESSAGES[0]])
    jumps = 0
    before: list[BaseMessage] = []
    for turn in range(60):
        question = HumanMessage(f"Question {turn}, in a few more words")
        history.add_messages([question, AIMessage(f"An answer to question {turn}")])
        sent = history.messages
        assert sent[0] == MESSAGES[0]
        jumps += sent[: len(before)] != before
        before = sent
    assert 1 <= jumps <= 6
    assert len(before) < 60


def test_a_chain_is_sent_a_window_and_stores_all(db):
    chain = RunnableWithMessageHistory(
        FakeListChatModel(responses=["One", "Two"]),
        lambda session_id: DialogueDBChatMessageHistory(session_id, db, max_tokens=200),
    )
    whole = DialogueDBChatMessageHistory("user-1", db)
    whole.add_messages([HumanMessage(f"Said {at}") for at in range(100)])
    for question in ("First?", "Second?"):
        chain.invoke([HumanMessage(question)], {"configurable": {"session_id": "user-1"}})
    assert [one.content for one in whole.messages[100:]] == ["First?", "One", "Second?", "Two"]


def test_a_window_names_who_others_stored(db):
    db.create_dialogue(id="user-1", messages=[{"role": "user", "content": "Hi", "name": "Ada"}])
    history = DialogueDBChatMessageHistory("user-1", db, max_tokens=200)
    assert history.messages == [HumanMessage("Hi", name="Ada")]
