"""Items of the OpenAI Agents SDK for JavaScript, by the types of `@openai/agents-core` 0.20.0."""

import json
from typing import Any

import pytest

from dialoguedb.formats import convert
from dialoguedb.formats.attachments.scanner import Outline
from dialoguedb.formats.parts import Attachment, Other, Reasoning, Text, ToolCall, ToolResult
from dialoguedb.formats.provider_rules.rule import SentMessages
from dialoguedb.formats.provider_rules.rules import findings
from dialoguedb.formats.turns import parse_turn
from tests.contract.making import compact
from tests.unit.test_formats_spellings import found, server
from tests.unit.test_formats_turns import message, parts

PNG = "iVBORw0KGgo="
PICTURE = Attachment(media_type="image/png", data=PNG)
CALL = {
    "type": "function_call",
    "id": "fc_1",
    "callId": "c1",
    "name": "w",
    "arguments": "{}",
    "providerData": {},
}
RESULT = {"type": "function_call_result", "callId": "c1", "name": "w", "status": "completed"}
RAN = {"stdout": "a.txt", "stderr": "", "outcome": {"type": "exit", "exitCode": 1}}
SHELL = {"commands": ["ls"], "timeoutMs": 9}


def hosted(kind, output=None, **beside):
    """Make the item of a tool that OpenAI ran."""
    item = {"type": "hosted_tool_call", "id": "h1", "name": kind, "status": "completed"}
    return {**item, "output": output, "providerData": {"type": kind, "id": "h1", **beside}}


READ: dict[str, tuple[dict[str, Any], list[Any], str]] = {
    "a call": (CALL, [ToolCall("c1", "w", "{}")], "function_call"),
    "a text": (
        {**RESULT, "output": {"type": "text", "text": "rain"}},
        [ToolResult("c1", (Text("rain"),), name="w")],
        "function_call_output",
    ),
    "a plain output": (
        {**RESULT, "output": "rain"},
        [ToolResult("c1", (Text("rain"),), name="w")],
        "function_call_output",
    ),
    "parts": (
        {
            **RESULT,
            "output": [
                {"type": "input_text", "text": "rain", "providerData": {}},
                {"type": "input_image", "image": f"data:image/png;base64,{PNG}", "detail": "low"},
            ],
        },
        [ToolResult("c1", (Text("rain"), PICTURE), name="w")],
        "function_call_output",
    ),
    "an array of texts": (
        {**RESULT, "output": [{"type": "text", "text": "rain"}, {"type": "text", "text": "now"}]},
        [ToolResult("c1", (Text("rain"), Text("now")), name="w")],
        "function_call_output",
    ),
    "an image": (
        {**RESULT, "output": {"type": "image", "image": {"data": PNG, "mediaType": "image/png"}}},
        [ToolResult("c1", (PICTURE,), name="w")],
        "function_call_output",
    ),
    "a computer": (
        {
            "type": "computer_call",
            "callId": "c1",
            "action": {"type": "wait"},
            "status": "completed",
        },
        [ToolCall("c1", "computer", '{"type": "wait"}')],
        "computer_call",
    ),
    "its screen": (
        {
            "type": "computer_call_result",
            "callId": "c1",
            "output": {"type": "computer_screenshot", "data": f"data:image/png;base64,{PNG}"},
        },
        [ToolResult("c1", (PICTURE,))],
        "computer_call_output",
    ),
    "a shell": (
        {"type": "shell_call", "callId": "c1", "action": SHELL},
        [ToolCall("c1", "shell", '{"commands": ["ls"], "timeout_ms": 9}')],
        "shell_call",
    ),
    "what it printed": (
        {"type": "shell_call_output", "callId": "c1", "output": [RAN], "maxOutputLength": 9},
        [ToolResult("c1", (Text("a.txt\n[exit code 1]"),), name="shell")],
        "shell_call_output",
    ),
    "a patch": (
        {
            "type": "apply_patch_call",
            "callId": "c1",
            "status": "completed",
            "operation": {"type": "delete_file", "path": "a"},
        },
        [ToolCall("c1", "apply_patch", '{"operation": {"type": "delete_file", "path": "a"}}')],
        "apply_patch_call",
    ),
    "its outcome": (
        {
            "type": "apply_patch_call_output",
            "callId": "c1",
            "status": "failed",
            "output": "no such file",
        },
        [ToolResult("c1", (Text("no such file"),), is_error=True)],
        "apply_patch_call_output",
    ),
    "a search": (
        hosted("web_search_call", action={"type": "search", "query": "rain"}),
        [server("h1", "web_search", '{"type": "search", "query": "rain"}')],
        "web_search_call",
    ),
    "a tool of MCP": (
        hosted("mcp_call", "rain", server_label="s", name="w", arguments="{}"),
        [server("h1", "w", "{}"), found("h1", "w", "rain")],
        "mcp_call",
    ),
    "a picture that was made": (
        hosted("image_generation_call", PNG, output_format="png"),
        [
            server("h1", "image_generation", "{}"),
            ToolResult("h1", (PICTURE,), kind="server", name="image_generation"),
        ],
        "image_generation_call",
    ),
    "a thought": (
        {
            "type": "reasoning",
            "id": "rs_1",
            "content": [{"type": "input_text", "text": "Hm.", "providerData": {}}],
            "providerData": {"encrypted_content": "RU5D"},
        },
        [Reasoning("Hm.")],
        "reasoning",
    ),
    "an answer": (
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [
                {"type": "output_text", "text": "Rain.", "providerData": {"annotations": []}}
            ],
            "providerData": {},
        },
        [Text("Rain.")],
        "message",
    ),
    "an item that the SDK does not know": (
        {"type": "unknown", "providerData": {"type": "compaction", "encrypted_content": "RU5D"}},
        [],
        "compaction",
    ),
}
FOREIGN = ("callId", "providerData", "exitCode", "timeoutMs", "maxOutputLength", "image", "data")


