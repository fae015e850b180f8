"""The conversation store, in the hands of pydantic-ai and beside its own store."""

from typing import Any

import anyio
import pytest
from pydantic_ai import Agent
from pydantic_ai.conversation import Conversation
from pydantic_ai.conversation_store import (
    ConversationConflict,
    ConversationStore,
    InMemoryConversationStore,
)
from pydantic_ai.exceptions import UserError
from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart, UserPromptPart
from pydantic_ai.models.function import FunctionModel
from pydantic_ai.models.test import TestModel

from dialoguedb.integrations.pydantic_ai import DialogueDBConversationStore

pytestmark = pytest.mark.anyio

agent = Agent(
    TestModel(custom_output_text="There."), system_prompt="Be kind.", instructions="Short."
)


@agent.tool_plain
def look(at: str) -> str:
    """Look somewhere."""
    return f"cinnamon, at {at}"


@pytest.fixture
def store(async_db):
    return DialogueDBConversationStore(async_db)


async def ask(store: ConversationStore, own_id: str, text: str, scope: str | None = None) -> Any:
    """Go on with a conversation as programs do."""
    conversation = await store.load(own_id, scope=scope) or Conversation(conversation_id=own_id)
    result = await agent.run(text, conversation=conversation)
    await store.save(result, scope=scope)
    return result


def turn(text):
    return [
        ModelRequest(parts=[UserPromptPart(text)]),
        ModelResponse(parts=[TextPart(f"To {text}")]),
    ]


def texts(messages):
    return [part.content for one in messages for part in one.parts if hasattr(part, "content")]


async def talked(store: ConversationStore) -> list[Any]:
    """Talk in two turns; return what is seen of it."""
    seen: list[Any] = [await store.load("talk"), await store.list_conversations()]
    for text in ("Look for saffron", "And now?"):
        await ask(store, "talk", text, scope="ada")
        loaded = await store.load("talk", scope="ada")
        assert loaded is not None
        seen += [texts(loaded.messages), loaded.usage.requests, len(loaded.messages)]
    seen.append(await store.load("talk", scope="bo"))
    for limit in (0, 1, 3, 100):
        window = await store.load("talk", limit=limit)
        seen.append(window and texts(window.messages))
    return seen


async def branched(store: ConversationStore) -> list[Any]:
    """Fork the conversation, and go on with an earlier message; return what is seen of it."""
    seen: list[Any] = []
    forked = await store.fork("talk", at=4, new_conversation_id="fork")
    forked.messages += turn("aside")
    await store.save(forked)
    revision = (await store.load("talk") or forked).revision
    branch = await store.branch("talk", at=2, expected_revision=revision)
    branch.messages += turn("instead")
    await store.save(branch)
    for own_id in ("talk", "fork"):
        entries = await store.load_entries(own_id) or []
        parents = [None, *(one.id for one in entries[:-1])]
        assert [one.parent_id for one in entries] == parents
        seen.append(texts(one.message for one in entries))
        record = await store.read_record(own_id)
        assert record is not None
        seen.append([record.scope, record.forked_from, len(record.branches)])
        back = [await store.read_history(tip) for tip in record.branches]
        seen.append([texts(one.message for one in line) for line in back])
    return seen


async def deleted(store: ConversationStore) -> list[Any]:
    """Delete the conversation, whose fork stays; return what is seen of it."""
    seen: list[Any] = [[one.conversation_id for one in await store.list_conversations()]]
    seen.append([one.conversation_id for one in await store.list_conversations(limit=1)])
    await store.delete("talk", scope="bo")
    await store.delete("talk", scope="ada")
    fork = await store.load("fork")
    seen += [await store.load("talk"), fork and texts(fork.messages)]
    await ask(store, "talk", "Again")
    seen.append([one.conversation_id for one in await store.list_conversations(scope="ada")])
    with pytest.raises(UserError):
        await store.branch("nobody", at=0, expected_revision=None)
    return seen


async def test_it_does_what_the_librarys_own_store_does(store):
    theirs = InMemoryConversationStore()
    for part in (talked, branched, deleted):
        assert await part(store) == await part(theirs)


async def test_messages_come_back_as_they_were(store):
    result = await ask(store, "talk", "Look \U0001f375 \u0000")
    fresh = await store.load("talk")
    assert fresh is not None
    assert fresh.messages == result.all_messages()


async def test_what_is_spoken_is_found_and_windows_have_calls_and_results(store, async_db):
    await ask(store, "talk", "Look for saffron")
    for word in ("saffron", "cinnamon"):
        assert len(await async_db.search_messages(word, mode="keyword")) == 1
    window = await async_db.api.context.get("talk", 4_000)
    assert window.issues == []
    roles = [one["role"] for one in window.messages]
    assert roles == ["system", "user", "assistant", "tool", "assistant"]


async def test_of_several_who_save_at_once_one_wins_and_the_others_can_try_again(async_db):
    async def write(writer):
        own = DialogueDBConversationStore(async_db)
        for text in (f"{writer} first", f"{writer} second"):
            while True:
                loaded = await own.load("talk") or Conversation(conversation_id="talk")
                loaded.messages += turn(text)
                try:
                    await own.save(loaded)
                except ConversationConflict:
                    continue
                break

    async with anyio.create_task_group() as tasks:
        for writer in range(4):
            tasks.start_soon(write, writer)
    found = await DialogueDBConversationStore(async_db).load("talk")
    assert found is not None
    spoken = texts(found.messages)
    assert sorted(spoken[::2]) == sorted(
        f"{one} {at}" for one in range(4) for at in ("first", "second")
    )
    assert [f"To {text}" for text in spoken[::2]] == spoken[1::2]


async def test_a_store_that_has_read_nothing_finds_an_entry(async_db, store):
    await ask(store, "other", "Hello")
    await ask(store, "talk", "Look")
    entries = await store.load_entries("talk") or []
    fresh = DialogueDBConversationStore(async_db)
    assert await fresh.read_entry(entries[1].id) == entries[1]
    with pytest.raises(LookupError):
        await fresh.read_entry("nobody")


async def test_more_messages_than_a_request_holds_are_one_conversation(store):
    talk = Conversation(conversation_id="talk", messages=turn("word") * 700)
    await store.save(talk)
    assert len((await store.load("talk") or talk).messages) == 1_400


async def test_a_run_that_fails_stores_nothing(store):
    def failing(_messages, _info):
        raise RuntimeError("no answer")

    with pytest.raises(RuntimeError):
        await Agent(FunctionModel(failing)).run("Hello")
    assert await store.load("talk") is None
