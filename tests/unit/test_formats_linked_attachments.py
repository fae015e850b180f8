"""Attachments at a URL or in a provider's store: their provider gets back what it was sent."""

import json
from typing import Any

import pytest

from dialoguedb.formats.turns import parse_parts
from tests.unit.rendering import messages

PDF = "https://a.example/b.pdf"
OF_GEMINI = "https://generativelanguage.googleapis.com/v1beta/files/abc"
BLOCKS: dict[str, list[dict[str, Any]]] = {
    "anthropic": [
        {"type": "document", "source": {"type": "url", "url": PDF}},
        {"type": "document", "title": "Bill", "source": {"type": "url", "url": PDF}},
        {"type": "document", "source": {"type": "file", "file_id": "file_1"}},
        {"type": "image", "source": {"type": "url", "url": "https://a.example/b.png"}},
    ],
    "responses": [
        {"type": "input_file", "file_url": PDF},
        {"type": "input_file", "file_id": "file-1"},
        {"type": "input_image", "image_url": "https://a.example/b.png", "detail": "low"},
    ],
    "gemini": [
        {"fileData": {"fileUri": OF_GEMINI, "mimeType": "image/png"}},
        {"fileData": {"fileUri": "gs://bucket/b.pdf", "mimeType": "application/pdf"}},
        {"fileData": {"fileUri": "https://www.youtube.com/watch?v=1"}},
    ],
}


def window(dialect, *blocks):
    content = json.dumps(blocks).encode()
    sent = messages(dialect, ("user", *parse_parts("user", content, b"{}")[1]))
    return sent[0]["parts" if dialect == "gemini" else "content"]


@pytest.mark.parametrize(
    ("dialect", "block"), [(dialect, one) for dialect, all_of in BLOCKS.items() for one in all_of]
)
def test_what_its_own_provider_reads_goes_back_as_it_was(dialect, block):
    assert window(dialect, block) == [block]


@pytest.mark.parametrize("dialect", ["anthropic", "openai", "responses"])
def test_a_file_at_gemini_is_named_for_others(dialect):
    assert f"[image {OF_GEMINI}]" in json.dumps(window(dialect, BLOCKS["gemini"][0]))


@pytest.mark.parametrize(
    ("dialect", "block"),
    [
        ("anthropic", {"type": "document", "source": {"type": "url", "url": "file:///b.pdf"}}),
        ("responses", {"type": "input_image", "image_url": "file:///b.png", "detail": "low"}),
        ("responses", {"type": "input_file", "file_url": "file:///b.pdf"}),
    ],
)
def test_what_no_provider_reads_is_named(dialect, block):
    assert "file:///b.p" in json.dumps(window(dialect, block))
    assert block not in window(dialect, block)
