"""Searches, windows and receipts keep to what is true at the time."""

import pytest

from dialoguedb.model.context import ContextRequest
from dialoguedb.model.memories import FoundSimilar
from dialoguedb.model.memory_details import Details
from tests.contract.indexes import BUILT_IN, opened
from tests.contract.making import at, idempotent, ids, memory, plain
from tests.contract.searching import found

pytestmark = [pytest.mark.anyio, pytest.mark.needs("search"), pytest.mark.every_version]

MODES = ["hybrid", "semantic", "keyword"]


@pytest.fixture
async def shelf(engine, tmp_path):
    async with opened(engine, tmp_path, BUILT_IN) as shelf:
        yield shelf


async def active(shelf, seconds, **options):
    options = {"of": "memory", "as_of": at(seconds), "validity": "active", **options}
    return await found(shelf, "what does she drink", **options)


async def drinks(shelf):
    await shelf.remember("she likes to drink tea", id="tea", created=at(-50))
    await shelf.remember(
        "she likes to drink coffee",
        id="coffee",
        created=at(-20),
        details=Details(supersedes="tea", expires_at=at(20)),
    )
    await shelf.remember("she paints", id="paints", created=at(-60))


class TestSearching:
    @pytest.mark.parametrize("mode", MODES)
    async def test_only_what_is_valid_at_the_time_is_found(self, mode, shelf):
        await drinks(shelf)
        for seconds, expected in [(-30, {"tea"}), (0, {"coffee"}), (20, set())]:
            hits = await active(shelf, seconds, mode=mode)
            assert {*hits} - {"paints"} == expected

    @pytest.mark.parametrize("mode", MODES)
    async def test_what_is_left_out_can_be_asked_for(self, mode, shelf):
        await drinks(shelf)
        every = {*await active(shelf, 0, mode=mode, validity="all")}
        assert every == {*await active(shelf, 0, mode=mode)} | {"tea"}
        assert {*await active(shelf, 0, mode=mode, validity="inactive")} == {"tea"}

    async def test_without_any_limits_nothing_is_inactive(self, shelf):
        await shelf.remember("she likes to drink tea", id="tea")
        assert await active(shelf, 0) == ["tea"]
        assert await active(shelf, 0, validity="inactive") == []

    async def test_as_many_as_asked_for_come_back(self, shelf):
        for number in range(12):
            details = Details(expires_at=at(0)) if number % 3 else Details()
            await shelf.remember(
                f"she likes to drink tea {number}", id=f"m{number}", details=details
            )
        assert len(await active(shelf, 5, limit=4)) == 4

    async def test_a_correction_is_found_by_what_it_says_now(self, shelf):
        await shelf.remember("she likes to drink tea", id="m")
        assert await found(shelf, "tea", of="memory", mode="keyword") == ["m"]
        await shelf.correct("m", value="she has a grey cat")
        assert await found(shelf, "tea", of="memory", mode="keyword") == []
        assert await found(shelf, "cat", of="memory", mode="keyword") == ["m"]


async def window(shelf, **options):
    fields = {"query": None, "format": "openai", "recent": 4, "summary": True, "memories": 9}
    request = ContextRequest(4_000, **{**fields, **options})
    made = await shelf.services.contexts.build(shelf.project, "", "d", request)
    return {*made.included.memory_ids} - {"paints"}


