"""Hosts of agents: the official client, and the command it speaks to."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.http.server import program, quiet_environment

URL = re.compile(r"http://\S+/mcp")


class Agent:
    """Calls tools as an agent does, in a namespace of its own if it has one."""

    def __init__(self, client: Client, namespace: str | None = None) -> None:
        self.client = client
        self.namespace = namespace

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
        result = await self.client.call_tool(f"dialoguedb_{tool}", arguments)
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


@contextmanager
def over_http(room: Path, *words: object, **variables: str) -> Iterator[str]:
    """Run the command on a free port until the block ends; gives the address of its tools."""
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
            assert process.wait(30) == 0, (room / "mcp.log").read_text()
        finally:
            process.kill()
