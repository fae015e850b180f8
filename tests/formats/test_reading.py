"""Messages as the packages of frameworks write them say the same, whichever wrote them."""

import base64
import json

import pytest
from google.genai import types as genai
from langchain_core import messages as langchain
from langchain_core.load import dumpd
from msgspec.structs import replace
from pydantic_ai import messages as pydantic_ai

from dialoguedb.formats.parts import (
    Attachment,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from dialoguedb.formats.turns import parse_parts

PIXELS = b"\x89PNG\xff\xfe\xfd pixels"
IMAGE = Attachment(media_type="image/png", data=base64.b64encode(PIXELS).decode())
CALL = ToolCall("c1", "track", '{"order": 17}')
RESULT = ToolResult("c1", (Text("sent"),), name="track")
FAILED = replace(RESULT, is_error=True)


def bare(part: Part) -> Part:
    if isinstance(part, ToolResult):
        part = replace(part, parts=tuple(map(bare, part.parts)))
    return replace(part, native=None)


def read(role: str, content: object) -> list[Part]:
    _, parts = parse_parts(role, json.dumps(content).encode(), b"{}")
    return [bare(part) for part in parts]


WRITTEN_BY_LANGCHAIN = [
    ("user", langchain.HumanMessage("Where is it?"), [Text("Where is it?")]),
    (
        "user",
        langchain.HumanMessage([{"type": "image", "base64": IMAGE.data, "mime_type": "image/png"}]),
        [IMAGE],
    ),
    (
        "assistant",
        langchain.AIMessage(
            "I look.",
            tool_calls=[{"name": "track", "args": {"order": 17}, "id": "c1"}],
            additional_kwargs={"reasoning_content": "Hm."},
        ),
        [Reasoning("Hm."), Text("I look."), CALL],
    ),
    (
        "assistant",  # as for Anthropic, the call is in the content as well
        langchain.AIMessage(
            [{"type": "tool_use", "id": "c1", "name": "track", "input": {"order": 17}}],
            tool_calls=[{"name": "track", "args": {"order": 17}, "id": "c1"}],
        ),
        [CALL],
    ),
    (
        "assistant",
        langchain.AIMessage(
            "",
            invalid_tool_calls=[
                {
                    "name": "track",
                    "args": "{half",
                    "id": "c1",
                    "error": "no JSON",
                    "type": "invalid_tool_call",
                }
            ],
        ),
        [ToolCall("c1", "track", "{half")],
    ),
    (
        "tool",
        langchain.ToolMessage("sent", tool_call_id="c1", name="track", artifact={"more": 1}),
        [RESULT],
    ),
    (
        "tool",
        langchain.ToolMessage("sent", tool_call_id="c1", name="track", status="error"),
        [FAILED],
    ),
]


@pytest.mark.parametrize(
    "dump",
    [
        lambda message: langchain.messages_to_dict([message])[0],
        lambda message: message.model_dump(mode="json"),
        dumpd,
    ],
    ids=["messages_to_dict", "model_dump", "dumpd"],
)
@pytest.mark.parametrize(("role", "message", "parts"), WRITTEN_BY_LANGCHAIN)
def test_langchains_messages_are_read_however_they_were_dumped(dump, role, message, parts):
    assert read(role, dump(message)) == parts
    assert read("message", dump(message)) == parts  # in an unknown role, the message has it


WRITTEN_BY_PYDANTIC_AI = [
    (
        "user",
        pydantic_ai.ModelRequest(
            parts=[
                pydantic_ai.UserPromptPart(
                    content=[
                        "Where is it?",
                        pydantic_ai.BinaryContent(data=PIXELS, media_type="image/png"),
                        pydantic_ai.DocumentUrl(url="https://e.com/bill.pdf"),
                    ]
                )
            ]
        ),
        [
            Text("Where is it?"),
            IMAGE,
            Attachment("document", "https://e.com/bill.pdf", "application/pdf"),
        ],
    ),
    (
        "assistant",
        pydantic_ai.ModelResponse(
            parts=[
                pydantic_ai.ThinkingPart(content="Hm."),
                pydantic_ai.TextPart(content="I look."),
                pydantic_ai.ToolCallPart("track", {"order": 17}, "c1"),
            ]
        ),
        [Reasoning("Hm."), Text("I look."), CALL],
    ),
    (
        "user",
        pydantic_ai.ModelRequest(
            parts=[pydantic_ai.ToolReturnPart("track", "sent", tool_call_id="c1")]
        ),
        [RESULT],
    ),
    (
        "user",
        pydantic_ai.ModelRequest(
            parts=[
                pydantic_ai.ToolReturnPart("track", "sent", tool_call_id="c1", outcome="retried")
            ]
        ),
        [FAILED],
    ),
    (
        "assistant",
        pydantic_ai.ModelResponse(
            parts=[
                pydantic_ai.NativeToolCallPart("web_search", {"q": "cup"}, "s1"),
                pydantic_ai.NativeToolReturnPart("web_search", {"hits": 2}, "s1"),
            ]
        ),
        [
            ToolCall("s1", "web_search", '{"q": "cup"}', "server"),
            ToolResult("s1", (Text('{"hits": 2}'),), kind="server", name="web_search"),
        ],
    ),
]


@pytest.mark.parametrize(("role", "message", "parts"), WRITTEN_BY_PYDANTIC_AI)
def test_pydantic_ais_messages_and_their_parts_are_read(role, message, parts):
    adapter = pydantic_ai.ModelMessagesTypeAdapter
    [written] = adapter.dump_python([message], mode="json")
    assert read(role, written) == parts
    assert read(role, written["parts"]) == parts


@pytest.mark.parametrize("options", [{"by_alias": True, "exclude_none": True}, {}])
def test_geminis_contents_are_read_in_camel_and_snake_case_and_with_nulls(options):
    content = genai.Content(
        role="model",
        parts=[
            genai.Part(text="Hm.", thought=True),
            genai.Part(text="I look."),
            genai.Part(inline_data=genai.Blob(data=PIXELS, mime_type="image/png")),
            genai.Part(
                function_call=genai.FunctionCall(id="c1", name="track", args={"order": 17}),
                thought_signature=b"signed",
            ),
            genai.Part(
                function_response=genai.FunctionResponse(
                    id="c1", name="track", response={"result": "sent"}
                )
            ),
        ],
    )
    written = content.model_dump(mode="json", **options)
    expected = [Reasoning("Hm."), Text("I look."), IMAGE, CALL, RESULT]
    assert read("model", written) == expected
    assert read("model", written["parts"]) == expected
