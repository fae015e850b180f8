"""The session service, in the hands of the Agent Development Kit and beside its own services."""

import json

import anyio
import pytest
from google.adk.agents import LlmAgent
from google.adk.errors.already_exists_error import AlreadyExistsError
from google.adk.errors.session_not_found_error import SessionNotFoundError
from google.adk.events.event import Event
from google.adk.events.event_actions import EventActions
from google.adk.models import BaseLlm, LlmResponse
from google.adk.runners import Runner
from google.adk.sessions import InMemorySessionService
from google.adk.sessions.base_session_service import GetSessionConfig
from google.genai import types

from dialoguedb.integrations.google_adk import DialogueDBSessionService

pytestmark = pytest.mark.anyio

ME = {"app_name": "shop", "user_id": "ada"}
CALL = types.FunctionCall(id="c1", name="weather", args={"city": "Oslo"})
ANSWER = types.FunctionResponse(id="c1", name="weather", response={"result": "rain"})


@pytest.fixture
def service(async_db):
    return DialogueDBSessionService(async_db)


def event(text=None, author="user", parts=(), at=None, **fields):
    made = [types.Part(text=text)] if text else [*parts]
    content = types.Content(role="user" if author == "user" else "model", parts=made)
    when = {} if at is None else {"timestamp": at}
    return Event(author=author, invocation_id="i", content=content, **when, **fields)


def changing(**changes):
    return EventActions(state_delta=changes)


def many():
    return [
        event("Grüße \u0000 👋🏽"),
        event(author="helper", parts=[types.Part(function_call=CALL)]),
        event(author="helper", parts=[types.Part(function_response=ANSWER)]),
        event(parts=[types.Part(inline_data=types.Blob(mime_type="image/png", data=b"\0\xff"))]),
        event("So.", "helper", actions=changing(mood="good", gone=None), turn_complete=True),
        Event(author="helper", actions=changing(**{"user:tea": 1, "app:open": True, "temp:x": 2})),
    ]


def shown(session):
    return session.model_dump(exclude={"last_update_time", "id"})


async def test_it_does_what_the_librarys_own_service_does(service):
    ends = []
    for one in (service, InMemorySessionService()):
        state = {"n": 1, "user:name": "Ada", "app:version": 2, "temp:now": 3}
        session = await one.create_session(**ME, session_id=" s ", state=state)
        seen = [shown(session)]
        for made in many():
            await one.append_event(session, made.model_copy(deep=True))
        seen.append(shown(session)["state"])
        found = await one.get_session(**ME, session_id="s")
        seen.append(shown(found)["state"])
        seen.append([_shown_event(e) for e in found.events])
        seen.append(await one.get_user_state(**ME))
        other = await one.create_session(app_name="shop", user_id="bo")
        seen.append(other.state)
        seen.append([shown(one) for one in (await one.list_sessions(app_name="shop")).sessions])
        seen.append(len((await one.list_sessions(**ME)).sessions))
        seen.append((await one.list_sessions(app_name="none")).sessions)
        await one.delete_session(**ME, session_id="s")
        await one.delete_session(**ME, session_id="s")
        seen.append(await one.get_session(**ME, session_id="s"))
        ends.append(seen)
    for own, theirs in zip(*ends, strict=True):
        assert own == theirs


def _shown_event(one):
    return one.model_dump(exclude={"id", "timestamp"})


async def test_events_come_back_as_they_were_and_those_that_are_asked_for(service):
    session = await service.create_session(**ME, session_id="s")
    made = [event(f"{n}", at=1_000.0 + n) for n in range(30)]
    for one in made:
        await service.append_event(session, one)
    found = await service.get_session(**ME, session_id="s")
    assert found.events == made
    assert found.last_update_time == 1_029.0

    async def texts(**config):
        some = await service.get_session(**ME, session_id="s", config=GetSessionConfig(**config))
        assert some
        return [one.content.parts[0].text for one in some.events]

    assert await texts(num_recent_events=3) == ["27", "28", "29"]
    assert await texts(num_recent_events=0) == []
    assert await texts(after_timestamp=1_028.0) == ["28", "29"]
    assert await texts(after_timestamp=1_028.0, num_recent_events=1) == ["29"]
    assert await texts(after_timestamp=2_000.0) == []


