"""What Bedrock, Cohere, Ollama and frameworks write is read as what it is.

The shapes are those of botocore 1.44.8 (`bedrock-runtime`), strands-agents 1.62.0,
llama-index-core 0.14.25, haystack-ai 3.4.1, autogen-core 0.7.5, cohere 7.3.1, ollama 0.6.3,
letta-client 1.12.1, agent-framework-core 1.23.0, a2a-sdk 1.3.0 and @ag-ui/core.
"""

from typing import Any

import pytest

from dialoguedb.formats import convert
from dialoguedb.formats.attachments.scanner import Outline
from dialoguedb.formats.parts import Attachment, Other, Reasoning, Text, ToolCall, ToolResult
from dialoguedb.formats.shown import plain_text
from dialoguedb.formats.spellings.dispatch import find
from tests.contract.making import compact
from tests.unit.test_formats_spellings import examples_of, failed, server
from tests.unit.test_formats_turns import parts

BEDROCK = {
    "a call of Converse": (
        [
            {"text": "I look."},
            {"toolUse": {"toolUseId": "t1", "name": "get", "input": {"city": "Lima"}}},
        ],
        [Text("I look."), ToolCall("t1", "get", '{"city": "Lima"}')],
    ),
    "a call that the provider runs": (
        [{"toolUse": {"toolUseId": "t1", "name": "find", "input": {}, "type": "server_tool_use"}}],
        [server("t1", "find", "{}")],
    ),
    "a result of Converse": (
        [
            {
                "toolResult": {
                    "toolUseId": "t1",
                    "content": [
                        {"json": {"degrees": 20}},
                        {"text": "mild"},
                        {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}},
                    ],
                    "status": "success",
                }
            }
        ],
        [
            ToolResult(
                "t1",
                (
                    Text('{"degrees": 20}'),
                    Text("mild"),
                    Attachment(media_type="image/png", data="iVBORw0KGgo="),
                ),
            )
        ],
    ),
    "a failed one": (
        [{"toolResult": {"toolUseId": "t1", "content": [{"text": "no"}], "status": "error"}}],
        [failed("t1", "no")],
    ),
    "thoughts of Converse": (
        [
            {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}},
            {"reasoningContent": {"redactedContent": "AAAA"}},
        ],
        [Reasoning("Hm.", "c2ln"), Reasoning(data="AAAA")],
    ),
    "documents of Converse": (
        [
            {"document": {"format": "pdf", "name": "bill", "source": {"bytes": "AAAA"}}},
            {"document": {"format": "txt", "name": "note", "source": {"text": "Hello"}}},
            {
                "document": {
                    "format": "md",
                    "name": "list",
                    "source": {"content": [{"text": "one"}, {"text": "two"}]},
                }
            },
        ],
        [
            Attachment("document", media_type="application/pdf", data="AAAA", name="bill"),
            Attachment("document", media_type="text/plain", name="note", text="Hello"),
            Attachment("document", media_type="text/markdown", name="list", text="one\ntwo"),
        ],
    ),
    "a video and a sound elsewhere": (
        [
            {"video": {"format": "mp4", "source": {"s3Location": {"uri": "s3://b/v.mp4"}}}},
            {"audio": {"format": "mp4", "source": {"s3Location": {"uri": "s3://b/a.mp4"}}}},
        ],
        [
            Attachment("video", "s3://b/v.mp4", "video/mp4"),
            Attachment("audio", "s3://b/a.mp4", "audio/mp4"),
        ],
    ),
    "bytes as Strands Agents writes them": (
        [
            {
                "image": {
                    "format": "jpeg",
                    "source": {"bytes": {"__bytes_encoded__": True, "data": "AAAA"}},
                }
            }
        ],
        [Attachment(media_type="image/jpeg", data="AAAA")],
    ),
    "an image for a guard": (
        [{"guardContent": {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}}}],
        [Attachment(media_type="image/png", data="iVBORw0KGgo=")],
    ),
    "texts of guards, with citations, and of searches": (
        [
            {"guardContent": {"text": {"text": "Say no more."}}},
            {"citationsContent": {"content": [{"text": "It rains."}], "citations": [{}]}},
            {"searchResult": {"source": "u", "title": "t", "content": [{"text": "found"}]}},
        ],
        [Text("Say no more."), Text("It rains."), Text("t\nu\nfound")],
    ),
}
LLAMAINDEX = {
    "a message of blocks": (
        {
            "role": "user",
            "additional_kwargs": {},
            "blocks": [
                {"block_type": "text", "text": "What is it?"},
                {"block_type": "image", "image": "iVBORw0KGgo=", "image_mimetype": "image/png"},
                {"block_type": "document", "data": "AAAA", "document_mimetype": "application/pdf"},
            ],
        },
        [
            Text("What is it?"),
            Attachment(media_type="image/png", data="iVBORw0KGgo="),
            Attachment("document", media_type="application/pdf", data="AAAA"),
        ],
    ),
    "a thought and a call in blocks": (
        {
            "role": "assistant",
            "blocks": [
                {"block_type": "thinking", "content": "Hm."},
                {
                    "block_type": "tool_call",
                    "tool_call_id": "c1",
                    "tool_name": "get",
                    "tool_kwargs": {"n": 1},
                },
            ],
        },
        [Reasoning("Hm."), ToolCall("c1", "get", '{"n": 1}')],
    ),
    "calls beside the blocks": (
        {
            "role": "assistant",
            "blocks": [],
            "additional_kwargs": {
                "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
                ]
            },
        },
        [ToolCall("c1", "f", "{}")],
    ),
    "a result of blocks": (
        {
            "role": "tool",
            "blocks": [{"block_type": "text", "text": "20"}],
            "additional_kwargs": {"tool_call_id": "c1", "name": "get"},
        },
        [ToolResult("c1", (Text("20"),), name="get")],
    ),
}
HAYSTACK = {
    "a thought and a call": (
        {
            "role": "assistant",
            "meta": {},
            "name": None,
            "content": [
                {"reasoning": {"reasoning_text": "Hm.", "extra": {}}},
                {"tool_call": {"tool_name": "get", "arguments": {"n": 1}, "id": "c1"}},
            ],
        },
        [Reasoning("Hm."), ToolCall("c1", "get", '{"n": 1}')],
    ),
    "a result with its origin": (
        {
            "role": "tool",
            "content": [
                {
                    "tool_call_result": {
                        "result": "20",
                        "origin": {"tool_name": "get", "arguments": {}, "id": "c1"},
                        "error": True,
                    }
                }
            ],
        },
        [failed("c1", "20", name="get")],
    ),
    "an image and a file": (
        [
            {"text": "See"},
            {"image": {"base64_image": "iVBORw0KGgo=", "mime_type": "image/png"}},
            {"file": {"base64_data": "AAAA", "mime_type": "application/pdf", "filename": "a.pdf"}},
        ],
        [
            Text("See"),
            Attachment(media_type="image/png", data="iVBORw0KGgo="),
            Attachment("document", media_type="application/pdf", data="AAAA", name="a.pdf"),
        ],
    ),
}
AUTOGEN = {
    "texts and images of AutoGen": (
        {"type": "UserMessage", "source": "user", "content": ["See", {"data": "iVBORw0KGgo="}]},
        [Text("See"), Attachment(media_type="image/png", data="iVBORw0KGgo=")],
    ),
    "a thought and calls of AutoGen": (
        {
            "type": "AssistantMessage",
            "source": "planner",
            "thought": "Hm.",
            "content": [{"id": "c1", "name": "get", "arguments": "{}"}],
        },
        [Reasoning("Hm."), ToolCall("c1", "get", "{}")],
    ),
    "results of AutoGen": (
        {
            "type": "FunctionExecutionResultMessage",
            "content": [{"call_id": "c1", "name": "get", "content": "20", "is_error": False}],
        },
        [ToolResult("c1", (Text("20"),), name="get")],
    ),
}
AI_SDK_4 = {
    "a message of AI SDK 4": (
        {
            "id": "m",
            "role": "assistant",
            "content": "It is 20.",
            "toolInvocations": [],
            "parts": [
                {"type": "step-start"},
                {
                    "type": "reasoning",
                    "reasoning": "Hm.",
                    "details": [{"type": "text", "text": "Hm.", "signature": "c2ln"}],
                },
                {
                    "type": "tool-invocation",
                    "toolInvocation": {
                        "state": "result",
                        "step": 0,
                        "toolCallId": "c1",
                        "toolName": "get",
                        "args": {"n": 1},
                        "result": {"degrees": 20},
                    },
                },
                {"type": "text", "text": "It is 20."},
            ],
        },
        [
            Other("step-start"),
            Reasoning("Hm.", "c2ln"),
            ToolCall("c1", "get", '{"n": 1}'),
            ToolResult("c1", (Text('{"degrees": 20}'),), name="get"),
            Text("It is 20."),
        ],
    ),
    "one before it had parts": (
        {
            "role": "assistant",
            "content": "Both.",
            "toolInvocations": [
                {
                    "state": "result",
                    "toolCallId": f"c{number}",
                    "toolName": "get",
                    "args": {},
                    "result": "20",
                }
                for number in (1, 2)
            ],
        },
        [
            ToolCall("c1", "get", "{}"),
            ToolCall("c2", "get", "{}"),
            ToolResult("c1", (Text("20"),), name="get"),
            ToolResult("c2", (Text("20"),), name="get"),
            Text("Both."),
        ],
    ),
    "attachments of AI SDK 4": (
        {
            "role": "user",
            "content": "What is it?",
            "experimental_attachments": [
                {
                    "name": "a.png",
                    "contentType": "image/png",
                    "url": "data:image/png;base64,iVBORw0KGgo=",
                }
            ],
        },
        [
            Text("What is it?"),
            Attachment(media_type="image/png", data="iVBORw0KGgo=", name="a.png"),
        ],
    ),
    "a result of Mistral with references": (
        {
            "role": "tool",
            "tool_call_id": "c1",
            "content": [
                {"type": "text", "text": "20"},
                {"type": "reference", "reference_ids": [1]},
            ],
        },
        [ToolResult("c1", (Text("20"), Other("reference")))],
    ),
}
OPENAI_ELSEWHERE = {
    "what was spoken in the Realtime API": (
        {
            "type": "message",
            "role": "user",
            "content": [
                {"type": "input_audio", "transcript": "Hello there"},
                {"type": "output_audio", "transcript": "Hi!", "audio": "AAAA"},
            ],
        },
        [Text("Hello there"), Attachment("audio", data="AAAA", text="Hi!")],
    ),
    "a message of the Assistants API": (
        {
            "object": "thread.message",
            "role": "user",
            "content": [
                {"type": "text", "text": {"value": "Hello", "annotations": [{"text": "[1]"}]}},
                {"type": "image_file", "image_file": {"file_id": "file-1"}},
            ],
        },
        [Text("Hello"), Attachment(file_id="file-1")],
    ),
}
A2A = {
    "parts with a kind": (
        {
            "kind": "message",
            "role": "user",
            "parts": [
                {"kind": "text", "text": "See"},
                {"kind": "file", "file": {"mimeType": "image/png", "bytes": "iVBORw0KGgo="}},
                {"kind": "data", "data": {"dueDate": "Monday", "of": [{"n": 1}]}},
            ],
        },
        [
            Text("See"),
            Attachment(media_type="image/png", data="iVBORw0KGgo="),
            Text("due date: Monday\nn: 1"),
        ],
    ),
    "parts without": (
        {
            "role": "ROLE_USER",
            "parts": [
                {"text": "See"},
                {"raw": "iVBORw0KGgo=", "mediaType": "image/png", "filename": "a.png"},
                {"url": "https://example.org/a.pdf", "mediaType": "application/pdf"},
            ],
        },
        [
            Text("See"),
            Attachment(media_type="image/png", data="iVBORw0KGgo=", name="a.png"),
            Attachment("document", "https://example.org/a.pdf", "application/pdf"),
        ],
    ),
}
LETTA = {
    "a text of Letta": (
        {"message_type": "assistant_message", "id": "m", "date": "d", "content": "Hello"},
        [Text("Hello")],
    ),
    "a thought of Letta": (
        {"message_type": "reasoning_message", "reasoning": "Hm.", "signature": "c2ln"},
        [Reasoning("Hm.", "c2ln")],
    ),
    "a call of Letta": (
        {
            "message_type": "tool_call_message",
            "tool_call": {"name": "get", "arguments": "{}", "tool_call_id": "c1"},
        },
        [ToolCall("c1", "get", "{}")],
    ),
    "a call of Letta that waits for approval": (
        {
            "message_type": "approval_request_message",
            "tool_call": {"name": "get", "arguments": "{}", "tool_call_id": "c1"},
        },
        [ToolCall("c1", "get", "{}")],
    ),
    "an event of Letta": (
        {"message_type": "event_message", "event_type": "compaction", "event_data": {}},
        [Other("event_message")],
    ),
    "a result of Letta": (
        {
            "message_type": "tool_return_message",
            "tool_return": "no",
            "status": "error",
            "tool_call_id": "c1",
        },
        [failed("c1", "no")],
    ),
}
AGENT_FRAMEWORK = {
    "a thought and a call of contents": (
        {
            "type": "message",
            "role": "assistant",
            "contents": [
                {"type": "text_reasoning", "text": "Hm."},
                {"type": "text", "text": "I look."},
                {"type": "function_call", "call_id": "c1", "name": "get", "arguments": "{}"},
            ],
        },
        [Reasoning("Hm."), Text("I look."), ToolCall("c1", "get", "{}")],
    ),
    "a result of contents": (
        {
            "type": "message",
            "role": "tool",
            "contents": [{"type": "function_result", "call_id": "c1", "result": "20"}],
        },
        [ToolResult("c1", (Text("20"),))],
    ),
    "a result of contents that failed": (
        {
            "type": "message",
            "role": "tool",
            "contents": [{"type": "function_result", "call_id": "c1", "exception": "Timeout"}],
        },
        [failed("c1", "Timeout")],
    ),
    "data of contents": (
        {
            "type": "message",
            "role": "user",
            "contents": [
                {
                    "type": "data",
                    "uri": "data:image/png;base64,iVBORw0KGgo=",
                    "media_type": "image/png",
                }
            ],
        },
        [Attachment(media_type="image/png", data="iVBORw0KGgo=")],
    ),
}
AG_UI = {
    "calls": (
        {
            "id": "m1",
            "role": "assistant",
            "content": "I look.",
            "toolCalls": [
                {"id": "c1", "type": "function", "function": {"name": "get", "arguments": "{}"}}
            ],
        },
        [Text("I look."), ToolCall("c1", "get", "{}")],
    ),
    "calls alone": (
        {
            "id": "m1",
            "role": "assistant",
            "toolCalls": [
                {"id": "c1", "type": "function", "function": {"name": "get", "arguments": "{}"}}
            ],
        },
        [ToolCall("c1", "get", "{}")],
    ),
    "a result": (
        {"id": "m2", "role": "tool", "toolCallId": "c1", "content": "20"},
        [ToolResult("c1", (Text("20"),))],
    ),
}
OLLAMA_AND_COHERE = {
    "images of Ollama": (
        {"role": "user", "content": "What is it?", "images": ["iVBORw0KGgo="]},
        [Text("What is it?"), Attachment(media_type="image/png", data="iVBORw0KGgo=")],
    ),
    "a thought and a call of Ollama": (
        {
            "role": "assistant",
            "content": "",
            "thinking": "Hm.",
            "tool_calls": [{"function": {"name": "get", "arguments": {"n": 1}}}],
        },
        [Reasoning("Hm."), ToolCall("", "get", '{"n": 1}')],
    ),
    "a plan of Cohere": (
        {
            "role": "assistant",
            "tool_plan": "I look it up.",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "get", "arguments": "{}"}}
            ],
        },
        [Text("I look it up."), ToolCall("c1", "get", "{}")],
    ),
    "documents of Cohere": (
        {
            "role": "tool",
            "tool_call_id": "c1",
            "content": [{"type": "document", "document": {"id": "d", "data": "20 degrees"}}],
        },
        [ToolResult("c1", (Text("20 degrees"),))],
    ),
}
ALL: dict[str, dict[str, Any]] = {
    "bedrock": BEDROCK,
    "llamaindex": LLAMAINDEX,
    "haystack": HAYSTACK,
    "autogen": AUTOGEN,
    "ai sdk 4": AI_SDK_4,
    "openai elsewhere": OPENAI_ELSEWHERE,
    "a2a": A2A,
    "letta": LETTA,
    "agent framework": AGENT_FRAMEWORK,
    "ag-ui": AG_UI,
    "others": OLLAMA_AND_COHERE,
}
EXAMPLES = examples_of(ALL)


@pytest.mark.parametrize(("content", "read"), EXAMPLES)
def test_a_part_is_read_as_what_it_is(content, read):
    assert parts(content, "assistant") == read


@pytest.mark.parametrize(("content", "read"), EXAMPLES)
def test_inline_bytes_count_as_attachments(content, read):
    shown = [part for one in read for part in getattr(one, "parts", (one,))]
    inline = [one for one in shown if isinstance(one, Attachment) and one.data]
    assert len(Outline(compact(content)).attachments()) == len(inline)


def test_reasoning_without_details_is_langchains():
    found = find({"type": "reasoning", "reasoning": "Hm."})
    assert found
    assert found[0] == "langchain"


def test_what_an_export_of_claude_notes_of_tokens_is_shown_and_sent_to_nobody():
    content = [{"type": "text", "text": "Hi."}, {"type": "token_budget"}]
    text, note = parts(content, "assistant")
    assert (text, plain_text(note)) == (Text("Hi."), "")
    made = convert([{"role": "assistant", "content": content}], "auto", "anthropic").messages
    assert [block["type"] for block in made[0]["content"]] == ["text"]
