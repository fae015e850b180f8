"""Messages: their order, their numbers, their times, and what may be done to them."""

import msgspec
import pytest

from dialoguedb.errors import DialogueNotFound, MessageNotFound, VersionConflict
from dialoguedb.service.messages import MessageListFilter
from dialoguedb.values.limits import PAGE_BYTES_MAX
from dialoguedb.values.lists import TimeRange
from tests.contract.making import at, ids, message, plain, together

pytestmark = [pytest.mark.anyio, pytest.mark.every_version]


@pytest.fixture(autouse=True)
async def d(me):
    """Make the dialogue that every test of this file speaks in."""
    return await me.new("d")


class TestAppending:
    async def test_a_plain_one_has_every_field_that_is_always_there(self, me):
        stored = (await me.append(message("hé")))[0]
        assert plain(stored) == {
            "id": stored.id,
            "dialogueId": "d",
            "role": "user",
            "content": "hé",
            "contentLength": 3,
            "tags": [],
            "metadata": {},
            "created": stored.created,
            "modified": stored.created,
            "seq": 1,
            "tokenCount": 5,
        }
        assert await me.message(stored.id) == stored

    async def test_a_full_one_comes_back_as_it_was_sent(self, me):
        sent = message(
            {"any": ["json", 1.0]},
            id="m",
            role="tool",
            name="Ada",
            tags=("b", "a"),
            metadata=b'{"k":1.0,"j":"\\ud800"}',
            created=at(-99),
        )
        stored = (await me.append(sent))[0]
        assert (stored.id, stored.role, stored.name) == ("m", "tool", "Ada")
        assert bytes(stored.content) == b'{"any":["json",1.0]}'
        assert stored.content_length == 20
        assert bytes(stored.metadata) == b'{"k":1.0,"j":"\\ud800"}'
        assert msgspec.json.decode(stored.tags) == ["b", "a"]
        assert stored.created == at(-99)
        assert stored.modified > at(0)
        assert await me.message("m") == stored
        assert await me.messages() == [stored]

    @pytest.mark.parametrize(
        "content",
        [
            b'"\\u0000"',
            b'"\\ud800"',
            b'"\\udc00\\ud800"',
            '"😀é\u2028"'.encode(),
            b'{"b":1,"a":2,"b":3}',
            b'{"n":123456789012345678901234567890}',
            b'[{"a":1.0},{"a":1},{"a":1e2},{"a":null}]',
            b"[{}]",
            b'"' + b"x" * 1_048_576 + b'"',
        ],
        ids=lambda content: content[:24].decode(),
    )
    async def test_content_keeps_its_bytes(self, content, me):
        stored = (await me.append(message(content, id="m")))[0]
        assert bytes(stored.content) == content
        assert bytes((await me.message("m")).content) == content
        assert bytes((await me.messages())[0].content) == content

    async def test_an_unknown_dialogue_is_not_found(self, me):
        for name, namespace in [("nobody", ""), ("d", "a")]:
            with pytest.raises(DialogueNotFound):
                await me.append(message(), to=name, namespace=namespace)

    async def test_no_messages_at_all_are_no_change(self, me):
        before = await me.get()
        assert await me.append() == []
        assert await me.get() == before

    async def test_a_batch_keeps_its_order(self, me):
        stored = await me.append(*(message(str(number)) for number in range(200)))
        assert [one.seq for one in stored] == list(range(1, 201))
        assert len({one.id for one in stored}) == 200
        assert await me.contents() == [str(number) for number in range(200)]
        assert await me.messages() == stored

    async def test_a_batch_of_the_greatest_length_is_one_commit(self, me):
        before = await me.get()
        stored = await me.append(*(message(id=f"m{number}") for number in range(1_000)))
        after = await me.get()
        assert [one.id for one in stored] == [f"m{number}" for number in range(1_000)]
        assert (after.total_messages, after.last_seq) == (1_000, 1_000)
        assert after.modified > before.modified


