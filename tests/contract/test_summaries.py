"""Summaries: what is asked for, what range they cover, and that none is made twice."""

import pytest
from msgspec import UNSET

from dialoguedb.errors import (
    DialogueImmutable,
    DialogueNotFound,
    DuplicateId,
    InvalidRequest,
    MessageNotFound,
    QuotaExceeded,
    SummaryNotFound,
    TemplateNotFound,
    VersionConflict,
)
from dialoguedb.model.recipe import Recipe
from dialoguedb.model.refs import DialogueRef
from dialoguedb.ports import IdempotencyHit
from tests.contract.making import idempotent, ids, message, plain, summary, together

pytestmark = [pytest.mark.anyio, pytest.mark.every_version]

RECIPE = Recipe("extractive", None, None)


@pytest.fixture
async def talk(me):
    """Make a dialogue of three messages."""
    await me.new("d", messages=[message(text, id=text, tokens=5) for text in "abc"])


class TestAsking:
    async def test_it_covers_the_whole_dialogue_as_it_is_then(self, me, talk):
        made = await me.summarize()
        await me.append(message("d", id="d"))
        assert made.status == "processing"
        assert made.content is None
        assert (made.from_id, made.to_id, made.message_count) == ("a", "c", 3)
        assert made.total_tokens == sum(one.token_count for one in await me.covered(made.id))
        assert ids(await me.covered(made.id)) == ["a", "b", "c"]
        assert await me.summary(made.id) == made

    async def test_it_covers_what_is_named_both_ends_included(self, me, talk):
        made = await me.summarize(start_id="b", end_id="c")
        assert ids(await me.covered(made.id)) == ["b", "c"]
        assert ids(await me.covered((await me.summarize(end_id="b")).id)) == ["a", "b"]
        assert ids(await me.covered((await me.summarize(start_id="c")).id)) == ["c"]

    async def test_what_arrives_later_stays_outside_whatever_its_time(self, me, talk):
        made = await me.summarize()
        await me.append(message("past", id="past", created="1999-01-01T00:00:00.000Z"))
        between = (await me.message("b")).created
        await me.append(message("between", id="between", created=between))
        assert ids(await me.covered(made.id)) == ["a", "b", "c"]
        assert ids(await me.covered(made.id, order="desc", limit=2)) == ["c", "b", "a"]

    async def test_an_empty_range_is_completed_with_nothing(self, me):
        await me.new("d")
        made = await me.summarize()
        assert (made.status, made.content, made.message_count) == ("completed", None, 0)
        assert made.from_created is UNSET
        assert await me.covered(made.id) == []

    async def test_messages_that_are_not_there_cannot_be_named(self, me, talk):
        await me.new("other", messages=[message(id="elsewhere")])
        for fields in [{"start_id": "elsewhere"}, {"end_id": "none"}]:
            with pytest.raises(MessageNotFound) as caught:
                await me.summarize(**fields)
            assert caught.value.details[0].code == "NOT_FOUND"
        with pytest.raises(InvalidRequest):
            await me.summarize(start_id="c", end_id="a")
        assert await me.summaries() == []

    async def test_dialogues_and_templates_that_are_not_there_cannot_be_named(self, me, talk):
        with pytest.raises(DialogueNotFound):
            await me.summarize("none")
        with pytest.raises(DialogueNotFound):
            await me.summarize(namespace="ns")
        with pytest.raises(TemplateNotFound):
            await me.summarize(template="none")
        await me.new_template("t")
        assert (await me.summarize(template="t")).template == "t"

    async def test_an_archived_dialogue_takes_none_and_loses_none(self, me, talk):
        made = await me.summarize()
        await me.change_status("archive")
        with pytest.raises(DialogueImmutable):
            await me.summarize(id="s")
        with pytest.raises(DialogueImmutable):
            await me.summarize()
        with pytest.raises(DialogueImmutable):
            await me.delete_summary(made.id)
        assert ids(await me.summaries()) == [made.id]

    async def test_an_ended_dialogue_and_an_immutable_project_take_them(self, me, talk):
        await me.change_status("end")
        await me.set(immutable=True)
        made = await me.summarize()
        await me.delete_summary(made.id)
        with pytest.raises(SummaryNotFound):
            await me.summary(made.id)

    async def test_the_version_of_the_dialogue_can_be_expected(self, me, talk):
        await me.change(label="l")
        with pytest.raises(VersionConflict):
            await me.summarize(options=me.write_options(expected=1))
        await me.summarize(options=me.write_options(expected=2))
        assert await me.revision() == 2
        with pytest.raises(VersionConflict):  # though one like it is there
            await me.summarize(options=me.write_options(expected=1))

    async def test_its_metadata_counts_as_stored_bytes(self, me, talk):
        before = (await me.usage()).stored_bytes
        await me.summarize(metadata=b'{"a":1}')
        assert (await me.usage()).stored_bytes == before + 7
        await me.set(quotas={"storedBytes": before + 10})
        with pytest.raises(QuotaExceeded):
            await me.summarize(id="s", metadata=b'{"a":1}')


