"""Messages that are converted to another API and back are what they were, but for what is told."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dialoguedb.formats import convert
from dialoguedb.formats.parts import Attachment, Text, ToolCall, ToolResult
from dialoguedb.formats.transcoder import Convertible
from dialoguedb.formats.turns import parse_parts

TARGETS: list[Convertible] = ["openai", "responses", "anthropic", "gemini", "ui-message"]
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)

words = st.sampled_from(["Where?", "It left on Monday.", "7 😀", "a\n\nb", '{"a": 1}', "[1, 2]"])
arguments = st.dictionaries(
    st.sampled_from(["city", "order"]), st.sampled_from(["Oslo", 17, None, [1], {"a": "b"}])
)


@st.composite
def conversations(draw):
    """Draw a conversation as chat messages: questions, answers, calls, results, pictures."""
    messages = [{"role": "user", "content": draw(words)}]
    count = 0
    for _ in range(draw(st.integers(0, 4))):
        ids = [f"call_{count + n}" for n in range(draw(st.integers(0, 3)))]
        count += len(ids)
        if ids:
            calls = [
                {
                    "id": one,
                    "type": "function",
                    "function": {
                        "name": draw(st.sampled_from(["find", "get_weather"])),
                        "arguments": json.dumps(draw(arguments)),
                    },
                }
                for one in ids
            ]
            content = draw(st.sampled_from(["", "I look."]))
            messages.append({"role": "assistant", "content": content, "tool_calls": calls})
            messages += [
                {"role": "tool", "tool_call_id": one, "content": draw(words)} for one in ids
            ]
        messages.append({"role": "assistant", "content": draw(words)})
        content = [{"type": "text", "text": draw(words)}]
        if draw(st.booleans()):
            url = f"data:image/png;base64,{PNG}"
            content.append({"type": "image_url", "image_url": {"url": url}})
        messages.append({"role": "user", "content": content})
    return messages


def read(messages):
    """Return what messages hold, whoever spells it, in order; what one speaker says is one."""
    found: list[tuple[Any, ...]] = []
    for message in messages:
        kind = message.get("type", "")
        role = message.get("role") or ("tool" if kind.endswith("_output") else "assistant")
        speaker, parts = parse_parts(role, json.dumps(message).encode(), b"{}")
        for part in parts:
            match part:
                case Text():
                    found.append(("text", "" if speaker == "tool" else speaker, part.text))
                case Attachment():
                    found.append(("attachment", part.kind, part.media_type, part.data))
                case ToolCall():
                    is_json = part.kind != "custom"
                    called = json.loads(part.arguments) if is_json else {"input": part.arguments}
                    found.append(("call", part.id, part.name, called))
                case ToolResult():
                    texts = [one.text for one in part.parts if isinstance(one, Text)]
                    found.append(("result", part.call_id, "\n".join(texts), part.is_error))
    return found


@settings(max_examples=100, deadline=None)
@given(conversations(), st.lists(st.sampled_from(TARGETS), min_size=1, max_size=4))
def test_what_has_a_counterpart_survives_any_way_there_and_back(messages, way):
    sent = messages
    source: Convertible = "openai"
    for target in (*way, TARGETS[0]):
        converted = convert(sent, "auto" if source == target else source, target)
        assert converted.losses == ()
        assert converted.system == ""
        sent, source = converted.messages, target
        assert sorted(map(str, read(sent))) == sorted(map(str, read(messages)))
    assert read(sent) == read(messages)


SOURCES: dict[Convertible, list[list[dict[str, Any]]]] = {
    "openai": [
        [{"role": "system", "content": "Be kind."}],
        [{"role": "developer", "content": "Be short."}],
        [{"role": "user", "name": "Ada", "content": "I like tea."}],
        [{"role": "assistant", "content": "So.", "reasoning_content": "Hm."}],
        [{"role": "assistant", "content": "So.", "annotations": [{"type": "url_citation"}]}],
        [{"role": "assistant", "content": None, "refusal": "No."}],
        [{"role": "assistant", "content": None, "audio": {"id": "audio_1", "transcript": "Hi."}}],
        [
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [
                    {"id": "a b", "type": "custom", "custom": {"name": "run it", "input": "1 + 1"}}
                ],
            },
            {"role": "tool", "tool_call_id": "a b", "content": "2"},
        ],
        [{"role": "tool", "tool_call_id": "nobodys", "content": "late"}],
        [
            {
                "role": "user",
                "content": [
                    {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}},
                    {"type": "file", "file": {"file_id": "file-1"}},
                    {"type": "file", "file": {"filename": "a.pdf", "file_data": "JVBE"}},
                ],
            }
        ],
    ],
    "anthropic": [
        [
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
                    {"type": "redacted_thinking", "data": "RU5D"},
                    {"type": "text", "text": "So.", "citations": [{"type": "char_location"}]},
                    {"type": "tool_use", "id": "toolu_9", "name": "look", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "toolu_9",
                        "is_error": True,
                        "content": [{"type": "text", "text": "no"}],
                    }
                ],
            },
        ],
        [
            {
                "role": "assistant",
                "content": [
                    {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}},
                    {"type": "web_search_tool_result", "tool_use_id": "s1", "content": []},
                    {"type": "compaction", "content": "All of it."},
                    {"type": "mcp_tool_listing", "tools": []},
                ],
            }
        ],
        [
            {
                "role": "user",
                "content": [
                    {
                        "type": "document",
                        "title": "Notes",
                        "source": {"type": "text", "media_type": "text/plain", "data": "Tea."},
                    },
                    {"type": "container_upload", "file_id": "file_1"},
                ],
            }
        ],
    ],
    "responses": [
        [
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "RU5D"},
            {
                "type": "message",
                "id": "msg_1",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "So.", "annotations": []}],
            },
            {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {}},
            {"type": "mcp_list_tools", "id": "m", "server_label": "s", "tools": []},
            {"type": "compaction", "encrypted_content": "RU5D"},
        ],
        [
            {"type": "shell_call", "call_id": "c1", "action": {"commands": ["ls"]}},
            {
                "type": "shell_call_output",
                "call_id": "c1",
                "output": [{"stdout": "a.txt", "outcome": {"type": "exit", "exit_code": 0}}],
            },
        ],
    ],
    "gemini": [
        [
            {
                "role": "model",
                "parts": [
                    {"text": "Hm.", "thought": True},
                    {"functionCall": {"name": "look", "args": {}}, "thoughtSignature": "c2ln"},
                ],
            },
            {
                "role": "user",
                "parts": [{"functionResponse": {"name": "look", "response": {"error": "no"}}}],
            },
            {
                "role": "model",
                "parts": [
                    {"executableCode": {"language": "PYTHON", "code": "1 + 1"}},
                    {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "2"}},
                ],
            },
        ]
    ],
    "ui-message": [
        [
            {
                "id": "1",
                "role": "assistant",
                "metadata": {"at": 7},
                "parts": [
                    {"type": "reasoning", "text": "Hm.", "state": "done"},
                    {"type": "data-weather", "data": {"city": "Oslo"}},
                    {
                        "type": "tool-look",
                        "toolCallId": "c1",
                        "state": "output-available",
                        "input": {},
                        "output": {"found": 1},
                    },
                    {"type": "source-url", "sourceId": "s", "url": "https://e.com"},
                ],
            }
        ]
    ],
}
"""Messages of each API with what others have no counterpart for."""


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_what_does_not_survive_is_in_the_losses(data):
    source = data.draw(st.sampled_from(sorted(SOURCES)))
    target = data.draw(st.sampled_from(TARGETS))
    pieces = data.draw(st.lists(st.sampled_from(SOURCES[source]), min_size=1, max_size=3))
    messages = json.loads(json.dumps([one for piece in pieces for one in piece]))
    converted = convert(messages, source, target)
    lossy = {loss.index for loss in converted.losses}
    there = read(converted.messages)
    systems = converted.system + str(converted.messages[:1])
    for index, message in enumerate(messages):
        for item in read([message]):
            # where there was no id, one may have been made up
            found = [one for one in there if one == item or (*one[:1], "", *one[2:]) == item]
            if found:
                there.remove(found[0])
            else:
                is_moved = item[:2] == ("text", "system") and item[-1] in systems
                assert is_moved or index in lossy, item
    json.dumps(converted.messages).encode()


@given(st.sampled_from(TARGETS), st.data())
def test_to_the_same_api_nothing_is_lost_that_it_keeps(target, data):
    messages = data.draw(st.sampled_from(SOURCES[target]))
    assert convert(messages, target, target).messages == messages
    first = convert(messages, "auto", target)
    second = convert(first.messages, "auto", target, system=first.system)
    assert second.messages == first.messages
    assert second.system == first.system
