"""What a message takes in a window: its words, images by their dimensions, and never bytes."""

import base64
import json

import pytest

from dialoguedb.formats.attachments.cutting import cut, with_beginnings
from dialoguedb.formats.attachments.scanner import Outline
from dialoguedb.formats.tokens import (
    IMAGE_TOKENS_MAX,
    IMAGE_TOKENS_MIN,
    MESSAGE_TOKENS,
    TOOL_TOKENS,
    measure_message,
)
from tests.attachments import SPELLINGS, base64_of, encoded
from tests.unit.test_formats_images import png


def words(text):
    return len(text.split())


def of(content, name=None, role="assistant", metadata=None):
    stored = json.dumps(content, separators=(",", ":")).encode()
    encoded = json.dumps(metadata or {}).encode()
    return measure_message(role, stored, name, encoded, words).tokens - MESSAGE_TOKENS


def test_a_text_counts_its_words_and_the_speaker_his_name():
    assert of("one two three") == 3
    assert of('one\ntwo \u00e9 "three"') == 4
    assert of("one", "Ada Lovelace") == 3
    assert of("half \ud800 pair") == 3


def test_text_blocks_count_their_texts_alone():
    assert of([{"type": "text", "text": "one two"}, {"type": "text", "text": "three"}]) == 3
    assert of([{"type": "input_text", "text": "one two", "id": "a b c"}]) == 2
    assert of({"role": "assistant", "content": "one two", "tool_calls": None}) == 2


@pytest.mark.parametrize(
    "image",
    [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "@"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,@"}},
        {"type": "input_image", "image_url": "data:image/png;base64,@"},
        {"type": "image", "data": "@", "mimeType": "image/png"},
        {"inline_data": {"mime_type": "image/png", "data": "@"}, "type": "part"},
        {"inlineData": {"mimeType": "image/png", "data": "@"}},
        "data:image/png;base64,@",
    ],
)
def test_an_image_counts_by_its_dimensions_in_every_spelling(image):
    def sized(width, height):
        data = png(width, height).rstrip("=") + "A" * 100_001
        return of([json.loads(json.dumps(image).replace("@", data))])

    assert sized(750, 100) == 100
    assert sized(20, 20) == IMAGE_TOKENS_MIN
    assert sized(8_000, 8_000) == IMAGE_TOKENS_MAX


def test_an_image_of_unknown_size_counts_the_most():
    by_address = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    assert of([by_address]) == IMAGE_TOKENS_MAX
    assert of([{"type": "image", "source": {"type": "url", "url": "x"}}]) == IMAGE_TOKENS_MAX


def test_an_address_counts_where_it_may_be_shown_instead():
    url = "https://example.com/" + "a " * 2_000
    assert of([{"type": "image_url", "image_url": {"url": url}}]) == 2_000


def test_a_file_counts_its_name_and_a_text_document_its_text():
    source = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0" * 9_000}
    assert of([{"type": "document", "title": "The bill", "source": source}]) == 3
    assert of([{"type": "input_audio", "input_audio": {"data": "AAAA a" * 9_000}}]) == 1
    text = {"type": "text", "media_type": "text/plain", "data": "one two three"}
    assert of([{"type": "document", "source": text}]) == 1 + 3


def test_tool_calls_and_results_count_names_inputs_and_results():
    use = {"type": "tool_use", "id": "t 1", "name": "weather", "input": {"city": "Oslo now"}}
    inputs = len(json.dumps({"city": "Oslo now"}).split())
    assert of([use]) == TOOL_TOKENS + 1 + inputs
    result = {"type": "tool_result", "tool_use_id": "t 1", "content": "four degrees today"}
    assert of([result]) == TOOL_TOKENS + 3
    shot = [{"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}]
    assert of([{**result, "content": shot}]) == TOOL_TOKENS + IMAGE_TOKENS_MAX
    call = {"id": "c 1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
    assert of({"role": "assistant", "content": None, "tool_calls": [call]}) == TOOL_TOKENS + 3
    output = {"type": "function_call_output", "call_id": "c 1", "output": "one two"}
    assert of([output]) == TOOL_TOKENS + 2


def test_calls_in_the_metadata_count_as_those_in_the_content():
    call = {"id": "c 1", "function": {"name": "f", "arguments": '{"of": "much to say"}'}}
    assert of("one two", metadata={"tool_calls": [call]}) == 2 + TOOL_TOKENS + 1 + 4
    assert of("one two", role="user", metadata={"tool_calls": [call]}) == 2
    assert of("one two", role="tool", metadata={"tool_call_id": "c 1"}) == 2 + TOOL_TOKENS


def test_data_counts_as_it_is_shown():
    assert of({"total": 3, "of": [True, None]}) == len(["total:", "3", "of:", "true"])
    shot = {"shot": "data:image/png;base64," + png(750, 100), "by": "Ada"}
    assert of(shot) == len(["shot:", "[image/png]", "by:", "Ada"])


def test_what_is_not_shown_does_not_count():
    assert of({"type": "compaction", "encrypted_content": "as much as you like"}) == 0
    assert of([{"type": "thinking", "thinking": "as much as you like", "signature": "s"}]) == 0
    unknown = {"type": "sparkline", "title": "Sales", "points": "as much as you like"}
    assert of([unknown]) == len(["[unknown", "part:", "sparkline]", "Sales"])


@pytest.mark.parametrize("role", ["user", "tool", "system"])
@pytest.mark.parametrize("metadata", [{}, {"tool_call_id": "c"}, {"tool_calls": [{"name": "f"}]}])
@pytest.mark.parametrize("text", ["one two", "", "  ", "é ü", "data: none", "data:a/b;base64,AAAA"])
def test_a_plain_text_counts_as_its_parts_would(role, metadata, text):
    whole = {"role": "user", "content": [{"type": "text", "text": text}]}
    expected = of([{"type": "text", "text": text}], role=role, metadata=metadata)
    assert of(text, role=role, metadata=metadata) == expected
    if role == "user":
        assert of(whole, role=role) == of(text, role=role)


ENCODINGS = {
    "plain": lambda content: content,
    "escaped slashes": lambda content: content.replace(b"/", rb"\/"),
    "escaped signs": lambda content: content.replace(b"+", rb"\u002b").replace(b"=", rb"\u003d"),
}


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=ENCODINGS)
@pytest.mark.parametrize("extra", [0, 1, 2])
@pytest.mark.parametrize("spelling", SPELLINGS, ids=[one.name for one in SPELLINGS])
def test_the_beginning_of_a_large_attachment_tells_as_much_as_all_of_it(spelling, extra, encoding):
    image = base64.b64decode(png(640, 480))
    data = base64_of(image + bytes(range(256)) * 4_000 + bytes(extra))
    content = encoding(encoded(spelling.write(data)))
    made = cut(content, Outline(content).attachments())
    assert made is not None
    short = with_beginnings(content, made.attachments)
    assert len(short) < len(content) / 2
    for role in ("user", "assistant", "tool"):
        whole = measure_message(role, content, None, b"{}", words)
        assert measure_message(role, short, None, b"{}", words) == whole
