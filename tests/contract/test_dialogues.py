"""Dialogues: made, read, changed, deleted."""

import hashlib

import msgspec
import pytest
from msgspec import UNSET

from dialoguedb.errors import DialogueNotFound, DuplicateId, VersionConflict
from dialoguedb.values.lists import TimeRange
from tests.contract.making import at, ids, message, plain

pytestmark = [pytest.mark.anyio, pytest.mark.every_version]

RAW = b'{"z":1.0,"a":1,"big":123456789012345678901234567890,"n":null,"s":"\\ud800\\u0000"}'


class TestCreating:
    async def test_an_empty_one_has_every_field_that_is_always_there(self, me):
        made = await me.new("d")
        assert plain(made.value) == {
            "id": "d",
            "projectId": me.project.id,
            "requestId": "request",
            "status": "active",
            "tags": [],
            "metadata": {},
            "metadataLength": 2,
            "metadataSHA256": hashlib.sha256(b"{}").hexdigest(),
            "state": {},
            "totalMessages": 0,
            "threadCount": 0,
            "lastSeq": 0,
            "created": made.value.created,
            "modified": made.value.created,
        }
        assert made.version == 1

    async def test_a_full_one_comes_back_as_it_was_sent(self, me):
        made = await me.new(
            "d",
            namespace="ns",
            label="Order 17",
            state=RAW,
            metadata=RAW,
            tags=("b", "a", "b"),
            created=at(-9),
            request_id="r17",
        )
        assert (made.value.namespace, made.value.label) == ("ns", "Order 17")
        assert bytes(made.value.state) == bytes(made.value.metadata) == RAW
        assert made.value.metadata_length == len(RAW)
        assert made.value.metadata_sha256 == hashlib.sha256(RAW).hexdigest()
        assert msgspec.json.decode(made.value.tags) == ["b", "a", "b"]
        assert (made.value.created, made.value.request_id) == (at(-9), "r17")
        assert made.value.modified > at(0)
        assert await me.get("d", "ns") == made.value

    async def test_its_first_messages_are_echoed_and_counted(self, me):
        first = [message("a", id="m1", created=at(5)), message("b"), message("c", created=at(-5))]
        made = (await me.new("d", messages=first)).value
        assert [bytes(one.content) for one in made.messages] == [b'"a"', b'"b"', b'"c"']
        assert [one.seq for one in made.messages] == [1, 2, 3]
        assert (made.total_messages, made.last_seq) == (3, 3)
        assert made.last_message_created == at(5)
        assert await me.contents("d") == ["c", "b", "a"]

    async def test_messages_are_echoed_only_when_some_were_sent_along(self, me):
        assert "messages" not in plain((await me.new("none")).value)
        assert plain((await me.new("empty", messages=[])).value)["messages"] == []

    async def test_an_id_of_its_own_is_found_for_each_that_names_none(self, me):
        made = [(await me.new("")).value.id for _ in range(50)]
        assert len(set(made)) == 50
        assert all(len(one) == 26 for one in made)

    async def test_a_taken_id_is_refused_even_for_an_equal_one(self, me):
        await me.new("d", label="first")
        for label in ["first", "second"]:
            with pytest.raises(DuplicateId) as caught:
                await me.new("d", label=label)
            assert caught.value.details[0].field == "id"
        assert (await me.get("d")).label == "first"

    async def test_a_refused_one_leaves_no_message_behind(self, me):
        await me.new("d")
        with pytest.raises(DuplicateId):
            await me.new("d", messages=[message("lost")])
        with pytest.raises(DuplicateId):
            await me.new("e", messages=[message("a", id="m"), message("b", id="m")])
        with pytest.raises(DialogueNotFound):
            await me.get("e")
        assert await me.messages("d") == []
        assert (await me.usage()).messages == 0

    async def test_the_id_of_a_deleted_one_can_be_used_again(self, me):
        await me.new("d", messages=[message("old", id="m")], state=b'{"old":1}', tags=("t",))
        await me.change("d", label="old")
        await me.delete("d")
        again = await me.new("d")
        assert (again.version, again.value.last_seq, bytes(again.value.state)) == (1, 0, b"{}")
        assert await me.messages("d") == []
        assert await me.dialogues(tags=("t",)) == []
        stored = await me.append(message("new", id="m"))
        assert (stored[0].seq, bytes(stored[0].content)) == (1, b'"new"')


