"""Counters are exact after every call, under any concurrency."""

import asyncio
from contextlib import suppress

import pytest

from dialoguedb.errors import DuplicateId, MessageNotFound
from tests.contract.making import ids, message, together

pytestmark = pytest.mark.anyio

TASKS = 32
TURNS = 20


async def check(me, dialogue_id="d"):
    """Check a dialogue's counters against what is listed; returns its messages."""
    found, listed = await me.get(dialogue_id), await me.messages(dialogue_id)
    assert found.total_messages == len(listed)
    assert found.last_seq >= max((one.seq for one in listed), default=0)
    assert len({one.seq for one in listed}) == len({one.id for one in listed}) == len(listed)
    greatest = max((one.created for one in listed), default=None)
    assert (found.last_message_created or None) == greatest
    return listed


class TestUnderManyTasks:
    async def test_every_append_to_one_dialogue_is_counted(self, me):
        await me.new("d")

        async def work(task):
            for turn in range(TURNS):
                await me.append(message(f"{task}.{turn}"), message(f"{task}.{turn}b"))

        await together(work(task) for task in range(TASKS))
        listed = await check(me)
        assert [one.seq for one in sorted(listed, key=lambda one: one.seq)] == list(
            range(1, 2 * TASKS * TURNS + 1)
        )
        assert (await me.get()).last_seq == (await me.usage()).messages == 2 * TASKS * TURNS

    async def test_each_task_sees_what_it_wrote_and_in_its_order(self, me):
        await me.new("d")

        async def work(task):
            mine = []
            for turn in range(TURNS):
                stored = (await me.append(message(f"{task}.{turn}", id=f"{task}.{turn}")))[0]
                assert await me.message(stored.id) == stored
                mine.append(stored)
                found = await me.get()
                assert found.total_messages >= stored.seq
                assert found.last_seq >= stored.seq
            return mine

        for mine in await together(work(task) for task in range(TASKS)):
            assert [one.seq for one in mine] == sorted(one.seq for one in mine)
        listed = ids(await check(me))
        for task in range(TASKS):
            of_task = [one for one in listed if one.startswith(f"{task}.")]
            assert of_task == [f"{task}.{turn}" for turn in range(TURNS)]

    async def test_appends_duplicates_conflicts_and_deletes_at_once(self, me):
        await me.new("d")

        async def work(task):
            added = 0
            for turn in range(TURNS):
                shared = message(f"of {task % 2}", id=f"shared{turn}")
                try:
                    await me.append(message("own", id=f"{task}.{turn}"), shared)
                    added += 1
                except DuplicateId:
                    await me.append(message("own", id=f"{task}.{turn}"))
                    added += 1
                with suppress(MessageNotFound):
                    await me.delete_message(f"{(task + 1) % TASKS}.{turn - 1}")
                    added -= 1
            return added

        added = await together(work(task) for task in range(TASKS))
        listed = await check(me)
        assert len(listed) == sum(added) + TURNS

    async def test_dialogues_and_threads_made_and_deleted_at_once(self, me):
        await me.new("root")

        async def work(task):
            for turn in range(TURNS):
                name = f"{task}.{turn}"
                await me.new(name, thread_of="root", messages=[message()])
                await me.append(message(), to=name)
                if turn % 2:
                    deleted = await me.delete(name)
                    assert (deleted.dialogues, deleted.messages) == (1, 2)

        await together(work(task) for task in range(TASKS))
        assert (await me.get("root")).thread_count == TASKS * TURNS // 2
        assert len(await me.dialogues(thread_of="root")) == TASKS * TURNS // 2
        deleted = await me.delete("root")
        assert deleted.dialogues == TASKS * TURNS // 2 + 1
        assert deleted.messages == TASKS * TURNS
        used = await me.usage()
        assert (used.dialogues, used.messages) == (TASKS * TURNS + 1, 2 * TASKS * TURNS)

    async def test_state_label_and_messages_change_side_by_side(self, me):
        await me.new("d")

        async def work(task):
            for turn in range(TURNS):
                await me.append(message())
                await me.put_state("merge", f'{{"{task}.{turn}":1}}'.encode())
                await me.change(label=f"{task}.{turn}", messages=[message()])

        await together(work(task) for task in range(TASKS))
        await check(me)
        found = await me.get()
        assert found.total_messages == 2 * TASKS * TURNS
        assert bytes(found.state).count(b":1") == TASKS * TURNS
        assert await me.revision() == 1 + 2 * TASKS * TURNS


class TestReadYourWrites:
    async def test_what_was_acknowledged_is_seen_while_long_lists_are_read(self, me):
        await me.new("long", messages=[message("x" * 100_000) for _ in range(60)])
        await me.new("d")
        written = asyncio.Event()

        async def read():
            while not written.is_set():
                assert len(await me.messages("long")) == 60

        async def write():
            try:
                for number in range(60):
                    stored = (await me.append(message(id=f"m{number}")))[0]
                    assert await me.message(f"m{number}") == stored
                    assert (await me.get()).total_messages == number + 1
                    assert ids(await me.messages(order="desc", limit=100))[0] == f"m{number}"
            finally:
                written.set()

        await together([write(), *(read() for _ in range(4))])


class TestWhoGoesAway:
    async def test_an_append_whose_caller_is_cancelled_is_stored_once_or_not_at_all(self, me):
        await me.new("d")
        for number in range(50):
            task = asyncio.create_task(me.append(message(id=f"m{number}")))
            for _ in range(number % 5):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert len(await me.append(message(id=f"m{number}"))) == 1
        assert ids(await check(me)) == [f"m{number}" for number in range(50)]

    async def test_its_neighbours_are_stored(self, me):
        await me.new("d")
        tasks = [asyncio.create_task(me.append(message(id=f"m{n}"))) for n in range(TASKS)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        listed = ids(await check(me))
        assert {f"m{n}" for n in range(1, TASKS, 2)} <= set(listed)
