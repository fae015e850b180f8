"""A response whose lists are long is encoded in pieces, which are what is encoded at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Raw, Struct, UnsetType

from dialoguedb.formats.attachments import deferred
from dialoguedb.formats.attachments.deferred import DeferredText
from dialoguedb.http.responses.response import encode, pieces_of, response_of
from dialoguedb.values.lists import Page


class Inner(Struct, rename="camel"):
    some_text: str
    raw: Raw = Raw(b'{"a":1}')


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
