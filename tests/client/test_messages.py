"""Messages, as programs use them."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest

from dialoguedb import DialogueDB
from dialoguedb.client.encoding import json_codec
from dialoguedb.errors import (
    DialogueNotFound,
    DuplicateId,
    InvalidJSON,
    InvalidRequest,
    MessageNotFound,
    VersionConflict,
)

pytestmark = pytest.mark.anyio

ODD = [
    "\u0000 and \ud800 and 👩‍👩‍👧",
    {
        "text": "a",
        "number": 10**40,
        "float": 1.0,
        "int": 1,
        "none": None,
        "nested": {"z": 1, "a": []},
    },
    [{"type": "text", "text": "x"}, {}],
    {"digits": [10**5_000, -(10**5_000)]},
]


def written(content):
    """Write content so that 1 is told from 1.0 and True, in numbers of any length."""
    return json_codec.encode(content)


class TestSaving:
    async def test_a_message_is_stored_with_all_that_it_is_given(self, db):
        dialogue = await db.create_dialogue()
        made = await dialogue.save_message(
            "tool",
            {"result": 7},
            id="m1",
            name="adder",
            metadata={"ms": 3},
            tags=["math"],
            created=datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC),
        )
        for message in (made, await dialogue.get_message("m1")):
            assert (message.id, message.role, message.name) == ("m1", "tool", "adder")
            assert message.content == {"result": 7}
            assert message.content_length == len('{"result":7}')
            assert (message.metadata, message.tags) == ({"ms": 3}, ["math"])
            assert message.created == "2026-01-02T03:04:05.678Z"
            assert (message.seq, message.dialogue_id) == (1, dialogue.id)
            assert message.namespace is None
        assert dialogue.last_message_created == made.created

    async def test_one_dict_will_do(self, db):
        dialogue = await db.create_dialogue()
        message = await dialogue.save_message({"role": "user", "content": "Hi", "tags": ["a"]})
        assert (message.role, message.content, message.tags) == ("user", "Hi", ["a"])

    async def test_content_comes_back_as_it_was(self, db):
        dialogue = await db.create_dialogue(namespace="odd")
        for content in ODD:
            made = await dialogue.save_message("user", content)
            read = await dialogue.get_message(made.id)
            assert written(made.content) == written(read.content) == written(content)
        assert [message.content async for message in dialogue.iter_messages()] == ODD

    async def test_what_is_no_json_is_refused_here(self, db):
        dialogue = await db.create_dialogue()
        for content in ({"a": float("nan")}, {"a": {1, 2}}, {"when": datetime.now(UTC)}):
            with pytest.raises(InvalidJSON):
                await dialogue.save_message("user", content)
        with pytest.raises(InvalidRequest, match="time zone"):
            await dialogue.save_message("user", "Hi", created=datetime(2026, 1, 1))  # noqa: DTZ001
        assert (await db.get_dialogue(dialogue.id)).total_messages == 0

    async def test_several_are_stored_in_their_order_all_or_none(self, db):
        dialogue = await db.create_dialogue()
        sent = [{"role": "user", "content": f"{number}"} for number in range(10)]
        made = await dialogue.save_messages(sent)
        assert [message.seq for message in made] == list(range(1, 11))
        with pytest.raises(InvalidRequest) as refused:
            await dialogue.save_messages([*sent, {"role": "user", "content": ""}])
        assert refused.value.code == "MESSAGE_CONTENT_EMPTY"
        assert [failure.field for failure in refused.value.details] == ["messages[10].content"]
        assert dialogue.total_messages == dialogue.last_seq == 10
        assert (await db.get_dialogue(dialogue.id)).total_messages == 10

    async def test_an_id_makes_a_message_one_however_often_it_is_saved(self, db):
        dialogue = await db.create_dialogue()
        first = await dialogue.save_message("user", "Hi", id="m1")
        again = await dialogue.save_message("user", "Hi", id="m1")
        assert again.seq == first.seq
        assert dialogue.total_messages == 1
        with pytest.raises(DuplicateId):
            await dialogue.save_message("user", "Ho", id="m1")

    async def test_an_append_can_be_held_to_the_last_one_that_was_read(self, db):
        dialogue = await db.create_dialogue()
        page = await db.api.message.list(dialogue.id)
        await dialogue.save_message("user", "one", if_match=page.version)
        with pytest.raises(VersionConflict):
            await dialogue.save_message("user", "two", if_match=page.version)

    async def test_an_idempotency_key_of_ones_own_makes_two_calls_one(self, db):
        dialogue = await db.create_dialogue()
        for _ in range(2):
            await dialogue.save_message("user", "Hi", idempotency_key="turn-1")
        assert (await db.get_dialogue(dialogue.id)).total_messages == 1

    async def test_messages_of_no_dialogue_are_refused(self, db):
        with pytest.raises(DialogueNotFound):
            await db.api.message.create("nowhere", "user", "Hi")


class TestReading:
    async def test_pages_are_kept_in_order_each_message_once(self, db):
        dialogue = await db.create_dialogue()
        await db.api.message.create_many(
            dialogue.id, [{"role": "user", "content": f"{number}"} for number in range(7)]
        )
        await dialogue.refresh()
        assert dialogue.messages == []
        assert dialogue.has_more_messages
        last = await dialogue.load_messages(limit=3, order="desc")
        assert [message.content for message in last] == ["6", "5", "4"]
        assert dialogue.has_more_messages
        rest = await dialogue.load_messages(limit=10, next=last.next)
        assert [message.content for message in rest] == ["3", "2", "1", "0"]
        assert not dialogue.has_more_messages
        await dialogue.load_messages(limit=2)
        assert [message.content for message in dialogue.messages] == list("0123456")

    async def test_an_iteration_meets_each_once_whatever_is_added(self, db):
        dialogue = await db.create_dialogue(
            messages=[{"role": "user", "content": f"{number}"} for number in range(5)]
        )
        met = []
        async for message in dialogue.iter_messages(page_size=2):
            met.append(message.content)
            if len(met) == 3:
                await dialogue.save_message("user", "5")
        assert met == list("012345")

    async def test_an_iteration_keeps_to_what_is_wanted(self, db):
        dialogue = await db.create_dialogue()
        await dialogue.save_message("user", "a", tags=["x"], created="2026-01-01")
        await dialogue.save_message("assistant", "b", created="2026-02-01")
        await dialogue.save_message("user", "c", created="2026-03-01")
        assert [m.content async for m in dialogue.iter_messages(role="user")] == ["a", "c"]
        assert [m.content async for m in dialogue.iter_messages(tags=["x"])] == ["a"]
        assert [m.content async for m in dialogue.iter_messages(created="2026-02")] == ["b"]
        since = datetime(2026, 1, 15, tzinfo=UTC)
        found = [m.content async for m in dialogue.iter_messages(start_date=since, order="desc")]
        assert found == ["c", "b"]
        feb = date(2026, 2, 1)
        assert [m.content async for m in dialogue.iter_messages(created=feb)] == ["b"]
        assert [m.content async for m in dialogue.iter_messages(end_date=feb)] == ["a", "b"]


class TestChanging:
    async def test_tags_are_all_that_changes(self, db):
        dialogue = await db.create_dialogue(namespace="ada")
        message = await dialogue.save_message("user", "Hi")
        assert not message.is_dirty
        message.tags.append("x")
        assert message.is_dirty
        await message.save()
        assert not message.is_dirty
        assert (await dialogue.get_message(message.id)).tags == ["x"]
        await message.save_tags([])
        assert (await dialogue.get_message(message.id)).tags == []

    async def test_a_deleted_one_is_gone(self, db):
        dialogue = await db.create_dialogue()
        kept, removed, deleted = await dialogue.save_messages(
            [{"role": "user", "content": text} for text in ("a", "b", "c")]
        )
        dialogue_of_others = await db.get_dialogue(dialogue.id)
        await removed.remove()
        await dialogue.delete_message(deleted.id)
        assert [message.id for message in dialogue.messages] == [kept.id]
        assert dialogue.total_messages == 1
        assert not dialogue.has_more_messages
        assert dialogue_of_others.total_messages == 3
        for gone in (removed, deleted):
            with pytest.raises(MessageNotFound):
                await dialogue.get_message(gone.id)
        assert [message.id async for message in dialogue.iter_messages()] == [kept.id]
        with pytest.raises(MessageNotFound):
            await removed.remove()

    async def test_the_count_goes_down_whichever_message_object_is_removed(self, db):
        dialogue = await db.create_dialogue(
            messages=[{"role": "user", "content": text} for text in "abc"]
        )
        dialogue = await db.get_dialogue(dialogue.id)
        async for message in dialogue.iter_messages(order="desc"):
            await message.remove()
            break
        await (await dialogue.get_message((await dialogue.load_messages())[0].id)).remove()
        assert (dialogue.total_messages, [one.content for one in dialogue.messages]) == (1, ["b"])


class TestCounts:
    async def test_it_says_whether_there_is_more_whatever_was_looked_at(self, open_db):
        dialogue = await open_db().create_dialogue(id="chat")
        other = await open_db().get_dialogue("chat")
        await other.save_messages(
            [{"role": role, "content": role} for role in ("user", "tool") * 3]
        )
        await dialogue.load_messages(role="user")
        assert dialogue.has_more_messages  # of other roles
        page = await dialogue.load_messages(limit=2)
        await dialogue.load_messages(role="tool", limit=100)
        assert dialogue.has_more_messages
        await dialogue.load_messages(limit=100, next=page.next)
        assert not dialogue.has_more_messages
        assert dialogue.total_messages == dialogue.last_seq == 6
        await other.save_message("user", "more")
        await dialogue.refresh()
        assert dialogue.has_more_messages
        await dialogue.load_messages(limit=1, order="desc")
        await other.delete_message(other.messages[0].id)
        await dialogue.load_messages()
        assert dialogue.total_messages == 6
        assert not dialogue.has_more_messages
        assert dialogue.record.total_messages == 6

    async def test_what_another_appends_is_counted_when_it_is_seen(self, open_db):
        dialogue = await open_db().create_dialogue(id="chat")
        other = await open_db().get_dialogue("chat")
        await other.save_messages([{"role": "user", "content": text} for text in "ab"])
        await dialogue.save_message("user", "c")
        assert (dialogue.total_messages, dialogue.last_seq) == (1, 3)
        page = await dialogue.load_messages(limit=2)
        assert (dialogue.total_messages, dialogue.has_more_messages) == (3, True)
        await dialogue.load_messages(next=page.next)
        assert (dialogue.total_messages, dialogue.has_more_messages) == (3, False)

    def test_threads_that_share_a_dialogue_count_every_message_once(self, tmp_path):
        with DialogueDB(path=tmp_path / "chats") as db, ThreadPoolExecutor(8) as pool:
            dialogue = db.create_dialogue()
            list(pool.map(lambda n: dialogue.save_message("user", f"{n}"), range(200)))
            list(pool.map(lambda _: dialogue.create_thread(), range(20)))
            assert (dialogue.total_messages, dialogue.last_seq) == (200, 200)
            assert dialogue.thread_count == 20
            newest = db.get_dialogue(dialogue.id)
            assert dialogue.last_message_created == newest.last_message_created


class TestRecords:
    async def test_records_are_values_and_objects_are_themselves(self, db):
        dialogue = await db.create_dialogue(message={"role": "user", "content": ODD[1]})
        message = dialogue.messages[0]
        again = await dialogue.get_message(message.id)
        assert pickle.loads(pickle.dumps(message.record)) == message.record == again.record
        assert message != again
        assert len({message, again, message}) == 2
