"""The arguments of calls, as text and as objects."""

import json
from typing import Any

import msgspec

from dialoguedb.errors import InvalidRequest
from dialoguedb.formats.json_text import replace_surrogates
from dialoguedb.formats.parts import ToolCall
from dialoguedb.values import rawjson

Json = dict[str, Any]

_object_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])


def as_object(call: ToolCall) -> Json:
    """Return the arguments as an object; the text of a custom tool, or what is none, wrapped."""
    if call.kind == "custom":
        return {"input": call.arguments}
    read = _read(call.arguments) if call.arguments else {}
    return read if isinstance(read, dict) else {"arguments": read}


def as_text(call: ToolCall) -> str:
    """Return the arguments as JSON of an object, as they are stored if they are that.

    Servers of open models decode them, and refuse a conversation in which they cannot.
    """
    if call.kind != "custom" and _is_object(call.arguments):
        return call.arguments
    return json.dumps(as_object(call), ensure_ascii=False)


def _is_object(arguments: str) -> bool:
    try:
        _object_decoder.decode(arguments)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return isinstance(_read(arguments), dict)
    return True


def _read(arguments: str) -> Any:
    """Return the arguments decoded; as they are if they are not JSON."""
    try:
        rawjson.prepare(arguments.encode())
        return encodable(json.loads(arguments))
    except (InvalidRequest, ValueError, RecursionError):
        return arguments


def encodable(value: Any) -> Any:
    """Return JSON that encodes as UTF-8, lone surrogates replaced."""
    try:
        msgspec.json.encode(value)
    except UnicodeEncodeError:
        return json.loads(replace_surrogates(json.dumps(value, ensure_ascii=False)))
    return value