class TestNumbers:
    async def test_seq_counts_the_arrivals_in_each_dialogue(self, me):
        await me.new("e")
        assert [one.seq for one in await me.append(message(), message())] == [1, 2]
        assert [one.seq for one in await me.append(message(), to="e")] == [1]
        assert [one.seq for one in await me.append(message())] == [3]
        assert (await me.get()).last_seq == 3

    async def test_seq_is_never_used_again(self, me):
        await me.append(message(id="a"), message(id="b"))
        await me.delete_message("b")
        await me.delete_message("a")
        assert (await me.append(message()))[0].seq == 3
        assert (await me.get()).last_seq == 3
        assert (await me.get()).total_messages == 1

    async def test_a_refused_batch_uses_up_no_number(self, me):
        await me.append(message(id="a"))
        with pytest.raises(VersionConflict):
            await me.append(message(), message(), options=me.write_options(expected=0))
        assert (await me.append(message()))[0].seq == 2


class TestTimes:
    async def test_messages_list_by_created_then_by_arrival(self, me):
        sent = [("b", at(5)), ("d", at(9)), ("a", at(1)), ("c", at(5)), ("e", at(9))]
        await me.append(*(message(text, created=created) for text, created in sent))
        assert await me.contents() == ["a", "b", "c", "d", "e"]
        assert await me.contents(order="desc") == ["e", "d", "c", "b", "a"]

    async def test_server_times_never_run_backwards(self, me):
        texts = []
        for turn, seconds in enumerate([100, 50, 0, -1_000_000, 99.999, 100, 101, 3]):
            me.clock.set(seconds)
            texts += [f"{turn}a", f"{turn}b"]
            await me.append(message(f"{turn}a"))
            await me.append(message(f"{turn}b"))
        listed = await me.messages()
        assert [msgspec.json.decode(one.content) for one in listed] == texts
        times = [one.created for one in listed]
        assert times == sorted(times)
        assert [one.seq for one in listed] == list(range(1, 17))

    async def test_a_batch_under_a_clock_set_back_keeps_its_place(self, me):
        me.clock.set(100)
        await me.append(message("before"))
        me.clock.set(0)
        await me.append(message("a"), message("b"), message("c"))
        await me.change("d", messages=[message("d")])
        assert await me.contents() == ["before", "a", "b", "c", "d"]

    async def test_the_clock_of_one_dialogue_is_not_that_of_another(self, me):
        me.clock.set(100)
        await me.append(message())
        me.clock.set(0)
        await me.new("e", messages=[message()])
        assert (await me.messages("e"))[0].created < at(1)

    @pytest.mark.parametrize("sent", [at(-1_000_000), at(1_000_000)])
    async def test_a_callers_time_moves_nothing_else(self, sent, me):
        await me.append(message("first"))
        await me.append(message("sent", created=sent))
        later = (await me.append(message("last")))[0]
        assert at(0) < later.created < at(1)
        assert later.modified == later.created
        assert (await me.get()).modified == later.created

    async def test_the_last_time_is_the_greatest_whatever_is_deleted(self, me):
        assert (await me.get()).last_message_created is msgspec.UNSET
        await me.append(message(id="future", created=at(99)), message(id="past", created=at(-99)))
        await me.append(message(id="near", created=at(50)))
        assert (await me.get()).last_message_created == at(99)
        for message_id, left in [("past", at(99)), ("future", at(50)), ("near", msgspec.UNSET)]:
            await me.delete_message(message_id)
            assert (await me.get()).last_message_created == left
        await me.append(message(created=at(-5)))
        assert (await me.get()).last_message_created == at(-5)

    async def test_a_dialogue_left_empty_is_listed_as_the_oldest(self, me):
        await me.append(message(id="m", created=at(999)))
        await me.new("e", messages=[message()])
        await me.delete_message("m")
        assert ids(await me.dialogues(order_by="lastMessageCreated")) == ["e", "d"]


