"""Resources of the protocol: conversations and memories by URI, as the tools return them."""

from urllib.parse import parse_qs, quote, unquote, urlsplit

import msgspec
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    ListResourcesResult,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextResourceContents,
)

from dialoguedb.client.aio.database import AsyncDatabase
from dialoguedb.client.encoding import json_codec
from dialoguedb.errors import DialogueDBError
from dialoguedb.mcp import memories, sessions
from dialoguedb.mcp.arguments import (
    ListMemoriesArguments,
    ListSessionsArguments,
    OneMemoryArguments,
    ResumeArguments,
)
from dialoguedb.mcp.responses import Outline, ToolResponse
from dialoguedb.mcp.tool_calls import protocol_safe

_SCHEME = "dialoguedb"
_JSON = "application/json"
_SHOWN = 50

TEMPLATES = [
    ResourceTemplate(
        name="session",
        title="A conversation",
        uri_template=f"{_SCHEME}://sessions/{{id}}{{?namespace}}",
        description="A stored conversation with its state and its last messages",
        mime_type=_JSON,
    ),
    ResourceTemplate(
        name="memory",
        title="A memory",
        uri_template=f"{_SCHEME}://memories/{{id}}{{?namespace}}",
        description="One thing that is remembered",
        mime_type=_JSON,
    ),
]

LISTS = [
    Resource(
        name="sessions",
        title="Recent conversations",
        uri=f"{_SCHEME}://sessions",
        description=f"The last {_SHOWN} conversations that were created",
        mime_type=_JSON,
    ),
    Resource(
        name="memories",
        title="Recent memories",
        uri=f"{_SCHEME}://memories",
        description=f"The last {_SHOWN} things that were remembered",
        mime_type=_JSON,
    ),
]


async def list_page(db: AsyncDatabase, cursor: str | None) -> ListResourcesResult:
    """Return a page of resources: the two lists, then the conversations, newest first."""
    page = await sessions.list_sessions(db, ListSessionsArguments(limit=_SHOWN, next=cursor))
    resources = [*([] if cursor else LISTS), *(_resource(one) for one in page.dialogues)]
    return ListResourcesResult(resources=resources, next_cursor=page.next)


async def read(db: AsyncDatabase, uri: str) -> ReadResourceResult:
    """Return the resource of a URI."""
    try:
        response = await _response(db, uri)
    except DialogueDBError as error:
        raise MCPError(INVALID_PARAMS, error.message, {"uri": uri, "code": error.code}) from error
    text = json_codec.encode(protocol_safe(msgspec.to_builtins(response))).decode()
    return ReadResourceResult(contents=[TextResourceContents(uri=uri, mime_type=_JSON, text=text)])


async def _response(db: AsyncDatabase, uri: str) -> ToolResponse:
    parts = urlsplit(uri)
    object_id = unquote(parts.path.removeprefix("/"))
    namespace = parse_qs(parts.query, keep_blank_values=True).get("namespace", [None])[-1]
    match parts.scheme, parts.netloc, bool(object_id):
        case "dialoguedb", "sessions", True:
            return await sessions.resume(db, ResumeArguments(id=object_id, namespace=namespace))
        case "dialoguedb", "sessions", False:
            return await sessions.list_sessions(
                db, ListSessionsArguments(limit=_SHOWN, namespace=namespace)
            )
        case "dialoguedb", "memories", True:
            return await memories.get_memory(
                db, OneMemoryArguments(id=object_id, namespace=namespace)
            )
        case "dialoguedb", "memories", False:
            return await memories.list_memories(
                db, ListMemoriesArguments(limit=_SHOWN, namespace=namespace)
            )
    raise MCPError(INVALID_PARAMS, f"Nothing has the address {uri}", {"uri": uri})


def _resource(session: Outline) -> Resource:
    query = f"?namespace={quote(session.namespace, safe='')}" if session.namespace else ""
    return Resource(
        name=session.id,
        title=session.label or session.id,
        uri=f"{_SCHEME}://sessions/{quote(session.id, safe='')}{query}",
        description=f"Begun {session.created}; messages: {session.message_count}",
        mime_type=_JSON,
    )
