"""The arguments of calls, as text and as objects."""

import json
from typing import Any

import msgspec

from dialoguedb.errors import InvalidRequest
from dialoguedb.formats.parts import ToolCall
from dialoguedb.formats.turns import replace_surrogates
from dialoguedb.values import rawjson

Json = dict[str, Any]


def as_object(call: ToolCall) -> Json:
    """Return the arguments as an object; the text of a custom tool, or what is none, wrapped."""
    if call.kind == "custom":
        return {"input": call.arguments}
    if not call.arguments:
        return {}
    try:
        rawjson.prepare(call.arguments.encode())
        read = encodable(json.loads(call.arguments))
    except (InvalidRequest, ValueError, RecursionError):
        read = call.arguments
    return read if isinstance(read, dict) else {"arguments": read}


def as_text(call: ToolCall) -> str:
    """Return the arguments as JSON of an object, as they are if they are that."""
    value = as_object(call)
    if call.kind != "custom" and call.arguments.lstrip()[:1] == "{" and "arguments" not in value:
        return call.arguments
    return json.dumps(value, ensure_ascii=False)


def encodable(value: Any) -> Any:
    """Return JSON that encodes as UTF-8, lone surrogates replaced."""
    try:
        msgspec.json.encode(value)
    except UnicodeEncodeError:
        return json.loads(replace_surrogates(json.dumps(value, ensure_ascii=False)))
    return value
