"""Memories and searches, as programs use them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from dialoguedb.errors import DuplicateId, InvalidRequest, MemoryNotFound

pytestmark = pytest.mark.anyio


async def test_a_namespace_is_erased_with_a_receipt(db):
    await db.create_memory("tea", namespace="ada")
    await db.create_memory("coffee", namespace="bob")
    await db.create_dialogue(namespace="ada", messages=[{"role": "user", "content": "Hi"}])
    receipt = await db.erase("ada")
    deleted = receipt.deleted
    assert (deleted.memories, deleted.dialogues, deleted.messages) == (1, 1, 1)
    assert receipt.public_key == (await db.api.erasure.key()).public_key
    assert [memory.namespace for memory in await db.list_memories()] == ["bob"]


class TestMemories:
    async def test_a_memory_is_created_with_all_that_it_is_given(self, db):
        made = await db.create_memory(
            {"likes": ["tea"]},
            id="m1",
            namespace="ada",
            label="Drinks",
            description="What she likes",
            tags=["taste"],
            metadata={"from": "chat"},
            created=date(2026, 1, 2),
        )
        for memory in (made, await db.get_memory("m1", namespace="ada")):
            assert (memory.id, memory.namespace, memory.label) == ("m1", "ada", "Drinks")
            assert (memory.value, memory.description) == ({"likes": ["tea"]}, "What she likes")
            assert (memory.tags, memory.metadata) == (["taste"], {"from": "chat"})
            assert memory.created == "2026-01-02T00:00:00.000Z"

    @pytest.mark.parametrize("value", [None, False, 0, "", [], {}, 1.5, "\ud800"], ids=repr)
    async def test_a_value_is_any_json(self, db, value):
        made = await db.create_memory(value)
        read = await db.get_memory(made.id)
        assert repr(made.value) == repr(read.value) == repr(value)

    async def test_one_is_created_once(self, db):
        await db.create_memory("tea", id="m1")
        await db.create_memory("tea", id="m1")
        with pytest.raises(DuplicateId):
            await db.create_memory("coffee", id="m1")
        assert len(await db.list_memories()) == 1

    async def test_tags_are_all_that_changes(self, db):
        memory = await db.create_memory("tea", tags=["a"], namespace="ada")
        memory.tags = ["b"]
        assert memory.is_dirty
        await memory.save()
        assert not memory.is_dirty
        assert (await db.get_memory(memory.id, namespace="ada")).tags == ["b"]

    async def test_a_deleted_one_is_gone(self, db):
        one, two = [await db.create_memory(value) for value in ("a", "b")]
        await one.remove()
        await db.delete_memory(two.id)
        assert len(await db.list_memories()) == 0
        with pytest.raises(MemoryNotFound):
            await db.get_memory(one.id)

    async def test_lists_go_on_page_by_page(self, db):
        for number in range(5):
            tags = ["odd"] if number % 2 else ["even"]
            await db.create_memory(number, id=f"m{number}", tags=tags)
        page = await db.list_memories(limit=2, order="asc")
        assert [memory.value for memory in page] == [0, 1]
        assert [memory.value async for memory in db.iter_memories(page_size=2)] == [4, 3, 2, 1, 0]
        assert [m.value async for m in db.iter_memories(tags=["odd"], order="asc")] == [1, 3]


class TestSearch:
    async def test_messages_are_found_with_how_well_they_fit(self, db):
        dialogue = await db.create_dialogue(namespace="ada", label="Invoices")
        await dialogue.save_messages(
            [
                {"role": "user", "content": "There is a billing issue with my invoice"},
                {"role": "assistant", "content": "Let me look at the weather"},
            ]
        )
        found = await db.search_messages(
            "billing", namespace="ada", limit=1, context=1, explain=True
        )
        assert [message.content for message in found] == [
            "There is a billing issue with my invoice"
        ]
        [hit] = found.hits
        assert hit.object == "message"
        assert 0 < hit.relevance <= 1
        assert hit.explain.terms
        assert [message.content for message in hit.context.after] == ["Let me look at the weather"]
        await found[0].save_tags(["money"])
        again = await db.search_messages("billing", tags=["money"], filter={"created": "today"})
        assert len(again) == len(again.items) == 1
        assert again.request.filter["created"]
        now = datetime.now(UTC)
        for bound, is_found in (("lte", True), ("gte", False)):
            bounds = {"created": {bound: now + timedelta(hours=1)}}
            found = await db.search_messages("billing", filter=bounds)
            assert bool(found.items) is is_found
        days = {"created": {"gte": date(2001, 3, 25), "lte": date(2001, 3, 25)}}
        for filters in (days, {"created": date(2001, 3, 25)}):
            found = await db.search_messages("billing", filter=filters, timezone="Europe/Rome")
            assert len(found) == 0
            assert found.request.filter["created"] == {
                "gte": "2001-03-24T23:00:00.000Z",
                "lt": "2001-03-25T22:00:00.000Z",
            }

    async def test_dialogues_are_found_by_what_is_said_in_them(self, db):
        dialogue = await db.create_dialogue(
            message={"role": "user", "content": "My parcel is late"}
        )
        found = await db.search_dialogues("parcel")
        assert [one.id for one in found] == [dialogue.id]
        assert found.hits[0].matches[0].item.content == "My parcel is late"
        await found[0].save_message("assistant", "It comes tomorrow")

    async def test_memories_are_found(self, db):
        await db.create_memory("Prefers email to phone calls")
        found = await db.search_memories("email")
        assert found[0].value == "Prefers email to phone calls"
        assert len(await db.search_memories("email", metadata={"plan": "pro"})) == 0

    async def test_a_search_that_makes_no_sense_is_refused(self, db):
        with pytest.raises(InvalidRequest) as refused:
            await db.search_memories("email", limit=1_000)
        assert refused.value.details[0].field == "limit"


async def test_a_memory_is_corrected_and_keeps_its_history(db):
    memory = await db.create_memory("tea", label="Drink", source={"dialogue_id": "d"})
    assert memory.version == 1
    await memory.update(value="coffee", label=None, valid_from=datetime(2026, 1, 1, tzinfo=UTC))
    assert (memory.value, memory.label, memory.version) == ("coffee", None, 2)
    assert memory.record.valid_from == "2026-01-01T00:00:00.000Z"
    (former,) = await memory.history(limit=5)
    assert (former.value, former.label, former.source.dialogue_id) == ("tea", "Drink", "d")
    newer = await db.create_memory("milk", supersedes=memory.id, trust="low")
    stored = await db.get_memory(memory.id)
    assert stored.record.superseded_by == newer.id
    found = await db.search_memories("coffee", explain=True, mode="keyword")
    assert (found.items, found.left_out[0].reason) == ([], "superseded")
    assert len(await db.search_memories("coffee", include="inactive", mode="keyword")) == 1
    again = await db.create_memory("Milk.", on_similar="return")
    assert (again.id, again.record.similar.equal) == (newer.id, True)
