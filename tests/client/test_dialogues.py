"""Dialogues, as programs use them."""

import pytest

from dialoguedb import AsyncDialogueDB
from dialoguedb.errors import (
    DialogueEnded,
    DialogueImmutable,
    DialogueNotFound,
    DuplicateId,
    Forbidden,
    InvalidRequest,
    VersionConflict,
)

pytestmark = pytest.mark.anyio


class TestKeywords:
    async def test_misspelt_ones_are_refused_and_nothing_is_stored(self, db):
        dialogue = await db.create_dialogue()
        for refused in (
            lambda: dialogue.save_message("user", "x", metdata={"a": 1}),
            lambda: dialogue.create_thread(namespace="elsewhere"),
            lambda: db.create_dialogue(labl="Order 17"),
            lambda: db.create_memory("x", lable="a"),
            lambda: db.api.dialogue.update(dialogue.id, labell="a"),
        ):
            with pytest.raises(TypeError, match="unexpected keyword argument"):
                await refused()
        assert len((await db.list_dialogues()).items) == 1
        assert (await dialogue.load_messages()).items == []


class TestMaking:
    async def test_a_dialogue_is_created_with_all_that_it_is_given(self, db):
        made = await db.create_dialogue(
            id="order-17",
            namespace="ada",
            label="Order 17",
            message={"role": "user", "content": "Hello!"},
            state={"step": 1},
            metadata={"plan": "pro"},
            tags=["vip"],
            created="2026-01-02",
        )
        read = await db.get_dialogue("order-17", namespace="ada", messages=10)
        for dialogue in (made, read):
            assert dialogue.id == "order-17"
            assert dialogue.namespace == "ada"
            assert dialogue.label == "Order 17"
            assert dialogue.status == "active"
            assert dialogue.state == {"step": 1}
            assert dialogue.metadata == {"plan": "pro"}
            assert dialogue.tags == ["vip"]
            assert dialogue.created == "2026-01-02T00:00:00.000Z"
            assert dialogue.total_messages == dialogue.last_seq == 1
            assert [message.content for message in dialogue.messages] == ["Hello!"]
            assert not dialogue.has_more_messages
            assert not dialogue.is_dirty

    async def test_last_messages_too_large_for_one_response_are_all_read(self, db):
        made = await db.create_dialogue(id="d", namespace="ada")
        source = {"type": "base64", "media_type": "image/png", "data": "A" * 9_000_000}
        for _ in range(5):
            await made.save_message("user", [{"type": "image", "source": source}])
        read = await db.get_dialogue("d", namespace="ada", messages=4)
        assert [one.seq for one in read.messages] == [2, 3, 4, 5]

    async def test_an_id_is_given_once(self, db):
        await db.create_dialogue(id="one")
        with pytest.raises(DuplicateId) as refused:
            await db.create_dialogue(id="one")
        assert refused.value.code == "DUPLICATE_ID"
        assert refused.value.request_id

    async def test_what_is_not_there_is_said_so(self, db):
        with pytest.raises(DialogueNotFound) as refused:
            await db.get_dialogue("nowhere")
        assert refused.value.code == "DIALOGUE_NOT_FOUND"
        with pytest.raises(DialogueNotFound):
            await db.delete_dialogue("nowhere")

    async def test_get_or_create_creates_once(self, db):
        first = await db.get_or_create_dialogue("chat", namespace="ada", label="A")
        again = await db.get_or_create_dialogue("chat", namespace="ada", label="B")
        assert first.label == again.label == "A"
        assert first.created == again.created
        assert len(await db.list_dialogues()) == 1

    async def test_a_deleted_one_takes_its_messages_and_threads_along(self, db):
        dialogue = await db.create_dialogue(messages=[{"role": "user", "content": "Hi"}] * 2)
        await dialogue.create_thread(message={"role": "user", "content": "Aside"})
        assert dialogue.thread_count == 1
        receipt = await dialogue.remove()
        assert receipt.id == dialogue.id
        assert (receipt.deleted.dialogues, receipt.deleted.messages) == (2, 3)
        assert len(await db.list_dialogues()) == 0


