"""A message or memory that is sent again under its id is stored once."""

from typing import Any

import pytest

from dialoguedb.errors import (
    DialogueEnded,
    DialogueImmutable,
    DuplicateId,
    QuotaExceeded,
    VersionConflict,
)
from tests.contract.making import at, ids, memory, message, together

pytestmark = [pytest.mark.anyio, pytest.mark.every_version]

DIFFERENT_MESSAGES: dict[str, Any] = {
    "content": {"content": "other"},
    "equal content in other bytes": {"content": b'{"a":1.0}'},
    "role": {"role": "assistant"},
    "name": {"name": "Ada"},
    "no name": {"name": None},
    "metadata": {"metadata": b'{"k":2}'},
    "created": {"created": at(6)},
}
SENT = {"name": "Bob", "metadata": b'{"k":1}', "created": at(5)}
SENT_CONTENT = b'{"a":1}'

DIFFERENT_MEMORIES: dict[str, Any] = {
    "value": {"value": "other"},
    "label": {"label": "other"},
    "no label": {"label": None},
    "description": {"description": "other"},
    "metadata": {"metadata": b'{"k":2}'},
    "created": {"created": at(6)},
}
REMEMBERED = {"label": "l", "description": "d", "metadata": b'{"k":1}', "created": at(5)}


class TestDuplicates:
    @pytest.fixture(autouse=True)
    async def stored(self, me):
        """Store the message whose duplicates are sent."""
        await me.new("d")
        return (await me.append(message(SENT_CONTENT, id="m", tags=("t",), **SENT)))[0]

    async def test_a_duplicate_answers_the_stored_one_and_stores_nothing(self, me, stored):
        before = await me.get()
        for _ in range(3):
            assert await me.append(message(SENT_CONTENT, id="m", **SENT)) == [stored]
        assert await me.get() == before
        assert await me.messages() == [stored]
        assert (await me.usage()).messages == 1

    async def test_tags_are_no_difference(self, me, stored):
        duplicate = message(SENT_CONTENT, id="m", tags=("other",), **SENT)
        assert await me.append(duplicate) == [stored]
        assert await me.messages(tags=("other",)) == []
        tagged = await me.tag("m", ("now",))
        assert await me.append(message(SENT_CONTENT, id="m", **SENT)) == [tagged]

    async def test_a_time_counts_only_when_it_is_sent(self, me, stored):
        fields = {**SENT, "created": None}
        assert await me.append(message(SENT_CONTENT, id="m", **fields)) == [stored]

    @pytest.mark.parametrize("difference", DIFFERENT_MESSAGES)
    async def test_any_other_difference_is_refused(self, difference, me, stored):
        fields = {"content": SENT_CONTENT, **SENT, **DIFFERENT_MESSAGES[difference]}
        with pytest.raises(DuplicateId) as caught:
            await me.append(message(id="m", **fields))
        assert caught.value.details[0].field == "messages[0].id"
        assert await me.messages() == [stored]

    async def test_ids_that_differ_in_case_or_space_are_different(self, me):
        await me.append(message("a", id="M"), message("b", id="m m"), message("c", id="é"))
        await me.append(message("d", id="e\u0301"))
        assert (await me.get()).total_messages == 5

    async def test_a_batch_answers_its_duplicates_in_place_and_stores_the_rest(self, me, stored):
        duplicate = message(SENT_CONTENT, id="m", **SENT)
        answered = await me.append(message("a"), duplicate, message("b", id="n"))
        assert answered[1] == stored
        assert [one.seq for one in answered] == [2, 1, 3]
        again = await me.append(message("b", id="n"), duplicate)
        assert again == [answered[2], stored]
        assert (await me.get()).total_messages == 3
        assert (await me.usage()).messages == 3

    async def test_a_conflict_in_a_batch_names_its_place_and_stores_nothing(self, me, stored):
        before = await me.get()
        with pytest.raises(DuplicateId) as caught:
            await me.append(message("a"), message("b", id="new"), message("other", id="m"))
        assert [error.field for error in caught.value.details] == ["messages[2].id"]
        assert await me.get() == before
        assert await me.messages() == [stored]

    async def test_the_same_id_twice_in_one_batch_is_refused(self, me):
        for second in ["same", "other"]:
            with pytest.raises(DuplicateId) as caught:
                await me.append(message("same", id="n"), message(), message(second, id="n"))
            assert caught.value.details[0].field == "messages[2].id"
        duplicate = message(SENT_CONTENT, id="m", **SENT)
        with pytest.raises(DuplicateId) as caught:
            await me.append(duplicate, message(SENT_CONTENT, id="m", **SENT))
        assert caught.value.details[0].field == "messages[1].id"
        assert (await me.get()).total_messages == 1

    async def test_equal_messages_without_an_id_are_different_messages(self, me):
        await me.append(message("yes"))
        await me.append(message("yes"), message("yes"))
        assert (await me.contents()).count("yes") == 3

    async def test_duplicates_at_once_are_stored_once(self, me):
        answers = await together(me.append(message("x", id="n")) for _ in range(32))
        assert all(answer == answers[0] for answer in answers)
        assert (await me.get()).total_messages == 2

    async def test_unequal_ones_at_once_leave_the_first(self, me):
        answers = await together(
            (me.append(message(str(number), id="n")) for number in range(32)),
            failing=DuplicateId,
        )
        stored = [one for one in answers if not isinstance(one, DuplicateId)]
        assert len(stored) == 1
        assert await me.message("n") == stored[0][0]

    async def test_a_duplicate_in_a_dialogue_update_is_no_change(self, me, stored):
        before = await me.get()
        duplicate = message(SENT_CONTENT, id="m", **SENT)
        changed = await me.change(messages=[duplicate])
        assert changed.value.messages == [stored]
        assert changed.version == 1
        assert await me.get() == before


