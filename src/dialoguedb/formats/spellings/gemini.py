"""The contents and parts of Google's Gemini API, in camel case and in snake case."""

from collections.abc import Callable, Iterator
from typing import Any

from dialoguedb.formats.json_text import json_text, string
from dialoguedb.formats.parts import Part, Reasoning, Text, ToolCall, ToolResult
from dialoguedb.formats.spellings.media import attachment
from dialoguedb.formats.spellings.part_types import (
    Json,
    PartKind,
    PartType,
    Read,
    Source,
    Visible,
    shape,
)
from dialoguedb.formats.spellings.readers import arguments_text, text_part, visible_parts

SIGNATURE_KEYS = ("thoughtSignature", "thought_signature")
_TEXT_KEYS = ("text", "thought", *SIGNATURE_KEYS)
DATA_KEYS = {
    "text",
    "functionCall",
    "function_call",
    "functionResponse",
    "function_response",
    "inlineData",
    "inline_data",
    "fileData",
    "file_data",
    "executableCode",
    "executable_code",
    "codeExecutionResult",
    "code_execution_result",
    "toolCall",
    "tool_call",
    "toolResponse",
    "tool_response",
}
_MORE_KEYS = {
    "thought",
    *SIGNATURE_KEYS,
    *("mediaResolution", "media_resolution", "videoMetadata", "video_metadata"),
    *("partMetadata", "part_metadata", "audioTranscription", "audio_transcription"),
    *("mediaProcessing", "media_processing", "speechMetadata", "speech_metadata"),
    *("documentMetadata", "document_metadata", "spreadsheetMetadata", "spreadsheet_metadata"),
    *("audioMetadata", "audio_metadata"),
}
"""What a part may have beside its data."""


PART_KEYS = DATA_KEYS | _MORE_KEYS


def _is_part(value: Json) -> bool:
    """Tell whether an object has nothing but the members of a part."""
    keys = {key for key, item in value.items() if item is not None}
    return len(keys & DATA_KEYS) <= 1 and keys <= PART_KEYS


def _holds(*keys: str) -> Callable[[Json], bool]:
    """Return whether an object is a part with one of these members."""

    def fits(value: Json) -> bool:
        return any(isinstance(value.get(key), dict) for key in keys) and _is_part(value)

    return fits


def _is_blob(*keys: str) -> Callable[[Json], bool]:
    """Return whether an object has one of these members, whatever else it has."""

    def fits(value: Json) -> bool:
        return any(isinstance(value.get(key), dict) for key in keys)

    return fits


def _is_text(value: Json) -> bool:
    has_text = isinstance(value.get("text"), str) or value.get("thought") is True
    signed = any(isinstance(value.get(key), str) for key in SIGNATURE_KEYS)
    other = any(value.get(key) is not None for key in DATA_KEYS - {"text"})
    return (has_text or signed) and not other and _is_part(value)


def _text(source: Source) -> Iterator[Part]:
    """Read a text or a thought; a signature without a text is a thought that cannot be read."""
    written = source.string("text")
    signature = source.string(*SIGNATURE_KEYS)
    if source.value.get("thought") is True or (signature and not written):
        yield Reasoning(written, native=source.native)
    else:
        yield from text_part(written, source.native if signature else None)


def _inner(source: Source, *keys: str) -> Json:
    return next(found for key in keys if isinstance(found := source.value.get(key), dict))


def _call(source: Source) -> Iterator[Part]:
    call = _inner(source, "functionCall", "function_call")
    if name := string(call, "name"):
        more = source.value.keys() - DATA_KEYS or call.keys() - {"id", "name", "args"}
        arguments = arguments_text(call.get("args"))
        native = source.native if more else None
        yield ToolCall(string(call, "id"), name, arguments, native=native)


def _response(source: Source) -> Iterator[Part]:
    """Read a response: its only member `result` or `output`, or all of it."""
    response = _inner(source, "functionResponse", "function_response")
    output = response.get("response")
    parts = (*source.reader.output(_only(output)), *visible_parts(source, response.get("parts")))
    failed = isinstance(output, dict) and set(output) == {"error"}
    call_id, name = string(response, "id"), string(response, "name")
    yield ToolResult(call_id, parts, failed, "function", name, source.native)


def _only(output: Any) -> Any:
    if (
        isinstance(output, dict)
        and len(output) == 1
        and output.keys() <= {"result", "output", "error"}
    ):
        return next(iter(output.values()))
    return output


def _code(source: Source) -> Iterator[Part]:
    code = _inner(source, "executableCode", "executable_code")
    arguments = {key: code[key] for key in ("language", "code") if code.get(key)}
    yield ToolCall(
        string(code, "id"), "code_execution", arguments_text(arguments), "server", source.native
    )


def _code_result(source: Source) -> Iterator[Part]:
    result = _inner(source, "codeExecutionResult", "code_execution_result")
    failed = string(result, "outcome") not in {"", "OUTCOME_OK"}
    parts: tuple[Visible, ...] = tuple(text_part(result.get("output")))
    yield ToolResult(string(result, "id"), parts, failed, "server", "code_execution", source.native)


def _server_call(source: Source) -> Iterator[Part]:
    call = _inner(source, "toolCall", "tool_call")
    name = string(call, "toolType", "tool_type", "name").lower() or "tool"
    arguments = arguments_text(call.get("args"))
    yield ToolCall(string(call, "id"), name, arguments, "server", source.native)


def _server_result(source: Source) -> Iterator[Part]:
    found = _inner(source, "toolResponse", "tool_response")
    name = string(found, "toolType", "tool_type", "name").lower()
    response = found.get("response")
    parts: tuple[Visible, ...] = (Text(json_text(response)),) if response else ()
    yield ToolResult(string(found, "id"), parts, kind="server", name=name, native=source.native)


def _content(source: Source) -> Iterator[Part]:
    yield from source.reader.parts(source.value.get("parts"))


def _is_content(value: Json) -> bool:
    parts = value.get("parts")
    is_role = string(value, "role") in {"", "user", "model", "function"}
    return is_role and isinstance(parts, list) and value.keys() <= {"role", "parts"}


def _part(kind: PartKind, read: Read, camel: str, snake: str) -> PartType:
    return shape(f"`{camel}`, `{snake}`", kind, read, (camel, snake), _holds(camel, snake))


def _blob(camel: str, snake: str) -> PartType:
    return shape(
        f"`{camel}`, `{snake}`", "attachment", attachment(), (camel, snake), _is_blob(camel, snake)
    )


TYPES = [
    shape("`text`, also with `thought` or `thoughtSignature`", "text", _text, _TEXT_KEYS, _is_text),
    _part("call", _call, "functionCall", "function_call"),
    _part("result", _response, "functionResponse", "function_response"),
    _blob("inlineData", "inline_data"),
    _blob("fileData", "file_data"),
    _part("server call", _code, "executableCode", "executable_code"),
    _part("server result", _code_result, "codeExecutionResult", "code_execution_result"),
    _part("server call", _server_call, "toolCall", "tool_call"),
    _part("server result", _server_result, "toolResponse", "tool_response"),
    shape("a content with `role` and `parts`", "message", _content, ("parts",), _is_content),
]
