"""The command as hosts start it: transports, keys, the list of allowed tools, stopping."""

import json
import stat
import subprocess
import sys
import threading

import httpx
import pytest
from mcp import MCPError

from dialoguedb import DialogueDB
from tests.embed.endpoint import vectors
from tests.http.server import COMMAND_SECONDS_MAX, NO_AUTHORITIES, program, quiet_environment
from tests.mcp.hosts import TOKEN, Agent, connected, over_http, over_stdio

pytestmark = pytest.mark.anyio

HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "by hand", "version": "1"},
    },
}


def run(directory, *words, lines=(), **variables):
    return subprocess.run(
        [program(), "mcp", *map(str, words)],
        capture_output=True,
        check=False,
        cwd=directory,
        env=quiet_environment() | variables,
        input="".join(f"{json.dumps(line)}\n" for line in lines),
        text=True,
        timeout=COMMAND_SECONDS_MAX,
    )


def test_standard_output_carries_the_protocol_alone(tmp_path):
    messages = [{"role": "user", "content": "hi"}]
    call = {"name": "dialoguedb_save", "arguments": {"messages": messages}}
    ended = run(
        tmp_path,
        *("--data", tmp_path / "chats"),
        lines=[
            HELLO,
            {"jsonrpc": "2.0", "method": "notifications/initialized"},
            {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call},
            {"jsonrpc": "2.0", "id": 3, "method": "no/such"},
            "nonsense",
        ],
    )
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert all(line["jsonrpc"] == "2.0" for line in lines)
    results = {line.get("id"): line for line in lines}
    assert results[1]["result"]["serverInfo"]["name"] == "dialoguedb"
    assert "dialoguedb_search_memories" in results[1]["result"]["instructions"]
    assert ended.returncode == 0
    assert "Traceback" not in ended.stderr


async def test_what_is_stored_without_a_server_is_there_the_next_time(tmp_path):
    async with over_stdio("--data", tmp_path / "chats") as client:
        await Agent(client).ask("save", id="s", messages=[{"role": "user", "content": "hi"}])
    with DialogueDB(path=tmp_path / "chats") as db:
        (message,) = db.get_dialogue("s").load_messages()
        assert message.content == "hi"
    async with over_stdio("--data", tmp_path / "chats") as client:
        assert (await Agent(client).ask("resume", id="s"))["session"]["messageCount"] == 1


async def test_a_directory_may_be_used_beside_a_running_server(server, tmp_path):
    async with over_stdio(*server.storage, "--namespace", tmp_path.name) as client:
        agent = Agent(client)
        key = server.command("keys", "create", "--project", "default", "--quiet")
        with DialogueDB(key, endpoint=server.base_url, namespace=tmp_path.name) as db:
            dialogue = db.create_dialogue()
            for number in range(20):
                dialogue.save_message("user", f"server {number}")
                await agent.ask(
                    "add_message", sessionId=dialogue.id, role="assistant", content=f"tool {number}"
                )
            contents = [message.content for message in dialogue.load_messages()]
    assert contents == [f"{by} {number}" for number in range(20) for by in ("server", "tool")]


async def test_a_key_is_taken_from_either_variable_and_is_needed(server, project, tmp_path):
    for name in ("DIALOGUEDB_API_KEY", "DIALOGUE_DB_API_KEY"):
        async with over_stdio("--endpoint", server.base_url, **{name: project.key}) as client:
            await Agent(client).ask("list")
    ended = run(tmp_path, "--endpoint", server.base_url)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert "DIALOGUEDB_API_KEY" in ended.stderr


async def test_a_wrong_key_and_a_server_that_is_gone_are_reported(server):
    wrong = {"DIALOGUEDB_API_KEY": "ddb_" + "x" * 43}
    async with over_stdio("--endpoint", server.base_url, **wrong) as client:
        assert (await Agent(client).refused("list"))["code"] == "UNAUTHORIZED"
        with pytest.raises(MCPError):
            await client.list_resources()


