"""The session store, by the SDK's own conformance suite and beside its own store."""

import itertools
from typing import Any

import anyio
import pytest
from claude_agent_sdk import (
    InMemorySessionStore,
    delete_session_via_store,
    fork_session_via_store,
    get_session_messages_from_store,
    get_subagent_messages_from_store,
    list_sessions_from_store,
    list_subagents_from_store,
    rename_session_via_store,
    tag_session_via_store,
)
from claude_agent_sdk.testing import run_session_store_conformance

from dialoguedb.integrations.claude_agent_sdk import DialogueDBSessionStore

pytestmark = pytest.mark.anyio

PROJECT = "-home-ada-tea"
SESSION = "0b5f2c6e-5d1c-4f5e-9a52-7c2d9b0a6e11"
KEY: Any = {"project_key": PROJECT, "session_id": SESSION}
SUBAGENT: Any = {**KEY, "subpath": "subagents/agent-a1"}
BEGUN = "2026-11-28T10:00:0{}.000Z"


def ids():
    return (f"{count:08}-0000-4000-8000-000000000000" for count in itertools.count(1))


def line(kind, own_id, parent, content, **more):
    about = {"uuid": own_id, "parentUuid": parent, "sessionId": SESSION, "cwd": "/home/ada/tea"}
    message = {"role": kind, "content": content}
    return {"type": kind, **about, "timestamp": BEGUN.format(1), "message": message, **more}


def transcript():
    """Return the lines of a session: what was typed and answered, and what is noted beside it."""
    first, second, third, fourth, fifth, sixth = itertools.islice(ids(), 6)
    call = {"type": "tool_use", "id": "c1", "name": "Bash", "input": {"command": "ls saffron"}}
    result = {"type": "tool_result", "tool_use_id": "c1", "content": "cinnamon.txt"}
    image = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
    beside = {"toolUseResult": {"stdout": "cinnamon.txt"}, "n": 1.0, "odd": "\ud800\u0000"}
    return [
        {"type": "queue-operation", "operation": "enqueue", "content": "Look for turmeric"},
        line("user", first, None, "Look for spices"),
        {"type": "attachment", "uuid": second, "parentUuid": first, "attachment": {"date": "x"}},
        line("assistant", third, second, [{"type": "text", "text": "I look."}, call], id="m1"),
        line("user", fourth, third, [result], **beside),
        line("user", fifth, fourth, "Context: nutmeg", isMeta=True),
        line("user", sixth, fifth, [{"type": "image", "source": image}]),
        {"type": "queue-operation", "operation": "enqueue", "content": "Look for turmeric"},
    ]


@pytest.fixture
def store(async_db):
    return DialogueDBSessionStore(async_db)


async def test_it_conforms(async_db):
    spaces = itertools.count()

    def fresh():
        return DialogueDBSessionStore(async_db, namespace=f"store-{next(spaces)}")

    await run_session_store_conformance(fresh)


async def test_it_does_what_the_sdks_own_store_does(store):
    seen = []
    for one in (store, InMemorySessionStore()):
        await one.append(KEY, transcript()[:3])
        await one.append(KEY, transcript()[3:])
        await one.append(SUBAGENT, [line("user", next(ids()), None, "Taste", isSidechain=True)])
        found: list[Any] = [await one.load(KEY), await one.load(SUBAGENT)]
        await rename_session_via_store(one, SESSION, "Spices", directory="/home/ada/tea")
        await tag_session_via_store(one, SESSION, "kitchen", directory="/home/ada/tea")
        listed = await list_sessions_from_store(one, directory="/home/ada/tea")
        found += [(info.session_id, info.summary, info.tag, info.cwd) for info in listed]
        messages = await get_session_messages_from_store(one, SESSION, directory="/home/ada/tea")
        found += [(message.type, message.message) for message in messages]
        found.append(await list_subagents_from_store(one, SESSION, directory="/home/ada/tea"))
        spoken = await get_subagent_messages_from_store(
            one, SESSION, "a1", directory="/home/ada/tea"
        )
        found += [message.message for message in spoken]
        fork = await fork_session_via_store(one, SESSION, directory="/home/ada/tea")
        copied: Any = {**KEY, "session_id": fork.session_id}
        found.append(len(await one.load(copied) or []))
        await delete_session_via_store(one, SESSION, directory="/home/ada/tea")
        found.append([await one.load(KEY), await one.load(SUBAGENT), await one.list_subkeys(KEY)])
        seen.append(found)
    assert seen[0] == seen[1]
    assert seen[0][0] == transcript()
    assert (SESSION, "Spices", "kitchen", "/home/ada/tea") in seen[0]


async def test_what_is_spoken_is_found_and_nothing_that_is_noted_beside_it(store, async_db):
    await store.append(KEY, transcript())
    (dialogue,) = (await async_db.api.dialogue.list(limit=10)).items
    window = await async_db.api.context.get(dialogue.id, 4_000, format="anthropic")
    assert window.issues == []
    assert [one["role"] for one in window.messages] == ["user", "assistant", "user"]
    assert "Context" not in str(window.messages)
    for word, count in {"saffron": 1, "cinnamon": 1, "turmeric": 0, "nutmeg": 0}.items():
        found = await async_db.search_messages(word, mode="keyword")
        assert len(found) == count, word


async def test_messages_of_other_programs_are_none_of_its_lines(store, async_db):
    await store.append(KEY, transcript())
    (dialogue,) = (await async_db.api.dialogue.list(limit=10)).items
    for content in ("Hello", [{"type": "text", "text": "Hello"}], {"n": 1}):
        await async_db.api.message.create_many(dialogue.id, [{"role": "user", "content": content}])
    assert await store.load(KEY) == transcript()


async def test_a_line_that_is_appended_again_is_there_once(store):
    lines = transcript()
    await store.append(KEY, lines[1:4])
    await store.append(KEY, lines[2:7])
    changed = line("user", lines[1]["uuid"], None, "Another text")
    await store.append(KEY, [changed, changed, *lines[1:7]])
    assert await store.load(KEY) == lines[1:7]


@pytest.mark.parametrize("size", [300_000, 3_000_000])
async def test_a_line_of_any_size_comes_back(store, size):
    first, second, third = itertools.islice(ids(), 3)
    lines = [
        {"type": "api-request-blob", "message": {"role": "user", "content": "\u00e1\0" * size}},
        line("user", first, None, "x" * size, toolUseResult="\ud800" + "y" * size),
        line("assistant", second, first, [{"type": "text", "text": "Short."}], beside="z" * size),
        line("user", third, second, "Then?"),
    ]
    await store.append(KEY, lines)
    await store.append(KEY, lines[1:])
    assert await store.load(KEY) == lines


async def test_several_who_append_at_once_lose_nothing(async_db):
    async def write(writer):
        own = DialogueDBSessionStore(async_db)
        for turn in range(5):
            await own.append(
                KEY, [{"type": "x", "uuid": f"{writer}-{turn}-{part}"} for part in "ab"]
            )

    async with anyio.create_task_group() as tasks:
        for writer in range(4):
            tasks.start_soon(write, writer)
    found = [one["uuid"] for one in await DialogueDBSessionStore(async_db).load(KEY) or []]
    assert len(found) == len(set(found)) == 40
    assert all(f"{one[:-1]}b" == other for one, other in zip(found[::2], found[1::2], strict=True))


async def test_more_lines_than_a_request_holds_are_kept_in_their_order(store):
    lines = [{"type": "x", "n": number} for number in range(2_500)]
    await store.append(KEY, lines)
    assert await store.load(KEY) == lines