class TestWindows:
    @pytest.mark.parametrize("query", [None, "what does she drink"])
    @pytest.mark.parametrize("stable", [False, True])
    async def test_memories_are_those_of_the_time(self, stable, query, shelf):
        await shelf.new()
        await drinks(shelf)
        options = {"query": query, "stable": stable}
        assert await window(shelf, **options) == {"coffee"}
        assert await window(shelf, as_of=at(-30), **options) == {"tea"}
        assert await window(shelf, include="inactive", **options) == {"tea", "coffee"}

    async def test_a_recorded_one_is_answered_as_it_was(self, shelf):
        await shelf.new()
        await shelf.remember("likes tea", id="m")
        request = ContextRequest(4_000, None, "openai", 4, summary=True, memories=3)
        of = (shelf.project, "", "d")
        made = await shelf.services.receipts.record(*of, request, shelf.write_options())
        await shelf.correct("m", value="likes coffee")
        await shelf.correct("m", value="likes water")
        receipt = await shelf.services.receipts.get(shelf.project, "", made.id)
        assert receipt.verified
        assert receipt.messages == made.messages
        assert "likes tea" in str(receipt.messages)
        assert "asOf" not in plain(receipt.settings)


class TestSimilar:
    """With the embedder that is built in."""

    async def remember(self, shelf, value, policy, **fields):
        new = memory(value, **fields)
        options = shelf.write_options()
        create = shelf.services.memories.create
        return await create(shelf.project, "", new, options, policy)

    @pytest.mark.parametrize(
        "again", ["likes tea", "Likes  Tea.", "\uff2c\uff49\uff4b\uff45\uff53 tea!", " likes tea\n"]
    )
    async def test_the_same_words_are_equal(self, again, shelf):
        old = await shelf.remember("Likes tea", id="old")
        answer = await self.remember(shelf, again, "return")
        assert plain(answer.similar) == {
            "id": "old",
            "likeness": 1.0,
            "equal": True,
            "action": "returned",
        }
        assert await shelf.memories() == [old]

    @pytest.mark.parametrize("value", [42, True, {"city": "Oslo"}, ["a", 1]])
    async def test_other_json_is_equal_byte_by_byte(self, value, shelf):
        await shelf.remember(value, id="old")
        assert (await self.remember(shelf, value, "return")).id == "old"

    async def test_what_is_alike_is_superseded_and_what_is_not_is_stored(self, shelf):
        await shelf.remember("Prefers window seats on planes", id="old")
        await shelf.remember("Is learning Spanish", id="other")
        new = await self.remember(shelf, "Prefers aisle seats on planes", "supersede")
        assert (new.supersedes, new.similar.equal) == ("old", False)
        assert 0.58 <= new.similar.likeness < 1
        more = await self.remember(shelf, "Is afraid of flying", "supersede")
        assert "similar" not in plain(more)
        assert "supersededBy" not in plain(await shelf.memory("other"))

    async def test_one_that_is_superseded_is_not_compared(self, shelf):
        await shelf.remember("Likes tea", id="old")
        await shelf.remember("Plays chess", id="new", details=Details(supersedes="old"))
        stored = await self.remember(shelf, "Likes tea", "return")
        assert "similar" not in plain(stored)

    async def test_another_label_is_another_thing(self, shelf):
        await shelf.remember("yes", id="old", label="Smoker")
        assert (await self.remember(shelf, "yes", "return", label="Vegetarian")).id != "old"
        assert (await self.remember(shelf, "Yes", "return", label="smoker")).id == "old"

    async def test_another_namespace_is_not_looked_at(self, shelf):
        await shelf.remember("Likes tea", "n", id="old")
        assert (await self.remember(shelf, "Likes tea", "return")).id != "old"

    async def test_nothing_is_like_what_says_nothing(self, shelf):
        await shelf.remember("", id="old")
        assert (await self.remember(shelf, "", "return")).id != "old"
        assert ids(await shelf.memories())[1:] == ["old"]

    async def test_a_kept_response_that_repeats_the_other_goes_with_it(self, shelf):
        await shelf.remember("tea", id="old")
        similar = FoundSimilar("old", 1.0, equal=True, policy="return")
        new = memory("tea", id="new", similar=similar)
        create = shelf.store.memories.create
        await create(shelf.project, "", new, shelf.write_options(idempotent("k")))
        await shelf.forget("old")
        made = await create(shelf.project, "", new, shelf.write_options(idempotent("k")))
        assert made.id == "new"
