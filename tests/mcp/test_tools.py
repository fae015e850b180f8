"""Every tool, as an agent calls it, over both transports."""

import anyio
import pytest

from tests.mcp.hosts import Agent

pytestmark = pytest.mark.anyio

PARAMETERS = {
    "save": {"messages", "label", "id", "state", "tags", "metadata"},
    "resume": {"id", "loadMessages"},
    "search": {"query", "limit", "searchMessages"},
    "list": {"limit", "order", "startDate", "endDate", "next"},
    "add_message": {"sessionId", "role", "content", "name"},
    "list_messages": {"sessionId", "limit", "order", "next"},
    "update_state": {"sessionId", "state", "merge"},
    "create_thread": {"parentId", "label", "tags"},
    "create_memory": {"value", "label", "description", "tags", "metadata", "onSimilar"},
    "search_memories": {"query", "tags", "limit"},
    "list_memories": {"limit", "order", "next"},
    "get_memory": {"id"},
    "delete_memory": {"id"},
    "update_memory": {"id", "value", "label", "description", "tags"},
    "update_memory_tags": {"id", "tags"},
}
DEFAULTS = {
    "resume": {"loadMessages": True},
    "search": {"limit": 10, "searchMessages": False},
    "list": {"limit": 20, "order": "desc"},
    "list_messages": {"limit": 50, "order": "asc"},
    "update_state": {"merge": True},
    "search_memories": {"limit": 10},
    "list_memories": {"limit": 20, "order": "desc"},
}
READING = {
    *("resume", "search", "list", "list_messages"),
    *("search_memories", "list_memories", "get_memory"),
}
DESTRUCTIVE = {"update_state", "delete_memory", "update_memory", "update_memory_tags"}
MESSAGES = [
    {"role": "user", "content": "Where did I leave the red umbrella?"},
    {"role": "assistant", "content": "In the train to Leeds.", "name": "Ada"},
]


async def test_the_tools_are_those_that_agents_know(agent):
    tools = {
        tool.name.removeprefix("dialoguedb_"): tool
        for tool in (await agent.client.list_tools()).tools
    }
    assert tools.keys() == PARAMETERS.keys()
    for name, tool in tools.items():
        takes = tool.input_schema
        assert takes["type"] == tool.output_schema["type"] == "object"
        assert takes["properties"].keys() == PARAMETERS[name] | {"namespace"}
        defaults = {
            given: about["default"]
            for given, about in takes["properties"].items()
            if about.get("default") is not None
        }
        assert defaults == DEFAULTS.get(name, {})
        assert tool.description
        assert tool.annotations.read_only_hint == (name in READING)
        assert tool.annotations.destructive_hint == (name in DESTRUCTIVE)
        assert tool.annotations.idempotent_hint == (name in READING | DESTRUCTIVE)
        assert tool.annotations.open_world_hint is False


async def test_a_conversation_is_saved_and_resumed(agent):
    saved = await agent.ask(
        "save",
        messages=[
            *MESSAGES,
            {"role": "tool", "content": [{"type": "x", "n": 10**30}], "id": "own"},
        ],
        label="Umbrella",
        state={"step": 1},
        tags=["lost"],
        metadata={"from": "host"},
    )
    assert saved == {
        "success": True,
        "sessionId": saved["sessionId"],
        "messageCount": 3,
        "label": "Umbrella",
        "message": "Saved the conversation with 3 messages",
    }
    session = (await agent.ask("resume", id=saved["sessionId"]))["session"]
    assert session.keys() == {
        *("id", "label", "status", "state", "tags", "metadata", "messageCount", "messages"),
        *("created", "modified", "namespace", "earlierMessages"),
    }
    assert session["id"] == saved["sessionId"]
    assert session["status"] == "active"
    assert session["state"] == {"step": 1}
    assert session["tags"] == ["lost"]
    assert session["metadata"] == {"from": "host"}
    assert [(m["role"], m["content"]) for m in session["messages"]] == [
        *((m["role"], m["content"]) for m in MESSAGES),
        ("tool", [{"type": "x", "n": 10**30}]),
    ]
    assert session["messages"][1]["name"] == "Ada"
    assert session["messages"][2]["id"] == "own"
    bare = (await agent.ask("resume", id=saved["sessionId"], loadMessages=False))["session"]
    assert (bare["messages"], bare["messageCount"], bare["earlierMessages"]) == ([], 3, 3)


