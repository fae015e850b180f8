"""Searches in more than can all be compared: the best are found, and as many as are asked for."""

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from dialoguedb.model.search import Condition, TagFilter
from dialoguedb.values.lists import TimeRange
from tests.contract.indexes import BUILT_IN, MODES, opened
from tests.contract.making import at, message
from tests.contract.searching import found, neighbour_of, search

pytestmark = [pytest.mark.anyio, pytest.mark.needs("search"), pytest.mark.timeout(300)]

DIALOGUES = 140
LENGTH = 50
COUNT = DIALOGUES * LENGTH
SUBJECTS = ["garden", "train", "invoice", "violin", "kitchen", "doctor", "football", "server"]
VERBS = ["loves", "forgot", "repaired", "bought", "painted", "missed", "sold", "described"]
PEOPLE = ["Rosa", "Igor", "Mei", "Kofi"]
IMAGE = {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}


def made(number):
    """Say something; what is rare about it follows from its number."""
    chance = random.Random(number)
    text = (
        f"{chance.choice(PEOPLE)} {chance.choice(VERBS)} the {chance.choice(SUBJECTS)}"
        f" and item{number} of row{number // 7}"
    )
    shown = number % 1_000 == 500
    return message(
        [{"type": "text", "text": text}, IMAGE] if shown else text,
        id=f"m{number}",
        role="tool" if number % 900 == 8 else "user",
        tags=("rare",) if number % 700 == 3 else ("even",) if number % 2 == 0 else (),
        metadata=msgspec.json.encode({"n": number, "third": number % 3 == 0}),
        created=at(number),
    )


