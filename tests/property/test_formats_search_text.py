"""What is said in stored JSON, in every spelling that chat APIs share."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.test_formats_search_text import found_by

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(JSON | ANY_TEXT, st.none() | st.text(max_size=5))
def test_any_json_says_something_that_can_be_stored(value, name):
    text = found_by(json.dumps(value).encode(), name)
    text.encode()
    assert "\0" not in text
