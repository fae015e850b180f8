"""The items of OpenAI's Responses API."""

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from dialoguedb.formats.json_text import string
from dialoguedb.formats.parts import Attachment, Part, Text, ToolCall, ToolKind, ToolResult
from dialoguedb.formats.spellings.media import attachment, attachment_of
from dialoguedb.formats.spellings.part_types import Json, Read, Source, Visible, types
from dialoguedb.formats.spellings.readers import (
    CallKeys,
    ResultKeys,
    arguments_text,
    call,
    opaque,
    reasoning,
    result,
    server_call,
    text,
    text_part,
)


def _message(source: Source) -> Iterator[Part]:
    """Read a message; texts of an answer keep it, as it belongs to the reasoning before it."""
    content = source.value.get("content")
    is_answer = source.value.get("role") == "assistant" and source.string("id", "phase")
    if not is_answer or {string(part, "type") for part in _objects(content)} - ANSWER_TYPES:
        yield from source.reader.parts(content)
        return
    for part in source.reader.parts(content):
        yield replace(part, native=source.native) if isinstance(part, Text) else part


ANSWER_TYPES = frozenset({"output_text", "refusal"})
"""The parts of an answer; a message with others is one of Anthropic, as its client returns it."""

CONTENT_TYPES = ANSWER_TYPES | {"input_text", "input_image", "input_file"}
"""The parts of messages."""

PART_TYPES = CONTENT_TYPES | {"summary_text", "reasoning_text"}
"""What is a part of an item, and none itself."""

_MADE_BY_MODEL = frozenset({"reasoning", "mcp_list_tools", "mcp_approval_request", "program"})


def is_made_by_model(item: Json) -> bool:
    """Tell whether an item is one that a model may have thought about before: all that it makes."""
    kind = string(item, "type")
    if kind in {"", "message"}:
        return item.get("role") == "assistant"
    return kind in _MADE_BY_MODEL or kind.endswith("_call")


def _client_call(name: str, *keys: str) -> Read:
    """Read a call of a tool without a name of its own: these members are its arguments."""

    def read(source: Source) -> Iterator[Part]:
        call_id = source.string("call_id", "id")
        yield ToolCall(call_id, name, _arguments(source.value, keys), native=source.native)

    return read


def _server_call(name: str, *keys: str) -> Read:
    """Read a call that OpenAI runs, and what it has found: one item has both."""

    def read(source: Source) -> Iterator[Part]:
        value = source.value
        call_id = source.string("id")
        called = name or source.string("name")
        if called:
            arguments = _arguments(value, keys)
            yield ToolCall(call_id, called, arguments, "server", source.native)
        if found := tuple(_found(source)):
            failed = value.get("status") == "failed" or bool(value.get("error"))
            yield ToolResult(call_id, found, failed, "server", called, source.native)

    return read


def _arguments(value: Json, keys: tuple[str, ...]) -> str:
    """Return these members as arguments; one alone that is an object or a text of JSON is all."""
    found = {key: value[key] for key in keys if value.get(key) is not None}
    if len(found) == 1 and (inner := found.get("action") or found.get("arguments")):
        return arguments_text(inner)
    return arguments_text(found)


def _found(source: Source) -> Iterator[Visible]:
    """Yield what is visible of the result that an item has."""
    value = source.value
    action = value.get("action")
    for page in _objects(action.get("sources") if isinstance(action, dict) else None):
        yield from text_part(string(page, "url"))
    for hit in _objects(value.get("results")):
        found = (string(hit, "filename"), string(hit, "text"))
        yield from text_part("\n".join(filter(None, found)))
    for output in _objects(value.get("outputs")):
        if output.get("type") == "image":
            yield attachment_of(source.of(output), "image")
        else:
            yield from text_part(output.get("logs"))
    yield from text_part(value.get("output"))
    yield from text_part(_error(value.get("error")))


def _error(error: Any) -> Any:
    return string(error, "message", "code", "type") if isinstance(error, dict) else error


def _objects(value: Any) -> Iterator[Json]:
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            yield item


def _image_generation(source: Source) -> Iterator[Part]:
    prompt = source.string("revised_prompt")
    arguments = arguments_text({"prompt": prompt} if prompt else {})
    call_id = source.string("id")
    yield ToolCall(call_id, "image_generation", arguments, "server", source.native)
    image = {"data": source.value.get("result")}
    made = attachment_of(source.of(image), "image")
    if isinstance(image["data"], str):
        form = source.string("output_format") or "png"
        shown = Attachment("image", "", f"image/{form}", made.data)
        yield ToolResult(
            call_id, (shown,), kind="server", name="image_generation", native=source.native
        )


