"""One call of a tool: arguments are read, the tool acts, its answer or a refusal is written."""

import math
from collections.abc import Mapping
from typing import Any

import msgspec
from mcp.types import CallToolResult, TextContent, ToolAnnotations
from mcp.types import Tool as ShownTool

from dialoguedb.client.aio.database import AsyncDatabase
from dialoguedb.client.encoding import json_codec
from dialoguedb.errors import DialogueDBError, InvalidRequest
from dialoguedb.mcp.tools import Tool

_NULLABLE = {"value"}
"""Arguments whose null is a value; of others, agents mean by it that they give none."""


def shown(name: str, tool: Tool[Any, Any]) -> ShownTool:
    """Return what agents and their hosts are told about a tool."""
    return ShownTool(
        name=name,
        title=tool.title,
        description=tool.purpose,
        input_schema=schema_of(tool.takes),
        output_schema=schema_of(tool.answers),
        annotations=ToolAnnotations(
            title=tool.title,
            read_only_hint=tool.reads,
            destructive_hint=tool.destroys,
            idempotent_hint=tool.repeatable,
            open_world_hint=False,
        ),
    )


def schema_of(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the JSON schema of an object, with what it is made of inside of it."""
    _, parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    schema = parts.pop(kind.__name__)
    return {**schema, "$defs": parts} if parts else schema


async def call(
    db: AsyncDatabase, tool: Tool[Any, Any], arguments: Mapping[str, Any]
) -> CallToolResult:
    """Let a tool act; what is refused is told to the agent, who may do better then."""
    try:
        answer = await tool.act(db, _read(tool.takes, arguments))
    except DialogueDBError as error:
        return _result(_refusal(error), is_error=True)
    return _result(msgspec.to_builtins(answer))


def _read(kind: type[msgspec.Struct], arguments: Mapping[str, Any]) -> Any:
    given = {
        name: value for name, value in arguments.items() if value is not None or name in _NULLABLE
    }
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"The arguments do not fit: {error}") from error


def _refusal(error: DialogueDBError) -> dict[str, Any]:
    return {
        "error": {
            "code": error.code,
            "message": error.message,
            "details": msgspec.to_builtins(error.details),
            "requestId": error.request_id,
        },
    }


def _result(answer: dict[str, Any], *, is_error: bool = False) -> CallToolResult:
    answer = tellable({"success": not is_error, **answer})
    text = TextContent(text=json_codec.encode(answer).decode())
    return CallToolResult(content=[text], structured_content=answer, is_error=is_error)


def tellable(value: Any) -> Any:
    """Return a value without what is stored faithfully, but has no place in a protocol of text."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {tellable(name): tellable(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [tellable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
