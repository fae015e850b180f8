"""Pieces of a page: together they are the page that is taken at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialoguedb.model.rules import pages
from dialoguedb.model.rules.pages import FIRST_PIECE_BYTES, PIECE_BYTES, take, take_piece
from dialoguedb.values import limits
from dialoguedb.values.lists import Slice, Window

LARGE = limits.PAGE_BYTES_MAX
SIZES = st.lists(
    st.sampled_from((0, 1, 5_000, PIECE_BYTES // 3, PIECE_BYTES, LARGE // 4, LARGE, LARGE * 2)),
    max_size=40,
)


def size(item):
    return item[1]


def in_pieces(items, limit):
    """Take a page piece by piece, each with a new window; returns its items, and whether more."""
    window, pieces = Window(limit, "asc", in_pieces=True), 0
    taken: list[tuple[int, int]] = []
    while True:
        piece = take_piece(iter(items[len(taken) :][: window.limit + 1]), window, size)
        taken += piece.items
        pieces += 1
        if piece.is_last:
            return taken, piece.more, pieces
        window = window.after_piece(Slice(piece.items, None, piece.size, is_piece=True))


@given(SIZES, st.integers(1, 45))
def test_all_pieces_together_are_the_page(sizes, limit):
    items = list(enumerate(sizes))
    taken, more, _ = in_pieces(items, limit)
    assert (taken, more) == take(iter(items), limit, size)


@given(SIZES)
def test_a_piece_holds_little_more_than_its_last_item(sizes):
    window = Window(1_000, "asc", in_pieces=True)
    piece = take_piece(iter(enumerate(sizes)), window, size)
    assert sum(map(size, piece.items[:-1])) <= FIRST_PIECE_BYTES
    rest = window.after_piece(Slice([], None, 0, is_piece=True))
    piece = take_piece(iter(enumerate(sizes)), rest, size)
    assert sum(map(size, piece.items[:-1])) <= PIECE_BYTES


@pytest.mark.parametrize("count", [1, 100, 1_000])
def test_a_page_of_short_items_is_one_piece(count):
    items = [(number, 20) for number in range(count)]
    assert in_pieces(items, 1_000) == (items, False, 1)
    assert count * pages.USUAL_ITEM_BYTES < PIECE_BYTES
