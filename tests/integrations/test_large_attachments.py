"""Images, documents and recordings of 20 MB, through each integration and back."""

from base64 import b64encode
from random import Random
from typing import Annotated, Any, TypedDict

import pytest
from google.adk.events.event import Event
from google.genai import types
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.graph import START, StateGraph
from langgraph.graph.message import add_messages

from dialoguedb.integrations.google_adk import DialogueDBSessionService
from dialoguedb.integrations.langchain import DialogueDBChatMessageHistory
from dialoguedb.integrations.langgraph import DialogueDBSaver, DialogueDBStore
from dialoguedb.integrations.openai_agents import DialogueDBSession

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("where", ["server"], indirect=True),
]

SIZE = 20_000_000
FILES = {
    "image/png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\x01\0\x08\x02\0\0\0",
    "application/pdf": b"%PDF-1.7\n",
    "audio/wav": b"RIFF\0\x2d\x31\1WAVEfmt \x10\0\0\0\1\0\1\0@\x1f\0\0\x80>\0\0\2\0\x10\0data",
}
MEDIA_TYPES = sorted(FILES)


@pytest.fixture(scope="module")
def data():
    """Return each file, as long as it may be, in bytes and in base64."""
    noise = Random(7).randbytes(SIZE)
    made = {kind: head + noise[len(head) :] for kind, head in FILES.items()}
    return {kind: (whole, b64encode(whole).decode()) for kind, whole in made.items()}


def agents_block(kind: str, encoded: str) -> dict[str, Any]:
    match kind:
        case "image/png":
            return {"type": "input_image", "image_url": f"data:{kind};base64,{encoded}"}
        case "application/pdf":
            return {"type": "input_file", "filename": "a.pdf", "file_data": encoded}
    return {"type": "input_audio", "input_audio": {"data": encoded, "format": "wav"}}


@pytest.mark.parametrize("kind", MEDIA_TYPES)
async def test_a_session_of_openais_agents_keeps_them(async_db, data, kind):
    block = agents_block(kind, data[kind][1])
    session = DialogueDBSession("s", async_db)
    items = [
        {"role": "user", "content": [{"type": "input_text", "text": "Here"}, block]},
        {"type": "function_call_output", "call_id": "c", "output": [block]},
        {"role": "user", "content": "And?"},
    ]
    await session.add_items(items)
    assert await session.get_items() == items
    assert await session.get_items(limit=2) == items[1:]


def langchain_block(kind: str, encoded: str) -> dict[str, Any]:
    types_by_kind = {"image/png": "image", "application/pdf": "file", "audio/wav": "audio"}
    return {"type": types_by_kind[kind], "base64": encoded, "mime_type": kind}


@pytest.mark.parametrize("kind", MEDIA_TYPES)
def test_a_history_of_langchain_keeps_them(db, data, kind):
    block = langchain_block(kind, data[kind][1])
    history = DialogueDBChatMessageHistory("s", db)
    call = {"id": "c", "name": "draw", "args": {}}
    messages = [
        HumanMessage([{"type": "text", "text": "Here"}, block]),
        AIMessage("", tool_calls=[call]),
        ToolMessage([block], tool_call_id="c", name="draw"),
    ]
    history.add_messages(messages)
    assert history.messages == messages


async def test_a_session_of_the_agent_development_kit_keeps_them(async_db, data):
    service = DialogueDBSessionService(async_db)
    session = await service.create_session(app_name="shop", user_id="ada", session_id="s")
    for kind in MEDIA_TYPES:
        parts = [types.Part(text="Here"), types.Part.from_bytes(data=data[kind][0], mime_type=kind)]
        content = types.Content(role="user", parts=parts)
        event = Event(author="user", invocation_id="i", content=content)
        await service.append_event(session, event)
    found = await service.get_session(app_name="shop", user_id="ada", session_id="s")
    assert found
    assert found.events == session.events


def image_url(data):
    url = f"data:image/png;base64,{data['image/png'][1]}"
    return {"type": "image_url", "image_url": {"url": url}}


async def test_items_that_are_too_large_for_one_request_are_added(async_db, data):
    session = DialogueDBSession("s", async_db)
    items = [{"role": "user", "content": [image_url(data)]} for _ in range(2)]
    items.insert(1, {"role": "assistant", "content": "One."})
    await session.add_items(items)
    assert await session.get_items() == items


def test_messages_that_are_too_large_for_one_request_are_added(db, data):
    history = DialogueDBChatMessageHistory("s", db)
    messages = [HumanMessage([image_url(data)]), AIMessage("One."), HumanMessage([image_url(data)])]
    history.add_messages(messages)
    assert history.messages == messages


class Talk(TypedDict):
    messages: Annotated[list[Any], add_messages]


def test_a_checkpointer_of_langgraph_keeps_them_once(db, data):
    block = langchain_block("image/png", data["image/png"][1])
    graph = StateGraph(Talk)
    graph.add_node("answer", lambda _: {"messages": [AIMessage("I see.")]})
    graph.add_edge(START, "answer")
    app = graph.compile(checkpointer=DialogueDBSaver(db))
    config: Any = {"configurable": {"thread_id": "t"}}
    app.invoke({"messages": [HumanMessage([block], id="m")]}, config)
    stored = bytes_of_thread(db)
    app.invoke({"messages": [HumanMessage("And now?")]}, config)
    assert bytes_of_thread(db) - stored < SIZE / 4
    first, *_ = app.get_state(config).values["messages"]
    assert first.content == [block]


def bytes_of_thread(db):
    """Return the bytes of all contents of the thread."""
    records = db.api.message.list("langgraph:t", limit=1_000)
    total = 0
    while True:
        total += sum(record.content_length for record in records)
        if records.next is None:
            return total
        records = db.api.message.list("langgraph:t", limit=1_000, next=records.next)


@pytest.mark.parametrize("kind", MEDIA_TYPES)
def test_a_store_of_langgraph_keeps_them(db, data, kind):
    store = DialogueDBStore(db)
    value = {"seen": [langchain_block(kind, data[kind][1])], "text": "A drawing of the harbour"}
    for _ in range(2):
        store.put(("drawings",), "k", value)
    item = store.get(("drawings",), "k")
    assert item
    assert item.value == value
    found = store.search(("drawings",), query="harbour")
    assert [one.value for one in found] == [value]