class TestGetting:
    async def test_what_was_acknowledged_is_there_at_once(self, me):
        made = await me.new("d")
        assert await me.get("d") == made.value
        assert ids(await me.dialogues()) == ["d"]

    async def test_an_unknown_one_is_not_found(self, me):
        with pytest.raises(DialogueNotFound):
            await me.get("nobody")

    async def test_the_last_messages_come_oldest_first(self, me):
        await me.new("d", messages=[message(str(number)) for number in range(10)])
        found = await me.get("d", last_messages=3)
        assert [msgspec.json.decode(one.content) for one in found.messages] == ["7", "8", "9"]
        assert found.total_messages == 10
        assert len((await me.get("d", last_messages=1_000)).messages) == 10

    async def test_the_last_are_the_last_by_created(self, me):
        await me.new("d", messages=[message("future", created=at(999)), message("now")])
        found = await me.get("d", last_messages=1)
        assert bytes(found.messages[0].content) == b'"future"'


class TestNamespaces:
    async def test_one_id_in_many_namespaces_is_many_dialogues(self, me):
        for namespace in ["", "a", "b", "default"]:
            await me.new("d", namespace, label=f"of {namespace}")
            await me.append(message(f"in {namespace}", id="m"), namespace=namespace)
        for namespace in ["", "a", "b", "default"]:
            assert (await me.get("d", namespace)).label == f"of {namespace}"
            assert await me.contents("d", namespace) == [f"in {namespace}"]
        await me.delete("d", "a")
        assert {one.label for one in await me.dialogues()} == {"of ", "of b", "of default"}
        assert await me.contents("d", "b") == ["in b"]

    async def test_without_its_namespace_it_is_not_found(self, me):
        await me.new("d", "a")
        for namespace in ["", "A", "a ", "aa", "default"]:
            with pytest.raises(DialogueNotFound):
                await me.get("d", namespace)

    async def test_the_namespace_is_echoed_only_when_given(self, me):
        assert "namespace" not in plain((await me.new("d")).value)
        assert plain((await me.new("d", "a")).value)["namespace"] == "a"
        assert "namespace" not in plain((await me.append(message()))[0])
        assert plain((await me.append(message(), namespace="a"))[0])["namespace"] == "a"

    async def test_a_list_covers_all_or_exactly_one(self, me):
        for namespace in ["", "a", "ab"]:
            await me.new("d", namespace)
        assert len(await me.dialogues()) == 3
        for namespace in ["", "a", "ab"]:
            listed = await me.dialogues(namespace=namespace)
            assert [one.namespace or "" for one in listed] == [namespace]
        assert await me.dialogues(namespace="b") == []


