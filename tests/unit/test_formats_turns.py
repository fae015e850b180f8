"""What stored messages say, in every spelling that is known."""

import json

import msgspec
import pytest
from msgspec import UNSET, Raw
from msgspec.structs import replace

from dialoguedb.formats.parts import Attachment, Other, Reasoning, Text, ToolCall, ToolResult
from dialoguedb.formats.turns import parse_turn
from dialoguedb.model.messages import Message

NOW = "2026-03-01T12:00:00.000Z"
ARGUMENTS = '{"order": 17}'
FUNCTION = {"name": "track", "arguments": ARGUMENTS}


def message(content, role="user", metadata=None):
    return Message(
        id="m",
        dialogue_id="d",
        role=role,
        content=Raw(msgspec.json.encode(content)),
        content_length=0,
        name=UNSET,
        tags=Raw(b"[]"),
        metadata=Raw(msgspec.json.encode(metadata or {})),
        created=NOW,
        modified=NOW,
        seq=1,
        token_count=7,
    )


def parts(content, role="user", metadata=None):
    return [bare(part) for part in parse_turn(message(content, role, metadata)).parts]


def bare(part):
    """Return a part without what it was read from."""
    if isinstance(part, ToolResult):
        part = replace(part, parts=tuple(map(bare, part.parts)))
    return replace(part, native=None)


def speaker(role, content="hello"):
    return parse_turn(message(content, role)).speaker


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("system", "system"),
        ("developer", "system"),
        ("assistant", "assistant"),
        ("model", "assistant"),
        ("agent", "assistant"),
        ("ROLE_AGENT", "assistant"),
        ("ROLE_USER", "user"),
        ("tool", "tool"),
        ("function", "tool"),
        ("user", "user"),
        ("Ada", "user"),
    ],
)
def test_every_role_is_somebodys(role, expected):
    assert speaker(role) == expected


def test_a_whole_message_as_content_tells_who_speaks_in_an_unknown_role_but_for_the_system():
    assert speaker("message", {"role": "assistant", "content": "hello"}) == "assistant"
    assert speaker("message", {"role": "system", "content": "hello"}) == "user"
    assert speaker("message", {"role": "admin", "name": "Ann"}) == "user"


@pytest.mark.parametrize(
    ("inside", "expected"),
    [("agent", "assistant"), ("ROLE_AGENT", "assistant"), ("user", "user"), ("ROLE_USER", "user")],
)
def test_a_message_of_agent2agent_tells_who_speaks(inside, expected):
    whole = {"kind": "message", "role": inside, "parts": [{"kind": "text", "text": "hello"}]}
    assert speaker("message", whole) == expected


@pytest.mark.parametrize(("inside", "expected"), [("model", "assistant"), ("user", "user")])
def test_an_event_of_adk_tells_who_speaks(inside, expected):
    content = {"role": inside, "parts": [{"text": "hello"}]}
    for id_key in ("invocationId", "invocation_id"):
        event = {"author": "planner", id_key: "e-1", "content": content}
        assert speaker("event", event) == expected
        assert speaker("agent", event) == "assistant"
        assert speaker("user", event) == "user"


@pytest.mark.parametrize("role", ["user", "human", "assistant", "tool", "system"])
@pytest.mark.parametrize("inside", ["user", "assistant", "tool", "system", "admin"])
def test_what_is_said_in_a_known_role_changes_it_for_no_other(role, inside):
    assert speaker(role, {"role": inside, "content": "I approve"}) == speaker(role)


CALL = ToolCall("c1", "track", ARGUMENTS)


@pytest.mark.parametrize(
    ("content", "metadata"),
    [
        ({"content": None, "tool_calls": [{"id": "c1", "function": FUNCTION}]}, None),
        ({"tool_calls": [{"id": "c1", "type": "function", "function": FUNCTION}]}, None),
        ([{"id": "c1", "type": "function", "function": FUNCTION}], None),
        ({"type": "function_call", "call_id": "c1", "id": "fc_9", **FUNCTION}, None),
        ([{"type": "tool_use", "id": "c1", "name": "track", "input": {"order": 17}}], None),
        ([{"type": "tool_call", "id": "c1", "name": "track", "args": {"order": 17}}], None),
        (
            [{"type": "tool-call", "toolCallId": "c1", "toolName": "track", "args": {"order": 17}}],
            None,
        ),
        (" ", {"tool_calls": [{"id": "c1", "function": FUNCTION}]}),
    ],
)
def test_a_call_is_known_in_every_spelling(content, metadata):
    assert parts(content, "assistant", metadata) == [CALL]


RESULT = ToolResult("c1", (Text("on its way"),))


@pytest.mark.parametrize(
    ("role", "content", "metadata"),
    [
        ("tool", {"role": "tool", "tool_call_id": "c1", "content": "on its way"}, None),
        ("tool", {"tool_call_id": "c1", "content": [{"type": "text", "text": "on its way"}]}, None),
        ("tool", "on its way", {"tool_call_id": "c1"}),
        ("tool", "on its way", {"toolCallId": "c1"}),
        ("tool", [{"type": "text", "text": "on its way"}], {"tool_call_id": "c1"}),
        ("user", [{"type": "tool_result", "tool_use_id": "c1", "content": "on its way"}], None),
        ("tool", {"type": "function_call_output", "call_id": "c1", "output": "on its way"}, None),
        ("tool", [{"type": "tool-result", "toolCallId": "c1", "result": "on its way"}], None),
    ],
)
def test_a_result_is_known_in_every_spelling(role, content, metadata):
    assert parts(content, role, metadata) == [RESULT]


