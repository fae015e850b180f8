"""Searches as they are received: what is read from them, and what is refused."""

import json
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from dialoguedb.errors import InvalidRequest
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
