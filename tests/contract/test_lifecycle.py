"""Which operations an ended dialogue, an archived one and an immutable project allow."""

import pytest

from dialoguedb.errors import DialogueEnded, DialogueImmutable
from tests.contract.making import ids, message

pytestmark = [pytest.mark.anyio, pytest.mark.every_version]

# Everything that can be done to the dialogue "d", which has the message "m" and the thread "t".
OPERATIONS = {
    "read": lambda me: me.get("d", last_messages=5),
    "list": lambda me: me.messages("d"),
    "read the state": lambda me: me.state("d"),
    "append": lambda me: me.append(message(), to="d"),
    "append nothing": lambda me: me.append(to="d"),
    "append a duplicate": lambda me: me.append(message(id="m"), to="d"),
    "append by an update": lambda me: me.change("d", messages=[message()]),
    "label": lambda me: me.change("d", label="new"),
    "tag": lambda me: me.change("d", tags=("new",)),
    "replace the state": lambda me: me.change("d", state=b'{"new":1}'),
    "merge the state": lambda me: me.put_state("merge", b'{"new":1}', "d"),
    "patch the state": lambda me: me.put_state("patch", b'{"new":1}', "d"),
    "add a thread": lambda me: me.new("new", thread_of="d"),
    "delete a thread": lambda me: me.delete("t"),
    "change a thread": lambda me: me.append(message(), to="t"),
    "tag a message": lambda me: me.tag("m", ("new",), of="d"),
    "delete a message": lambda me: me.delete_message("m", of="d"),
    "end": lambda me: me.change_status("end", "d"),
    "archive": lambda me: me.change_status("archive", "d"),
    "reopen": lambda me: me.change_status("reopen", "d"),
    "delete": lambda me: me.delete("d"),
}
ALWAYS = {"read", "list", "read the state", "append nothing", "append a duplicate"}
APPENDS = {"append", "append by an update"}
AFTER_ARCHIVE = {"archive", "reopen", "delete", "delete a thread", "change a thread"} | ALWAYS


@pytest.fixture(autouse=True)
async def d(me):
    """Make the dialogue that everything is tried on."""
    await me.new("d", messages=[message(id="m")])
    await me.new("t", thread_of="d")


async def attempt(name, me):
    """Run one operation; returns the class of its refusal, if any, which must change nothing."""
    before = await me.dialogues(), await me.messages("d"), await me.usage()
    try:
        await OPERATIONS[name](me)
    except (DialogueEnded, DialogueImmutable) as refusal:
        assert (await me.dialogues(), await me.messages("d"), await me.usage()) == before
        return type(refusal)
    return None


class TestMatrix:
    @pytest.mark.parametrize("name", OPERATIONS)
    async def test_an_active_dialogue_allows_everything(self, name, me):
        assert await attempt(name, me) is None

    @pytest.mark.parametrize("name", OPERATIONS)
    async def test_an_ended_one_takes_no_messages(self, name, me):
        await me.change_status("end")
        assert await attempt(name, me) is (DialogueEnded if name in APPENDS else None)

    @pytest.mark.parametrize("name", OPERATIONS)
    @pytest.mark.parametrize("ended", [False, True])
    async def test_an_archived_one_is_read_reopened_or_deleted(self, ended, name, me):
        if ended:
            await me.change_status("end")
        await me.change_status("archive")
        refused = None if name in AFTER_ARCHIVE else DialogueImmutable
        assert await attempt(name, me) is refused

    @pytest.mark.parametrize("name", OPERATIONS)
    async def test_an_immutable_project_keeps_its_messages_and_dialogues(self, name, me):
        await me.set(immutable=True)
        kept = {"delete", "delete a thread", "delete a message", "tag a message"}
        assert await attempt(name, me) is (DialogueImmutable if name in kept else None)

    @pytest.mark.parametrize("name", OPERATIONS)
    async def test_reopening_allows_everything_again(self, name, me):
        await me.change_status("end")
        await me.change_status("archive")
        await me.change_status("reopen")
        assert await attempt(name, me) is None


class TestActions:
    async def test_ending_notes_when(self, me):
        ended = (await me.change_status("end")).value
        assert (ended.status, ended.ended_at) == ("ended", ended.modified)
        assert ids(await me.dialogues(status="ended")) == ["d"]
        assert ids(await me.dialogues(status="active")) == ["t"]

    async def test_archiving_notes_when_and_keeps_the_end(self, me):
        ended = (await me.change_status("end")).value
        archived = (await me.change_status("archive")).value
        assert (archived.status, archived.archived_at) == ("archived", archived.modified)
        assert archived.ended_at == ended.ended_at
        assert ids(await me.dialogues(status="archived")) == ["d"]
        assert await me.dialogues(status="ended") == []

    async def test_reopening_clears_both_times(self, me):
        await me.change_status("end")
        await me.change_status("archive")
        active = (await me.change_status("reopen")).value
        assert active.status == "active"
        shown = {name: getattr(active, name) for name in ("ended_at", "archived_at")}
        fresh = await me.get("t")
        assert shown == {name: getattr(fresh, name) for name in shown}

    @pytest.mark.parametrize("action", ["end", "archive", "reopen"])
    async def test_repeating_changes_nothing(self, action, me):
        first = await me.change_status(action)
        second = await me.change_status(action)
        assert second == first
        assert await me.get() == first.value

    async def test_the_memories_of_an_immutable_project_can_be_changed(self, me):
        await me.set(immutable=True)
        await me.remember(id="m")
        await me.tag_memory("m", ("t",))
        await me.forget("m")

    async def test_an_immutable_project_still_says_not_found_first(self, me):
        await me.set(immutable=True)
        with pytest.raises(Exception, match="not found"):
            await me.delete("nobody")
        with pytest.raises(Exception, match="not found"):
            await me.delete_message("nobody")
