"""Calls of tools: decode the arguments, run the tool, encode its response or an error."""

import math
from collections.abc import Mapping
from typing import Any

import msgspec
from mcp.types import CallToolResult, TextContent, ToolAnnotations
from mcp.types import Tool as ShownTool

from dialoguedb.client.aio.database import AsyncDatabase
from dialoguedb.client.encoding import json_codec
from dialoguedb.errors import DialogueDBError, InvalidRequest
from dialoguedb.mcp.inline_files import without_files
from dialoguedb.mcp.tools import Tool

_NULLABLE = {"value"}
"""Arguments whose null is a value; agents also send null for other arguments they omit."""


def describe(name: str, tool: Tool[Any, Any]) -> ShownTool:
    """Return the description of a tool for agents and their hosts."""
    return ShownTool(
        name=name,
        title=tool.title,
        description=tool.purpose,
        input_schema=schema_of(tool.arguments),
        output_schema=schema_of(tool.response),
        annotations=ToolAnnotations(
            title=tool.title,
            read_only_hint=tool.read_only,
            destructive_hint=tool.destructive,
            idempotent_hint=tool.idempotent,
            open_world_hint=False,
        ),
    )


def schema_of(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the JSON schema of an object, complete in itself.

    Its title is the name of the class without `Arguments` or `Response`.
    """
    _, parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    schema = parts.pop(kind.__name__)
    schema["title"] = kind.__name__.removesuffix("Arguments").removesuffix("Response")
    return {**schema, "$defs": parts} if parts else schema


async def call(
    db: AsyncDatabase, tool: Tool[Any, Any], arguments: Mapping[str, Any]
) -> CallToolResult:
    """Run a tool; an error goes to the agent, which may correct its arguments."""
    try:
        response = await tool.run(db, _decoded(tool.arguments, arguments))
    except DialogueDBError as error:
        return _result(_error(error), is_error=True)
    return _result(msgspec.to_builtins(response))


def _decoded(kind: type[msgspec.Struct], arguments: Mapping[str, Any]) -> Any:
    given = {
        name: value for name, value in arguments.items() if value is not None or name in _NULLABLE
    }
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"The arguments do not fit: {error}") from error


def _error(error: DialogueDBError) -> dict[str, Any]:
    return {
        "error": {
            "code": error.code,
            "message": error.message,
            "details": msgspec.to_builtins(error.details),
            "requestId": error.request_id,
        },
    }


def _result(response: dict[str, Any], *, is_error: bool = False) -> CallToolResult:
    content = protocol_safe({"success": not is_error, **response})
    text = TextContent(text=json_codec.encode(without_files(content)).decode())
    return CallToolResult(content=[text], structured_content=content, is_error=is_error)


def protocol_safe(value: Any) -> Any:
    """Return a value without lone surrogates and infinite numbers, which the protocol refuses."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {protocol_safe(name): protocol_safe(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [protocol_safe(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
