"""The session, in the hands of the Agents SDK itself and beside its own session."""

from typing import Any

import anyio
import pytest
from agents import (  # type: ignore[import-not-found]
    Agent,
    Model,
    ModelResponse,
    RunConfig,
    Runner,
    Session,
    SessionSettings,
    SQLiteSession,
    Usage,
    function_tool,
)
from openai.types.responses import (
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
)

from dialoguedb.errors import InvalidRequest
from dialoguedb.integrations.openai_agents import DialogueDBSession

pytestmark = pytest.mark.anyio

ITEMS: list[Any] = [
    {"role": "user", "content": "What is the weather in Oslo?"},
    {"role": "user", "content": ""},
    {"role": "user", "content": [{"type": "input_text", "text": "and \u0000 there? 👋🏽"}]},
    {"type": "message", "role": "user", "content": "typed", "id": "m1"},
    {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x" * 500},
    {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": '{"city": "Oslo"}'},
    {"type": "function_call_output", "call_id": "c1", "output": "rain"},
    {
        "id": "m2",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": "Rain.", "annotations": [], "logprobs": None}],
    },
    {"role": "user", "content": "Thanks"},
]


@pytest.fixture
def session(async_db):
    """Return a session."""
    return DialogueDBSession("user-1", async_db)


@pytest.fixture
def their_session(tmp_path):
    """Return the library's own session."""
    session = SQLiteSession("user-1", tmp_path / "theirs.sqlite3")
    yield session
    session.close()


async def test_it_is_a_session(session):
    assert isinstance(session, Session)
    assert session.session_id == "user-1"


async def test_it_does_what_the_librarys_own_session_does(session, their_session):
    for one in (session, their_session):
        assert await one.get_items() == []
        assert await one.pop_item() is None
        await one.clear_session()
        await one.add_items([])
        assert await one.get_items(3) == []
        await one.add_items(ITEMS[:4])
        await one.add_items(ITEMS[4:])
    for limit in (None, 0, 1, 3, len(ITEMS), 100, -1):
        assert await session.get_items(limit) == await their_session.get_items(limit), limit
    assert await session.get_items() == ITEMS
    for one in (session, their_session):
        one.session_settings = SessionSettings(limit=2)
    assert await session.get_items() == await their_session.get_items() == ITEMS[-2:]
    assert await session.get_items(4) == await their_session.get_items(4)
    for expected in reversed(ITEMS[-3:]):
        assert await session.pop_item() == await their_session.pop_item() == expected
    for one in (session, their_session):
        await one.clear_session()
        assert await one.get_items() == []
        await one.add_items(ITEMS[:1])
        assert await one.get_items() == ITEMS[:1]


async def test_what_is_said_is_found_and_read_as_messages(session, async_db):
    await session.add_items(ITEMS)
    messages = [one async for one in (await async_db.get_dialogue("user-1")).iter_messages()]
    assert [message.role for message in messages[4:8]] == [
        *("assistant", "assistant", "tool", "assistant")
    ]
    assert messages[0].content == ITEMS[0]["content"]
    assert (await async_db.search_messages("weather Oslo", limit=1))[0].id == messages[0].id


async def test_sessions_and_namespaces_keep_apart(async_db):
    names = [("a", None), ("b", None), ("a", "ada"), ("a", "bo")]
    sessions = [DialogueDBSession(name, async_db, namespace=space) for name, space in names]
    for number, one in enumerate(sessions):
        await one.add_items([{"role": "user", "content": str(number)}])
    await sessions[2].clear_session()
    counts = [len(await one.get_items()) for one in sessions]
    assert counts == [1, 1, 0, 1]


async def test_a_long_history_comes_whole_and_from_its_end(session):
    items = [{"role": "user", "content": str(number)} for number in range(2_500)]
    await session.add_items(items)
    assert await session.get_items() == items
    assert await session.get_items(1_200) == items[-1_200:]


async def test_several_who_write_at_once_lose_nothing_and_part_no_batch(session, async_db):
    async def write(writer):
        own = DialogueDBSession("user-1", async_db)
        for turn in range(10):
            await own.add_items(
                [{"role": "user", "content": f"{writer} {turn} {part}"} for part in "ab"]
            )

    async with anyio.create_task_group() as tasks:
        for writer in range(8):
            tasks.start_soon(write, writer)
    contents = [item["content"] for item in await session.get_items()]
    assert len(contents) == len(set(contents)) == 160
    assert all(
        f"{one[:-1]}b" == other for one, other in zip(contents[::2], contents[1::2], strict=True)
    )
    for writer in range(8):
        own = [text for text in contents if text.startswith(f"{writer} ")]
        assert own == [f"{writer} {turn} {part}" for turn in range(10) for part in "ab"]


async def test_several_who_pop_at_once_get_different_items(session):
    items = [{"role": "user", "content": str(number)} for number in range(20)]
    await session.add_items(items)
    popped = []

    async def pop():
        popped.append((await session.pop_item())["content"])

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(pop)
    left = [item["content"] for item in await session.get_items()]
    assert sorted(popped + left, key=int) == [item["content"] for item in items]


async def test_a_batch_that_is_refused_stores_nothing(session):
    await session.add_items(ITEMS[:1])
    with pytest.raises(InvalidRequest):
        await session.add_items([ITEMS[1], {"role": "user", "content": "x" * 2_000_000}])
    assert await session.get_items() == ITEMS[:1]


# --- An agent that runs -------------------------------------------------------------------------


class Scripted(Model):  # type: ignore[misc]
    """A model that calls a tool and then answers, and keeps what it was sent."""

    def __init__(self):
        self.sent = []

    async def get_response(self, system_instructions, input, *given, **named):  # noqa: A002
        self.sent.append(input)
        last = input[-1] if isinstance(input, list) else {"role": "user"}
        if last.get("type") == "function_call_output":
            text = ResponseOutputText(
                text=f"It is {last['output']}.", type="output_text", annotations=[]
            )
            item = ResponseOutputMessage(
                id="m", content=[text], role="assistant", status="completed", type="message"
            )
        else:
            item = ResponseFunctionToolCall(
                call_id=f"c{len(self.sent)}", name="weather", arguments="{}", type="function_call"
            )
        return ModelResponse(output=[item], usage=Usage(), response_id=None)

    def stream_response(self, *given, **named):
        raise NotImplementedError


@function_tool
def weather() -> str:
    """Tell the weather."""
    return "raining"


async def test_an_agent_goes_on_where_it_stopped(session, async_db, their_session):
    seen = []
    for one in (session, their_session):
        model = Scripted()
        agent = Agent(name="Forecaster", model=model, tools=[weather])
        for text in ("Weather?", "And now?"):
            fresh = DialogueDBSession("user-1", async_db) if one is session else one
            result = await Runner.run(
                agent, text, session=fresh, run_config=RunConfig(tracing_disabled=True)
            )
            assert result.final_output == "It is raining."
        seen.append((model.sent, await one.get_items()))
    assert seen[0] == seen[1]
    assert len(seen[0][1]) == 8
    check = await (await async_db.get_dialogue("user-1")).check()
    assert check.ok, check.issues


SYSTEM = {"role": "system", "content": "Be kind."}


LOOKED_UP: list[Any] = [
    {"role": "user", "content": "What is the weather in Oslo?"},
    {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x" * 500},
    {**ITEMS[5], "id": "fc_1"},
    ITEMS[6],
    {"role": "user", "content": "Thanks"},
]


async def test_with_a_budget_it_answers_a_window_with_whole_calls(async_db):
    session = DialogueDBSession("user-1", async_db, max_tokens=2_000)
    assert await session.get_items() == []
    await session.add_items([SYSTEM, *LOOKED_UP])
    assert await session.get_items() == [SYSTEM, *LOOKED_UP]
    assert await session.get_items(1) == LOOKED_UP[-1:]


async def test_windows_begin_alike_until_one_jumps(async_db):
    session = DialogueDBSession("user-1", async_db, namespace="ada", max_tokens=400)
    await session.add_items([SYSTEM])
    begins, jumps = [], 0
    before: list[Any] = []
    for turn in range(60):
        await session.add_items(
            [
                {"role": "user", "content": f"Question {turn}, in a few more words"},
                {"role": "assistant", "content": f"An answer to question {turn}"},
            ]
        )
        items = await session.get_items()
        jumps += items[: len(before)] != before
        before = items
        begins.append(items[0])
    assert begins == [SYSTEM] * 60
    assert 1 <= jumps <= 6
    assert len(before) < 60


async def test_an_agent_is_sent_a_window_and_what_it_is_asked(async_db):
    session = DialogueDBSession("user-1", async_db, max_tokens=300)
    await session.add_items([{"role": "user", "content": f"Said {at}"} for at in range(200)])
    model = Scripted()
    agent = Agent(name="Forecaster", model=model, tools=[weather])
    config = RunConfig(tracing_disabled=True)
    for text in ("Weather?", "And now?"):
        await Runner.run(agent, text, session=session, run_config=config)
    for sent, text in ((model.sent[0], "Weather?"), (model.sent[2], "And now?")):
        assert 2 < len(sent) < 60
        assert sent[-1] == {"role": "user", "content": text}
    assert model.sent[1][: len(model.sent[0])] == model.sent[0]
    assert len(await DialogueDBSession("user-1", async_db).get_items()) == 208
