"""What a message takes in a window: its words, images by their dimensions, and never bytes."""

import json

import pytest

from dialoguedb.model.tokens import (
    FILE_TOKENS,
    IMAGE_TOKENS_MAX,
    MESSAGE_TOKENS,
    message_tokens,
)
from tests.unit.test_model_images import png


def words(text):
    return len(text.split())


def of(content, name=None):
    stored = json.dumps(content, separators=(",", ":")).encode()
    return message_tokens(stored, name, words) - MESSAGE_TOKENS


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
        {
            "type": "tool_result",
            "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,@"}}],
        },
    ],
)
def test_an_image_counts_by_its_dimensions_in_every_spelling(image):
    def sized(width, height):
        data = json.dumps(png(width, height) + "A" * 100_000)[1:-1]
        return of([json.loads(json.dumps(image).replace("@", data))])

    assert sized(750, 100) == 100
    assert sized(20, 20) == 1
    assert sized(8_000, 8_000) == IMAGE_TOKENS_MAX


def test_an_image_of_unknown_size_counts_the_most():
    by_address = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    assert of([by_address]) == IMAGE_TOKENS_MAX
    assert of([{"type": "image", "source": {"type": "url", "url": "x"}}]) == IMAGE_TOKENS_MAX
    assert of([{"type": "image"}]) == IMAGE_TOKENS_MAX


def test_a_file_counts_a_constant_and_a_text_document_its_text():
    source = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0" * 9_000}
    assert of([{"type": "document", "source": source}]) == FILE_TOKENS
    text = {"type": "text", "media_type": "text/plain", "data": "one two three"}
    assert of([{"type": "document", "source": text}]) == 3


def test_tool_calls_and_results_count_names_inputs_and_results():
    use = {"type": "tool_use", "id": "t 1", "name": "weather", "input": {"city": "Oslo now"}}
    assert of([use]) == 1 + len(json.dumps({"city": "Oslo now"}).split())
    result = {"type": "tool_result", "tool_use_id": "t 1", "content": "four degrees today"}
    assert of([result]) == 3
    call = {"id": "c 1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
    assert of({"role": "assistant", "content": None, "tool_calls": [call]}) == 3
    assert of([{"type": "function_call_output", "call_id": "c 1", "output": "one two"}]) == 2


def test_json_of_no_known_kind_counts_as_it_is_written():
    assert of({"total": 3, "of": [True, None]}) == len(
        ['{"total":', "3,", '"of":', "[true,", "null]}"]
    )
    shot = {"shot": "data:image/png;base64," + png(750, 100), "by": "Ada"}
    assert of(shot) == 100 + len(['{"shot":', '"",', '"by":', '"Ada"}'])
    assert of({"clip": "data:audio/wav;base64,AAAA"}) == FILE_TOKENS + 2
