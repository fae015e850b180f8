"""The two spellings of the tools' names: with a prefix, and short."""

import re

import pytest
from mcp import MCPError

from tests.databases.engines import storage_flags
from tests.mcp.hosts import Agent, connected, over_http, over_stdio
from tests.mcp.test_hosts import run
from tests.mcp.test_tools import PARAMETERS

pytestmark = pytest.mark.anyio

MESSAGES = [{"role": "user", "content": "The ferry to Skye leaves at nine"}]
MENTIONED = re.compile(r"\b(?:dialoguedb_)?[a-z]+(?:_[a-z]+)+\b|\bdialoguedb_[a-z]+\b")
"""What looks like the name of a tool in a text; short ones of one word look like any word."""


async def names_of(client):
    return [tool.name for tool in (await client.list_tools()).tools]


async def texts_of(client, session):
    """Return all that agents read about tools before they call one."""
    prompts = [
        await client.get_prompt("recall", {"topic": "ferry {save}"}),
        await client.get_prompt("resume", {"id": session}),
        await client.get_prompt("wrap_up", {"namespace": "{save} {no_tool}"}),
    ]
    tools = (await client.list_tools()).tools
    return [
        client.server_info.title,
        client.instructions,
        *(tool.description for tool in tools),
        *(prompt.messages[0].content.text for prompt in prompts),
    ]


async def test_every_tool_works_by_its_short_name(engine, tmp_path):
    words = storage_flags(engine, tmp_path / "chats")
    async with over_stdio(*words, "--tool-names", "short") as client:
        assert await names_of(client) == list(PARAMETERS)
        agent = Agent(client, tmp_path.name, prefix="")
        session = (await agent.ask("save", messages=MESSAGES))["sessionId"]
        memory = (await agent.ask("create_memory", value="Gets seasick"))["memoryId"]
        for tool, given in [
            ("resume", {"id": session}),
            ("search", {"query": "ferry"}),
            ("list", {}),
            ("add_message", {"sessionId": session, "role": "user", "content": "Thanks"}),
            ("list_messages", {"sessionId": session}),
            ("update_state", {"sessionId": session, "state": {}}),
            ("create_thread", {"parentId": session}),
            ("search_memories", {"query": "seasick"}),
            ("list_memories", {}),
            ("get_memory", {"id": memory}),
            ("update_memory_tags", {"id": memory, "tags": ["t"]}),
            ("delete_memory", {"id": memory}),
        ]:
            await agent.ask(tool, **given)
        for name in ("dialoguedb_save", "dialoguedb_list"):
            with pytest.raises(MCPError, match="There is no tool"):
                await client.call_tool(name, {"messages": []})


async def test_every_text_names_the_tools_as_they_are_called(tmp_path):
    texts, session = dict[str, list[str]](), ""
    for names in ("prefixed", "short"):
        words = ("--data", tmp_path / "chats", "--tool-names", names)
        async with over_stdio(*words) as client:
            agent = Agent(client, prefix="" if names == "short" else "dialoguedb_")
            if not session:
                session = (await agent.ask("save", messages=MESSAGES))["sessionId"]
            texts[names] = await texts_of(client, session)
            offered = {*await names_of(client), "no_tool"}
            mentioned = {name for text in texts[names] for name in MENTIONED.findall(text)}
            assert mentioned <= offered
            assert any("{save} {no_tool}" in text for text in texts[names])
    assert texts["short"] == [text.replace("dialoguedb_", "") for text in texts["prefixed"]]
    assert len([text for text in texts["prefixed"] if "dialoguedb_" in text]) == 8


@pytest.mark.parametrize("source", ["variable", "file", "flag over both"])
async def test_the_names_are_a_setting_like_others(source, tmp_path):
    (tmp_path / "settings.toml").write_text('tool-names = "short"')
    flags, variables = [], {"DIALOGUEDB_CONFIG": str(tmp_path / "settings.toml")}
    if source != "file":
        variables["DIALOGUEDB_TOOL_NAMES"] = "short"
    if source == "flag over both":
        flags = ["--tool-names", "prefixed"]
    async with over_stdio("--data", tmp_path / "chats", *flags, **variables) as client:
        prefix = "dialoguedb_" if flags else ""
        assert await names_of(client) == [prefix + name for name in PARAMETERS]


async def test_they_are_short_over_http_too(tmp_path):
    with over_http(tmp_path, "--data", tmp_path / "chats", "--tool-names", "short") as url:
        async with connected(url) as client:
            assert await names_of(client) == list(PARAMETERS)
            await Agent(client, prefix="").ask("save", messages=MESSAGES)


async def test_a_whitelist_takes_either_spelling(tmp_path):
    words = ("--data", tmp_path / "chats", "--tool-names", "short")
    async with over_stdio(*words, "--tools", "dialoguedb_search,save") as client:
        assert await names_of(client) == ["save", "search"]
    ended = run(tmp_path, *words, "--tools", "save,forget")
    assert ended.returncode == 1
    assert "There is no tool 'forget'; there are save, resume, search" in ended.stderr


def test_unknown_names_are_refused(tmp_path):
    ended = run(tmp_path, "--data", "chats", "--tool-names", "long")
    assert ended.returncode == 2
    assert "'long' is not one of prefixed, short" in ended.stderr
    ended = run(tmp_path, "--data", "chats", DIALOGUEDB_TOOL_NAMES="long")
    assert ended.returncode == 1
    assert "DIALOGUEDB_TOOL_NAMES: 'long' is not one of prefixed, short" in ended.stderr
    assert ended.stdout == ""
