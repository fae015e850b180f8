"""What messages take as they are sent: bytes are never read as text, whatever item holds them."""

import json
from typing import get_args

import pytest

from dialoguedb.formats.dialects import write_alone
from dialoguedb.formats.rendered_tokens import RenderedTokens
from dialoguedb.formats.turns import Turn, parse_parts
from dialoguedb.values.fields import Dialect
from tests.attachments import SPELLINGS, base64_of, encoded
from tests.unit.test_formats_images import png

DATA = png(1_024, 1_024).rstrip("=") + base64_of(bytes(range(256)) * 300)
IMAGE_TOKENS = 765
"""What OpenAI counts for an image of these dimensions."""


def written(content, dialect, role="assistant"):
    """Return a stored message as a window holds it, whatever it needs beside it."""
    speaker, parts = parse_parts(role, encoded(content), b"{}")
    return write_alone(Turn("m", "", 0, speaker, None, parts, 0), dialect)


@pytest.mark.parametrize("role", ["user", "assistant", "tool"])
@pytest.mark.parametrize("dialect", get_args(Dialect))
@pytest.mark.parametrize("spelling", SPELLINGS, ids=[one.name for one in SPELLINGS])
def test_bytes_are_not_counted_as_text(spelling, dialect, role):
    def count(text: str) -> int:
        assert DATA[-500:] not in text
        return 1

    RenderedTokens(dialect, count).of(written(spelling.write(DATA), dialect, role))


@pytest.mark.parametrize(
    "name",
    [
        "responses image_generation_call",
        "responses computer_screenshot",
        "responses code_interpreter_call",
        "responses input_image in a function's output",
    ],
)
def test_an_image_in_an_item_of_responses_counts_by_its_dimensions(name):
    spelling = next(one for one in SPELLINGS if one.name == name)
    sent = written(spelling.write(DATA), "responses")
    assert DATA in json.dumps(sent)
    tokens = RenderedTokens("responses", lambda _: 1).of(sent)
    assert IMAGE_TOKENS < tokens < IMAGE_TOKENS + 30


@pytest.mark.parametrize("kind", [["string", "null"], {"a": 1}, None, 3])
def test_what_is_called_type_in_a_schema_is_counted_as_well(kind):
    schema = {"properties": {"city": {"type": kind}}}
    item = {"type": "mcp_list_tools", "tools": [{"name": "find", "input_schema": schema}]}
    assert RenderedTokens("responses", lambda _: 1).of([item]) > 0
