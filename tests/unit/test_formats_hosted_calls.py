"""Calls that a provider ran itself, for other APIs: with what they found, or not at all."""

import json
from typing import Any

import pytest

from dialoguedb.formats import convert
from dialoguedb.formats.parts import Text, ToolCall
from dialoguedb.formats.turns import parse_parts
from tests.unit.rendering import messages as windowed

ASK = {"role": "user", "content": "Where?"}
ANSWER = {"role": "assistant", "content": "So."}
TARGETS = ["openai", "responses", "anthropic", "gemini", "ui-message"]

SEARCH = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
FILES = {"type": "file_search_call", "id": "fs_1", "status": "completed", "queries": ["x"]}
CODE = {"type": "code_interpreter_call", "id": "ci_1", "code": "1", "container_id": "c"}
MCP = {"type": "mcp_call", "id": "mc_1", "name": "find", "server_label": "s", "arguments": "{}"}
IMAGE = {"type": "image_generation_call", "id": "ig_1"}


def claude(kind, name):
    use = {"type": kind, "id": "srv_1", "name": name, "input": {}}
    return {"role": "assistant", "content": [use]}


def kept(kind, **more):
    call = {"type": kind, "toolCallId": "t", "state": "input-available", "input": {}}
    return {"role": "assistant", "parts": [{**call, "providerExecuted": True, **more}]}


SILENT = {
    "files, null": {**FILES, "results": None},
    "files, none found": {**FILES, "results": []},
    "web": {**SEARCH, "action": {"type": "search", "query": "x"}},
    "web, null": {**SEARCH, "action": {"type": "search", "query": "x", "sources": None}},
    "web, a page": {**SEARCH, "action": {"type": "open_page", "url": "https://example.com"}},
    "web, failed": {**SEARCH, "status": "failed", "action": {"type": "search", "query": "x"}},
    "code, null": {**CODE, "status": "completed", "outputs": None},
    "code, nothing printed": {**CODE, "status": "completed", "outputs": []},
    "code, running": {**CODE, "status": "in_progress"},
    "mcp": {**MCP, "output": None, "error": None},
    "mcp, nothing said": {**MCP, "output": ""},
    "image": {**IMAGE, "status": "completed", "result": None},
    "image, in the making": {**IMAGE, "status": "generating"},
    "tools": {"type": "tool_search_call", "call_id": "ts", "execution": "server", "arguments": {}},
    "a program": {"type": "program", "id": "p", "call_id": "p", "code": "1"},
    "Claude searches": claude("server_tool_use", "web_search"),
    "Claude asks a server": claude("mcp_tool_use", "find"),
    "UIMessage": kept("tool-web_search"),
    "Gemini runs code": {
        "role": "model",
        "parts": [{"executableCode": {"language": "PYTHON", "code": "1"}}],
    },
    "pydantic-ai": {
        "kind": "response",
        "parts": [
            {
                "part_kind": "builtin-tool-call",
                "tool_name": "web_search",
                "tool_call_id": "b",
                "args": {},
            }
        ],
    },
}
OWN = {"Claude": "anthropic", "UIMess": "ui-message", "Gemini": "gemini", "pydant": ""}

TELLING: dict[str, tuple[dict[str, Any], str]] = {
    "files": ({**FILES, "results": [{"filename": "a.txt", "text": "found"}]}, "found"),
    "web": (
        {
            **SEARCH,
            "action": {"type": "search", "query": "x", "sources": [{"url": "https://found.org"}]},
        },
        "found",
    ),
    "code": ({**CODE, "outputs": [{"type": "logs", "logs": "found"}]}, "found"),
    "mcp": ({**MCP, "output": "found"}, "found"),
    "mcp, failed": ({**MCP, "error": "not found"}, "not found"),
    "mcp, failed so": ({**MCP, "error": {"type": "x", "message": "not found"}}, "not found"),
    "image": ({**IMAGE, "status": "completed", "result": "iVBORw0KGgo="}, "iVBORw0KGgo="),
}
CASES = [
    (name, target)
    for name in SILENT
    for target in TARGETS
    if OWN.get(name[:6], "responses") != target
]


@pytest.mark.parametrize(("name", "target"), CASES)
def test_one_that_shows_nothing_is_left_out_and_reported(name, target):
    made = convert([ASK, SILENT[name], ANSWER], "auto", target)
    bare = convert([ASK, ANSWER], "auto", target)
    assert made.messages == bare.messages
    assert [(one.index, one.kind) for one in made.losses] == [(1, "call")]


@pytest.mark.parametrize(("name", "target"), CASES)
def test_a_window_leaves_it_out_as_well(name, target):
    if target == "ui-message":
        return
    _, parts = parse_parts("assistant", _json(SILENT[name]), b"{}")
    assert any(isinstance(part, ToolCall) for part in parts)
    for unanswered in ("drop", "error"):
        history = [("user", *_texts(ASK)), ("assistant", *parts, *_texts(ANSWER))]
        bare = [history[0], ("assistant", *_texts(ANSWER))]
        sent = windowed(target, *history, unanswered=unanswered)
        assert sent == windowed(target, *bare, unanswered=unanswered)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", TELLING)
def test_one_that_found_something_goes_with_it(name, target):
    item, shown = TELLING[name]
    made = convert([ASK, item, ANSWER], "responses", target)
    assert shown in str(made.messages)
    if target == "responses":
        assert item in made.messages
    assert {one.kind for one in made.losses} <= {"detail", "error"}


def _json(message):
    return json.dumps(message).encode()


def _texts(message):
    return [Text(message["content"])]
