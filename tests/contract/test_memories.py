"""Memories: made, read, tagged, deleted."""

import msgspec
import pytest

from dialoguedb.errors import MemoryNotFound
from dialoguedb.values.lists import TimeRange
from tests.contract.making import at, ids, plain

pytestmark = [pytest.mark.anyio, pytest.mark.every_version]

VALUES = [
    b"null",
    b"true",
    b"0",
    b"1.0",
    b"-0.0",
    b"123456789012345678901234567890",
    b'""',
    b'"\\u0000\\ud800"',
    b"[]",
    b"{}",
    b'[1,"a",null,{"b":[]}]',
    b'{"z":1,"a":{"z":1.0,"a":1}}',
]


class TestCreatingAndGetting:
    async def test_a_plain_one_has_every_field_that_is_always_there(self, me):
        made = await me.remember("v")
        assert plain(made) == {
            "id": made.id,
            "value": "v",
            "tags": [],
            "metadata": {},
            "created": made.created,
            "modified": made.created,
        }
        assert await me.memory(made.id) == made

    async def test_a_full_one_comes_back_as_it_was_sent(self, me):
        made = await me.remember(
            "v",
            "ns",
            id="m",
            label="l",
            description="d",
            tags=("b", "a"),
            metadata=b'{"k":1.0}',
            created=at(-9),
        )
        assert (made.namespace, made.label, made.description) == ("ns", "l", "d")
        assert bytes(made.metadata) == b'{"k":1.0}'
        assert msgspec.json.decode(made.tags) == ["b", "a"]
        assert (made.created, made.modified > at(0)) == (at(-9), True)
        assert await me.memory("m", "ns") == made
        assert await me.memories() == [made]

    @pytest.mark.parametrize("value", VALUES, ids=bytes.decode)
    async def test_any_value_keeps_its_bytes(self, value, me):
        await me.remember(value, id="m")
        assert bytes((await me.memory("m")).value) == value
        assert bytes((await me.memories())[0].value) == value

    async def test_one_id_in_many_namespaces_is_many_memories(self, me):
        for namespace in ["", "a", "default"]:
            await me.remember(f"of {namespace}", namespace, id="m")
        for namespace in ["", "a", "default"]:
            found = plain(await me.memory("m", namespace))
            assert found["value"] == f"of {namespace}"
            assert found.get("namespace", "") == namespace
            assert len(await me.memories(namespace=namespace)) == 1
        assert len(await me.memories()) == 3
        await me.forget("m", "a")
        assert {one.namespace or "" for one in await me.memories()} == {"", "default"}

    async def test_an_unknown_one_is_not_found(self, me):
        await me.remember(id="m", namespace="a")
        for memory_id, namespace in [("m", ""), ("m", "b"), ("x", "a")]:
            with pytest.raises(MemoryNotFound):
                await me.memory(memory_id, namespace)
            with pytest.raises(MemoryNotFound):
                await me.tag_memory(memory_id, ("t",), namespace)
            with pytest.raises(MemoryNotFound):
                await me.forget(memory_id, namespace)


class TestListing:
    async def test_the_newest_come_first_and_ties_are_broken_by_id(self, me):
        for name, seconds in [("b", 0), ("a", 0), ("c", 0), ("old", -1), ("new", 1)]:
            await me.remember(id=name, created=at(seconds))
        assert ids(await me.memories()) == ["new", "c", "b", "a", "old"]
        assert ids(await me.memories("asc", limit=2)) == ["old", "a", "b", "c", "new"]

    async def test_by_last_change(self, me):
        for name in ["a", "b", "c"]:
            await me.remember(id=name)
        await me.tag_memory("a", ("t",))
        assert ids(await me.memories(order_by="modified")) == ["a", "c", "b"]

    async def test_filters_add_up(self, me):
        for number in range(12):
            tags = ("third",) if number % 3 == 0 else ()
            namespace = "even" if number % 2 == 0 else "odd"
            await me.remember(
                namespace=namespace, id=f"m{number:02}", tags=tags, created=at(number)
            )
        assert ids(await me.memories(tags=("third",), namespace="even")) == ["m06", "m00"]
        assert ids(await me.memories(created=TimeRange(at(2), at(5)))) == ["m04", "m03", "m02"]
        filters = {"tags": ("third", "x"), "namespace": "odd", "created": TimeRange(at(4), at(99))}
        assert ids(await me.memories(**filters)) == ["m09"]
        assert await me.memories(namespace="e") == []

    async def test_pages_end_early_before_they_are_too_large(self, me):
        for number in range(40):
            await me.remember("x" * 1_000_000, id=f"m{number:02}")
        listed = await me.memories("asc")
        assert ids(listed) == [f"m{number:02}" for number in range(40)]


class TestChanging:
    async def test_tags_are_replaced(self, me):
        made = await me.remember(id="m", tags=("a", "b"))
        tagged = await me.tag_memory("m", ("b", "c"))
        assert tagged.modified > made.modified
        assert await me.memory("m") == tagged
        assert await me.memories(tags=("a",)) == []
        assert ids(await me.memories(tags=("c",))) == ["m"]

    async def test_the_same_tags_change_nothing(self, me):
        made = await me.remember(id="m", tags=("a",))
        for same in [None, ("a",)]:
            assert await me.tag_memory("m", same) == made

    async def test_a_deleted_one_is_gone_and_its_id_free(self, me):
        await me.remember("old", id="m", tags=("t",))
        await me.forget("m")
        assert await me.memories() == []
        assert await me.memories(tags=("t",)) == []
        with pytest.raises(MemoryNotFound):
            await me.forget("m")
        again = await me.remember("new", id="m")
        assert plain(again)["value"] == "new"
        assert await me.memories(tags=("t",)) == []