class TestChanging:
    async def test_state_and_tags_replace_and_the_label_changes(self, me):
        await me.new("d", label="old", state=b'{"old":1}', tags=("old",), metadata=b'{"m":1}')
        changed = await me.change("d", label="new", state=RAW, tags=("new", "er"))
        assert (changed.value.label, bytes(changed.value.state)) == ("new", RAW)
        assert msgspec.json.decode(changed.value.tags) == ["new", "er"]
        assert bytes(changed.value.metadata) == b'{"m":1}'
        assert await me.get("d") == changed.value
        assert await me.dialogues(tags=("old",)) == []
        assert ids(await me.dialogues(tags=("er",))) == ["d"]

    async def test_what_is_not_named_stays(self, me):
        before = (await me.new("d", label="l", state=b'{"s":1}', tags=("t",))).value
        await me.change("d", label="l2")
        await me.change("d", state=b'{"s":2}')
        await me.change("d", tags=("t2",))
        after = await me.get("d")
        assert (after.label, bytes(after.state)) == ("l2", b'{"s":2}')
        assert bytes(after.tags) == b'["t2"]'
        assert after.created == before.created
        assert after.modified > before.modified

    async def test_null_clears_the_label_alone(self, me):
        await me.new("d", label="l", tags=("t",))
        changed = plain((await me.change("d", label=None)).value)
        assert "label" not in changed
        assert changed["tags"] == ["t"]

    async def test_nothing_to_change_changes_nothing(self, me):
        await me.new("d", label="l", state=b'{"s":1}', tags=("t",))
        before = await me.get("d")
        assert (await me.change("d")).version == 1
        assert (await me.change("d", label="l")).version == 1
        assert (await me.change("d", state=b'{"s":1}', tags=("t",))).version == 1
        assert (await me.change("d", messages=[])).version == 1
        assert await me.get("d") == before

    async def test_messages_come_with_the_change_in_one_commit(self, me):
        await me.new("d")
        sent = [message("a", id="m"), message("b")]
        changed = await me.change("d", label="l", messages=sent)
        assert [one.seq for one in changed.value.messages] == [1, 2]
        assert (changed.value.label, changed.value.total_messages) == ("l", 2)
        with pytest.raises(DuplicateId):
            await me.change("d", label="lost", messages=[message("other", id="m")])
        stale = me.write_options(expected=1)
        with pytest.raises(VersionConflict):
            await me.change("d", options=stale, label="lost", messages=[message("lost")])
        assert (await me.get("d")).label == "l"
        assert await me.contents("d") == ["a", "b"]

    async def test_an_unknown_one_is_not_found(self, me):
        with pytest.raises(DialogueNotFound):
            await me.change("nobody", label="l")
        with pytest.raises(DialogueNotFound):
            await me.change("nobody", messages=[message()])


class TestVersions:
    async def test_each_change_of_state_label_tags_or_status_grows_the_revision(self, me):
        await me.new("d")
        seen = [
            (await me.change("d", label="l")).version,
            (await me.change("d", tags=("t",))).version,
            (await me.change("d", state=b'{"a":1}')).version,
            (await me.put_state("merge", b'{"b":1}')).version,
            (await me.put_state("patch", b'{"b":null}')).version,
            (await me.put_state("replace", b"{}")).version,
            (await me.change_status("end")).version,
            (await me.change_status("archive")).version,
            (await me.change_status("reopen")).version,
        ]
        assert seen == list(range(2, 11))
        assert await me.revision("d") == 10

    async def test_appends_deletes_and_threads_do_not(self, me):
        await me.new("d", messages=[message(id="m")])
        await me.append(message(id="n"))
        await me.change("d", messages=[message()])
        await me.tag("m", ("t",))
        await me.delete_message("m")
        await me.new("child", thread_of="d")
        await me.delete("child")
        assert await me.revision("d") == 1

    async def test_a_change_under_the_expected_version_goes_through(self, me):
        await me.new("d")
        assert (await me.change("d", options=me.write_options(expected=1), label="l")).version == 2
        assert (await me.change_status("end", options=me.write_options(expected=2))).version == 3
        options = me.write_options(expected=3)
        assert (await me.put_state("merge", b'{"a":1}', options=options)).version == 4

    @pytest.mark.parametrize("expected", [0, 1, 3, 2**62])
    async def test_a_stale_one_changes_nothing(self, expected, me):
        await me.new("d")
        await me.change("d", label="l")
        before = await me.get("d")
        attempts = [
            me.change("d", options=me.write_options(expected=expected), label="lost"),
            me.change("d", options=me.write_options(expected=expected)),
            me.change("d", options=me.write_options(expected=expected), messages=[message("lost")]),
            me.put_state("merge", b'{"lost":1}', options=me.write_options(expected=expected)),
            me.put_state("replace", b"{}", options=me.write_options(expected=expected)),
            me.change_status("end", options=me.write_options(expected=expected)),
            me.change_status("reopen", options=me.write_options(expected=expected)),
        ]
        for attempt in attempts:
            with pytest.raises(VersionConflict):
                await attempt
        assert await me.get("d") == before

    async def test_of_two_that_expect_the_same_only_one_goes_through(self, me):
        await me.new("d")
        await me.change("d", options=me.write_options(expected=1), label="first")
        with pytest.raises(VersionConflict):
            await me.change("d", options=me.write_options(expected=1), label="second")
        assert (await me.get("d")).label == "first"