class TestVersions:
    async def test_the_version_is_the_last_seq(self, me):
        seen = []
        for _ in range(3):
            appended = await me.services.messages.create(
                me.project, "", "d", [message(), message()], me.write_options()
            )
            seen.append(appended.version)
        assert seen == [2, 4, 6]
        assert (await me.messages_page()).version == 6

    async def test_deleting_does_not_change_it(self, me):
        await me.append(message(id="a"), message(id="b"))
        await me.delete_message("b")
        assert (await me.messages_page()).version == 2
        await me.append(message(), options=me.write_options(expected=2))

    async def test_the_expected_one_goes_through(self, me):
        await me.append(message("a"), options=me.write_options(expected=0))
        await me.append(message("b"), message("c"), options=me.write_options(expected=1))
        assert await me.contents() == ["a", "b", "c"]

    @pytest.mark.parametrize("expected", [0, 1, 3, 2**62])
    async def test_a_stale_one_stores_nothing(self, expected, me):
        await me.append(message("a"), message("b"))
        before = await me.get()
        with pytest.raises(VersionConflict):
            await me.append(message("lost"), options=me.write_options(expected=expected))
        assert await me.get() == before
        assert await me.contents() == ["a", "b"]

    async def test_of_many_that_expect_the_same_one_goes_through(self, me):
        attempts = await together(
            (me.append(message(str(n)), options=me.write_options(expected=0)) for n in range(32)),
            failing=VersionConflict,
        )
        won = [one for one in attempts if not isinstance(one, VersionConflict)]
        assert len(won) == 1
        assert await me.messages() == won[0]


class TestFilters:
    async def test_by_role(self, me):
        for number in range(9):
            role = ("user", "assistant", "tool")[number % 3]
            await me.append(message(str(number), role=role))
        assert await me.contents(role="tool") == ["2", "5", "8"]
        assert await me.contents(role="tool", order="desc") == ["8", "5", "2"]
        assert await me.contents(role="Tool") == []

    async def test_by_time_with_both_ends(self, me):
        for number in range(9):
            await me.append(message(str(number), created=at(number)))
        assert await me.contents(created=TimeRange(at(2), at(5))) == ["2", "3", "4"]
        assert await me.contents(created=TimeRange(lower=at(7))) == ["7", "8"]
        assert await me.contents(created=TimeRange(upper=at(1))) == ["0"]

    async def test_by_any_of_some_tags_once_each(self, me):
        await me.append(
            message("ab", tags=("a", "b")),
            message("b", tags=("b",)),
            message("aa", tags=("a", "a")),
            message("none"),
        )
        assert await me.contents(tags=("a",)) == ["ab", "aa"]
        assert await me.contents(tags=("a", "b")) == ["ab", "b", "aa"]
        assert await me.contents(tags=("b", "b", "x")) == ["ab", "b"]
        assert await me.contents(tags=("A",)) == []

    async def test_all_together(self, me):
        for number in range(30):
            await me.append(
                message(
                    str(number),
                    role="user" if number % 2 else "assistant",
                    tags=("third",) if number % 3 == 0 else (),
                    created=at(number),
                )
            )
        filters = {"role": "user", "tags": ("third",), "created": TimeRange(at(5), at(22))}
        assert await me.contents(**filters) == ["9", "15", "21"]
        assert await me.contents(**filters, limit=1, order="desc") == ["21", "15", "9"]

    async def test_of_an_unknown_dialogue_there_is_no_list(self, me):
        for name, namespace in [("nobody", ""), ("d", "a")]:
            with pytest.raises(DialogueNotFound):
                await me.messages(name, namespace)


class TestTagging:
    async def test_tags_are_replaced(self, me):
        await me.append(message(id="m", tags=("a", "b")))
        tagged = await me.tag("m", ("b", "c"))
        assert msgspec.json.decode(tagged.tags) == ["b", "c"]
        assert await me.message("m") == tagged
        assert await me.messages(tags=("a",)) == []
        assert ids(await me.messages(tags=("c",))) == ["m"]
        await me.tag("m", ())
        assert await me.messages(tags=("b", "c")) == []

    async def test_only_a_change_is_seen_in_modified(self, me):
        stored = (await me.append(message(id="m", tags=("a",))))[0]
        for same in [None, ("a",)]:
            assert await me.tag("m", same) == stored
        changed = await me.tag("m", ("b",))
        assert changed.modified > stored.modified
        assert changed.created == stored.created

    async def test_an_unknown_message_is_not_found(self, me):
        await me.append(message(id="m"))
        for of, message_id, namespace in [("d", "x", ""), ("e", "m", ""), ("d", "m", "a")]:
            with pytest.raises(MessageNotFound):
                await me.tag(message_id, ("t",), of, namespace)