async def test_an_id_is_taken_once_and_a_session_must_be_there(service):
    session = await service.create_session(**ME, session_id="s")
    with pytest.raises(AlreadyExistsError):
        await service.create_session(**ME, session_id="s")
    await service.create_session(app_name="shop", user_id="bo", session_id="s")
    await service.create_session(app_name="other", user_id="ada", session_id="s")
    await service.delete_session(**ME, session_id="s")
    with pytest.raises(SessionNotFoundError):
        await service.append_event(session, event("late"))
    assert await service.get_session(**ME, session_id="none") is None


async def test_temporary_state_is_not_stored_nor_is_a_part_of_an_event(service):
    session = await service.create_session(**ME, session_id="s")
    await service.append_event(session, event("half", partial=True))
    await service.append_event(session, event("a", actions=changing(**{"temp:x": 1, "y": 2})))
    assert session.state == {"temp:x": 1, "y": 2}
    found = await service.get_session(**ME, session_id="s")
    assert found.state == {"y": 2}
    assert [one.actions.state_delta for one in found.events] == [{"y": 2}]


async def test_an_event_that_comes_twice_is_stored_once(service):
    session = await service.create_session(**ME, session_id="s")
    earlier = event("a", actions=changing(n=1))
    for _ in range(2):
        await service.append_event(session, earlier)
    assert len(session.events) == 1
    found = await service.get_session(**ME, session_id="s")
    assert (len(found.events), found.state) == (1, {"n": 1})
    later = event("b", actions=changing(n=2))
    for one in (later, earlier):
        await service.append_event(found, one)
    assert (await service.get_session(**ME, session_id="s")).state == {"n": 2}


async def test_state_that_is_no_json_is_kept_as_text(service):
    session = await service.create_session(**ME, session_id="s", state={"at": {1, 2}})
    await service.append_event(session, event("a", actions=changing(thing=object())))
    found = await service.get_session(**ME, session_id="s")
    assert found.state["at"] == [1, 2]
    assert found.state["thing"].startswith("<object object")


async def test_tasks_that_append_at_once_lose_no_event_and_no_state(service):
    await service.create_session(**ME, session_id="s")

    async def append(writer):
        session = await service.get_session(**ME, session_id="s")
        for n in range(5):
            changes = changing(**{f"{writer}-{n}": n, f"user:{writer}": n, f"app:{writer}": n})
            await service.append_event(session, event(f"{writer} {n}", actions=changes))

    async with anyio.create_task_group() as tasks:
        for writer in range(8):
            tasks.start_soon(append, writer)
    found = await service.get_session(**ME, session_id="s")
    texts = [one.content.parts[0].text for one in found.events]
    assert len(texts) == len(set(texts)) == 40
    for writer in range(8):
        assert [t for t in texts if t[0] == str(writer)] == [f"{writer} {n}" for n in range(5)]
        assert found.state[f"user:{writer}"] == found.state[f"app:{writer}"] == 4
        assert all(found.state[f"{writer}-{n}"] == n for n in range(5))


async def test_namespaces_keep_apart(async_db):
    services = [DialogueDBSessionService(async_db, namespace=space) for space in (None, "acme")]
    for n, one in enumerate(services):
        session = await one.create_session(**ME, session_id="s", state={"user:n": n})
        await one.append_event(session, event(f"{n}"))
    for n, one in enumerate(services):
        [session] = (await one.list_sessions(app_name="shop")).sessions
        assert session.state == {"user:n": n}
        found = await one.get_session(**ME, session_id="s")
        assert found
        assert [each.content.parts[0].text for each in found.events] == [f"{n}"]