async def test_a_whitelist_leaves_only_its_tools(tmp_path):
    words = ("--data", tmp_path / "chats")
    async with over_stdio(*words, DIALOGUEDB_TOOLS="search, dialoguedb_save") as client:
        tools = [tool.name for tool in (await client.list_tools()).tools]
        assert tools == ["dialoguedb_save", "dialoguedb_search"]
        for name in ("dialoguedb_delete_memory", "dialoguedb_nonsense", "save"):
            with pytest.raises(MCPError, match="There is no tool"):
                await client.call_tool(name, {"id": "x"})
    for names in ("save,forget", " , "):
        ended = run(tmp_path, *words, DIALOGUEDB_TOOLS=names)
        assert ended.returncode == 1
        assert "tool" in ended.stderr


async def test_a_namespace_can_be_that_of_every_call(tmp_path):
    words = ("--data", tmp_path / "chats")
    async with over_stdio(*words, "--namespace", "ada") as client:
        await Agent(client).ask("save", id="s", messages=[])
    async with over_stdio(*words) as client:
        assert (await Agent(client).refused("resume", id="s"))["code"] == "DIALOGUE_NOT_FOUND"
        await Agent(client).ask("resume", id="s", namespace="ada")


def test_a_server_and_a_directory_at_once_are_a_wrong_use(tmp_path):
    ended = run(tmp_path, "--data", "chats", "--endpoint", "http://127.0.0.1:1")
    assert ended.returncode == 2
    assert "--data" in ended.stderr


def test_without_the_extra_it_says_what_to_install(tmp_path):
    (tmp_path / "mcp.py").write_text('raise ModuleNotFoundError("no mcp", name="mcp")')
    ended = run(tmp_path, "--data", "chats", PYTHONPATH=str(tmp_path))
    assert ended.returncode == 1
    assert "pip install 'dialoguedb[mcp]'" in ended.stderr
    assert ended.stdout == ""


async def test_searches_tell_how_far_a_new_index_is(tmp_path, endpoint):
    with DialogueDB(path=tmp_path / "chats") as db:
        db.create_dialogue(messages=[{"role": "user", "content": "a parcel"}])
        db.create_memory("a parcel")
    gate = threading.Event()

    def wait_for_test(request):
        gate.wait(60)
        vectors()(request)

    endpoint.script = [wait_for_test]
    variables = {
        "DIALOGUEDB_EMBEDDER": "openai",
        "DIALOGUEDB_EMBEDDER_MODEL": "m",
        "DIALOGUEDB_EMBEDDER_URL": endpoint.url,
    }
    async with over_stdio("--data", tmp_path / "chats", **variables) as client:
        agent = Agent(client)
        for tool in ("search", "search_memories"):
            assert (await agent.ask(tool, query="package"))["indexing"] == {"done": 0, "of": 3}
        gate.set()
        while "indexing" in await agent.ask("search", query="package"):
            pass
        assert "indexing" not in await agent.ask("search_memories", query="package")


# --- Over HTTP ----------------------------------------------------------------------------------


ACCEPTED = {"Accept": "application/json, text/event-stream"}


def greeted(url, token=TOKEN, **headers):
    """Greet the tools by hand; returns the response."""
    shown = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.post(
        url, json=HELLO, headers=ACCEPTED | shown | headers, verify=NO_AUTHORITIES, timeout=60
    )


def test_whoever_comes_over_http_shows_the_token(tmp_path):
    with over_http(tmp_path, "--data", tmp_path / "chats") as url:
        for token in (None, "wrong", TOKEN.upper(), TOKEN[:-1]):
            refused = greeted(url, token)
            assert refused.status_code == 401
            assert refused.headers["WWW-Authenticate"] == "Bearer"
        for shown in (TOKEN, f"Basic {TOKEN}", f"Bearer{TOKEN}"):
            assert greeted(url, None, Authorization=shown).status_code == 401
        for scheme in ("bearer", "BEARER"):
            assert greeted(url, None, Authorization=f"{scheme} {TOKEN}").status_code == 200
        assert greeted(url).json()["result"]["serverInfo"]["title"] == "DialogueDB"


