"""What is said in stored JSON, in every spelling that chat APIs share."""

import base64
import json

import pytest

from dialoguedb.formats.search_text import dialogue_text, memory_text, message_text, message_words
from dialoguedb.values import limits

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
BYTES = base64.b64encode(bytes(range(256)) * 4).decode()


def text_of(content):
    content = content if isinstance(content, bytes) else json.dumps(content).encode()
    return message_text("assistant", content)


def found_by(content, name=None):
    return message_words(text_of(content), name, "2026-03-01T12:00:00.000Z")


SPELLINGS = {
    "a string": ("Hello there", "Hello there"),
    "text blocks": (
        [{"type": "text", "text": "Hello"}, {"type": "input_text", "text": "there"}],
        "Hello\nthere",
    ),
    "an answer of OpenAI's responses": (
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "Done", "annotations": []}],
        },
        "Done",
    ),
    "a tool call of Anthropic's": (
        [{"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Paris"}}],
        "get_weather\ncity: Paris",
    ),
    "a tool call of OpenAI's": (
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "book", "arguments": '{"dueDate": "Monday", "seats": 2}'},
                }
            ],
        },
        "book\ndue date: Monday\nseats: 2",
    ),
    "a function call of OpenAI's responses": (
        [{"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"x": ["y", "z"]}'}],
        "f\nx: y\nx: z",
    ),
    "arguments that are no JSON": (
        [{"type": "function_call", "call_id": "c", "name": "f", "arguments": "{half"}],
        "f\n{half",
    ),
    "a tool result in words": (
        [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "18 degrees"}],
        "18 degrees",
    ),
    "a tool result in blocks": (
        [
            {
                "type": "tool_result",
                "tool_use_id": "toolu_1",
                "content": [{"type": "text", "text": "18 degrees"}],
            }
        ],
        "18 degrees",
    ),
    "the output of a function": (
        [{"type": "function_call_output", "call_id": "c", "output": "sunny"}],
        "sunny",
    ),
    "a refusal": ([{"type": "refusal", "refusal": "No."}], "No."),
    "a document in words": (
        [
            {
                "type": "document",
                "title": "Terms",
                "source": {"type": "text", "media_type": "text/plain", "data": "Be kind."},
            }
        ],
        "Terms\nBe kind.",
    ),
    "any other object": (
        {"order_id": "A-17", "paid": True, "price": 9.5, "note": None, "items": [{"name": "tea"}]},
        "order id: A-17\npaid: true\nprice: 9.5\nname: tea",
    ),
    "a part of unknown type": (
        {"type": "sparkline", "title": "Sales", "points": [1]},
        "[unknown part: sparkline] Sales",
    ),
    "an image with a text for it": (
        [{"type": "image_url", "image_url": {"url": "https://e.com/cat"}, "alt": "A cat"}],
        "A cat",
    ),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_what_is_said_is_text(spelling):
    content, text = SPELLINGS[spelling]
    assert text_of(content) == text


SILENT = {
    "an image of Anthropic's": {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": PIXEL},
    },
    "an image of OpenAI's": {
        "type": "image_url",
        "image_url": {"url": f"data:image/png;base64,{PIXEL}"},
    },
    "an image of the responses": {"type": "input_image", "image_url": f"data:;base64,{PIXEL}"},
    "sound": {"type": "input_audio", "input_audio": {"data": PIXEL, "format": "wav"}},
    "bytes in Google's spelling": {"inlineData": {"mimeType": "image/png", "data": PIXEL}},
    "a short image": {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": "aGk="},
    },
}


@pytest.mark.parametrize("silent", SILENT)
def test_bytes_say_nothing(silent):
    assert text_of([SILENT[silent]]) == ""


@pytest.mark.parametrize(
    "thought",
    [
        {"type": "thinking", "thinking": "Hm.", "signature": PIXEL},
        {"type": "redacted_thinking", "data": PIXEL},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
        {"type": "reasoning", "text": "Hm."},
        {"text": "Hm.", "thought": True},
        {"role": "assistant", "content": "", "reasoning_content": "Hm."},
    ],
)
def test_thoughts_say_nothing(thought):
    assert text_of([thought]) == ""


@pytest.mark.parametrize(
    "text",
    [
        f"before data:image/png;base64,{PIXEL} after",
        f"before ![](data:image/png;base64,{PIXEL}) after",
        f"before {BYTES} after",
        "before " + "\n".join(BYTES[at : at + 76] for at in range(0, len(BYTES), 76)) + " after",
    ],
)
def test_bytes_in_the_middle_of_a_text_are_left_out(text):
    words = text_of(text).replace("![](", "").replace(")", "").split()
    assert words == ["before", "after"]
    assert PIXEL not in text_of({"any": {"thing": [text]}})


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/" + "a-long-path/" * 20,
        "sha256 " + "0123456789abcdef" * 4,
        "the data: all of it",
        "word " * 1_000 + "end",
    ],
)
def test_long_words_that_people_write_stay(text):
    assert text_of(text) == text


def test_a_message_is_found_by_its_speaker_and_its_day():
    assert found_by("I moved", "Caroline") == "Caroline: I moved 1 March 2026 Sunday"
    assert found_by([{"type": "text", "text": "Yes"}]) == "Yes 1 March 2026 Sunday"
    assert found_by([{"type": "thinking", "thinking": "Hm."}], "Caroline") == ""
    assert found_by([SILENT["a short image"]], "Caroline") == ""


def test_memories_and_dialogues_say_what_they_are_called():
    assert memory_text(b'{"likes":["tea"]}', "Taste", "What she drinks") == (
        "Taste\nWhat she drinks\nlikes: tea"
    )
    assert memory_text(b"null", None, None) == ""
    assert memory_text(b"42", None, None) == "42"
    assert dialogue_text("Billing", ("vip", "de")) == "Billing\nvip de"
    assert dialogue_text(None) == ""


def test_nothing_is_said_beyond_the_limits():
    words = "word " * limits.INDEXED_CHARS_MAX
    text = text_of(words)
    assert limits.INDEXED_CHARS_MAX - 10 < len(text) <= limits.INDEXED_CHARS_MAX
    assert text.endswith("word")
    many = text_of({"key": ["x"] * (limits.INDEXED_VALUES_MAX + 10)})
    assert 0 < len(many.split("\n")) <= limits.INDEXED_VALUES_MAX
    assert many.endswith("x\n[more]")


@pytest.mark.parametrize("damaged", [b"", b"{", b'"\xff"', b"[1e999]", b"[" * 2_000, b"nope"])
def test_damage_says_nothing_and_breaks_nothing(damaged):
    assert isinstance(text_of(damaged), str)