class TestListing:
    async def test_the_newest_come_first_and_ties_are_broken_by_id(self, me):
        for name in ["b", "a", "c"]:
            await me.new(name, created=at(0))
        await me.new("old", created=at(-1))
        await me.new("new", created=at(1))
        assert ids(await me.dialogues()) == ["new", "c", "b", "a", "old"]
        assert ids(await me.dialogues("asc")) == ["old", "a", "b", "c", "new"]

    async def test_those_of_the_same_time_come_in_the_order_of_making(self, me):
        made = [(await me.new("", created=at(0))).value.id for _ in range(20)]
        assert ids(await me.dialogues("asc")) == made

    async def test_by_last_change(self, me):
        for name in ["a", "b", "c"]:
            await me.new(name)
        await me.change("b", label="l")
        await me.append(message(), to="a")
        assert ids(await me.dialogues(order_by="modified")) == ["a", "b", "c"]

    async def test_by_last_message_with_the_empty_ones_oldest(self, me):
        for name in ["a", "b", "c"]:
            await me.new(name)
        await me.append(message(created=at(9)), to="a")
        await me.append(message(created=at(5)), to="c")
        assert ids(await me.dialogues(order_by="lastMessageCreated")) == ["a", "c", "b"]
        assert ids(await me.dialogues("asc", order_by="lastMessageCreated")) == ["b", "c", "a"]

    async def test_filters_add_up(self, me):
        for number in range(12):
            name, namespace = f"d{number:02}", "even" if number % 2 == 0 else "odd"
            tags = ("third",) if number % 3 == 0 else ()
            await me.new(name, namespace, tags=tags, created=at(number))
            if number >= 6:
                await me.change_status("end", name, namespace)
        filters = {"namespace": "even", "tags": ("third",), "status": "ended"}
        assert ids(await me.dialogues(**filters)) == ["d06"]
        assert ids(await me.dialogues(tags=("third",), status="active")) == ["d03", "d00"]
        assert ids(await me.dialogues(created=TimeRange(at(2), at(5)))) == ["d04", "d03", "d02"]
        assert ids(await me.dialogues(namespace="odd", created=TimeRange(at(2), at(5)))) == ["d03"]
        assert await me.dialogues(status="archived") == []

    async def test_lists_carry_state_and_tags_but_no_messages(self, me):
        await me.new("d", state=RAW, tags=("t",), messages=[message()])
        listed = (await me.dialogues())[0]
        assert listed == await me.get("d")
        assert bytes(listed.state) == RAW
        assert listed.messages is UNSET


class TestDeleting:
    async def test_nothing_of_it_is_left(self, me):
        await me.new("d", messages=[message(id="m", tags=("t",))], tags=("t",))
        await me.new("other", messages=[message()])
        deleted = await me.delete("d")
        assert (deleted.dialogues, deleted.messages, deleted.summaries) == (1, 1, 0)
        assert ids(await me.dialogues()) == ["other"]
        assert await me.dialogues(tags=("t",)) == []
        with pytest.raises(DialogueNotFound):
            await me.get("d")
        with pytest.raises(DialogueNotFound):
            await me.messages("d")
        with pytest.raises(DialogueNotFound):
            await me.append(message())
        assert await me.contents("other") == ["hello"]

    async def test_what_is_not_there_is_not_found(self, me):
        with pytest.raises(DialogueNotFound):
            await me.delete("d")
        await me.new("d")
        await me.delete("d")
        with pytest.raises(DialogueNotFound):
            await me.delete("d")
