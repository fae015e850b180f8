"""The MCP server: over standard input and output, or over HTTP."""

import hmac
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
from dialoguedb.mcp import prompts, resources
from dialoguedb.mcp.tool_calls import call, describe
from dialoguedb.mcp.tools import OfferedTools
from dialoguedb.values.limits import BODY_BYTES_MAX

PATH = "/mcp"

Context = ServerRequestContext[Any, Any]


class ProtocolServer:
    """Serves the requests of the protocol from a database."""

    def __init__(self, db: AsyncDatabase, tools: OfferedTools) -> None:
        self._db = db
        self._tools = tools
        self._descriptions = [describe(name, tool) for name, tool in tools.by_name.items()]

    async def list_tools(self, _: Context, __: PaginatedRequestParams | None) -> ListToolsResult:
        """List the tools."""
        return ListToolsResult(tools=self._descriptions)

    async def call_tool(self, _: Context, params: CallToolRequestParams) -> CallToolResult:
        """Run a tool."""
        tool = self._tools.by_name.get(params.name)
        if tool is None:
            raise MCPError(INVALID_PARAMS, f"There is no tool {params.name!r} here")
        return await call(self._db, tool, params.arguments or {})

    async def list_resources(
        self, _: Context, params: PaginatedRequestParams | None
    ) -> ListResourcesResult:
        """List the resources."""
        return await resources.list_page(self._db, params.cursor if params else None)

    async def list_templates(
        self, _: Context, __: PaginatedRequestParams | None
    ) -> ListResourceTemplatesResult:
        """List the templates of URIs."""
        return ListResourceTemplatesResult(resource_templates=resources.TEMPLATES)

    async def read_resource(
        self, _: Context, params: ReadResourceRequestParams
    ) -> ReadResourceResult:
        """Read the resource of a URI."""
        return await resources.read(self._db, str(params.uri))

    async def list_prompts(
        self, _: Context, __: PaginatedRequestParams | None
    ) -> ListPromptsResult:
        """List the prompts."""
        return ListPromptsResult(prompts=prompts.PROMPTS)

    async def get_prompt(self, _: Context, params: GetPromptRequestParams) -> GetPromptResult:
        """Fill a prompt."""
        return await prompts.fill(self._db, self._tools, params.name, params.arguments or {})


def create(db: AsyncDatabase, tools: OfferedTools, version: str) -> Server[Any]:
    """Return a server for these tools and a database."""
    handlers = ProtocolServer(db, tools)
    return Server(
        "dialoguedb",
        title="DialogueDB",
        version=version,
        instructions=tools.named_in(prompts.INSTRUCTIONS),
        on_list_tools=handlers.list_tools,
        on_call_tool=handlers.call_tool,
        on_list_resources=handlers.list_resources,
        on_list_resource_templates=handlers.list_templates,
        on_read_resource=handlers.read_resource,
        on_list_prompts=handlers.list_prompts,
        on_get_prompt=handlers.get_prompt,
    )


async def serve_stdio(server: Server[Any]) -> None:
    """Serve the host at the other end of standard input and output until it hangs up."""
    async with stdio_server() as (reader, writer):
        await server.run(reader, writer, server.create_initialization_options())


def http_app(server: Server[Any], host: str, token: str) -> ASGIApp:
    """Return the server as a web application that serves any number of hosts, at `/mcp`.

    It is stateless, so hosts survive its restarts. They show a token, on a loopback address, too,
    where other users of the machine and web pages come from; those of another origin are refused.
    """
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        json_response=True,
        stateless_http=True,
        max_request_body_size=BODY_BYTES_MAX,
        host=host,
    )
    return TokenAuthentication(app, token)


class TokenAuthentication:
    """Requires a Bearer token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or respond with 401."""
        if scope["type"] != "http" or self._is_authorized(scope):
            await self._app(scope, receive, send)
            return
        response = JSONResponse(
            {"error": {"code": "UNAUTHORIZED", "message": "The token is missing or wrong"}},
            status_code=401,
            headers={"WWW-Authenticate": "Bearer"},
        )
        await response(scope, receive, send)

    def _is_authorized(self, scope: Scope) -> bool:
        header = dict(scope["headers"]).get(b"authorization", b"")
        scheme, _, shown = header.partition(b" ")
        is_token = hmac.compare_digest(shown.strip(), self._expected)
        return is_token and scheme.lower() == b"bearer"
