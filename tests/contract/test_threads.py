"""Threads: dialogues that hang on a dialogue."""

import pytest

from dialoguedb.errors import DialogueImmutable, DialogueNotFound
from tests.contract.making import at, ids, message, plain

pytestmark = [pytest.mark.anyio, pytest.mark.every_version]


async def make_tree(me):
    """Make a root with two children, one of which has two of its own, and a stranger to them."""
    await me.new("root", messages=[message()])
    await me.new("left", thread_of="root", messages=[message(), message()])
    await me.new("right", thread_of="root")
    await me.new("left-1", thread_of="left", messages=[message(tags=("t",)) for _ in range(3)])
    await me.new("left-2", thread_of="left", tags=("t",))
    await me.new("other", messages=[message()])


class TestThreads:
    async def test_a_thread_names_its_parent_and_the_parent_counts_it(self, me):
        await make_tree(me)
        assert (await me.get("left")).thread_of == "root"
        assert "threadOf" not in plain(await me.get("root"))
        counts = {one.id: one.thread_count for one in await me.dialogues()}
        assert counts == {
            "root": 2,
            "left": 2,
            "right": 0,
            "left-1": 0,
            "left-2": 0,
            "other": 0,
        }

    async def test_an_absent_parent_is_not_found(self, me):
        with pytest.raises(DialogueNotFound):
            await me.new("d", thread_of="nobody")
        with pytest.raises(DialogueNotFound):
            await me.get("d")

    async def test_nothing_is_its_own_parent(self, me):
        with pytest.raises(DialogueNotFound):
            await me.new("d", thread_of="d")
        with pytest.raises(DialogueNotFound):
            await me.get("d")

    async def test_the_parent_is_of_the_same_namespace(self, me):
        await me.new("root", "a")
        for namespace in ["", "b"]:
            with pytest.raises(DialogueNotFound):
                await me.new("d", namespace, thread_of="root")
        await me.new("d", "a", thread_of="root")
        assert (await me.get("root", "a")).thread_count == 1

    async def test_a_list_shows_the_direct_children_of_one(self, me):
        await make_tree(me)
        assert set(ids(await me.dialogues(thread_of="root"))) == {"left", "right"}
        assert set(ids(await me.dialogues(thread_of="left"))) == {"left-1", "left-2"}
        assert await me.dialogues(thread_of="right") == []
        assert await me.dialogues(thread_of="nobody") == []
        assert ids(await me.dialogues(thread_of="left", tags=("t",))) == ["left-2"]

    async def test_a_parent_named_without_a_namespace_is_of_the_default_one(self, me):
        for namespace in ["", "a"]:
            await me.new("root", namespace)
            await me.new(f"child-{namespace}", namespace, thread_of="root")
        assert ids(await me.dialogues(thread_of="root")) == ["child-"]
        assert ids(await me.dialogues(thread_of="root", namespace="a")) == ["child-a"]

    @pytest.mark.parametrize("order_by", ["created", "modified", "lastMessageCreated"])
    @pytest.mark.parametrize("order", ["asc", "desc"])
    async def test_they_are_listed_in_every_order(self, order_by, order, me):
        await me.new("root")
        for number in range(9):
            first = message(created=at(number * 7 % 9))
            await me.new(f"t{number}", thread_of="root", created=at(9 - number), messages=[first])
        key = {
            "created": lambda one: (one.created, one.id),
            "modified": lambda one: (one.modified, one.id),
            "lastMessageCreated": lambda one: (one.last_message_created, one.id),
        }[order_by]
        listed = await me.dialogues(order, limit=2, thread_of="root", order_by=order_by)
        assert listed == sorted(listed, key=key, reverse=order == "desc")
        assert len(listed) == 9


class TestDeletingATree:
    async def test_a_dialogue_takes_its_threads_with_it_and_counts_them(self, me):
        await make_tree(me)
        deleted = await me.delete("root")
        assert (deleted.dialogues, deleted.messages) == (5, 6)
        assert ids(await me.dialogues()) == ["other"]
        assert await me.dialogues(tags=("t",)) == []
        assert await me.contents("other") == ["hello"]

    async def test_a_branch_leaves_the_rest_standing(self, me):
        await make_tree(me)
        deleted = await me.delete("left")
        assert (deleted.dialogues, deleted.messages) == (3, 5)
        assert set(ids(await me.dialogues())) == {"root", "right", "other"}
        assert (await me.get("root")).thread_count == 1
        await me.delete("right")
        assert (await me.get("root")).thread_count == 0

    async def test_a_deep_chain_goes_as_a_whole(self, me):
        await me.new("t0", messages=[message()])
        for number in range(1, 300):
            await me.new(f"t{number}", thread_of=f"t{number - 1}", messages=[message()])
        deleted = await me.delete("t0")
        assert (deleted.dialogues, deleted.messages) == (300, 300)
        assert await me.dialogues() == []

    async def test_the_freed_ids_make_another_tree(self, me):
        await make_tree(me)
        await me.delete("root")
        await me.new("left")
        await me.new("root", thread_of="left")
        assert (await me.get("root")).thread_of == "left"
        assert (await me.get("left")).thread_count == 1
        assert (await me.get("root")).thread_count == 0

    async def test_trees_of_other_namespaces_and_projects_stay(self, me, stranger):
        await make_tree(me)
        await make_tree(stranger)
        await me.new("root", "a")
        await me.new("left", "a", thread_of="root")
        await me.delete("root")
        assert len(await stranger.dialogues()) == 6
        assert len(await me.dialogues(namespace="a")) == 2


class TestArchivedParents:
    async def test_they_take_no_new_threads_but_lose_old_ones(self, me):
        await make_tree(me)
        await me.change_status("archive", "root")
        with pytest.raises(DialogueImmutable):
            await me.new("late", thread_of="root")
        await me.delete("right")
        assert (await me.get("root")).thread_count == 1

    async def test_ended_ones_take_new_threads(self, me):
        await make_tree(me)
        await me.change_status("end", "root")
        await me.new("late", thread_of="root")
        assert (await me.get("root")).thread_count == 3
