"""What helps agents and people to remember: resources, prompts, instructions."""

import json
from urllib.parse import quote

import pytest
from mcp import MCPError
from mcp.types import Resource

pytestmark = pytest.mark.anyio

MESSAGES = [{"role": "user", "content": "The ferry to Skye leaves at nine"}]


async def read(agent, uri):
    (contents,) = (await agent.client.read_resource(uri)).contents
    assert contents.mime_type == "application/json"
    return json.loads(contents.text)


async def test_conversations_and_memories_are_read_by_address(agent):
    query = f"namespace={agent.namespace}"
    session = (await agent.ask("save", id=f"a:ü {agent.namespace}", messages=MESSAGES))["sessionId"]
    memory = (await agent.ask("create_memory", value="Likes ferries"))["memoryId"]
    uri = f"dialoguedb://sessions/{quote(session, safe='')}?{query}"
    assert await read(agent, uri) == await agent.ask("resume", id=session)
    uri = f"dialoguedb://memories/{memory}?{query}"
    assert await read(agent, uri) == await agent.ask("get_memory", id=memory)
    assert await read(agent, f"dialoguedb://sessions?{query}") == await agent.ask("list", limit=50)
    listed = await read(agent, f"dialoguedb://memories?{query}")
    assert listed == await agent.ask("list_memories", limit=50)


async def test_every_resource_that_is_listed_can_be_read(agent):
    saved = await agent.ask(
        "save", id=f"Fähre: {agent.namespace}", messages=MESSAGES, label="Ferry"
    )
    cursor, listed = None, dict[str, Resource]()
    while True:
        page = await agent.client.list_resources(cursor=cursor)
        listed |= {resource.uri: resource for resource in page.resources}
        cursor = page.next_cursor
        if cursor is None:
            break
    assert {"dialoguedb://sessions", "dialoguedb://memories"} <= listed.keys()
    (mine,) = [uri for uri in listed if agent.namespace in uri]
    assert listed[mine].title == "Ferry"
    assert (await read(agent, mine))["session"]["id"] == saved["sessionId"]
    for uri in ("dialoguedb://sessions", "dialoguedb://memories"):
        assert (await read(agent, uri))["success"]


async def test_addresses_can_be_made(agent):
    templates = (await agent.client.list_resource_templates()).resource_templates
    assert [template.uri_template for template in templates] == [
        "dialoguedb://sessions/{id}{?namespace}",
        "dialoguedb://memories/{id}{?namespace}",
    ]


@pytest.mark.parametrize(
    "uri", ["dialoguedb://sessions/none", "dialoguedb://memories/none", "dialoguedb://x/y", "a:b"]
)
async def test_an_address_of_nothing_is_refused(agent, uri):
    with pytest.raises(MCPError):
        await agent.client.read_resource(uri)


async def test_a_topic_is_recalled(agent):
    await agent.ask("save", messages=MESSAGES, label="Ferry times")
    await agent.ask("create_memory", value="Gets seasick on ferries")
    text = await prompted(agent, "recall", topic="ferry")
    assert "Gets seasick on ferries" in text
    assert "Ferry times" in text


async def test_a_conversation_is_resumed_by_prompt(agent):
    session = (await agent.ask("save", messages=MESSAGES))["sessionId"]
    assert MESSAGES[0]["content"] in await prompted(agent, "resume", id=session)


async def test_wrapping_up_names_the_tools_for_it(agent):
    text = await prompted(agent, "wrap_up")
    assert "dialoguedb_save" in text
    assert agent.namespace in text


async def test_prompts_tell_what_they_need(agent):
    prompts = {one.name: one for one in (await agent.client.list_prompts()).prompts}
    assert prompts.keys() == {"recall", "resume", "wrap_up"}
    for name, given in [("recall", {}), ("resume", {"id": "none"}), ("nonsense", {})]:
        with pytest.raises(MCPError):
            await agent.client.get_prompt(name, given)


async def prompted(agent, name, **arguments):
    filled = await agent.client.get_prompt(name, {**arguments, "namespace": agent.namespace})
    (message,) = filled.messages
    assert message.role == "user"
    return message.content.text