class TestChanging:
    async def test_nothing_is_dirty_that_was_only_looked_at(self, db):
        dialogue = await db.create_dialogue(state={"a": {"b": [1]}}, tags=["x"])
        assert dialogue.state["a"]["b"] == [1]
        assert dialogue.tags == ["x"]
        assert not dialogue.is_dirty
        modified = dialogue.modified
        await dialogue.save()
        await dialogue.refresh()
        assert dialogue.modified == modified

    async def test_save_stores_what_was_changed_also_deep_inside(self, db):
        dialogue = await db.create_dialogue(state={"a": {"b": [1]}}, tags=["x"], label="Old")
        dialogue.state["a"]["b"].append(2)
        dialogue.tags.append("y")
        dialogue.label = "New"
        assert dialogue.is_dirty
        await dialogue.save()
        assert not dialogue.is_dirty
        read = await db.get_dialogue(dialogue.id)
        assert (read.state, read.tags, read.label) == ({"a": {"b": [1, 2]}}, ["x", "y"], "New")

    async def test_whoever_holds_a_state_goes_on_changing_it(self, db):
        dialogue = await db.create_dialogue(state={"a": {"b": 1}}, tags=["x"])
        state, inner, tags = dialogue.state, dialogue.state["a"], dialogue.tags
        tags.append("y")
        await dialogue.save()
        state["c"] = 2
        await dialogue.save()
        await dialogue.save_state({"d": 3})
        await (await db.get_dialogue(dialogue.id)).save_state({"e": 4})
        await dialogue.refresh()
        assert state == {"a": {"b": 1}, "c": 2, "d": 3, "e": 4}
        inner["b"] = 5
        tags.append("z")
        assert dialogue.is_dirty
        await dialogue.save()
        await dialogue.set_state({**state, "f": 6})
        assert state is dialogue.state
        read = await db.get_dialogue(dialogue.id)
        assert read.state == state == {"a": {"b": 5}, "c": 2, "d": 3, "e": 4, "f": 6}
        assert read.tags == dialogue.tags == ["x", "y", "z"]

    async def test_what_was_sent_is_not_bound_to_what_it_was_made_from(self, db):
        dialogue = await db.create_dialogue()
        mine = {"list": [1]}
        await dialogue.save_state(mine)
        before, dialogue.state = dialogue.state, mine
        mine["list"].append(2)
        assert before == dialogue.state == {"list": [1]}

    async def test_a_label_can_be_taken_away(self, db):
        dialogue = await db.create_dialogue(label="Old")
        dialogue.label = None
        await dialogue.save()
        assert (await db.get_dialogue(dialogue.id)).label is None

    async def test_true_is_not_one(self, db):
        dialogue = await db.create_dialogue(state={"a": 1})
        dialogue.state = {"a": True}
        assert dialogue.is_dirty
        await dialogue.save()
        assert (await db.get_dialogue(dialogue.id)).state["a"] is True

    async def test_save_can_be_held_to_what_was_read(self, db):
        dialogue = await db.create_dialogue(state={"n": 1})
        other = await db.get_dialogue(dialogue.id)
        await other.save_state({"n": 2})
        dialogue.state["n"] = 3
        with pytest.raises(VersionConflict):
            await dialogue.save(if_unchanged=True)
        assert dialogue.is_dirty
        await dialogue.refresh()
        assert dialogue.state == {"n": 3}
        await dialogue.save(if_unchanged=True)
        assert (await db.get_dialogue(dialogue.id)).state == {"n": 3}

    @pytest.mark.parametrize("how", ["save", "save_state", "set_state"])
    async def test_a_stored_state_hides_no_change_of_others_beside_it(self, db, how):
        dialogue = await db.create_dialogue(state={"n": 1}, label="Old")
        await dialogue.save_state({"n": 2})
        dialogue.tags = ["mine"]
        await dialogue.save(if_unchanged=True)  # nobody else has changed anything
        await (await db.get_dialogue(dialogue.id)).save_tags(["theirs"])
        if how == "save":
            dialogue.state["n"] = 3
            await dialogue.save()
        else:
            await getattr(dialogue, how)({"n": 3})
        dialogue.tags = ["mine", "again"]
        with pytest.raises(VersionConflict):
            await dialogue.save(if_unchanged=True)
        await dialogue.refresh()
        await dialogue.save(if_unchanged=True)
        assert (await db.get_dialogue(dialogue.id)).tags == ["mine", "again"]

    @pytest.mark.parametrize("how", ["save_tags", "end"])
    async def test_a_change_that_is_stored_hides_none_beside_one_that_is_not(self, db, how):
        dialogue = await db.create_dialogue(label="Old")
        dialogue.label = "Mine"
        await (await db.get_dialogue(dialogue.id)).save_state({"n": 1})
        await getattr(dialogue, how)(*([["t"]] if how == "save_tags" else []))
        with pytest.raises(VersionConflict):
            await dialogue.save(if_unchanged=True)
        await dialogue.refresh()
        await dialogue.save(if_unchanged=True)
        await (await db.get_dialogue(dialogue.id)).save_state({"n": 2})
        await getattr(dialogue, how)(*([["u"]] if how == "save_tags" else []))
        dialogue.label = "Read"  # what others stored is seen here by now
        await dialogue.save(if_unchanged=True)
        read = await db.get_dialogue(dialogue.id)
        assert (read.label, read.state) == ("Read", {"n": 2})

    async def test_a_change_that_another_made_alike_hides_what_came_with_it(self, db):
        dialogue = await db.create_dialogue(label="Old")
        other = await db.get_dialogue(dialogue.id)
        other.label, other.state = "Theirs", {"n": 1}
        await other.save()
        await dialogue.save_state({"n": 1})  # changes nothing, but tells a newer version
        dialogue.label = "Mine"
        for _ in range(2):
            with pytest.raises(VersionConflict):
                await dialogue.save(if_unchanged=True)
            await dialogue.save_state({"n": 2})
        await dialogue.refresh()
        assert (dialogue.label, dialogue.record.label) == ("Mine", "Theirs")

    async def test_a_stored_state_tells_no_version_of_one_from_a_list(self, db):
        await db.create_dialogue(state={"n": 1})
        [dialogue] = await db.list_dialogues()
        await dialogue.save_state({"n": 2})
        dialogue.label = "New"
        with pytest.raises(InvalidRequest, match="refresh"):
            await dialogue.save(if_unchanged=True)

    async def test_one_from_a_list_must_be_refreshed_before_it_can_be_held_to_its_version(self, db):
        await db.create_dialogue()
        [dialogue] = await db.list_dialogues()
        dialogue.label = "New"
        with pytest.raises(InvalidRequest, match="refresh"):
            await dialogue.save(if_unchanged=True)
        await dialogue.refresh()
        await dialogue.save(if_unchanged=True)

    async def test_save_state_merges_and_set_state_replaces(self, db):
        dialogue = await db.create_dialogue(state={"a": 1})
        assert await dialogue.save_state({"b": 2}) == {"a": 1, "b": 2}
        assert dialogue.state == {"a": 1, "b": 2}
        assert await dialogue.set_state({"c": None}) == {"c": None}
        assert not dialogue.is_dirty
        await dialogue.save_tags(["t"])
        read = await db.get_dialogue(dialogue.id)
        assert (read.state, read.tags) == ({"c": None}, ["t"])

    async def test_save_state_keeps_other_changes_that_are_not_stored(self, db):
        dialogue = await db.create_dialogue(state={"a": 1})
        dialogue.state["b"] = 2
        dialogue.state["c"] = 3
        assert await dialogue.save_state({"c": 4}) == {"a": 1, "b": 2, "c": 4}
        assert dialogue.is_dirty
        assert (await db.get_dialogue(dialogue.id)).state == {"a": 1, "c": 4}
        await dialogue.save()
        assert (await db.get_dialogue(dialogue.id)).state == {"a": 1, "b": 2, "c": 4}

    @pytest.mark.parametrize("label", [None, "New"])
    @pytest.mark.parametrize("is_refreshed", [True, False])
    async def test_members_that_others_change_stay_theirs(self, db, label, is_refreshed):
        dialogue = await db.create_dialogue(state={"a": 1, "b": 1, "c": 1})
        other = await db.get_dialogue(dialogue.id)
        await other.set_state({"a": 1, "b": 2, "d": 2})
        dialogue.state["a"] = 3
        if label:
            dialogue.label = label
            del dialogue.state["b"]
        if is_refreshed:
            await dialogue.refresh()
            assert dialogue.is_dirty
        await dialogue.save()
        expected = {"a": 3, "d": 2} if label else {"a": 3, "b": 2, "d": 2}
        read = await db.get_dialogue(dialogue.id)
        assert dialogue.state == read.state == expected
        assert dialogue.label == read.label == label
        assert not dialogue.is_dirty

    async def test_a_member_that_is_taken_away_is_gone(self, db):
        await db.create_dialogue(id="chat", state={"a": 1, "b": {"c": None}})
        [dialogue] = await db.list_dialogues()
        del dialogue.state["a"]
        await dialogue.save()
        assert (await db.get_dialogue("chat")).state == {"b": {"c": None}}

    @pytest.mark.parametrize("number", ["1e400", "9" * 5000])
    async def test_numbers_beyond_those_of_python_do_no_harm(self, open_db, api, location, number):
        if location == "embedded":
            pytest.skip("only other clients send such numbers")
        db = open_db()
        api.post("/dialogue", content=b'{"state": {"n": %s, "a": 1}}' % number.encode())
        [dialogue] = await db.list_dialogues()
        assert dialogue.state["n"] > 10**300
        assert not dialogue.is_dirty
        dialogue.state["a"] = 2
        assert dialogue.is_dirty
        await dialogue.save()
        stored = api.get(f"/dialogue/{dialogue.id}/state").text
        assert number in stored

    async def test_its_life_goes_from_active_to_ended_to_archived_and_back(self, db):
        dialogue = await db.create_dialogue()
        await dialogue.end()
        assert dialogue.status == "ended"
        assert dialogue.ended_at
        with pytest.raises(DialogueEnded):
            await dialogue.save_message("user", "One more thing")
        await dialogue.archive()
        with pytest.raises(DialogueImmutable):
            await dialogue.save_tags(["late"])
        await dialogue.reopen()
        assert (dialogue.status, dialogue.ended_at) == ("active", None)


