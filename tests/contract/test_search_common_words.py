"""Searches for words that thousands of messages hold, most of them in a few dialogues."""

import random

import pytest

from dialoguedb.model.search import Condition
from tests.contract.indexes import BUILT_IN, opened
from tests.contract.making import message
from tests.contract.searching import found

pytestmark = [pytest.mark.anyio, pytest.mark.needs("search"), pytest.mark.timeout(300)]

CROWDED = 12
LENGTH = 1_000
WORDS = ["booking", "hotel", "cancel", "airport", "window", "ticket", "change", "seat", "claim"]
QUERIES = ["travel", "insurance", "travel insurance"]


def travel_message(chance, number):
    """Say something long about travel; a third of it about insurance."""
    words = ["travel", *chance.choices(WORDS, k=9)]
    if number % 3 == 0:
        words.append("insurance")
    return message(" ".join(words))


@pytest.fixture(scope="module")
async def shelf(engine, tmp_path_factory):
    """Put two short dialogues before and behind a dozen of long ones."""
    chance = random.Random(5)
    async with opened(engine, tmp_path_factory.mktemp("common"), BUILT_IN) as shelf:
        await shelf.new("first", "n", messages=[message("travel insurance", id="oldest")])
        for number in range(CROWDED):
            messages = [travel_message(chance, at) for at in range(LENGTH)]
            await shelf.new(f"long{number}", "n", messages=messages)
        await shelf.new("last", "n", messages=[message("travel insurance", id="newest")])
        yield shelf


EVERY_DIALOGUE = {"first", "last", *(f"long{number}" for number in range(CROWDED))}


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("filters", [{}, {"role": "user"}], ids=["all", "those of a user"])
async def test_every_dialogue_that_holds_a_word_is_found(query, filters, shelf):
    hits = await found(
        shelf, query, of="dialogue", mode="keyword", namespace="n", limit=100, **filters
    )
    assert sorted(hits) == sorted(EVERY_DIALOGUE)


async def test_a_filter_that_all_satisfy_loses_no_dialogue(shelf):
    everything = (Condition("absent", "$nin", (1,)),)
    hits = await found(
        shelf, "travel", of="dialogue", mode="keyword", limit=14, metadata=everything
    )
    assert sorted(hits) == sorted(EVERY_DIALOGUE)


@pytest.mark.parametrize("query", ["insurance", "travel insurance"])
async def test_a_message_of_these_words_alone_comes_before_longer_ones(query, shelf):
    for limit in (1, 10, 100):
        best, *_ = await found(shelf, query, mode="keyword", namespace="n", limit=limit)
        assert best in {"newest", "oldest"}


@pytest.mark.parametrize("mode", ["keyword", "hybrid"])
async def test_more_asked_for_begins_like_less(mode, shelf):
    few = await found(shelf, "travel insurance", mode=mode, namespace="n", limit=5)
    more = await found(shelf, "travel insurance", mode=mode, namespace="n", limit=30)
    assert more[:5] == few