class TestOnce:
    async def test_an_equal_one_is_answered(self, me, talk):
        fields = {"id": "s", "instructions": "short", "metadata": b'{"a":1}', "end_id": "b"}
        made = await me.summarize(**fields, tags=("t",))
        assert await me.summarize(**fields) == made
        await me.append(message("d"))
        assert await me.summarize(**fields) == made

    @pytest.mark.parametrize(
        "other",
        [
            {"instructions": "long"},
            {"metadata": b'{"a":2}'},
            {"start_id": "a"},
            {"end_id": "c"},
            {"rebuild": True},
        ],
        ids=lambda other: next(iter(other)),
    )
    async def test_an_unequal_one_is_a_duplicate(self, other, me, talk):
        await me.summarize(id="s")
        with pytest.raises(DuplicateId):
            await me.summarize(id="s", **other)

    async def test_an_id_is_one_of_the_project_whatever_the_dialogue(self, me, talk):
        await me.new("d", "ns", messages=[message()])
        await me.summarize(id="s")
        with pytest.raises(DuplicateId):
            await me.summarize(namespace="ns", id="s")

    async def test_the_same_range_is_answered_and_not_asked_for_again(self, me, talk):
        made = await me.summarize()
        assert await me.summarize() == made
        assert await me.summarize(start_id="a", end_id="c") == made
        assert len(await me.summaries()) == 1

    @pytest.mark.parametrize(
        "fields", [{"rebuild": True}, {"instructions": "other"}, {"id": "own"}, {"end_id": "b"}]
    )
    async def test_another_range_or_wording_or_an_id_of_ones_own_is_another(self, fields, me, talk):
        made = await me.summarize()
        assert (await me.summarize(**fields)).id != made.id

    async def test_one_with_metadata_or_tags_is_not_answered_by_one_with_others(self, me, talk):
        plain = await me.summarize()
        kept = {"metadata": b'{"a":1}', "tags": ("t",)}
        made = await me.summarize(**kept)
        assert (bytes(made.metadata), bytes(made.tags)) == (b'{"a":1}', b'["t"]')
        assert await me.summarize(**kept) == made
        assert await me.summarize() == made
        assert len({plain.id, made.id, (await me.summarize(tags=("u",))).id}) == 3

    async def test_a_range_that_has_changed_is_another(self, me, talk):
        made = await me.summarize()
        await me.delete_message("b")
        assert (await me.summarize()).id != made.id

    async def test_an_idempotency_key_answers_though_the_message_is_gone(self, me, talk):
        await me.summarize(end_id="b", options=me.write_options(idempotent()))
        await me.delete_message("b")
        with pytest.raises(IdempotencyHit):
            await me.summarize(end_id="b", options=me.write_options(idempotent()))
        assert len(await me.summaries()) == 1

    async def test_many_at_once_are_one(self, me, talk):
        made = await together([me.summarize() for _ in range(20)])
        assert len({one.id for one in made}) == 1

    async def test_who_saw_an_older_state_asks_in_vain(self, store, me, talk):
        tail = await store.summaries.tail(me.project, "", "d")
        await me.summarize(newest=tail.newest)
        with pytest.raises(VersionConflict):
            await me.summarize(end_id="b", newest=tail.newest)


class TestListing:
    async def test_newest_first_page_by_page(self, me, talk):
        made = [await me.summarize(id=f"s{n}") for n in range(5)]
        assert ids(await me.summaries(limit=2)) == ids(made[::-1])
        assert ids(await me.summaries(order="asc", limit=1)) == ids(made)

    async def test_only_those_of_the_dialogue_and_the_status(self, me, talk):
        await me.new("empty")
        await me.summarize("empty")
        made = await me.summarize()
        assert ids(await me.summaries()) == [made.id]
        assert ids(await me.summaries(status="processing")) == [made.id]
        assert await me.summaries(status="completed") == []
        assert len(await me.summaries("empty", status="completed")) == 1
        with pytest.raises(DialogueNotFound):
            await me.summaries("none")

    async def test_one_is_found_by_its_id_alone_or_with_its_own_namespace(self, me):
        await me.new("d", "ns", messages=[message()])
        made = await me.summarize(namespace="ns")
        assert made.namespace == "ns"
        assert await me.summary(made.id) == await me.summary(made.id, "ns") == made
        for namespace in ["", "other"]:
            with pytest.raises(SummaryNotFound):
                await me.summary(made.id, namespace)
            with pytest.raises(SummaryNotFound):
                await me.delete_summary(made.id, namespace)

    async def test_those_completed_before_a_message_are_no_others(self, me):
        await me.new("empty")
        await me.summarize("empty", id="nothing")
        await me.append(message("x"), to="empty")
        await me.summarize("empty", id="waiting")
        found = await me.summaries("empty", completed_before=1)
        assert [one.id for one in found] == ["nothing"]
        assert await me.summaries("empty", completed_before=0) == []


class TestDeleting:
    async def test_a_dialogue_takes_its_summaries_with_it_and_counts_them(self, me, talk):
        await me.new("t", thread_of="d", messages=[message()])
        await me.summarize()
        await me.summarize(end_id="a")
        await me.summarize("t")
        deleted = await me.delete("d")
        assert plain(deleted) == {"dialogues": 2, "messages": 4, "summaries": 3}
        await me.new("d", messages=[message()])
        assert await me.summaries() == []

    async def test_a_project_takes_its_summaries_and_templates_with_it(self, world, me, talk):
        await me.new_template("t")
        await me.summarize(template="t")
        deleted = await world.services.projects.delete(
            me.project.id, world.services.write_options()
        )
        assert deleted.summaries == 1

    async def test_a_message_that_is_gone_is_gone_from_what_it_covers(self, me, talk):
        made = await me.summarize()
        await me.delete_message("b")
        assert ids(await me.covered(made.id)) == ["a", "c"]


async def test_a_stored_summary_says_what_was_asked(store, me, talk):
    await me.new_template("t", "{messages} in short")
    new = summary(id="s", template="t", instructions="i", tags=("x",), metadata=b'{"k":[1.0]}')
    made = await store.summaries.create(
        me.project, DialogueRef("", "d"), new, RECIPE, me.write_options()
    )
    assert (made.value.template, made.value.provider) == ("t", "extractive")
    assert bytes(made.value.metadata) == b'{"k":[1.0]}'
    assert bytes(made.value.tags) == b'["x"]'
    assert made.value.project_id == me.project.id
    assert made.version == 1