@pytest.mark.parametrize(("item", "read", "_kind"), READ.values(), ids=READ)
def test_an_item_is_read_as_what_it_is(item, read, _kind):
    assert [one for one in parts(item, "assistant") if not isinstance(one, Other)] == read
    if read and isinstance(read[-1], ToolResult) and read[-1].kind == "function":
        assert parts(item, "tool") == read


@pytest.mark.parametrize(("item", "_read", "kind"), READ.values(), ids=READ)
def test_an_item_goes_back_as_one_of_the_api(item, _read, kind):
    (sent, *_) = convert(
        [item, {**READ["an answer"][0], "id": "msg_2"}], "auto", "responses"
    ).messages
    assert sent["type"] == kind
    assert not [key for key in FOREIGN if f'"{key}"' in json.dumps(sent)]


@pytest.mark.parametrize(("item", "read", "_kind"), READ.values(), ids=READ)
def test_inline_bytes_count_as_attachments(item, read, _kind):
    shown = [part for one in read for part in getattr(one, "parts", (one,))]
    inline = [one for one in shown if isinstance(one, Attachment) and one.data]
    assert len(Outline(compact(item)).attachments()) == len(inline)


def test_a_run_is_sent_as_the_api_demands():
    run = [{"role": "user", "content": "Rain?"}]
    run += [READ[name][0] for name in ("a thought", "a call", "a text", "an answer")]
    made = convert(run, "auto", "responses").messages
    assert not list(findings("responses", SentMessages(made)))
    assert made[1]["summary"] == [{"type": "summary_text", "text": "Hm."}]
    assert made[1]["encrypted_content"] == "RU5D"
    assert made[2]["call_id"] == made[3]["call_id"] == "c1"
    assert made[3]["output"] == "rain"
    assert made[4]["content"][0]["annotations"] == []


def test_parallel_calls_have_their_results():
    calls = [{**CALL, "callId": one, "name": one} for one in "ab"]
    results = [{**RESULT, "callId": one, "output": {"type": "text", "text": one}} for one in "ba"]
    made = convert([*calls, *results], "auto", "openai").messages
    assert [(one["tool_call_id"], one["content"]) for one in made[1:]] == [("a", "a"), ("b", "b")]


@pytest.mark.parametrize(
    ("part", "read"),
    [
        ({"type": "input_image", "image": "https://e.com/a.png"}, ("https://e.com/a.png", "", "")),
        ({"type": "input_image", "image": f"data:image/png;base64,{PNG}"}, ("", PNG, "")),
        ({"type": "input_image", "image": {"id": "file-1"}}, ("", "", "file-1")),
        ({"type": "input_file", "file": "https://e.com/a.pdf"}, ("https://e.com/a.pdf", "", "")),
        (
            {"type": "input_file", "file": {"url": "https://e.com/b.pdf"}},
            ("https://e.com/b.pdf", "", ""),
        ),
        ({"type": "input_file", "file": "data:application/pdf;base64,AAAA"}, ("", "AAAA", "")),
        ({"type": "input_file", "file": {"id": "file-1"}}, ("", "", "file-1")),
    ],
)
def test_images_and_files_of_a_user(part, read):
    (attached,) = parts({"role": "user", "content": [{**part, "providerData": {}}]}, "user")
    assert isinstance(attached, Attachment)
    assert (attached.url, attached.data, attached.file_id) == read
    made = convert([{"role": "user", "content": [part]}], "auto", "responses").messages
    assert not list(findings("responses", SentMessages(made)))
    if not read[0].endswith(".pdf"):
        assert made[0]["content"][0]["type"] == part["type"]


def test_a_tool_of_another_provider_is_named():
    item = {"type": "hosted_tool_call", "id": "h1", "name": "browse", "output": "seen"}
    item["arguments"] = '{"url": "u"}'
    assert parts(item, "assistant") == [
        server("h1", "browse", '{"url": "u"}'),
        found("h1", "browse", "seen"),
    ]


def stored_in(item):
    """Return the item that a part is given back as."""
    (read,) = parse_turn(message(item, "assistant")).parts
    assert read.native
    return read.native.value


def test_the_output_of_a_program_and_the_move_of_a_patch_keep_what_they_say():
    output = {"type": "program_output", "id": "p1", "callId": "c1", "output": "42"}
    read = stored_in({**output, "providerData": {}})
    assert (read["result"], "output" in read) == ("42", False)
    moved = {"type": "update_file", "path": "a", "diff": "", "moveTo": "b"}
    patch = {"type": "apply_patch_call", "id": "a1", "callId": "c2", "operation": moved}
    assert stored_in(patch)["operation"]["move_to"] == "b"
