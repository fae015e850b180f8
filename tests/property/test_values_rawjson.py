"""JSON kept as the bytes that were received."""

import json

from hypothesis import example, given, settings
from hypothesis import strategies as st

from dialoguedb.values import rawjson
from tests.property.written_json import compact, spread, values
from tests.unit.test_values_rawjson import stored

MANY = settings(max_examples=300, database=None)

SPACE = st.sampled_from(["", " ", "\n\t\r "])

SMALL = st.recursive(
    st.sampled_from([None, True, 0, 1.5, "x", "é", "\ud800", [], [1, None]]),
    lambda inner: st.dictionaries(st.sampled_from(["a", "b", "é", "\ud800"]), inner, max_size=3),
    max_leaves=8,
)

SMALL_OBJECTS = st.dictionaries(st.sampled_from(["a", "b", "é", "\ud800"]), SMALL, max_size=4)


def encoded(value: object) -> bytes:
    """Return a value as it is stored."""
    return stored(json.dumps(value).encode())


def merge_patched(target, patch):
    """Do what RFC 7396 says, in its own words."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge_patched(result.get(name), value)
    return result


class TestCompact:
    @MANY
    @given(tokens=values, space=SPACE)
    @example(tokens=('"\\\\ud800"',), space="")
    @example(tokens=('"\\\\\\ud800\\ud83d\\ude00\\udc00"',), space="")
    @example(tokens=('"\\uD800\\uDBFF\\uDFFF\\uDFFF"',), space="")
    def test_only_space_between_tokens_goes(self, tokens, space):
        assert stored(spread(tokens, space)) == compact(tokens)

    @MANY
    @given(tokens=values, space=SPACE)
    def test_what_is_compact_stays(self, tokens, space):
        compacted = stored(spread(tokens, space))
        assert stored(compacted) == compacted

    @MANY
    @given(text=st.text(st.characters(), max_size=30))
    def test_any_text_keeps_its_meaning(self, text):
        for received in [json.dumps(text), json.dumps(text, ensure_ascii=False)]:
            try:
                value = stored(received.encode())
            except UnicodeEncodeError:
                continue
            assert json.loads(value) == text
            assert rawjson.length(value) == len(text.encode("utf-8", "surrogatepass"))


class TestMerging:
    @MANY
    @given(before=SMALL_OBJECTS, change=SMALL_OBJECTS)
    def test_merging_is_what_a_dictionary_does(self, before, change):
        merged = rawjson.merge(encoded(before), encoded(change))
        assert json.loads(merged) == {**before, **change}
        assert list(json.loads(merged)) == list({**before, **change})

    @MANY
    @given(before=SMALL_OBJECTS, patch=SMALL_OBJECTS)
    def test_patching_is_what_the_rfc_says(self, before, patch):
        patched = rawjson.merge_patch(encoded(before), encoded(patch))
        assert json.loads(patched) == merge_patched(before, patch)

    @MANY
    @given(tokens=values)
    def test_values_that_are_not_named_keep_their_bytes(self, tokens):
        value = compact(tokens)
        for change in [rawjson.merge, rawjson.merge_patch]:
            changed = change(b'{"kept":%s}' % value, b'{"other":1.0}')
            assert changed == b'{"kept":%s,"other":1.0}' % value
        assert rawjson.merge(b"{}", b'{"new":%s}' % value) == b'{"new":%s}' % value
