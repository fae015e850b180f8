"""Hosts of agents: the official client, and the command it speaks to."""

import json
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from tests.http.server import program, quiet_environment

URL = re.compile(r"http://\S+/mcp")
TOKEN = "open-sesame"


class Agent:
    """Calls tools as an agent does, in a namespace of its own if it has one."""

    def __init__(
        self, client: Client, namespace: str | None = None, prefix: str = "dialoguedb_"
    ) -> None:
        self.client = client
        self.namespace = namespace
        self.prefix = prefix

    async def ask(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool that has to succeed, and return its answer."""
        answer, is_error = await self.call(tool, arguments)
        assert not is_error, answer
        assert answer["success"] is True
        return answer

    async def refused(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool that has to refuse, and return why."""
        answer, is_error = await self.call(tool, arguments)
        assert is_error, answer
        assert answer["success"] is False
        error: dict[str, Any] = answer["error"]
        return error

    async def call(self, tool: str, arguments: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        """Call a tool; its answer comes structured, and as one block of text.

        Both are the same but for inline files.
        """
        if self.namespace:
            arguments = {"namespace": self.namespace} | arguments
        result = await self.client.call_tool(f"{self.prefix}{tool}", arguments)
        (block,) = result.content
        assert block.type == "text"
        answer: dict[str, Any] = result.structured_content
        assert json.loads(block.text) == answer or len(block.text) < len(json.dumps(answer)) / 2
        assert block.text.startswith('{"success":')
        return answer, result.is_error


def over_stdio(*words: object, errors: Any = None, **variables: str) -> Client:
    """Return a client that starts the command and speaks over its standard streams."""
    started = StdioServerParameters(
        command=program(),
        args=["mcp", *map(str, words)],
        env=quiet_environment() | variables,
    )
    return Client(stdio_client(started, **({"errlog": errors} if errors else {})))


@asynccontextmanager
async def connected(url: str, token: str = TOKEN, **options: Any) -> AsyncIterator[Client]:
    """Connect a host to tools over HTTP, with a token to show."""
    authorization = {"Authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=authorization, timeout=60) as http,
        Client(streamable_http_client(url, http_client=http), **options) as client,
    ):
        yield client


@contextmanager
def over_http(room: Path, *words: object, **variables: str) -> Iterator[str]:
    """Run the command on a free port until the block ends; gives the address of its tools.

    Unless the variables choose another, the token is that of `connected`.
    """
    if not {"DIALOGUEDB_MCP_TOKEN", "DIALOGUEDB_MCP_TOKEN_FILE"} & variables.keys():
        variables["DIALOGUEDB_MCP_TOKEN"] = TOKEN
    with (room / "mcp.log").open("w") as log:
        process = subprocess.Popen(
            [program(), "mcp", "--transport", "http", "--port", "0", *map(str, words)],
            cwd=room,
            env=quiet_environment() | variables,
            stderr=log,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
    with process:
        try:
            assert process.stdout
            url = URL.search(process.stdout.readline())
            assert url, (room / "mcp.log").read_text()
            yield url[0]
            process.terminate()
            assert process.wait(60) == 0, (room / "mcp.log").read_text()
        finally:
            process.kill()