@pytest.fixture(scope="module")
async def large(engine, tmp_path_factory):
    """Fill a project, and another with half as much of the same."""
    directory = tmp_path_factory.mktemp("large")
    async with opened(engine, directory, BUILT_IN) as shelf:
        other = await neighbour_of(shelf)
        for tenant, dialogues in ((shelf, DIALOGUES), (other, DIALOGUES // 2)):
            for number in range(dialogues):
                first = number * LENGTH
                messages = [made(one) for one in range(first, first + LENGTH)]
                namespace = "big" if number % 10 else "small"
                metadata = msgspec.json.encode({"d": number})
                await tenant.new(f"d{number}", namespace, metadata=metadata, messages=messages)
        yield SimpleNamespace(mine=shelf, theirs=other, directory=directory)


def numbers(condition):
    return {f"m{number}" for number in range(COUNT) if condition(number)}


FILTERS: dict[str, tuple[dict[str, Any], Callable[[int], bool]]] = {
    "a rare tag": ({"tags": TagFilter(any_of=("rare",))}, lambda n: n % 700 == 3),
    "a common tag": ({"tags": TagFilter(any_of=("even",))}, lambda n: n % 2 == 0 and n % 700 != 3),
    "no tag": (
        {"tags": TagFilter(none_of=("even", "rare"))},
        lambda n: n % 2 == 1 and n % 700 != 3,
    ),
    "one value": ({"metadata": (Condition("n", "$in", (4321,)),)}, lambda n: n == 4321),
    "values": ({"metadata": (Condition("n", "$in", (1, 6999, -1)),)}, lambda n: n in {1, 6999}),
    "a range": (
        {"metadata": (Condition("n", "$gte", (3000,)), Condition("n", "$lt", (3007,)))},
        lambda n: 3000 <= n < 3007,
    ),
    "a third": ({"metadata": (Condition("third", "$in", (True,)),)}, lambda n: n % 3 == 0),
    "a time": ({"created": TimeRange(at(5000), at(5003))}, lambda n: 5000 <= n < 5003),
    "the end": ({"created": TimeRange(at(6990), "~")}, lambda n: n >= 6990),
    "the beginning": ({"created": TimeRange("", at(5))}, lambda n: n < 5),
    "a rare role": ({"role": "tool"}, lambda n: n % 900 == 8),
    "a common role": ({"role": "user"}, lambda n: n % 900 != 8),
    "an image": ({"has_image": True}, lambda n: n % 1_000 == 500),
    "no image": ({"has_image": False}, lambda n: n % 1_000 != 500),
    "a namespace": ({"namespace": "small"}, lambda n: (n // LENGTH) % 10 == 0),
    "the larger namespace": ({"namespace": "big"}, lambda n: (n // LENGTH) % 10 != 0),
    "a dialogue": ({"dialogue_id": "d7", "namespace": "big"}, lambda n: n // LENGTH == 7),
    "all together": (
        {
            "namespace": "big",
            "role": "user",
            "tags": TagFilter(any_of=("even",)),
            "created": TimeRange(at(1000), at(6000)),
            "metadata": (Condition("third", "$in", (True,)), Condition("n", "$nin", (1200,))),
        },
        lambda n: (
            n % 6 == 0
            and 1000 <= n < 6000
            and n != 1200
            and n % 900 != 8
            and n % 700 != 3
            and (n // LENGTH) % 10 != 0
        ),
    ),
    "nothing": ({"metadata": (Condition("n", "$in", ("1",)),)}, lambda _: False),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("filters", "condition"), FILTERS.values(), ids=FILTERS)
async def test_as_many_as_asked_for_are_found_whatever_they_are_kept_to(
    filters, condition, mode, large
):
    satisfying = numbers(condition)
    everybody = " ".join(PEOPLE)  # every message holds one of these words
    for query in (everybody,) if mode == "keyword" else (everybody, "item row"):
        for limit in (1, 10, 100):
            hits = await found(large.mine, query, mode=mode, limit=limit, **filters)
            assert len(hits) == len(set(hits)) == min(limit, len(satisfying))
            assert set(hits) <= satisfying


@pytest.mark.parametrize(("filters", "condition"), FILTERS.values(), ids=FILTERS)
async def test_the_best_of_those_is_found(filters, condition, large):
    satisfying = [number for number in range(COUNT) if condition(number)]
    for number in satisfying[:: max(len(satisfying) // 10, 1)]:
        (hit,) = await search(large.mine, f"item{number}", mode="keyword", limit=1, **filters)
        assert hit.item.id == f"m{number}"
        for mode in MODES:
            best = await found(large.mine, text_of(hit), mode=mode, alone=True, limit=3, **filters)
            assert best[0] == f"m{number}"


def text_of(hit):
    content = msgspec.json.decode(hit.item.content)
    return content if isinstance(content, str) else content[0]["text"]


async def test_a_rare_word_is_found_wherever_it_is(large):
    for number in range(0, COUNT, 501):
        assert await found(large.mine, f"item{number}", mode="keyword") == [f"m{number}"]
        row = {f"m{other}" for other in range(COUNT) if other // 7 == number // 7}
        assert set(await found(large.mine, f"row{number // 7}", mode="keyword")) == row


async def test_messages_near_a_good_one_are_found_too(large):
    hits = await found(large.mine, "item2345", limit=5)
    assert hits[0] == "m2345"
    assert {"m2344", "m2346"} & set(hits)


async def test_nothing_of_another_project_is_found(large):
    for mode in MODES:
        hits = await search(large.theirs, "item6999 item3 violin", mode=mode, limit=100)
        assert len(hits) == 100
        assert all(int(hit.item.id[1:]) < COUNT // 2 for hit in hits)
    assert await found(large.theirs, "item6999", mode="keyword") == []


async def test_dialogues_are_found_as_many_as_asked_for(large):
    for mode in MODES:
        for limit in (1, 20, 100):
            hits = await search(large.mine, "Rosa violin", of="dialogue", mode=mode, limit=limit)
            assert len({hit.item.id for hit in hits}) == len(hits) == limit
            assert all(hit.matches for hit in hits)
    (hit,) = await search(large.mine, "item3456", of="dialogue", limit=1)
    assert hit.item.id == f"d{3456 // LENGTH}"
    assert hit.matches[0].item.id == "m3456"


async def test_dialogues_are_kept_to_what_satisfies_the_filters(large):
    few = (Condition("d", "$gte", (60,)), Condition("d", "$lt", (65,)))
    for mode in MODES:
        hits = await found(large.mine, "Rosa", of="dialogue", mode=mode, metadata=few)
        assert sorted(hits) == [f"d{number}" for number in range(60, 65)]
        shown = await search(large.mine, "Rosa Igor Mei Kofi", of="dialogue", has_image=True)
        assert {hit.item.id for hit in shown} == {
            f"d{number // LENGTH}" for number in range(500, COUNT, 1_000)
        }


async def test_what_is_written_now_is_found_now_and_what_is_deleted_no_more(large):
    await large.mine.new("fresh", "big", messages=[message("a zeppelin", id="fresh")])
    for mode in MODES:
        assert (await found(large.mine, "zeppelin", mode=mode))[0] == "fresh"
    await large.mine.delete_message("fresh", of="fresh", namespace="big")
    for mode in MODES:
        assert "fresh" not in await found(large.mine, "zeppelin", mode=mode, limit=100)
    await large.mine.delete("fresh", "big")


async def test_what_another_process_writes_and_deletes_is_seen(engine, large):
    mine, text = large.mine, "submarines under the polar ice"
    await mine.store.search.prepare_search()
    project = mine.project
    async with opened(engine, large.directory, BUILT_IN, project=project) as elsewhere:
        await elsewhere.new("remote", messages=[message(text, id="remote")])
        for mode in MODES:
            assert (await found(mine, text, mode=mode))[0] == "remote"
        await elsewhere.delete("remote")
        for mode in MODES:
            assert "remote" not in await found(mine, text, mode=mode, limit=100)


async def test_filters_hold_while_everything_is_indexed_again(large):
    await large.mine.store.index.rebuild()
    for filters, condition in FILTERS.values():
        satisfying = numbers(condition)
        hits = await found(large.mine, "violin", limit=20, **filters)
        assert len(hits) == len(set(hits)) == min(20, len(satisfying))
        assert set(hits) <= satisfying
    await large.mine.finish()
    (best, *_) = await found(large.mine, "item4242")
    assert best == "m4242"