class TestLists:
    async def test_pages_follow_one_another(self, db):
        for number in range(5):
            await db.create_dialogue(id=f"d{number}", tags=["odd"] if number % 2 else [])
        page = await db.list_dialogues(limit=2, order="asc")
        assert [dialogue.id for dialogue in page] == ["d0", "d1"]
        rest = await db.list_dialogues(limit=50, next=page.next)
        assert [dialogue.id for dialogue in rest] == ["d2", "d3", "d4"]
        assert rest.next is None
        assert (rest[0].id, len(rest), [one.id for one in rest[1:]]) == ("d2", 3, ["d3", "d4"])
        every = [dialogue.id async for dialogue in db.iter_dialogues(page_size=2)]
        assert every == ["d4", "d3", "d2", "d1", "d0"]
        odd = [one.id async for one in db.iter_dialogues(page_size=1, tags=["odd"], order="asc")]
        assert odd == ["d1", "d3"]

    async def test_threads_are_listed_by_their_parent(self, db):
        parent = await db.create_dialogue(namespace="ada")
        for number in range(3):
            await parent.create_thread(label=f"t{number}")
        page = await parent.get_threads(limit=2, order="asc")
        assert [(thread.label, thread.thread_of) for thread in page] == [
            ("t0", parent.id),
            ("t1", parent.id),
        ]
        every = [thread.label async for thread in parent.iter_threads(page_size=1)]
        assert every == ["t2", "t1", "t0"]