async def test_what_is_said_is_found_and_read_as_messages(service, async_db):
    session = await service.create_session(**ME, session_id="s")
    for one in many():
        await service.append_event(session, one)
    await service.append_event(session, event("Where is my parcel?"))
    [hit, *_] = (await async_db.search_messages("parcel", limit=1)).hits
    window = await (await async_db.get_dialogue(hit.item.dialogue_id)).context(max_tokens=2_000)
    roles = [message["role"] for message in window.messages]
    assert roles == ["user", "assistant", "tool", "user", "assistant", "user"]
    assert window.messages[-1]["content"] == "Where is my parcel?"
    assert {one.code for one in window.issues} == {"EMPTY_TURN"}  # the event that changes states


@pytest.mark.parametrize(
    "answer",
    [
        {"in_stock": True, "note": None, "name": "O'Brien's"},
        {"result": [1, 2.5, None]},
        {"é": '\u0000 "quoted" 👋🏽', "deep": {"a": [{"b": "c"}]}},
    ],
    ids=["mapping", "list", "letters"],
)
async def test_the_result_of_a_tool_is_json_in_a_window(service, async_db, answer):
    session = await service.create_session(**ME, session_id="s")
    response = types.FunctionResponse(id="c1", name="weather", response=answer)
    for part in (types.Part(function_call=CALL), types.Part(function_response=response)):
        await service.append_event(session, event(author="helper", parts=[part]))
    tool = next(one for one in await shown_messages(async_db) if one["role"] == "tool")
    read = json.loads(tool["content"])
    assert read in (answer, answer.get("result"))


async def test_code_and_what_it_printed_are_found_and_shown(service, async_db):
    session = await service.create_session(**ME, session_id="s")
    code = types.ExecutableCode(code="print(6 * 7)  # lighthouse", language="PYTHON")
    printed = types.CodeExecutionResult(outcome="OUTCOME_OK", output="fortytwo")
    parts = [types.Part(executable_code=code), types.Part(code_execution_result=printed)]
    await service.append_event(session, event("Count."))
    await service.append_event(session, event(author="helper", parts=parts))
    for words in ("lighthouse", "fortytwo"):
        [hit] = (await async_db.search_messages(words, mode="keyword")).hits
        assert hit.item.role == "assistant"
        assert words in json.dumps(await shown_messages(async_db))
    found = await service.get_session(**ME, session_id="s")
    assert found.events[-1].content.parts == parts


async def shown_messages(async_db):
    """Return the window of the only session."""
    (record,) = await async_db.api.dialogue.list()
    return (await async_db.api.context.get(record.id, 2_000)).messages


class Echo(BaseLlm):  # type: ignore[misc]
    async def generate_content_async(self, llm_request, stream=False):  # noqa: FBT002 -- ADK's own signature
        text = llm_request.contents[-1].parts[0].text
        count = len(llm_request.contents)
        part = types.Part(text=f"{count}: {text}")
        yield LlmResponse(content=types.Content(role="model", parts=[part]))


async def test_a_runner_goes_on_where_it_stopped(service):
    agent = LlmAgent(name="echo", model=Echo(model="echo"), output_key="last")
    await service.create_session(**ME, session_id="s")
    answers = []
    for question in ("First?", "Second?"):
        runner = Runner(app_name="shop", agent=agent, session_service=service)
        content = types.Content(role="user", parts=[types.Part(text=question)])
        answered = runner.run_async(user_id="ada", session_id="s", new_message=content)
        answers += [one.content.parts[0].text async for one in answered]
    assert answers == ["1: First?", "3: Second?"]
    found = await service.get_session(**ME, session_id="s")
    assert found.state["last"] == "3: Second?"
    assert [one.author for one in found.events] == ["user", "echo", "user", "echo"]