def test_a_directory_gets_a_token_of_its_own_that_stays(tmp_path):
    file = tmp_path / "chats" / "mcp-token"
    words = ("--data", tmp_path / "chats")
    with over_http(tmp_path, *words, DIALOGUEDB_MCP_TOKEN="") as url:
        token = file.read_text().strip()
        assert len(token) >= 32
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert greeted(url, None).status_code == greeted(url, TOKEN).status_code == 401
        assert greeted(url, token).status_code == 200
    with over_http(tmp_path, *words, DIALOGUEDB_MCP_TOKEN="") as url:
        assert file.read_text().strip() == token
        assert greeted(url, token).status_code == 200


@pytest.mark.parametrize("is_there", [True, False], ids=["there", "made"])
@pytest.mark.parametrize("by", ["flag", "variable"])
def test_the_token_is_in_a_file(tmp_path, by, is_there):
    file = tmp_path / "token"
    if is_there:
        file.write_text(f"  {TOKEN}\n")
    words, variables = [], {"DIALOGUEDB_MCP_TOKEN": ""}
    if by == "flag":
        words = ["--token-file", file]
    else:
        variables["DIALOGUEDB_MCP_TOKEN_FILE"] = str(file)
    with over_http(tmp_path, "--data", tmp_path / "chats", *words, **variables) as url:
        assert greeted(url, file.read_text().strip()).status_code == 200
        assert greeted(url, None).status_code == 401
    assert not (tmp_path / "chats" / "mcp-token").exists()


def test_a_token_on_the_command_line_works_and_is_warned_of(tmp_path):
    words = ("--data", tmp_path / "chats", "--token", "from-a-flag")
    with over_http(tmp_path, *words) as url:
        assert greeted(url, "from-a-flag").status_code == 200
        assert greeted(url).status_code == 401
        assert "can see --token in the list of processes" in (tmp_path / "mcp.log").read_text()


@pytest.mark.parametrize("content", ["", " \n", "tok\nen", "t\u00f6ken"])
def test_a_file_without_a_token_is_refused(tmp_path, content):
    (tmp_path / "token").write_text(content)
    words = ("--transport", "http", "--port", 0, "--token-file", "token")
    ended = run(tmp_path, "--data", "chats", *words)
    assert ended.returncode == 1
    assert "token holds no token" in ended.stderr


def test_web_pages_of_other_origins_are_kept_out(tmp_path):
    with over_http(tmp_path, "--data", tmp_path / "chats") as url:
        for header in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}):
            assert greeted(url, **header).status_code in {403, 421}


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_tools_of_a_server_need_a_token_at_each_address(tmp_path, host):
    words = ("--endpoint", "http://127.0.0.1:1", "--transport", "http", "--port", 0)
    ended = run(tmp_path, *words, "--host", host, DIALOGUEDB_API_KEY="ddb_" + "x" * 43)
    assert ended.returncode == 1
    assert "DIALOGUEDB_MCP_TOKEN" in ended.stderr
    assert "--token-file" in ended.stderr


async def test_several_hosts_share_one_server(tmp_path):
    with over_http(tmp_path, "--data", tmp_path / "chats") as url:
        async with connected(url) as one, connected(url, mode="legacy") as other:
            await Agent(one).ask("save", id="s", messages=[])
            for client in (one, other):
                await Agent(client).ask("add_message", sessionId="s", role="user", content="hi")
            assert (await Agent(one).ask("resume", id="s"))["session"]["messageCount"] == 2


@pytest.mark.skipif(sys.platform == "win32", reason="signals end processes there")
async def test_a_host_that_hangs_up_ends_it(tmp_path):
    with (tmp_path / "errors").open("w+") as errors:
        async with over_stdio("--data", tmp_path / "chats", errors=errors) as client:
            await Agent(client).ask("save", messages=[])
        errors.seek(0)
        assert errors.read() == ""
