"""A response whose lists are long is encoded in pieces, which are what is encoded at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Raw, Struct, UnsetType

from dialoguedb.formats.attachments import deferred
from dialoguedb.formats.attachments.deferred import DeferredText
from dialoguedb.http.responses.response import encode, encode_long, pieces_of, response_of
from dialoguedb.values.lists import Page
from dialoguedb.values.long_values import PIECE_BYTES


class Inner(Struct, rename="camel"):
    some_text: str
    raw: Raw = Raw(b'{"a":1}')


class Sent(Struct):
    id: str
    content: Raw


LONG = Sent("long", Raw(b'"%b"' % (b"x" * 3_000_000)))
SHORT = Sent("short", Raw(b'"x"'))


class Listed(Struct, array_like=True):
    text: str


class Outer(Struct, rename="camel"):
    long_list: list[Inner]
    page: Page[Inner] | UnsetType = UNSET
    listed: Listed | UnsetType = UNSET
    other: list[dict[str, int]] | UnsetType = UNSET
    name: str | UnsetType | None = UNSET
    number: int = 0


inners = st.builds(Inner, st.text(max_size=20))
outers = st.builds(
    Outer,
    st.lists(inners, max_size=5),
    st.just(UNSET) | st.builds(Page, st.lists(inners, max_size=3), st.none() | st.text(max_size=9)),
    st.just(UNSET) | st.builds(Listed, st.text(max_size=9)),
    st.just(UNSET) | st.lists(st.dictionaries(st.text(max_size=3), st.integers(0, 9)), max_size=3),
    st.just(UNSET) | st.none() | st.text(max_size=9),
    st.integers(0, 99),
)


class Nothing(Struct):
    value: int | UnsetType = UNSET


@given(outers)
def test_pieces_are_the_whole(outer):
    assert b"".join(pieces_of(outer)) == encode(outer)


def test_an_object_without_fields():
    assert b"".join(pieces_of(Nothing())) == b"{}"


@pytest.mark.anyio
@pytest.mark.parametrize("count", [0, 1, 9])
async def test_what_is_sent_is_the_whole(count):
    outer = Outer([Inner("x" * 200_000)] * count, number=1)
    response = await response_of(outer)
    sent = response.body
    if response.stream is not None:
        assert response.length is not None
        assert response.following_bytes == response.length - len(response.body)
        assert response.length == len(encode(outer))
        assert len(response.body) < response.length // 2
        sent += b"".join([part async for part in response.stream])
    assert sent == encode(outer)
    assert (response.stream is not None) == (count > 1)


@pytest.mark.anyio
async def test_what_is_left_out_until_it_is_sent_has_its_length():
    left_out = deferred.token(DeferredText("0" * 64, 5_000_000))
    inner = Inner("x" * 200_000, Raw(b'"%b"' % left_out))
    response = await response_of(Outer([inner] * 3))
    whole = encode(Outer([inner] * 3))
    assert response.length == len(whole) + 3 * (5_000_000 - len(left_out))
    assert response.following_bytes == len(whole) - len(response.body)


async def whole_of(response):
    return response.body + b"".join([part async for part in response.stream])


@pytest.mark.anyio
@pytest.mark.parametrize("value", [LONG, [LONG], [SHORT, LONG, SHORT], Page([SHORT, LONG])])
async def test_a_long_value_is_encoded_in_pieces_that_are_short(value):
    pieces = [*pieces_of(value)]
    assert max(map(len, pieces)) <= PIECE_BYTES
    assert b"".join(pieces) == encode_long(value) == encode(value)
    response = await response_of(value, b'"7"')
    assert (response.etag, response.length) == (b'"7"', len(encode(value)))
    assert await whole_of(response) == encode(value)


@pytest.mark.anyio
@pytest.mark.parametrize("shift", range(0, 200, 7))
async def test_what_is_left_out_is_in_no_two_parts(shift):
    left_out = deferred.token(DeferredText("0" * 64, 5_000_000))
    start = PIECE_BYTES - 2 * len(left_out) + shift
    content = b'"%b%b%b"' % (b"x" * start, left_out, b"x" * 3 * PIECE_BYTES)
    value = Sent("long", Raw(content))
    response = await response_of(value)
    assert response.length == len(encode(value)) + 5_000_000 - len(left_out)
    assert await whole_of(response) == encode(value)