class TestReadingAndDeleting:
    async def test_a_message_belongs_to_its_dialogue(self, me):
        await me.new("e", messages=[message("in e", id="m")])
        await me.append(message("in d", id="m"))
        assert bytes((await me.message("m", "d")).content) == b'"in d"'
        assert bytes((await me.message("m", "e")).content) == b'"in e"'
        await me.delete_message("m", "d")
        assert bytes((await me.message("m", "e")).content) == b'"in e"'

    async def test_an_unknown_one_is_not_found(self, me):
        await me.append(message(id="m"))
        for message_id, of, namespace in [("x", "d", ""), ("m", "e", ""), ("m", "d", "a")]:
            with pytest.raises(MessageNotFound):
                await me.message(message_id, of, namespace)
            with pytest.raises(MessageNotFound):
                await me.delete_message(message_id, of, namespace)
        assert (await me.get()).total_messages == 1

    async def test_a_deleted_one_is_gone_and_uncounted(self, me):
        await me.append(message("a", id="a", tags=("t",)), message("b", id="b"))
        before = await me.get()
        await me.delete_message("a")
        after = await me.get()
        assert await me.contents() == ["b"]
        assert await me.messages(tags=("t",)) == []
        assert (after.total_messages, after.last_seq) == (1, 2)
        assert after.modified > before.modified
        with pytest.raises(MessageNotFound):
            await me.message("a")
        with pytest.raises(MessageNotFound):
            await me.delete_message("a")

    async def test_its_id_can_be_used_again(self, me):
        await me.append(message("old", id="m"))
        await me.delete_message("m")
        assert (await me.append(message("new", id="m")))[0].seq == 2
        assert await me.contents() == ["new"]


class TestLargePages:
    async def test_a_page_ends_early_before_it_is_too_large_and_loses_nothing(self, me):
        text = "x" * 1_000_000
        for number in range(40):
            await me.append(message(text, id=f"m{number:02}"))
        first = await me.messages_page()
        assert 30 <= len(first.value.items) <= 33
        assert first.value.next is not None
        assert ids(await me.messages()) == [f"m{number:02}" for number in range(40)]
        back = await me.messages(order="desc")
        assert ids(back) == [f"m{number:02}" for number in reversed(range(40))]

    async def test_one_larger_than_a_page_is_a_page(self, me):
        huge = compact_image(PAGE_BYTES_MAX)
        await me.append(message(huge, id="a"))
        await me.append(message(id="b"))
        first = (await me.messages_page()).value
        assert ids(first.items) == ["a"]
        assert first.next is not None
        assert ids(await me.messages()) == ["a", "b"]

    async def test_everything_in_an_item_counts(self, me):
        tags = tuple("\u0001" * 60 + f"{number:04}" for number in range(50))
        metadata = b'{"k":"' + b"x" * 10_000 + b'"}'
        for start in range(0, 1_000, 500):
            await me.append(
                *(
                    message("x" * 10_000, id=f"m{start + number}", tags=tags, metadata=metadata)
                    for number in range(500)
                )
            )
        items = (await me.messages_page()).value.items
        assert len(msgspec.json.encode(items)) <= PAGE_BYTES_MAX + 64 * 1024

    async def test_the_last_messages_of_a_dialogue_end_early_too(self, me):
        for number in range(40):
            await me.append(message("x" * 1_000_000, id=f"m{number:02}"))
        found = (await me.get(last_messages=1_000)).messages
        assert 30 <= len(found) <= 33
        assert ids(found) == [f"m{number:02}" for number in range(40)][-len(found) :]

    async def test_any_limit_makes_the_same_list(self, me):
        await me.append(*(message(created=at(number % 4)) for number in range(25)))
        whole = await me.messages()
        for limit in [1, 2, 24, 25, 26]:
            assert await me.messages(limit=limit) == whole
            assert await me.messages(limit=limit, order="desc") == whole[::-1]

    async def test_a_full_last_page_has_no_next(self, me):
        await me.append(*(message() for _ in range(6)))
        listed = MessageListFilter("", "d")
        first = (await me.messages_page(listed, limit=3)).value
        last = (await me.messages_page(listed, limit=3, token=first.next)).value
        assert (len(last.items), last.next) == (3, None)


def compact_image(size):
    """Return content that holds an inline image of that size."""
    image = {"type": "image", "source": {"type": "base64", "data": "x" * size}}
    return msgspec.json.encode([image])
