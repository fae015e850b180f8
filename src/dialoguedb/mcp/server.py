"""The server that agents' hosts speak to: over standard input and output, or over HTTP."""

import hmac
from collections.abc import Mapping
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    GetPromptRequestParams,
    GetPromptResult,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
)
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from dialoguedb.client.aio.database import AsyncDatabase
from dialoguedb.mcp import places, prompts
from dialoguedb.mcp.calls import call, shown
from dialoguedb.mcp.tools import Tool
from dialoguedb.values.limits import BODY_BYTES_MAX

PATH = "/mcp"

Tools = Mapping[str, Tool[Any, Any]]
Context = ServerRequestContext[Any, Any]


class Desk:
    """Answers the requests of the protocol from a database."""

    def __init__(self, db: AsyncDatabase, tools: Tools) -> None:
        self._db = db
        self._tools = tools
        self._shown = [shown(name, tool) for name, tool in tools.items()]

    async def list_tools(self, _: Context, __: PaginatedRequestParams | None) -> ListToolsResult:
        """Tell which tools there are."""
        return ListToolsResult(tools=self._shown)

    async def call_tool(self, _: Context, asked: CallToolRequestParams) -> CallToolResult:
        """Let a tool act."""
        tool = self._tools.get(asked.name)
        if tool is None:
            raise MCPError(INVALID_PARAMS, f"There is no tool {asked.name!r} here")
        return await call(self._db, tool, asked.arguments or {})

    async def list_resources(
        self, _: Context, asked: PaginatedRequestParams | None
    ) -> ListResourcesResult:
        """Tell what can be read."""
        return await places.listed(self._db, asked.cursor if asked else None)

    async def list_templates(
        self, _: Context, __: PaginatedRequestParams | None
    ) -> ListResourceTemplatesResult:
        """Tell which addresses can be made."""
        return ListResourceTemplatesResult(resource_templates=places.TEMPLATES)

    async def read_resource(
        self, _: Context, asked: ReadResourceRequestParams
    ) -> ReadResourceResult:
        """Read what an address stands for."""
        return await places.read(self._db, str(asked.uri))

    async def list_prompts(
        self, _: Context, __: PaginatedRequestParams | None
    ) -> ListPromptsResult:
        """Tell which prompts there are."""
        return ListPromptsResult(prompts=prompts.PROMPTS)

    async def get_prompt(self, _: Context, asked: GetPromptRequestParams) -> GetPromptResult:
        """Fill a prompt."""
        return await prompts.filled(self._db, asked.name, asked.arguments or {})


def made(db: AsyncDatabase, tools: Tools, version: str) -> Server[Any]:
    """Return a server of these tools on a database."""
    desk = Desk(db, tools)
    return Server(
        "dialoguedb",
        title="DialogueDB",
        version=version,
        instructions=prompts.INSTRUCTIONS,
        on_list_tools=desk.list_tools,
        on_call_tool=desk.call_tool,
        on_list_resources=desk.list_resources,
        on_list_resource_templates=desk.list_templates,
        on_read_resource=desk.read_resource,
        on_list_prompts=desk.list_prompts,
        on_get_prompt=desk.get_prompt,
    )


async def speak(server: Server[Any]) -> None:
    """Serve the one host at the other end of standard input and output until it hangs up."""
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


def application(server: Server[Any], host: str, token: str | None) -> ASGIApp:
    """Return the server as a web application that serves any number of hosts, at `/mcp`.

    It remembers nothing of them, so that they live through its restarts. On a loopback address it
    refuses requests that a web page of another origin sent.
    """
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        json_response=True,
        stateless_http=True,
        max_request_body_size=BODY_BYTES_MAX,
        host=host,
    )
    return Guarded(app, token) if token else app


class Guarded:
    """Lets those in who show the token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http" or self._admits(scope):
            await self._app(scope, receive, send)
            return
        refusal = JSONResponse(
            {"error": {"code": "UNAUTHORIZED", "message": "The token is missing or wrong"}},
            status_code=401,
            headers={"WWW-Authenticate": "Bearer"},
        )
        await refusal(scope, receive, send)

    def _admits(self, scope: Scope) -> bool:
        shown = dict(scope["headers"]).get(b"authorization", b"")
        return hmac.compare_digest(shown, self._expected)