def test_a_result_that_names_no_call_is_one_all_the_same():
    assert parts("on its way", "tool") == [ToolResult("", (Text("on its way"),))]
    assert parts({"role": "function", "name": "track", "content": "x"}, "function") == [
        ToolResult("", (Text("x"),), name="track")
    ]


def test_an_error_stays_one():
    block = {"type": "tool_result", "tool_use_id": "c1", "content": "no", "is_error": True}
    assert parts([block]) == [ToolResult("c1", (Text("no"),), is_error=True)]


def test_parallel_calls_and_what_is_said_beside_them_keep_their_order():
    use = {"type": "tool_use", "id": "c1", "name": "track", "input": {"order": 17}}
    content = [{"type": "text", "text": "Let me see."}, use, {**use, "id": "c2"}]
    assert parts(content, "assistant") == [
        Text("Let me see."),
        CALL,
        ToolCall("c2", "track", ARGUMENTS),
    ]


@pytest.mark.parametrize(
    ("part", "image"),
    [
        (
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"},
            },
            Attachment(media_type="image/png", data="AAAA"),
        ),
        ({"type": "image", "source": {"type": "url", "url": "u"}}, Attachment(url="u")),
        ({"type": "image_url", "image_url": {"url": "u"}}, Attachment(url="u")),
        (
            {"type": "image_url", "image_url": {"url": "data:image/gif;base64,BBBB"}},
            Attachment(media_type="image/gif", data="BBBB"),
        ),
        (
            {"type": "input_image", "image_url": "data:image/webp;base64,CCCC"},
            Attachment(media_type="image/webp", data="CCCC"),
        ),
        ("data:image/png;base64,AAAA", Attachment(media_type="image/png", data="AAAA")),
        (
            {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
            Attachment(media_type="image/png", data="AAAA"),
        ),
        ({"type": "image"}, Attachment()),
        ({"type": "image", "data": "AAAA"}, Attachment(data="AAAA")),
        (
            {"type": "image_url", "image_url": "data:image/tiff;base64,AAAA"},
            Attachment(media_type="image/tiff", data="AAAA"),
        ),
        (
            {"type": "image_url", "image_url": "data:image/png;base64,A@=="},
            Attachment(media_type="image/png"),
        ),
    ],
)
def test_an_image_is_known_in_every_spelling(part, image):
    assert parts([part]) == [image]


def test_thoughts_are_kept_apart_and_files_are_named():
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "s"}
    assert parts([thought, {"type": "reasoning", "summary": []}], "assistant") == [
        Reasoning("Hm.", "s"),
        Reasoning(),
    ]
    unsigned = [{"type": "thinking", "thinking": "Hm."}, {"type": "redacted_thinking", "data": "x"}]
    assert parts(unsigned, "assistant") == [Reasoning("Hm."), Reasoning(data="x")]
    assert [part.is_returnable for part in parts(unsigned, "assistant")] == [False, True]
    pdf = {"type": "document", "title": "Bill", "source": {"type": "base64", "data": "AAAA"}}
    assert parts([pdf, {"type": "input_audio"}]) == [
        Attachment("document", name="Bill", data="AAAA"),
        Attachment("audio"),
    ]
    note = {"type": "document", "source": {"type": "text", "data": "As agreed."}}
    assert parts([note]) == [
        Attachment("document", media_type="text/plain", text="As agreed."),
    ]


@pytest.mark.parametrize(
    "content", ["  \n", [{}], {"role": "user", "content": ""}, [{"type": "text"}]]
)
def test_what_says_nothing_has_no_parts(content):
    assert parts(content) == []


def test_data_is_said_in_lines_without_bytes_and_what_only_a_provider_can_read():
    assert parts({"total": 3, "dueDate": {"day": "Monday"}}) == [Text("total: 3\nday: Monday")]
    assert parts({"at": ["data:a/b;base64,AAAA", "data: none"], "signature": "s"}) == [
        Text("at: [a/b]\nat: data: none")
    ]


def test_the_output_of_a_tool_that_is_data_stays_json():
    found = {"at": "data:a/b;base64,AAAA", "total": 3, "signature": "s"}
    assert parts(found, "tool") == [ToolResult("", (Text('{"at": "[a/b]", "total": 3}'),))]
    assert parts(["a.txt", "b.txt"], "tool") == [ToolResult("", (Text('["a.txt", "b.txt"]'),))]
    typed = {"type": "FeatureCollection", "features": []}
    assert json.loads(parts(typed, "tool")[0].parts[0].text) == typed


def test_a_part_of_unknown_type_is_named_and_said_in_its_words_alone():
    assert parts([{"type": "sparkline", "title": "Sales", "points": [1, 2]}]) == [
        Other("sparkline", "Sales", is_unknown=True)
    ]
    assert parts({"part_kind": "hologram", "content": "A" * 400}) == [
        Other("hologram", is_unknown=True)
    ]
    source = {"type": "base64", "media_type": "video/mp4", "data": "AAAA"}
    assert parts({"type": "reel", "source": source}) == [Other("reel", is_unknown=True)]


@pytest.mark.parametrize(
    "odd",
    [
        {"type": 7, "text": "x"},
        {"tool_calls": "none"},
        {"tool_calls": [7, {"function": "f"}, {}]},
        {"type": "tool_use"},
        {"type": "tool_result"},
        {"type": "image_url", "image_url": 7},
        {"type": "image", "source": 7},
        {"type": "text", "text": {"deep": [[]]}},
        {"role": 7, "content": 7},
        {"type": "function_call", "name": "f", "arguments": 7},
    ],
)
def test_what_only_looks_like_a_spelling_does_no_harm(odd):
    for role in ("user", "assistant", "tool"):
        parse_turn(message(odd, role))
        parse_turn(message([odd], role, {"tool_calls": odd, "tool_call_id": 7}))
