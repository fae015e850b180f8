"""Attachments anywhere in any JSON: all is put back byte for byte, and only their bytes are cut."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from dialoguedb.formats.attachments.cutting import CUT_BYTES_MIN, cut, refer, restore, texts
from dialoguedb.formats.attachments.scanner import Outline, has_image
from tests.attachments import SPELLINGS, encoded
from tests.property.written_json import ODD, compact, keyed, listed, values
from tests.property.written_json import texts as short_texts

MANY = settings(max_examples=100, database=None, deadline=None)
MARK = "MARKMARK"


def _is_string(text):
    try:
        json.loads(f'"{text}"')
    except ValueError:
        return False
    return True


base64_texts = st.builds(
    lambda unit, length, end: (unit * length)[:length] + end,
    st.sampled_from(["A", "AbC9", "ab+/", "ab-_", r"a\/", r"ab\u002B", r"abcd\n"]),
    st.sampled_from([40, CUT_BYTES_MIN - 8, CUT_BYTES_MIN, 3 * CUT_BYTES_MIN]),
    st.sampled_from(["AAAA", "AA==", "AAA=", "AA"]),
).filter(_is_string)
long_texts = st.builds(
    lambda parts, count: f'"{"".join(parts) * count}"',
    st.lists(st.sampled_from([*ODD, "A" * 300, '\\"data\\":\\"', "data:a/b;base64,"]), max_size=6),
    st.sampled_from([1, 40]),
)


@st.composite
def attached(draw):
    """Make the tokens of an attachment in some spelling."""
    spelling = draw(st.sampled_from(SPELLINGS))
    written = encoded(spelling.write(MARK)).decode()
    return (written.replace(MARK, draw(base64_texts)),)


inner = st.recursive(
    st.one_of(values, attached(), long_texts.map(lambda text: (text,))),
    lambda some: (
        st.lists(some, max_size=4).map(listed)
        | st.lists(st.tuples(short_texts | long_texts, some), max_size=3).map(keyed)
    ),
    max_leaves=8,
)
contents = st.lists(inner, min_size=1, max_size=4).map(lambda items: compact(listed(items)))


@MANY
@given(content=contents)
def test_content_is_put_back_byte_for_byte(content):
    found = Outline(content).attachments()
    without = cut(content, found)
    if without is None:
        assert all(one.stop - one.start < CUT_BYTES_MIN for one in found)
        return
    kept = dict(texts(content, without.attachments))
    assert restore(without, kept.__getitem__) == content
    assert without.full_bytes == len(content)
    assert [one.text_bytes for one in without.attachments] == [
        one.stop - one.start for one in found if one.stop - one.start >= CUT_BYTES_MIN
    ]


@MANY
@given(content=contents)
def test_only_whole_strings_are_cut_or_referred_to(content):
    """What is left is JSON of the same shape: strings differ, and only those of attachments."""
    without = cut(content, Outline(content).attachments())
    if without is None:
        return
    whole, less, referring = map(leaves, (content, without.content, refer(without)))
    assert len(whole) == len(less) == len(referring)
    changed = [one for one, other in zip(whole, referring, strict=True) if one != other]
    assert len(changed) == len(without.attachments)
    assert sum(one != other for one, other in zip(whole, less, strict=True)) == len(changed)


@MANY
@given(content=contents)
def test_a_filter_for_images_sees_no_difference(content):
    without = cut(content, Outline(content).attachments())
    assert without is None or has_image(without.content) is has_image(content)


def leaves(content):
    """Return all that is in some JSON, in order, with keys that come twice."""
    flat = []

    def pairs(members):
        flat.append(("object", len(members)))
        return members

    def visit(value):
        if isinstance(value, list):
            flat.append(("list", len(value)))
            for item in value:
                visit(item)
        elif isinstance(value, tuple):
            visit(list(value))
        else:
            flat.append(value)

    visit(json.loads(content, object_pairs_hook=pairs, parse_int=str, parse_float=str))
    return flat
