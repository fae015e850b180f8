"""Idempotency keys: an operation under one is done once, and answered from what was kept."""

import pytest

from dialoguedb.errors import (
    DialogueNotFound,
    DuplicateId,
    IdempotencyKeyReused,
    InvalidRequest,
    QuotaExceeded,
)
from dialoguedb.ports import IdempotencyHit, IdempotencyRecord
from tests.contract.making import idempotent, message, together

pytestmark = [pytest.mark.anyio, pytest.mark.every_version]

DAY_S = 24 * 3600


class TestReplay:
    async def test_a_repeated_operation_answers_what_it_answered_first(self, me):
        await me.new("d")
        done = []
        for _ in range(3):
            try:
                done.append(await me.append(message("a"), options=me.write_options(idempotent())))
            except IdempotencyHit as replay:
                done.append(replay.answer)
        assert done[1] == done[2]
        assert done[0][0].id.encode() in done[1]
        assert await me.contents() == ["a"]

    async def test_every_write_can_be_repeated(self, me):
        await me.new("d")
        operations = {
            "create": lambda options: me.new("e", options=options),
            "update": lambda options: me.change(label="l", messages=[message()], options=options),
            "status": lambda options: me.change_status("end", "e", options=options),
            "state": lambda options: me.put_state("merge", b'{"a":1}', options=options),
            "messages": lambda options: me.append(message(), options=options),
            "memory": lambda options: me.remember(options=options),
        }
        for name, operation in operations.items():
            await operation(me.write_options(idempotent(name)))
            before = await me.dialogues(), await me.memories(), await me.usage()
            with pytest.raises(IdempotencyHit):
                await operation(me.write_options(idempotent(name)))
            assert (await me.dialogues(), await me.memories(), await me.usage()) == before

    async def test_an_answer_outlives_what_it_tells_of(self, me):
        await me.new("d", options=me.write_options(idempotent()))
        await me.delete("d")
        with pytest.raises(IdempotencyHit):
            await me.new("d", options=me.write_options(idempotent()))
        assert await me.dialogues() == []

    async def test_it_comes_before_what_is_stored_now(self, me):
        await me.new("d")
        await me.append(message(), options=me.write_options(idempotent("gone"), expected=0))
        await me.delete("d")
        with pytest.raises(IdempotencyHit):
            await me.append(message(), options=me.write_options(idempotent("gone"), expected=0))
        with pytest.raises(DialogueNotFound):
            await me.append(message(), options=me.write_options(idempotent("new")))

    async def test_another_request_under_the_key_is_refused(self, me):
        await me.new("d")
        await me.append(message("a"), options=me.write_options(idempotent("key", "one")))
        for _ in range(2):
            with pytest.raises(IdempotencyKeyReused):
                await me.append(message("b"), options=me.write_options(idempotent("key", "two")))
        assert await me.contents() == ["a"]

    async def test_other_keys_are_other_operations(self, me):
        await me.new("d")
        for number in range(3):
            await me.append(message("same"), options=me.write_options(idempotent(str(number))))
        assert await me.contents() == ["same"] * 3


class TestOneCommit:
    async def test_what_failed_is_not_kept(self, me):
        await me.new("d", messages=[message(id="m")])
        with pytest.raises(DuplicateId):
            await me.append(message("other", id="m"), options=me.write_options(idempotent()))
        await me.append(message("fine"), options=me.write_options(idempotent("key", "changed")))
        await me.set(quotas={"messages": 2})
        with pytest.raises(QuotaExceeded):
            await me.append(message("late"), options=me.write_options(idempotent("late")))
        await me.set(quotas=None)
        await me.append(message("late"), options=me.write_options(idempotent("late")))
        assert await me.contents() == ["hello", "fine", "late"]

    async def test_when_the_answer_cannot_be_kept_nothing_is_done(self, me):
        def refuse(_):
            raise InvalidRequest("this answer cannot be kept")

        await me.new("d")
        with pytest.raises(InvalidRequest):
            await me.append(
                message("a"),
                options=me.write_options(IdempotencyRecord(b"key", b"request", refuse)),
            )
        assert await me.messages() == []
        await me.append(message("b"), options=me.write_options(idempotent("key")))
        assert await me.contents() == ["b"]

    async def test_a_duplicate_in_flight_waits_and_gets_the_answer(self, me):
        await me.new("d")
        options = [me.write_options(idempotent()) for _ in range(32)]
        answers = await together(
            (me.append(message("a"), options=one) for one in options), failing=IdempotencyHit
        )
        replayed = {one.answer for one in answers if isinstance(one, IdempotencyHit)}
        assert len(replayed) == 1
        assert sum(isinstance(one, IdempotencyHit) for one in answers) == 31
        assert await me.contents() == ["a"]


class TestExpiry:
    async def test_an_answer_is_kept_for_a_day(self, me):
        await me.new("d")
        me.clock.set(0)
        await me.append(message("a"), options=me.write_options(idempotent()))
        me.clock.set(DAY_S - 1)
        with pytest.raises(IdempotencyHit):
            await me.append(message("a"), options=me.write_options(idempotent()))
        with pytest.raises(IdempotencyKeyReused):
            await me.append(message("a"), options=me.write_options(idempotent(request="other")))

    async def test_after_it_the_key_can_be_used_again(self, me):
        await me.new("d")
        me.clock.set(0)
        await me.append(message("a"), options=me.write_options(idempotent()))
        me.clock.set(DAY_S + 1)
        await me.append(message("b"), options=me.write_options(idempotent(request="other")))
        with pytest.raises(IdempotencyHit):
            await me.append(message("b"), options=me.write_options(idempotent(request="other")))
        me.clock.set(2 * DAY_S)
        with pytest.raises(IdempotencyHit):
            await me.append(message("b"), options=me.write_options(idempotent(request="other")))
        assert await me.contents() == ["a", "b"]

    async def test_a_clock_set_back_forgets_nothing(self, me):
        await me.new("d")
        await me.append(message("a"), options=me.write_options(idempotent()))
        me.clock.set(-10 * DAY_S)
        with pytest.raises(IdempotencyHit):
            await me.append(message("a"), options=me.write_options(idempotent()))

    async def test_old_answers_are_dropped_and_young_ones_stay(self, world, me):
        await me.new("d")
        me.clock.set(0)
        await me.append(message("a"), options=me.write_options(idempotent("old")))
        me.clock.set(100)
        await me.append(message("b"), options=me.write_options(idempotent("young")))
        me.clock.set(50)
        await world.store.forget_answers(me.clock())
        with pytest.raises(IdempotencyHit):
            await me.append(message("b"), options=me.write_options(idempotent("young")))
        await me.append(message("c"), options=me.write_options(idempotent("old")))
        assert await me.contents() == ["a", "b", "c"]


class TestProjects:
    async def test_one_project_deleted_takes_its_answers_with_it(self, world, me, stranger):
        await me.new("d", options=me.write_options(idempotent("mine")))
        await stranger.new("d", options=stranger.write_options(idempotent("theirs")))
        await world.services.projects.delete(me.project.id, world.services.write_options())
        with pytest.raises(IdempotencyHit):
            await stranger.new("d", options=stranger.write_options(idempotent("theirs")))
        await stranger.new("e", options=stranger.write_options(idempotent("mine")))