def _shell_output(source: Source) -> Iterator[Part]:
    """Read what commands have printed, with their exit codes where these are no success."""
    output = source.value.get("output")
    lines_ = [line for item in _objects(output) for line in _printed(item)]
    printed = "\n".join(lines_) if isinstance(output, list) else output
    call_id = source.string("call_id", "id")
    parts = tuple(text_part(printed))
    yield ToolResult(call_id, parts, name="shell", native=source.native)


def _printed(item: Json) -> Iterator[str]:
    yield from filter(None, (string(item, "stdout"), string(item, "stderr")))
    outcome = item.get("outcome")
    outcome = outcome if isinstance(outcome, dict) else {}
    if outcome.get("type") == "timeout":
        yield "[timeout]"
    elif code := outcome.get("exit_code"):
        yield f"[exit code {code}]"


def _tool_search(source: Source) -> Iterator[Part]:
    is_client = source.value.get("execution") == "client"
    arguments = arguments_text(source.value.get("arguments"))
    call_id = source.string("call_id")
    kind: ToolKind = "function" if is_client else "server"
    yield ToolCall(call_id, "tool_search", arguments, kind, source.native)


def _tools_found(source: Source) -> Iterator[Part]:
    is_client = source.value.get("execution") == "client"
    names = [
        string(tool, "name", "server_label", "type") for tool in _objects(source.value.get("tools"))
    ]
    parts = tuple(text_part("\n".join(filter(None, names))))
    kind: ToolKind = "function" if is_client else "server"
    call_id = source.string("call_id")
    yield ToolResult(call_id, parts, kind=kind, name="tool_search", native=source.native)


def _program(source: Source) -> Iterator[Part]:
    yield server_call(source, name="program", arguments={"code": source.string("code")})


_FUNCTION = call(CallKeys(id=("call_id", "id"), arguments=("arguments",), known=("status",)))
_CUSTOM = call(CallKeys(id=("call_id", "id"), arguments=("input",), kind="custom"))
_OUTPUT = result(ResultKeys(id=("call_id",), output=("output",), known=("status",)))
_NATIVE_OUTPUT = result(ResultKeys(id=("call_id", "id"), output=("output",), known=None))
_PROGRAM_OUTPUT = result(ResultKeys(id=("call_id",), output=("result",), kind="server", known=None))

TYPES = [
    *types("message", _message, "message", keys=("content",)),
    *types("text", text("text"), "input_text", "output_text", keys=("text",)),
    *types("text", text("logs"), "logs", keys=("logs",)),
    *types("reasoning", reasoning("text"), "summary_text", "reasoning_text", keys=("text",)),
    *types("attachment", attachment("image"), "input_image"),
    *types("attachment", attachment("image"), "computer_screenshot"),
    *types("attachment", attachment(), "input_file"),
    *types("call", _FUNCTION, "function_call", keys=("name",)),
    *types("call", _CUSTOM, "custom_tool_call"),
    *types("call", _client_call("computer", "action", "actions"), "computer_call"),
    *types("call", _client_call("local_shell", "action"), "local_shell_call"),
    *types("call", _client_call("shell", "action"), "shell_call"),
    *types("call", _client_call("apply_patch", "operation"), "apply_patch_call"),
    *types("call", _tool_search, "tool_search_call"),
    *types("server call", _server_call("web_search", "action"), "web_search_call"),
    *types("server call", _server_call("file_search", "queries"), "file_search_call"),
    *types("server call", _server_call("code_interpreter", "code"), "code_interpreter_call"),
    *types("server call", _image_generation, "image_generation_call"),
    *types("server call", _server_call("", "arguments"), "mcp_call"),
    *types("server call", _program, "program"),
    *types("result", _OUTPUT, "function_call_output"),
    *types("result", _NATIVE_OUTPUT, "custom_tool_call_output", "computer_call_output"),
    *types("result", _NATIVE_OUTPUT, "local_shell_call_output", "apply_patch_call_output"),
    *types("result", _shell_output, "shell_call_output"),
    *types("result", _tools_found, "tool_search_output"),
    *types("server result", _PROGRAM_OUTPUT, "program_output"),
    *types(
        "reasoning",
        reasoning("content", "summary"),
        "reasoning",
        keys=("summary", "encrypted_content", "id content"),
    ),
    *types("opaque", opaque(), "compaction", keys=("encrypted_content",)),
    *types("opaque", opaque(), "compaction_summary", "compaction_trigger", "context_compaction"),
    *types("opaque", opaque(), "mcp_list_tools", "mcp_approval_request", "mcp_approval_response"),
    *types("opaque", opaque(), "item_reference", "additional_tools", "configuration_update"),
]