class TestNamespaces:
    async def test_the_clients_own_is_that_of_every_call_that_names_none(self, open_db):
        everything, ada = open_db(), open_db(namespace="ada")
        made = await ada.create_dialogue(id="chat")
        assert made.namespace == "ada"
        await everything.create_dialogue(id="chat")
        assert (await everything.get_dialogue("chat")).namespace is None
        assert (await everything.get_dialogue("chat", namespace="ada")).namespace == "ada"
        assert [one.namespace for one in await ada.list_dialogues()] == ["ada"]
        assert len(await everything.list_dialogues()) == 2
        default = await ada.get_dialogue("chat", namespace="")
        await default.save_message("user", "Hi")  # goes where it was read, not to the client's
        assert (await everything.get_dialogue("chat")).total_messages == 1

    async def test_a_key_that_is_bound_to_one_needs_to_name_it_nowhere(
        self, project, server, client_of
    ):
        made = client_of(project.key).post("/admin/keys", json={"namespace": "ada"}).json()
        async with AsyncDialogueDB(made["key"], endpoint=server.base_url) as db:
            dialogue = await db.create_dialogue(message={"role": "user", "content": "Hello!"})
            assert dialogue.namespace == "ada"
            [message] = dialogue.messages
            await message.save_tags(["first"])
            await dialogue.save_state({"step": 1})
            thread = await dialogue.create_thread()
            assert thread.namespace == "ada"
            memory = await db.create_memory("tea")
            await memory.save_tags(["taste"])
            assert [one.id for one in await db.search_messages("hello")] == [message.id]
            assert [one.id async for one in db.iter_memories()] == [memory.id]
            with pytest.raises(Forbidden):
                await db.get_dialogue(dialogue.id, namespace="bob")
            await dialogue.remove()
