"""Both engines find the same, in the same order, as relevant: they score by the same vectors."""

import json
import random
from contextlib import AsyncExitStack

import pytest

from dialoguedb.model.search import Condition, TagFilter
from dialoguedb.store.postgres import PostgresStore
from dialoguedb.store.sqlite import SQLiteStore
from dialoguedb.values.lists import TimeRange
from tests.contract.indexes import BUILT_IN, MODES, opened
from tests.contract.making import at, message
from tests.contract.searching import search
from tests.databases.engines import databases_of

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

DIALOGUES = 24
LENGTH = 15
WHO = ["Rosa", "Igor", "Mei", "Kofi", "my sister", "the landlord", "our teacher", "the doctor"]
DID = ["has repaired", "forgot", "was selling", "painted", "complained about", "dreamt of", "lost"]
WHAT = [
    *("the violin", "a red bicycle", "two train tickets", "the kitchen window", "an old camera"),
    *("the invoice", "a grey kitten", "the garden gate", "her passport", "the espresso machine"),
]
WHEN = ["yesterday", "in May", "before breakfast", "during the storm", "at the station", "twice"]
REPLIES = ["Why?", "That is a pity.", "Congratulations!", "昨日、猫を飼い始めました", "Ça alors"]
TOLERANCE = 0.005

FILTERS = {
    "nothing": {},
    "a namespace": {"namespace": "north"},
    "a role": {"role": "assistant"},
    "a tag": {"tags": TagFilter(any_of=("urgent",))},
    "no tag": {"tags": TagFilter(none_of=("urgent",))},
    "a value": {"metadata": (Condition("floor", "$in", (2,)),)},
    "a range": {"metadata": (Condition("floor", "$gte", (3,)), Condition("ok", "$nin", (False,)))},
    "a text": {"metadata": (Condition("who", "$gt", ("Ros",)), Condition("who", "$lt", ("Rosé",)))},
    "not a value": {"metadata": (Condition("who", "$nin", ("Rosé", "Igor")),)},
    "no key": {"metadata": (Condition("none", "$lt", (1,)),)},
    "a time": {"created": TimeRange(at(60), at(200))},
    "no image": {"has_image": False},
    "a dialogue": {"dialogue_id": "d3", "namespace": "south"},
}


def metadata(number):
    """Write metadata in one of the ways that callers do."""
    made = {"floor": number % 5, "ok": number % 3 == 0, "who": ["Rosé", "Rosa", "Igor"][number % 3]}
    return json.dumps(made, ensure_ascii=number % 2 == 0, separators=(",", ":")).encode()


def made(chance, number):
    """Say something about somebody, or reply."""
    text = f"{chance.choice(WHO)} {chance.choice(DID)} {chance.choice(WHAT)} {chance.choice(WHEN)}"
    return message(
        chance.choice(REPLIES) if number % 6 == 5 else text,
        id=f"m{number}",
        role="assistant" if number % 2 else "user",
        name=chance.choice([None, "Rosa", "Igor"]),
        tags=("urgent",) if number % 9 == 0 else (),
        metadata=metadata(number),
        created=at(number),
    )


async def fill(shelf):
    """Say the same on each engine."""
    chance = random.Random(7)
    for number in range(DIALOGUES):
        messages = [made(chance, number * LENGTH + turn) for turn in range(LENGTH)]
        namespace = "north" if number % 2 else "south" if number % 3 == 0 else ""
        label = f"{chance.choice(WHO)} and {chance.choice(WHAT)}"
        await shelf.new(f"d{number}", namespace, label=label, messages=messages)
        await shelf.remember({"about": chance.choice(WHAT)}, id=f"k{number}", label=label)
    await shelf.delete_message("m40", of="d2", namespace="")


@pytest.fixture(scope="module")
async def shelves(tmp_path_factory):
    engines = [SQLiteStore.open, databases_of("postgres").opener(PostgresStore.open)]
    async with AsyncExitStack() as stack:
        filled = []
        for number, engine in enumerate(engines):
            directory = tmp_path_factory.mktemp(f"engine{number}")
            filled.append(await stack.enter_async_context(opened(engine, directory, BUILT_IN)))
            await fill(filled[-1])
        yield filled


def queries():
    """Yield a hundred queries of all kinds, some with a filter."""
    chance = random.Random(11)
    for number in range(100):
        words = [chance.choice(WHO), chance.choice(DID), chance.choice(WHAT), chance.choice(WHEN)]
        query = " ".join(chance.sample(words, chance.randint(1, 4)))
        of = "message" if number % 4 else chance.choice(["dialogue", "memory"])
        filters = chance.choice(list(FILTERS)) if of == "message" else "nothing"
        yield f"{number} {of} {filters}", query, of, MODES[number % 3], FILTERS[filters]


@pytest.mark.parametrize(
    ("query", "of", "mode", "filters"),
    [one[1:] for one in queries()],
    ids=[one[0] for one in queries()],
)
async def test_both_find_the_same(query, of, mode, filters, shelves):
    embedded, served = [
        await search(shelf, query, of=of, mode=mode, limit=20, context=1, **filters)
        for shelf in shelves
    ]
    assert [hit.item.id for hit in served] == [hit.item.id for hit in embedded]
    for one, other in zip(served, embedded, strict=True):
        assert one.relevance == pytest.approx(other.relevance, abs=TOLERANCE)
        assert one.terms == other.terms
        assert [match.item.id for match in one.matches] == [
            match.item.id for match in other.matches
        ]
        for side in ("before", "after"):
            assert [item.id for item in getattr(one, side)] == [
                item.id for item in getattr(other, side)
            ]
