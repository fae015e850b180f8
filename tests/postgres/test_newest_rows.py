"""What common words do not lead to, rarer ones do, and no more rows are read than are needed."""

import numpy as np
import pytest

from dialoguedb.retrieval.terms import Term
from dialoguedb.store.postgres import PostgresStore
from dialoguedb.store.postgres.search_queries.blocking import on_thread
from dialoguedb.store.postgres.search_queries.indexed_rows import IndexedRows
from dialoguedb.store.postgres.search_queries.newest import NewestRows
from tests.contract.indexes import BUILT_IN, opened
from tests.contract.making import message
from tests.databases.engines import databases_of
from tests.databases.statements import rows

pytestmark = pytest.mark.anyio

COUNT = 1_000
READ = 100
OLDEST = ["blue green", "black green"]
"""What is said first: nobody says the former again, and everybody the words of the latter."""


def text_of(number):
    """Say `green` in every second message, and `black` in every other but for the oldest."""
    if number < len(OLDEST):
        return OLDEST[number]
    common = "green" if number % 2 else "black"
    return f"red {common}" if number % 300 == 7 else common


@pytest.fixture(scope="module")
async def postings(tmp_path_factory):
    """Return what asks for the newest rows that hold words, in a project of a thousand messages."""
    databases, directory = databases_of("postgres"), tmp_path_factory.mktemp("newest")
    async with opened(databases.opener(PostgresStore.open), directory, BUILT_IN) as shelf:
        await shelf.new("d", messages=[message(text_of(one)) for one in range(COUNT)])
        url = databases.url_of(directory)
        ((project, first),) = await rows(
            url, "SELECT project, min(number) FROM message_words GROUP BY 1"
        )

        async def of(*terms, to_count=False, **limits):
            def work(blocking):
                index = IndexedRows(blocking, "message", project, None)
                groups = [(Term(word, word),) for word in terms]
                return NewestRows(index, groups, **limits).postings(to_count=to_count)

            found = await shelf.store.readers.read(lambda db: on_thread(db, work))
            since = [held.since is not None and held.since - first for held in found.holding]
            return [(held.keys - first).tolist() for held in found.holding], since

        yield of


def holding(word):
    return [number for number in range(COUNT) if word in text_of(number).split()]


async def test_of_few_rows_all_are_read(postings):
    assert await postings("green", "blue", read=COUNT + 1) == (
        [holding("green"), holding("blue")],
        [False, False],
    )


async def test_all_that_hold_a_rare_word_are_there_with_all_they_hold(postings):
    (blue, red, green), since = await postings(
        "blue", "red", "green", read=READ, looked_up=50, enough=10
    )
    assert (blue, red) == (holding("blue"), holding("red"))
    newest = [one for one in holding("green") if one >= COUNT - READ]
    rarer = [one for one in holding("green") if {"blue", "red"} & {*text_of(one).split()}]
    assert green == np.union1d(newest, rarer).tolist()
    assert since == [False, False, COUNT - READ]


async def test_of_common_words_the_newest_rows_are_there_and_those_that_hold_two(postings):
    (green, black), since = await postings("green", "black", read=READ, looked_up=50, enough=10)
    assert since == [COUNT - READ] * 2
    both = OLDEST.index("black green")
    assert green == [both, *(one for one in holding("green") if one >= COUNT - READ)]
    assert black == [both, *(one for one in holding("black") if one >= COUNT - READ)]


async def test_the_only_word_is_looked_up_unless_the_newest_are_enough(postings):
    assert await postings("green", read=READ, looked_up=50, enough=READ) == (
        [holding("green")],
        [False],
    )
    (green,), _ = await postings("green", read=READ, looked_up=50, enough=10)
    assert green == [one for one in holding("green") if one >= COUNT - READ]


async def test_to_count_them_the_newest_are_enough(postings):
    (blue, green), since = await postings("blue", "green", to_count=True, read=READ)
    assert (blue, green) == ([], [one for one in holding("green") if one >= COUNT - READ])
    assert since == [COUNT - READ] * 2


async def test_what_nobody_says_is_held_by_none(postings):
    assert await postings("violet", read=READ) == ([[]], [False])
    assert await postings(read=READ) == ([], [])