async def test_messages_are_added_and_listed_page_by_page(agent):
    session = (await agent.ask("save", id="s", messages=MESSAGES))["sessionId"]
    added = await agent.ask(
        "add_message", sessionId=session, role="user", content={"text": "Thanks"}, name="Bo"
    )
    assert added["sessionId"] == session
    first = await agent.ask("list_messages", sessionId=session, limit=2)
    assert first["sessionId"] == session
    assert [m["content"] for m in first["messages"]] == [m["content"] for m in MESSAGES]
    last = await agent.ask("list_messages", sessionId=session, limit=2, next=first["next"])
    assert last["next"] is None
    (message,) = last["messages"]
    assert message["id"] == added["messageId"]
    assert (message["content"], message["name"]) == ({"text": "Thanks"}, "Bo")
    newest = await agent.ask("list_messages", sessionId=session, limit=1, order="desc")
    assert newest["messages"] == [message]


async def test_a_state_is_merged_or_replaced(agent):
    session = (await agent.ask("save", messages=[], state={"a": 1, "b": 2}))["sessionId"]
    merged = await agent.ask("update_state", sessionId=session, state={"b": None, "c": [3]})
    assert merged["sessionId"] == session
    assert merged["state"] == {"a": 1, "b": None, "c": [3]}
    replaced = await agent.ask("update_state", sessionId=session, state={"d": 4}, merge=False)
    assert replaced["state"] == {"d": 4}
    assert (await agent.ask("resume", id=session))["session"]["state"] == {"d": 4}


async def test_a_thread_belongs_to_its_parent(agent):
    parent = (await agent.ask("save", messages=MESSAGES))["sessionId"]
    thread = await agent.ask("create_thread", parentId=parent, label="Aside", tags=["t"])
    assert thread["parentId"] == parent
    listed = (await agent.ask("list"))["dialogues"]
    of = {one["id"]: one for one in listed}[thread["threadId"]]
    assert (of["threadOf"], of["label"], of["tags"]) == (parent, "Aside", ["t"])


async def test_conversations_are_found_and_listed(agent):
    lost = (await agent.ask("save", messages=MESSAGES, label="Umbrella"))["sessionId"]
    other = (await agent.ask("save", messages=[{"role": "user", "content": "Bake bread"}]))[
        "sessionId"
    ]
    found = await agent.ask("search", query="umbrella train", searchMessages=True)
    assert found["dialogues"][0]["id"] == lost
    assert found["dialogues"][0]["label"] == "Umbrella"
    assert {found["messages"][0]["sessionId"], found["messages"][1]["sessionId"]} == {lost}
    assert (await agent.ask("search", query="umbrella", limit=1))["messages"] == []
    assert [one["id"] for one in (await agent.ask("list"))["dialogues"]] == [other, lost]
    page = await agent.ask("list", limit=1, order="asc")
    assert [one["id"] for one in page["dialogues"]] == [lost]
    rest = await agent.ask("list", limit=1, order="asc", next=page["next"])
    assert [one["id"] for one in rest["dialogues"]] == [other]
    assert (await agent.ask("list", endDate="2020-01-01"))["dialogues"] == []
    assert len((await agent.ask("list", startDate="2020-01-01"))["dialogues"]) == 2


async def test_memories_are_kept_found_tagged_and_forgotten(agent):
    made = await agent.ask(
        "create_memory",
        value={"prefers": "tea without sugar"},
        label="Drinks",
        description="When ordering",
        tags=["taste"],
        metadata={"sure": True},
    )
    memory_id = made["memoryId"]
    nothing = (await agent.ask("create_memory", value=None))["memoryId"]
    found = (await agent.ask("search_memories", query="tea", tags=["taste"], limit=5))["memories"]
    assert [one["id"] for one in found] == [memory_id]
    assert found[0]["value"] == {"prefers": "tea without sugar"}
    assert [one["id"] for one in (await agent.ask("list_memories"))["memories"]] == [
        *(nothing, memory_id)
    ]
    page = await agent.ask("list_memories", limit=1, order="asc")
    rest = await agent.ask("list_memories", limit=1, order="asc", next=page["next"])
    assert [page["memories"][0]["id"], rest["memories"][0]["id"]] == [memory_id, nothing]
    tagged = await agent.ask("update_memory_tags", id=memory_id, tags=["drink", "tea"])
    assert (tagged["memoryId"], tagged["tags"]) == (memory_id, ["drink", "tea"])
    memory = (await agent.ask("get_memory", id=memory_id))["memory"]
    assert (memory["label"], memory["description"]) == ("Drinks", "When ordering")
    assert (memory["tags"], memory["metadata"]) == (["drink", "tea"], {"sure": True})
    assert (await agent.ask("delete_memory", id=memory_id))["memoryId"] == memory_id
    assert (await agent.refused("get_memory", id=memory_id))["code"] == "MEMORY_NOT_FOUND"
    assert (await agent.refused("delete_memory", id=memory_id))["code"] == "MEMORY_NOT_FOUND"


