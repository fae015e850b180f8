"""Searches as they are received: what is read from them, and what is refused."""

import json
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dialoguedb.errors import InvalidRequest
from dialoguedb.values import limits
from tests.unit.test_model_search_request import LEAST, read, values

FIELDS = [
    *("query", "object", "limit", "namespace", "timezone", "tags", "filter", "metadata", "orderBy"),
    *("order", "role", "dialogueId", "mode", "explain", "context", "other"),
]


@settings(max_examples=500)
@given(fields=st.dictionaries(st.sampled_from(FIELDS), values, max_size=3))
def test_whatever_is_sent_is_read_or_refused(fields):
    with suppress(InvalidRequest):
        read(json.dumps({**LEAST, **fields}).encode("utf-8", "surrogatepass"))


NAMES = st.text(st.characters(categories=["Cs", "Lu"]), min_size=1, max_size=300)
AROUND = [
    "{}",
    '{{"filter": {}}}',
    '{{"filter": {{"created": {}}}}}',
    '{{"tags": {}}}',
    '{{"filter": {{"tags": {}}}}}',
    '{{"metadata": {{"a": {}}}}}',
    '{{"metadata": {{"{name}": {}}}}}',
]


@given(name=NAMES, around=st.sampled_from(AROUND))
@example("\ud800", AROUND[1])
@example("X" * 250 + "\ud800", AROUND[1])
@example("\udc00\ud800" * 200, AROUND[0])
def test_an_unknown_name_is_shown_as_it_was_sent(name, around):
    """Lone surrogates as their escapes, for they are no text; nothing in their place."""
    written = json.dumps(name)
    inner = around.format(f"{{{written}: [1]}}", name=written[1:-1])
    with pytest.raises(InvalidRequest) as refused:
        read((json.dumps(LEAST)[:-1] + ", " + inner[1:]).encode())
    shown = json.loads(written).encode(errors="backslashreplace").decode()
    for detail in refused.value.details:
        assert detail.message.encode()
        assert len(detail.field) <= 2 * limits.NAME_CHARS_MAX
        assert "surrogate-" not in detail.message
        if "well-formed" not in detail.message:
            assert shown[: limits.NAME_CHARS_MAX] in detail.field