class TestPrecedence:
    """The duplicate is answered whatever has happened since; a new one meets the first refusal."""

    @pytest.fixture(autouse=True)
    async def stored(self, me):
        """Store the message whose duplicates are sent."""
        await me.new("d")
        return (await me.append(message("a", id="m")))[0]

    async def attempts(self, me, refusal):
        """Check that a duplicate is answered, and that all others are refused in this way."""
        await me.append(message("a", id="m"), options=me.write_options(expected=7))
        for sent in [[message("other", id="m")], [message()], [message("a", id="m"), message()]]:
            with pytest.raises(refusal):
                await me.append(*sent, options=me.write_options(expected=7))
        assert (await me.get()).total_messages == 1

    async def test_in_an_archived_dialogue(self, me):
        await me.change_status("end")
        await me.change_status("archive")
        await self.attempts(me, DialogueImmutable)

    async def test_in_an_ended_dialogue(self, me):
        await me.change_status("end")
        await self.attempts(me, DialogueEnded)

    async def test_of_an_archived_one_that_never_ended(self, me):
        await me.change_status("archive")
        await self.attempts(me, DialogueImmutable)

    async def test_under_a_stale_version_and_a_full_quota(self, me):
        await me.set(quotas={"messages": 1})
        stale = me.write_options(expected=7)
        assert ids(await me.append(message("a", id="m"), options=stale)) == ["m"]
        with pytest.raises(DuplicateId):
            await me.append(message("other", id="m"), options=stale)
        with pytest.raises(VersionConflict):
            await me.append(message(), options=stale)
        with pytest.raises(QuotaExceeded):
            await me.append(message(), options=me.write_options(expected=1))
        assert (await me.get()).total_messages == 1

    async def test_a_dialogue_update_has_the_same(self, me):
        await me.change_status("end")
        duplicate = [message("a", id="m")]
        assert ids((await me.change(messages=duplicate)).value.messages) == ["m"]
        with pytest.raises(DialogueEnded):
            await me.change(messages=[message("other", id="m")])
        await me.change_status("archive")
        assert ids((await me.change(messages=duplicate)).value.messages) == ["m"]
        with pytest.raises(DialogueImmutable):
            await me.change(messages=[message()])
        with pytest.raises(DialogueImmutable):
            await me.change(messages=duplicate, label="new")
        assert (await me.get()).total_messages == 1


class TestDuplicateMemories:
    @pytest.fixture(autouse=True)
    async def stored(self, me):
        """Store the memory whose duplicates are sent."""
        return await me.remember("v", id="m", tags=("t",), **REMEMBERED)

    async def test_a_duplicate_answers_the_stored_one_and_stores_nothing(self, me, stored):
        for tags in [("t",), (), ("other",)]:
            assert await me.remember("v", id="m", tags=tags, **REMEMBERED) == stored
        fields = {**REMEMBERED, "created": None}
        assert await me.remember("v", id="m", **fields) == stored
        assert await me.memories() == [stored]
        assert (await me.usage()).stored_bytes == memory("v", **REMEMBERED).stored_bytes

    @pytest.mark.parametrize("difference", DIFFERENT_MEMORIES)
    async def test_any_other_difference_is_refused(self, difference, me, stored):
        fields = {"value": "v", **REMEMBERED, **DIFFERENT_MEMORIES[difference]}
        with pytest.raises(DuplicateId) as caught:
            await me.remember(id="m", **fields)
        assert caught.value.details[0].field == "id"
        assert await me.memories() == [stored]

    async def test_equal_ones_without_an_id_are_different_memories(self, me):
        for _ in range(3):
            await me.remember("same")
        assert len(await me.memories()) == 4

    async def test_duplicates_at_once_are_stored_once(self, me):
        answers = await together(me.remember("x", id="n") for _ in range(32))
        assert all(answer == answers[0] for answer in answers)
        assert len(await me.memories()) == 2