async def test_what_is_remembered_is_corrected_and_not_stored_twice(agent):
    memory = (await agent.ask("create_memory", value="Prefers window seats on planes"))["memoryId"]
    same = await agent.ask("create_memory", value="prefers window seats on planes.")
    assert (same["memoryId"], same["message"]) == (memory, "Remembered already")
    value = "Prefers aisle seats on planes"
    alike = await agent.ask("create_memory", value=value)
    assert alike["memoryId"] != memory
    assert alike["message"].startswith("Remembered. Something similar")
    assert alike["similar"]["action"] == "stored beside"
    assert (await agent.ask("get_memory", id=alike["memoryId"]))["memory"]["value"] == value
    await agent.ask("delete_memory", id=alike["memoryId"])
    alike = await agent.ask("create_memory", value=value, onSimilar="return")
    assert alike["memoryId"] == memory
    assert alike["message"].startswith("Not stored")
    similar = alike["similar"]
    assert (similar["value"], similar["equal"]) == ("Prefers window seats on planes", False)
    corrected = (await agent.ask("update_memory", id=memory, value=value))["memory"]
    assert (corrected["value"], corrected["version"]) == (value, 2)
    both = await agent.ask("create_memory", value=value, onSimilar="store")
    assert "similar" not in both
    newer = await agent.ask(
        "create_memory", value="Prefers any seats on planes", onSimilar="supersede"
    )
    assert newer["similar"]["action"] == "superseded"
    assert newer["similar"]["id"] in {memory, both["memoryId"]}
    found = (await agent.ask("search_memories", query="seats on planes"))["memories"]
    assert newer["similar"]["id"] not in [one["id"] for one in found]
    assert newer["memoryId"] in [one["id"] for one in found]


async def test_a_namespace_keeps_its_things_to_itself(agent):
    own = {"namespace": agent.namespace}
    agent = Agent(agent.client)
    session = (await agent.ask("save", messages=MESSAGES, **own))["sessionId"]
    memory = (await agent.ask("create_memory", value="umbrella", **own))["memoryId"]
    await agent.ask("add_message", sessionId=session, role="user", content="Hm", **own)
    assert (await agent.ask("resume", id=session, **own))["session"]["namespace"] == own[
        "namespace"
    ]
    assert len((await agent.ask("list_messages", sessionId=session, **own))["messages"]) == 3
    assert (await agent.ask("get_memory", id=memory, **own))["memory"]["namespace"] == own[
        "namespace"
    ]
    for tool, given, key in [
        ("list", {}, "dialogues"),
        ("search", {"query": "umbrella"}, "dialogues"),
        ("list_memories", {}, "memories"),
        ("search_memories", {"query": "umbrella"}, "memories"),
    ]:
        assert len((await agent.ask(tool, **given, **own))[key]) == 1, tool
        assert (await agent.ask(tool, **given, namespace="bo"))[key] == [], tool
    for tool, given in [
        ("resume", {"id": session}),
        ("list_messages", {"sessionId": session}),
        ("add_message", {"sessionId": session, "role": "user", "content": "x"}),
        ("update_state", {"sessionId": session, "state": {}}),
        ("create_thread", {"parentId": session}),
        ("get_memory", {"id": memory}),
        ("delete_memory", {"id": memory}),
        ("update_memory_tags", {"id": memory, "tags": []}),
        ("update_memory", {"id": memory, "value": "x"}),
    ]:
        for elsewhere in ({}, {"namespace": ""}, {"namespace": "bo"}):
            assert (await agent.refused(tool, **given, **elsewhere))["code"].endswith("NOT_FOUND")


async def test_an_empty_namespace_is_the_default_one_and_none_is_all(agent):
    word = f"quince{agent.namespace}"
    for elsewhere in ({}, {"namespace": ""}):
        own = Agent(agent.client)
        await own.ask("save", messages=[{"role": "user", "content": word}], **elsewhere)
        await own.ask("create_memory", value=word, onSimilar="store", **elsewhere)
    await agent.ask("save", messages=[{"role": "user", "content": word}])
    await agent.ask("create_memory", value=word)
    query = {"query": word}
    for tool, more, key in [
        ("list", {}, "dialogues"),
        ("search", query, "dialogues"),
        ("list_memories", {}, "memories"),
        ("search_memories", query, "memories"),
    ]:
        given = {"limit": 3, **more}
        all_found = (await Agent(agent.client).ask(tool, **given))[key]
        found_in = sorted(one.get("namespace", "") for one in all_found)
        assert found_in == ["", "", agent.namespace], tool
        in_default = (await Agent(agent.client).ask(tool, **given, namespace=""))[key]
        assert {one.get("namespace", "") for one in in_default} == {""}, tool
        assert len((await agent.ask(tool, **given))[key]) == 1, tool


