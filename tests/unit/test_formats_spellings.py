"""What the parts of each spelling are read as; their shapes are those of the packages."""

from typing import Any

import pytest

from dialoguedb.formats.parts import (
    Attachment,
    Native,
    Other,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from dialoguedb.formats.spellings.dispatch import TABLES, find
from dialoguedb.formats.turns import parse_turn
from tests.unit.test_formats_turns import message, parts


def server(call_id, name, arguments):
    return ToolCall(call_id, name, arguments, "server")


def found(call_id, name, *texts):
    return ToolResult(call_id, tuple(map(Text, texts)), kind="server", name=name)


def failed(call_id, *texts, name=""):
    return ToolResult(call_id, tuple(map(Text, texts)), is_error=True, name=name)


OPENAI = {
    "a custom call": (
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "c1", "type": "custom", "custom": {"name": "run", "input": "print(1)"}}
            ],
        },
        [ToolCall("c1", "run", "print(1)", "custom")],
    ),
    "a function call as it was at first": (
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        [ToolCall("", "f", "{}")],
    ),
    "a refusal": ({"role": "assistant", "content": None, "refusal": "No."}, [Text("No.")]),
    "an answer that is spoken": (
        {
            "role": "assistant",
            "content": None,
            "audio": {"id": "a1", "data": "AAAA", "transcript": "Hello", "expires_at": 1},
        },
        [Attachment("audio", data="AAAA", file_id="a1", text="Hello")],
    ),
    "annotations": (
        {"role": "assistant", "content": "See there.", "annotations": [{"type": "url_citation"}]},
        [Text("See there.")],
    ),
    "reasoning of compatible servers": (
        {"role": "assistant", "content": "4", "reasoning_content": "2 + 2"},
        [Reasoning("2 + 2"), Text("4")],
    ),
    "reasoning in details": (
        {
            "role": "assistant",
            "content": "4",
            "reasoning_details": [{"type": "reasoning.encrypted", "data": "A" * 400}],
        },
        [Reasoning(), Text("4")],
    ),
    "recorded audio": (
        [{"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}}],
        [Attachment("audio", media_type="audio/mpeg", data="AAAA")],
    ),
    "a file": (
        [
            {
                "type": "file",
                "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"},
            }
        ],
        [Attachment("document", media_type="application/pdf", data="AAAA", name="a.pdf")],
    ),
    "the id of a file": (
        [{"type": "file", "file": {"file_id": "file-1"}}],
        [Attachment("file", file_id="file-1")],
    ),
}
RESPONSES = {
    "a call of the shell": (
        {"type": "shell_call", "call_id": "c1", "action": {"commands": ["ls"]}, "id": "sh_1"},
        [ToolCall("c1", "shell", '{"commands": ["ls"]}')],
    ),
    "what the shell printed": (
        {
            "type": "shell_call_output",
            "call_id": "c1",
            "output": [
                {"stdout": "a.txt", "stderr": "", "outcome": {"type": "exit", "exit_code": 2}}
            ],
        },
        [ToolResult("c1", (Text("a.txt\n[exit code 2]"),), name="shell")],
    ),
    "a patch": (
        {"type": "apply_patch_call", "call_id": "c1", "operation": {"type": "delete_file"}},
        [ToolCall("c1", "apply_patch", '{"operation": {"type": "delete_file"}}')],
    ),
    "a patch that failed": (
        {"type": "apply_patch_call_output", "call_id": "c1", "status": "failed", "output": "no"},
        [failed("c1", "no")],
    ),
    "a custom call": (
        {"type": "custom_tool_call", "call_id": "c1", "name": "run", "input": "print(1)"},
        [ToolCall("c1", "run", "print(1)", "custom")],
    ),
    "a call of a local shell": (
        {"type": "local_shell_call", "call_id": "c1", "id": "l1", "action": {"command": ["ls"]}},
        [ToolCall("c1", "local_shell", '{"command": ["ls"]}')],
    ),
    "a call of MCP with its output": (
        {
            "type": "mcp_call",
            "id": "m1",
            "name": "echo",
            "server_label": "s",
            "arguments": '{"a": 1}',
            "output": "hello",
        },
        [server("m1", "echo", '{"a": 1}'), found("m1", "echo", "hello")],
    ),
    "a web search": (
        {
            "type": "web_search_call",
            "id": "w1",
            "status": "completed",
            "action": {
                "type": "search",
                "query": "cup",
                "sources": [{"type": "url", "url": "https://e.com"}],
            },
        },
        [
            server(
                "w1",
                "web_search",
                '{"type": "search", "query": "cup",'
                ' "sources": [{"type": "url", "url": "https://e.com"}]}',
            ),
            found("w1", "web_search", "https://e.com"),
        ],
    ),
    "a search in files": (
        {
            "type": "file_search_call",
            "id": "f1",
            "queries": ["cup"],
            "results": [{"filename": "a.txt", "text": "The cup", "score": 0.5}],
        },
        [
            server("f1", "file_search", '{"queries": ["cup"]}'),
            found("f1", "file_search", "a.txt\nThe cup"),
        ],
    ),
    "code that was run": (
        {
            "type": "code_interpreter_call",
            "id": "i1",
            "container_id": "k",
            "code": "print(1)",
            "outputs": [{"type": "logs", "logs": "1"}],
        },
        [
            server("i1", "code_interpreter", '{"code": "print(1)"}'),
            found("i1", "code_interpreter", "1"),
        ],
    ),
    "an image that was made": (
        {"type": "image_generation_call", "id": "g1", "status": "completed", "result": "AAAA"},
        [
            server("g1", "image_generation", "{}"),
            ToolResult(
                "g1",
                (Attachment(media_type="image/png", data="AAAA"),),
                kind="server",
                name="image_generation",
            ),
        ],
    ),
    "a screenshot": (
        {
            "type": "computer_call_output",
            "call_id": "c1",
            "output": {"type": "computer_screenshot", "image_url": "https://e.com/a.png"},
        },
        [ToolResult("c1", (Attachment(url="https://e.com/a.png"),))],
    ),
    "a search for tools": (
        {"type": "tool_search_call", "execution": "server", "arguments": {"q": "mail"}},
        [server("", "tool_search", '{"q": "mail"}')],
    ),
    "tools that were found": (
        {"type": "tool_search_output", "tools": [{"type": "function", "name": "send"}]},
        [found("", "tool_search", "send")],
    ),
    "reasoning": (
        {
            "type": "reasoning",
            "id": "r1",
            "summary": [{"type": "summary_text", "text": "Hm."}],
            "encrypted_content": "A" * 400,
        },
        [Reasoning("Hm.")],
    ),
    **{
        f"what only OpenAI can use: {name}": (
            {"type": name, "id": "x", "tools": [{"description": "d" * 60}], "arguments": "{}"},
            [Other(name)],
        )
        for name in ("mcp_list_tools", "mcp_approval_request", "item_reference")
    },
    "a compaction": (
        {"type": "compaction", "id": "k1", "encrypted_content": "A" * 400},
        [Other("compaction")],
    ),
}
ANTHROPIC = {
    "a tool that Anthropic runs": (
        [
            {
                "type": "server_tool_use",
                "id": "s1",
                "name": "web_search",
                "input": {"query": "cup"},
            },
            {
                "type": "web_search_tool_result",
                "tool_use_id": "s1",
                "content": [
                    {
                        "type": "web_search_result",
                        "title": "The cup",
                        "url": "https://e.com",
                        "encrypted_content": "A" * 400,
                    }
                ],
            },
        ],
        [
            server("s1", "web_search", '{"query": "cup"}'),
            found("s1", "", "The cup\nhttps://e.com"),
        ],
    ),
    "a search that failed": (
        {
            "type": "web_search_tool_result",
            "tool_use_id": "s1",
            "content": {"type": "web_search_tool_result_error", "error_code": "unavailable"},
        },
        [ToolResult("s1", (Text("unavailable"),), is_error=True, kind="server")],
    ),
    "a page that was fetched": (
        {
            "type": "web_fetch_tool_result",
            "tool_use_id": "s1",
            "content": {
                "type": "web_fetch_result",
                "url": "https://e.com",
                "content": {
                    "type": "document",
                    "title": "Cups",
                    "source": {"type": "text", "media_type": "text/plain", "data": "All of them."},
                },
            },
        },
        [
            ToolResult(
                "s1",
                (
                    Text("https://e.com"),
                    Attachment(
                        "document", media_type="text/plain", name="Cups", text="All of them."
                    ),
                ),
                kind="server",
            )
        ],
    ),
    "code that was run": (
        {
            "type": "bash_code_execution_tool_result",
            "tool_use_id": "s1",
            "content": {
                "type": "bash_code_execution_result",
                "stdout": "1",
                "stderr": "",
                "return_code": 0,
                "content": [],
            },
        },
        [found("s1", "", "1")],
    ),
    "a tool of MCP": (
        [
            {"type": "mcp_tool_use", "id": "m1", "name": "echo", "server_name": "s", "input": {}},
            {
                "type": "mcp_tool_result",
                "tool_use_id": "m1",
                "is_error": False,
                "content": [{"type": "text", "text": "hello"}],
            },
        ],
        [server("m1", "echo", "{}"), found("m1", "", "hello")],
    ),
    "a search result": (
        {
            "type": "search_result",
            "title": "Cups",
            "source": "https://e.com",
            "content": [{"type": "text", "text": "All of them."}],
        },
        [Text("Cups\nhttps://e.com\nAll of them.")],
    ),
    "a file for a container": (
        {"type": "container_upload", "file_id": "f1"},
        [Attachment("file", file_id="f1")],
    ),
    "a compaction": (
        {"type": "compaction", "content": "We spoke of cups.", "signature": "s"},
        [Other("compaction", "We spoke of cups.")],
    ),
    "a thought of Mistral": (
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
        [Reasoning("Hm.")],
    ),
    "a tool that returned nothing": (
        {"type": "tool_result", "tool_use_id": "c1"},
        [ToolResult("c1", ())],
    ),
    "a tool that returned an empty list": (
        {"type": "tool_result", "tool_use_id": "c1", "content": []},
        [ToolResult("c1", (Text("[]"),))],
    ),
}
GEMINI = {
    "a content": ({"role": "model", "parts": [{"text": "Hello"}]}, [Text("Hello")]),
    "a thought": ([{"text": "Hm.", "thought": True}], [Reasoning("Hm.")]),
    "a signature alone": ([{"text": "", "thoughtSignature": "c2ln"}], [Reasoning()]),
    "a signed call": (
        [{"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "c2ln"}],
        [ToolCall("", "f", '{"a": 1}')],
    ),
    "a call with nulls beside it": (
        [{"text": None, "function_call": {"id": "c1", "name": "f", "args": None}, "thought": None}],
        [ToolCall("c1", "f", "{}")],
    ),
    "a structured response": (
        [{"functionResponse": {"id": "c1", "name": "f", "response": {"a": 1, "b": None}}}],
        [ToolResult("c1", (Text('{"a": 1, "b": null}'),), name="f")],
    ),
    "a response that is a text": (
        [{"function_response": {"name": "f", "response": {"result": "sent"}}}],
        [ToolResult("", (Text("sent"),), name="f")],
    ),
    "a response that is an error": (
        [{"functionResponse": {"id": "c1", "name": "f", "response": {"error": "no"}}}],
        [failed("c1", "no", name="f")],
    ),
    "code that was run": (
        [
            {"executableCode": {"language": "PYTHON", "code": "print(1)"}},
            {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
        ],
        [
            server("", "code_execution", '{"language": "PYTHON", "code": "print(1)"}'),
            found("", "code_execution", "1"),
        ],
    ),
    "a file": (
        [{"file_data": {"file_uri": "https://e.com/a", "mime_type": "application/pdf"}}],
        [Attachment("document", "https://e.com/a", "application/pdf")],
    ),
    "bytes in the alphabet for URLs": (
        [{"inlineData": {"mimeType": "image/png", "data": "-_-_"}}],
        [Attachment(media_type="image/png", data="+/+/")],
    ),
}
AI_SDK = {
    "a message of parallel calls in a step": (
        {
            "id": "a1",
            "role": "assistant",
            "parts": [
                {"type": "step-start"},
                {"type": "reasoning", "text": "Hm.", "state": "done"},
                {
                    "type": "tool-ls",
                    "toolCallId": "c1",
                    "state": "output-available",
                    "input": {"p": "."},
                    "output": ["a.txt"],
                },
                {
                    "type": "dynamic-tool",
                    "toolName": "ls",
                    "toolCallId": "c2",
                    "state": "output-error",
                    "input": {"p": "bad"},
                    "errorText": "no",
                },
                {"type": "step-start"},
                {"type": "text", "text": "One file.", "state": "done"},
            ],
        },
        [
            Other("step-start"),
            Reasoning("Hm."),
            ToolCall("c1", "ls", '{"p": "."}'),
            ToolCall("c2", "ls", '{"p": "bad"}'),
            ToolResult("c1", (Text('["a.txt"]'),), name="ls"),
            failed("c2", "no", name="ls"),
            Other("step-start"),
            Text("One file."),
        ],
    ),
    "a call that waits": (
        [{"type": "tool-ls", "toolCallId": "c1", "state": "input-available", "input": {}}],
        [ToolCall("c1", "ls", "{}")],
    ),
    "a call that was denied": (
        [
            {
                "type": "tool-ls",
                "toolCallId": "c1",
                "state": "output-denied",
                "input": {},
                "approval": {"id": "p", "approved": False, "reason": "not now"},
            }
        ],
        [ToolCall("c1", "ls", "{}"), failed("c1", "not now", name="ls")],
    ),
    "what a program shows beside the text": (
        [
            {"type": "source-url", "sourceId": "s", "url": "https://e.com"},
            {"type": "data-chart", "data": {"points": [1]}},
        ],
        [Other("source-url"), Other("data-chart")],
    ),
    "a file": (
        [{"type": "file", "mediaType": "image/png", "url": "data:image/png;base64,AAAA"}],
        [Attachment(media_type="image/png", data="AAAA")],
    ),
    "a call and its result, for a model": (
        [
            {"type": "tool-call", "toolCallId": "c1", "toolName": "ls", "input": {"p": "."}},
            {
                "type": "tool-result",
                "toolCallId": "c1",
                "toolName": "ls",
                "output": {"type": "json", "value": ["a.txt"]},
            },
        ],
        [
            ToolCall("c1", "ls", '{"p": "."}'),
            ToolResult("c1", (Text('["a.txt"]'),), name="ls"),
        ],
    ),
    "a result that is an error, for a model": (
        [
            {
                "type": "tool-result",
                "toolCallId": "c1",
                "toolName": "ls",
                "output": {"type": "error-text", "value": "no"},
            }
        ],
        [failed("c1", "no", name="ls")],
    ),
    "a result of parts, for a model": (
        [
            {
                "type": "tool-result",
                "toolCallId": "c1",
                "toolName": "shot",
                "output": {
                    "type": "content",
                    "value": [
                        {"type": "text", "text": "here"},
                        {"type": "media", "mediaType": "image/png", "data": "AAAA"},
                    ],
                },
            }
        ],
        [
            ToolResult(
                "c1",
                (Text("here"), Attachment(media_type="image/png", data="AAAA")),
                name="shot",
            )
        ],
    ),
    "a message of results, for a model": (
        {
            "role": "tool",
            "content": [
                {
                    "type": "tool-result",
                    "toolCallId": one,
                    "toolName": "ls",
                    "output": {"type": "text", "value": "a.txt"},
                }
                for one in ("c1", "c2")
            ],
        },
        [
            ToolResult("c1", (Text("a.txt"),), name="ls"),
            ToolResult("c2", (Text("a.txt"),), name="ls"),
        ],
    ),
    "an image, for a model": (
        [{"type": "image", "image": "AAAA", "mediaType": "image/png"}],
        [Attachment(media_type="image/png", data="AAAA")],
    ),
}
MCP = {
    "audio": (
        [{"type": "audio", "data": "AAAA", "mimeType": "audio/wav"}],
        [Attachment("audio", media_type="audio/wav", data="AAAA")],
    ),
    "a resource in words": (
        [{"type": "resource", "resource": {"uri": "file:///a.md", "text": "As agreed."}}],
        [Attachment("document", media_type="text/plain", name="file:///a.md", text="As agreed.")],
    ),
    "a resource in bytes": (
        [
            {
                "type": "resource",
                "resource": {"uri": "a://b", "mimeType": "application/pdf", "blob": "AAAA"},
            }
        ],
        [Attachment("document", media_type="application/pdf", data="AAAA", name="a://b")],
    ),
    "a link": (
        [{"type": "resource_link", "uri": "https://e.com/a", "name": "a", "mimeType": "text/html"}],
        [Attachment("document", "https://e.com/a", "text/html", name="a")],
    ),
    "the result of a call": (
        {"content": [{"type": "text", "text": "no"}], "isError": True},
        [failed("", "no")],
    ),
    "a structured result": (
        {"content": [], "structuredContent": {"a": 1}, "isError": False},
        [ToolResult("", (Text('{"a": 1}'),))],
    ),
}
OTHERS = {
    "an event of ADK": (
        {
            "author": "shop",
            "invocationId": "i",
            "content": {"role": "model", "parts": [{"text": "Yes."}]},
            "actions": {"stateDelta": {}},
        },
        [Text("Yes.")],
    ),
    "an event of ADK about state alone": (
        {"author": "shop", "invocation_id": "i", "actions": {"state_delta": {"a": 1}}},
        [],
    ),
    "a message that keeps its event": (
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "text", "text": "as it was written before"}],
            "event": {"author": "shop", "content": {"parts": [{"text": "Yes."}]}},
        },
        [Text("Yes.")],
    ),
    "OpenTelemetry": (
        {
            "role": "assistant",
            "parts": [
                {"type": "text", "content": "I look."},
                {"type": "tool_call", "id": "c1", "name": "ls", "arguments": {"p": "."}},
                {"type": "tool_call_response", "id": "c1", "name": "ls", "result": ["a.txt"]},
            ],
        },
        [
            Text("I look."),
            ToolCall("c1", "ls", '{"p": "."}'),
            ToolResult("c1", (Text('["a.txt"]'),), name="ls"),
        ],
    ),
    "pydantic-ai, a part alone": (
        [{"tool_name": "f", "args": {"a": 1}, "tool_call_id": "c1", "part_kind": "tool-call"}],
        [ToolCall("c1", "f", '{"a": 1}')],
    ),
    "pydantic-ai, a retry of no tool": (
        [{"content": "Again, please", "tool_call_id": "c1", "part_kind": "retry-prompt"}],
        [Text("Again, please")],
    ),
    "LangChain, serialized": (
        {
            "lc": 1,
            "type": "constructor",
            "id": ["langchain", "schema", "messages", "AIMessage"],
            "kwargs": {"content": "Hello", "type": "ai"},
        },
        [Text("Hello")],
    ),
    "LangChain, a block of its own": (
        [{"type": "non_standard", "value": {"type": "text", "text": "Hello"}}],
        [Text("Hello")],
    ),
}
ALL: dict[str, dict[str, Any]] = {
    "chat": OPENAI,
    "responses": RESPONSES,
    "anthropic": ANTHROPIC,
    "gemini": GEMINI,
    "ai sdk": AI_SDK,
    "mcp": MCP,
    "others": OTHERS,
}


