"""The items of OpenAI's Agents SDK for JavaScript: those of Responses by names of its own.

What that API has beside them is in `providerData`. They are read as the items that they are made
from, which is also what goes back to OpenAI.
"""

from collections.abc import Iterator
from typing import Any

from dialoguedb.formats.json_text import string
from dialoguedb.formats.parts import Part, ToolResult
from dialoguedb.formats.spellings.part_types import Json, Source, types
from dialoguedb.formats.spellings.readers import arguments_of, server_call

_TYPES = {
    "function_call_result": "function_call_output",
    "computer_call_result": "computer_call_output",
}
_NAMES = {
    "callId": "call_id",
    "callerId": "caller_id",
    "timeoutMs": "timeout_ms",
    "maxOutputLength": "max_output_length",
    "exitCode": "exit_code",
    "rawContent": "content",
    "moveTo": "move_to",
}
_FREE = frozenset({"arguments", "tools", "content"})
"""Members whose own members are nobody's but their writer's."""


def _item(source: Source) -> Iterator[Part]:
    yield from source.reader.parts(_of_responses(source.value))


def _of_responses(value: Json) -> Json:
    """Return an item as the API has it; a bare type, which any table has, is given a member."""
    kind = string(value, "type")
    own = {key: item for key, item in value.items() if key != "providerData"}
    return {"id": None, **_beside(value), **_named(own), "type": _TYPES.get(kind, kind)}


def _beside(value: Json) -> Json:
    beside = value.get("providerData")
    return _named(beside) if isinstance(beside, dict) else {}


def _named(value: Any) -> Any:
    """Return members under the names that the API has for them."""
    if isinstance(value, list):
        return [_named(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        _NAMES.get(key, key): item if key in _FREE else _named(item) for key, item in value.items()
    }


def _program_output(source: Source) -> Iterator[Part]:
    item = _of_responses(source.value)
    if "output" in item:
        item["result"] = item.pop("output")
    yield from source.reader.parts(item)


def _message(source: Source) -> Iterator[Part]:
    """Read a message; what the API has beside a text stands in the text's own `providerData`."""
    item = _of_responses(source.value)
    content = item.get("content")
    if isinstance(content, list):
        item["content"] = [_part(one) if isinstance(one, dict) else one for one in content]
    yield from source.reader.parts(item)


def _part(part: Json) -> Json:
    own = {key: item for key, item in part.items() if key != "providerData"}
    return {**_beside(part), **own}


def _screenshot(source: Source) -> Iterator[Part]:
    item = _of_responses(source.value)
    output = item.get("output")
    if isinstance(output, dict) and "data" in output:
        item["output"] = {"type": "computer_screenshot", "image_url": output["data"]}
    yield from source.reader.parts(item)


def _reasoning(source: Source) -> Iterator[Part]:
    """Read a thought: its `content` is the summary, its `rawContent` the content."""
    value = source.value
    summary = value.get("content")
    summary = [one for one in summary if isinstance(one, dict)] if isinstance(summary, list) else []
    texts = [{"type": "summary_text", "text": string(one, "text")} for one in summary]
    whole = {key: item for key, item in value.items() if key != "content"}
    yield from source.reader.parts({**_of_responses(whole), "summary": texts})


def _hosted(source: Source) -> Iterator[Part]:
    """Read a call that its provider ran, under the type of its item; else under its name."""
    value, beside = source.value, _beside(source.value)
    kind = string(beside, "type") or source.string("name")
    output = value.get("output")
    if kind.startswith("mcp_") or kind.endswith("_call"):
        own = {key: value[key] for key in ("id", "status") if key in value}
        held = {"result" if kind == "image_generation_call" else "output": output}
        yield from source.reader.parts({**beside, **own, **(held if output else {}), "type": kind})
        return
    yield server_call(
        source.of({**value, "type": kind}), arguments=arguments_of(value, "arguments")
    )
    if output:
        parts = source.reader.output(output)
        yield ToolResult(source.string("id"), parts, kind="server", name=kind)


def _unknown(source: Source) -> Iterator[Part]:
    """Read an item that the SDK does not know, which is all in `providerData`."""
    yield from source.reader.parts(source.value.get("providerData"))


def _attached(source: Source) -> Iterator[Part]:
    """Read an image or a file of a message: bytes, an address, or an object with its id."""
    value = source.value
    kind = source.string("type").removeprefix("input_")
    held = value.get(kind)
    held = held if isinstance(held, dict) else {"url": held}
    url, file_id = string(held, "url"), string(held, "id")
    if file_id:
        found: Json = {"file_id": file_id}
    elif kind == "image":
        found = {"image_url": url}
    else:
        is_remote = url.startswith(("https://", "http://"))
        found = {**held, "url": None, "file_url" if is_remote else "file_data": url}
    rest = {key: item for key, item in value.items() if key not in {kind, "providerData"}}
    yield from source.reader.parts({**rest, **found})


_OF_BOTH = ("callId", "providerData")

TYPES = [
    *types("message", _message, "message", keys=("providerData",)),
    *types("reasoning", _reasoning, "reasoning", keys=("providerData", "rawContent")),
    *types("call", _item, "function_call", "computer_call", keys=_OF_BOTH),
    *types("call", _item, "shell_call", "apply_patch_call", "tool_search_call", keys=_OF_BOTH),
    *types("result", _item, "function_call_result", keys=_OF_BOTH),
    *types("result", _screenshot, "computer_call_result", keys=_OF_BOTH),
    *types("result", _item, "shell_call_output", "apply_patch_call_output", keys=_OF_BOTH),
    *types("result", _item, "tool_search_output", keys=_OF_BOTH),
    *types("server call", _item, "program", keys=_OF_BOTH),
    *types("server result", _program_output, "program_output", keys=_OF_BOTH),
    *types("server call", _hosted, "hosted_tool_call", keys=("name",)),
    *types("opaque", _unknown, "unknown", keys=("providerData",)),
    *types("attachment", _attached, "input_image", keys=("image",)),
    *types("attachment", _attached, "input_file", keys=("file",)),
]