@pytest.mark.parametrize(
    ("tool", "given", "code", "reason"),
    [
        ("save", {}, "VALIDATION_ERROR", "messages"),
        ("save", {"messages": "hello"}, "VALIDATION_ERROR", "$.messages"),
        ("save", {"messages": [{"role": "user"}]}, "VALIDATION_ERROR", "content"),
        ("save", {"messages": [{"role": "", "content": "x"}]}, "VALIDATION_ERROR", "role"),
        ("save", {"messages": [{"role": "u", "content": ""}]}, "MESSAGE_CONTENT_EMPTY", "content"),
        ("save", {"messages": [], "colour": "red"}, "VALIDATION_ERROR", "colour"),
        ("resume", {"id": 7}, "VALIDATION_ERROR", "$.id"),
        ("resume", {"id": "none"}, "DIALOGUE_NOT_FOUND", "none"),
        ("resume", {"id": "x", "loadMessages": "yes"}, "VALIDATION_ERROR", "$.loadMessages"),
        ("search", {"query": ""}, "VALIDATION_ERROR", "$.query"),
        ("search", {"query": "x", "limit": 0}, "VALIDATION_ERROR", "$.limit"),
        ("search", {"query": "x", "limit": 1001}, "VALIDATION_ERROR", "$.limit"),
        ("list", {"order": "newest"}, "VALIDATION_ERROR", "$.order"),
        ("list", {"startDate": "yesterday-ish"}, "INVALID_PARAMETER", "startDate"),
        ("list", {"next": "forged"}, "INVALID_PARAMETER", "next"),
        ("add_message", {"sessionId": "none", "role": "u", "content": "x"}, "NOT_FOUND", "none"),
        (
            "add_message",
            {"sessionId": "none", "role": "u", "content": 7},
            "VALIDATION",
            "$.content",
        ),
        ("update_state", {"sessionId": "none", "state": [1]}, "VALIDATION_ERROR", "$.state"),
        ("create_thread", {"parentId": "none"}, "DIALOGUE_NOT_FOUND", "none"),
        ("create_memory", {}, "VALIDATION_ERROR", "value"),
        ("update_memory_tags", {"id": "none", "tags": [1]}, "VALIDATION_ERROR", "$.tags"),
    ],
)
async def test_bad_input_is_reported_so_that_an_agent_can_do_better(
    agent, tool, given, code, reason
):
    refusal = await agent.refused(tool, **given)
    assert code in refusal["code"]
    assert reason in refusal["message"] + str(refusal["details"])


async def test_a_null_is_taken_as_nothing_given(agent):
    saved = await agent.ask("save", messages=MESSAGES, label=None, tags=None, id=None)
    assert saved["label"] is None
    assert len((await agent.ask("list", limit=None, startDate=None))["dialogues"]) == 1


async def test_an_id_that_is_taken_is_refused(agent):
    await agent.ask("save", id="mine", messages=MESSAGES)
    assert (await agent.refused("save", id="mine", messages=MESSAGES))["code"] == "DUPLICATE_ID"
    assert (await agent.ask("resume", id="mine"))["session"]["messageCount"] == 2


async def test_many_calls_at_once_lose_nothing_and_mix_nothing_up(agent):
    for session in "ab":
        await agent.ask("save", id=session, messages=[])
    order = {"a": list[str](), "b": list[str]()}

    async def add(session, number):
        text = f"{session} {number}"
        added = await agent.ask("add_message", sessionId=session, role="user", content=text)
        assert added["sessionId"] == session
        order[session].append(text)

    async with anyio.create_task_group() as tasks:
        for number in range(50):
            for session in "ab":
                tasks.start_soon(add, session, number)
    for session in "ab":
        listed = await agent.ask("list_messages", sessionId=session, limit=100)
        contents = [message["content"] for message in listed["messages"]]
        assert len(contents) == 50
        assert set(contents) == set(order[session])


async def test_a_conversation_of_1000_messages_is_resumed_whole(agent):
    long = [{"role": "user", "content": f"{number} " + "word " * 40} for number in range(1_000)]
    assert (await agent.ask("save", id="long", messages=long))["messageCount"] == 1_000
    session = (await agent.ask("resume", id="long"))["session"]
    assert [message["content"] for message in session["messages"]] == [m["content"] for m in long]
    assert session["earlierMessages"] == 0
    await agent.ask("add_message", sessionId="long", role="user", content="one more")
    session = (await agent.ask("resume", id="long"))["session"]
    assert (session["messageCount"], session["earlierMessages"]) == (1_001, 1)
    assert session["messages"][-1]["content"] == "one more"
    too_many = await agent.refused("save", messages=[*long, long[0]])
    assert "$.messages" in too_many["message"]


@pytest.mark.parametrize("text", ["\u0000", "👋🏽 Grüße", "line\u2028break\r\n", '"}],{'])
async def test_odd_text_comes_back_as_it_was(agent, text):
    saved = await agent.ask("save", messages=[{"role": "user", "content": text}])
    session = (await agent.ask("resume", id=saved["sessionId"]))["session"]
    assert session["messages"][0]["content"] == text
