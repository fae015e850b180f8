"""The content blocks of Anthropic's Messages API."""

from collections.abc import Iterator

from dialoguedb.formats.json_text import string
from dialoguedb.formats.parts import Attachment, Native, Other, Part, Reasoning
from dialoguedb.formats.spellings.media import attachment, attachment_of
from dialoguedb.formats.spellings.part_types import Source, types
from dialoguedb.formats.spellings.readers import (
    CallKeys,
    ResultKeys,
    call,
    inner_text,
    lines,
    opaque,
    result,
    server_call,
    text,
    text_part,
)


def _thinking(source: Source) -> Iterator[Part]:
    """Read a thought; that of Mistral is an array of texts."""
    thought = inner_text(source, source.value.get("thinking"))
    yield Reasoning(thought, source.string("signature"), native=_own(source, "thinking"))


def _redacted(source: Source) -> Iterator[Part]:
    yield Reasoning(data=source.string("data"), native=_own(source, "data"))


def _own(source: Source, key: str) -> Native:
    """Return a thought with its own members alone: with any other one it is refused."""
    own = ("type", key, "signature")
    return Native("anthropic", {name: source.value[name] for name in own if name in source.value})


def _document(source: Source) -> Iterator[Part]:
    """Read a document; of one that is a text, or blocks of texts, this is its text."""
    inner = source.value.get("source")
    inner = inner if isinstance(inner, dict) else {}
    if string(inner, "type") not in {"text", "content"}:
        yield attachment_of(source, "document")
        return
    written = inner_text(source, inner.get("data", inner.get("content")))
    name = source.string("title")
    media_type = string(inner, "media_type") or "text/plain"
    yield Attachment(
        "document", media_type=media_type, name=name, text=written, native=source.native
    )


def _search_result(source: Source) -> Iterator[Part]:
    found = (source.string("title"), source.string("source"))
    written = inner_text(source, source.value.get("content"))
    yield from text_part("\n".join(filter(None, (*found, written))), source.native)


def _server_tool_use(source: Source) -> Iterator[Part]:
    yield server_call(source, arguments=source.value.get("input"))


def _fetched(source: Source) -> Iterator[Part]:
    yield from text_part(source.value.get("url"))
    yield from source.reader.parts(source.value.get("content"))


def _output(source: Source) -> Iterator[Part]:
    """Read what code has printed, and the files that it wrote."""
    printed = (source.string("stdout"), source.string("stderr"))
    yield from text_part("\n".join(filter(None, printed)))
    yield from source.reader.parts(source.value.get("content"))


def _view(source: Source) -> Iterator[Part]:
    found = source.value.get("content", source.value.get("lines"))
    written = (
        [line for line in found if isinstance(line, str)] if isinstance(found, list) else found
    )
    yield from text_part("\n".join(written) if isinstance(written, list) else written)


def _tool_names(source: Source) -> Iterator[Part]:
    yield from source.reader.parts(source.value.get("tool_references"))


def _browser_state(source: Source) -> Iterator[Part]:
    """Read the tabs of a browser: titles and addresses."""
    tabs = source.value.get("tabs")
    tabs = [tab for tab in tabs if isinstance(tab, dict)] if isinstance(tabs, list) else []
    lines_ = [" ".join(filter(None, (string(tab, "title"), string(tab, "url")))) for tab in tabs]
    yield Other("browser_state", "\n".join(filter(None, lines_)), native=source.native)


def _budget(source: Source) -> Iterator[Part]:
    """Read what Claude's data exports note of tokens, which the API takes from nobody."""
    yield Other(source.string("type"))


_USE = call(CallKeys(arguments=("input",)))
_RESULT = result(ResultKeys(id=("tool_use_id", "tool_call_id"), output=("content",)))
_SERVER_RESULT = result(
    ResultKeys(id=("tool_use_id",), output=("content",), kind="server", known=None)
)
_SERVER_TOOLS = (
    "web_search",
    "web_fetch",
    "code_execution",
    "bash_code_execution",
    "text_editor_code_execution",
    "tool_search",
    "advisor",
)
_EDITS = (
    "text_editor_code_execution_view_result",
    "text_editor_code_execution_create_result",
    "text_editor_code_execution_str_replace_result",
)
_RUNS = ("code_execution_result", "bash_code_execution_result", "encrypted_code_execution_result")

TYPES = [
    *types("text", text("text", native="citations"), "text", keys=("text citations",)),
    *types("attachment", attachment("image"), "image", keys=("source",)),
    *types("attachment", _document, "document", keys=("source",)),
    *types("attachment", attachment("file"), "container_upload"),
    *types("attachment", attachment("file"), "code_execution_output", "bash_code_execution_output"),
    *types("text", _search_result, "search_result"),
    *types("call", _USE, "tool_use", keys=("name",)),
    *types("result", _RESULT, "tool_result", keys=("tool_use_id", "content")),
    *types("server call", _server_tool_use, "server_tool_use", "mcp_tool_use"),
    *types("server result", _SERVER_RESULT, *(f"{name}_tool_result" for name in _SERVER_TOOLS)),
    *types("server result", _SERVER_RESULT, "mcp_tool_result"),
    *types(
        "text",
        lines("error_code", "error_message"),
        *(f"{name}_tool_result_error" for name in _SERVER_TOOLS),
    ),
    *types("text", lines("title", "url"), "web_search_result"),
    *types("text", _fetched, "web_fetch_result"),
    *types("text", _output, *_RUNS),
    *types("text", _view, *_EDITS),
    *types("text", _tool_names, "tool_search_tool_search_result"),
    *types("text", lines("tool_name"), "tool_reference", keys=("tool_name",)),
    *types("text", lines("text"), "advisor_result"),
    *types("opaque", opaque(), "advisor_redacted_result"),
    *types("opaque", _browser_state, "browser_state"),
    *types("reasoning", _thinking, "thinking", keys=("thinking",)),
    *types("reasoning", _redacted, "redacted_thinking"),
    *types(
        "opaque", opaque("content"), "compaction", keys=("content", "signature", "tool_changes")
    ),
    *types("opaque", _budget, "token_budget"),
    *types("opaque", opaque(), "tool_addition", "tool_removal", "mcp_tool_listing", "fallback"),
]