def examples_of(groups):
    """Return what is written in each spelling, and the parts it is read as."""
    return [
        pytest.param(content, read, id=f"{spelling}: {name}")
        for spelling, examples in groups.items()
        for name, (content, read) in examples.items()
    ]


EXAMPLES = examples_of(ALL)


@pytest.mark.parametrize(("content", "read"), EXAMPLES)
def test_a_part_is_read_as_what_it_is(content, read):
    assert parts(content, "assistant") == read


@pytest.mark.parametrize(
    ("content", "spelling"),
    [
        ([{"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}], "anthropic"),
        ([{"type": "thinking", "thinking": "Hm.", "signature": "s"}], "anthropic"),
        ([{"type": "text", "text": "a", "citations": [{"type": "char_location"}]}], "anthropic"),
        ({"type": "compaction", "id": "k", "encrypted_content": "x"}, "responses"),
        ({"type": "compaction", "content": None, "encrypted_content": "x"}, "anthropic"),
        ({"type": "reasoning", "id": "r", "summary": []}, "responses"),
        ({"type": "function_call", "id": "f", "call_id": "c", "name": "f"}, "responses"),
        ([{"text": "a", "thoughtSignature": "s"}], "gemini"),
        ([{"functionCall": {"name": "f"}, "thought_signature": "s"}], "gemini"),
        ([{"type": "reasoning", "text": "Hm.", "state": "done"}], "ui-message"),
        ([{"type": "reasoning", "text": "Hm."}], "model-message"),
        ([{"part_kind": "thinking", "content": "Hm."}], "pydantic-ai"),
        ({"role": "assistant", "content": "", "reasoning_content": "Hm."}, "openai"),
    ],
)
def test_what_a_provider_needs_back_is_kept_with_its_spelling(content, spelling):
    [part] = parse_turn(message(content, "assistant")).parts
    assert part.native
    assert part.native.spelling == spelling


def test_what_says_no_more_than_its_part_is_not_kept_twice():
    plain = [
        {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
        {"type": "tool_use", "id": "c1", "name": "f", "input": {}},
        {"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": "f"}}]},
        {"type": "function_call_output", "call_id": "c1", "output": "sent"},
    ]
    assert [part.native for part in parse_turn(message(plain, "assistant")).parts] == [None] * 4


def test_a_call_keeps_what_stands_beside_it_in_its_list():
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    signed = {**call, "extra_content": {"google": {"thought_signature": "s"}}}
    content = {"role": "assistant", "content": None, "tool_calls": [call, signed]}
    first, second = parse_turn(message(content, "assistant")).parts
    assert first.native is None
    assert second.native == Native("openai", signed)


def test_parts_that_were_read_from_one_object_share_it():
    call, result = parse_turn(
        message({"type": "mcp_call", "id": "m", "name": "f", "output": "1"}, "assistant")
    ).parts
    assert call.native
    assert result.native
    assert call.native.value is result.native.value
    item = {
        "type": "message",
        "role": "assistant",
        "id": "msg_1",
        "phase": "commentary",
        "content": [{"type": "output_text", "text": one, "annotations": []} for one in "ab"],
    }
    first, second = parse_turn(message(item, "assistant")).parts
    assert first.native
    assert second.native
    assert first.native.value is second.native.value


@pytest.mark.parametrize(
    ("part", "read"),
    [
        (
            {"type": "teleport_call", "call_id": "c1", "action": {"to": "Oslo"}},
            ToolCall("c1", "teleport", '{"to": "Oslo"}'),
        ),
        (
            {"type": "teleport_call_output", "call_id": "c1", "output": "there"},
            ToolResult("c1", (Text("there"),)),
        ),
        ({"tool_call_id": "c1", "result": "there"}, ToolResult("c1", (Text("there"),))),
        (
            {"type": "toolCall", "id": "c1", "name": "teleport", "arguments": {"to": "Oslo"}},
            ToolCall("c1", "teleport", '{"to": "Oslo"}'),
        ),
        (
            {"role": "toolResult", "toolCallId": "c1", "toolName": "teleport", "content": "there"},
            ToolResult("c1", (Text("there"),), name="teleport"),
        ),
    ],
)
def test_what_has_the_id_of_a_call_belongs_to_it_whatever_its_type(part, read):
    assert parts(part, "assistant") == [read]
    if isinstance(read, ToolResult):
        assert parts(part, "tool") == [read]


def test_data_that_has_the_id_of_a_telephone_call_stays_data():
    assert parts({"call_id": "+47 1", "result": "busy"}) == [Text("call id: +47 1\nresult: busy")]


@pytest.mark.parametrize(
    ("metadata", "call_id"), [({"tool_call_id": "c1"}, "c1"), ({}, "")], ids=["known", "unknown"]
)
def test_a_result_of_mcp_belongs_to_the_call_that_the_metadata_names(metadata, call_id):
    content = {"content": [{"type": "text", "text": "no"}], "isError": True}
    assert parts(content, "tool", metadata) == [failed(call_id, "no")]


MEMBERS = sorted(
    {key for table in TABLES.values() for one in table for keys in one.keys for key in keys.split()}
    | {
        "state",
        "status",
        "outcome",
        "role",
        "id",
        "action",
        "arguments",
        "input",
        "args",
        "content",
    }
    | {"output", "result", "outputs", "results", "tools", "operation", "approval", "error", "event"}
    | {"summary", "parts", "media_type", "filename", "native", "additional_kwargs", "execution"}
)
ODD: tuple[Any, ...] = ([], {}, [[]], [{}], {"type": []}, {"parts": 7}, 7, True, None, "x")


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("spelling", TABLES)
def test_members_of_any_kind_do_no_harm(spelling, odd):
    whole = dict.fromkeys(MEMBERS, odd)
    for one in TABLES[spelling]:
        named: dict[str, Any] = {} if one.by == "shape" else {one.by: one.name}
        for keys in one.keys or ("",):
            part = {**whole, **dict.fromkeys(keys.split(), "x"), **named}
            for role in ("user", "tool"):
                parts({**whole, **named}, role)
                parts([part, {**dict.fromkeys(keys.split(), odd), **named}], role)


@pytest.mark.parametrize("member", MEMBERS)
def test_a_single_member_of_any_kind_does_no_harm(member):
    for table in TABLES.values():
        for one in table:
            named: dict[str, Any] = {} if one.by == "shape" else {one.by: one.name}
            fitting = {**dict.fromkeys(" ".join(one.keys).split(), "x"), **named}
            parts([{**fitting, member: odd} for odd in ODD], "tool")


def test_every_type_is_in_one_table_once():
    for table in TABLES.values():
        names = [(one.by, one.name, one.keys) for one in table]
        assert len(names) == len(set(names))


def test_every_type_with_a_name_is_found_by_its_name_and_members():
    for spelling, table in TABLES.items():
        for one in table:
            if one.by not in {"shape", "prefix"}:
                for keys in one.keys or ("",):
                    value = {one.by: one.name, **dict.fromkeys(keys.split(), "x"), "more": "x"}
                    assert find(value), (spelling, one.name)
