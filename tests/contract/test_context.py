"""Windows over an engine: what is read of a dialogue, and what comes of it."""

import pytest

from dialoguedb.errors import DialogueNotFound
from dialoguedb.model import limits
from dialoguedb.model.context import ContextRequest
from tests.contract.making import ids, message
from tests.property.windows import CHECKS

pytestmark = pytest.mark.anyio


def asked(tokens=4_000, **more):
    known = {"query": None, "format": "openai", "recent": 4, "summary": True, "memories": 0}
    return ContextRequest(tokens, **{**known, **more})


async def window(me, tokens=4_000, of="d", **more):
    return await me.services.contexts.build(me.project, "", of, asked(tokens, **more))


async def ending(store, me, tokens):
    return await store.context.read(me.project, "", "d", tokens)


def use(number):
    return message(
        [{"type": "tool_use", "id": f"t{number}", "name": "find", "input": {}}],
        id=f"c{number}",
        role="assistant",
    )


def result(number):
    content = [{"type": "tool_result", "tool_use_id": f"t{number}", "content": f"result {number}"}]
    return message(content, id=f"r{number}")


class TestReading:
    async def test_the_end_is_read_as_far_as_a_budget_reaches(self, store, me):
        await me.new()
        stored = await me.append(*(message(f"message {n}", id=f"m{n}") for n in range(300)))
        each = stored[200].token_count
        read = await ending(store, me, 100 * each)
        assert ids(read.messages) == ids(stored)[-len(read.messages) :]
        assert 100 <= len(read.messages) <= 103
        assert (read.total_messages, read.whole) == (300, False)
        whole = await ending(store, me, 1_000_000)
        assert (len(whole.messages), whole.whole) == (300, True)

    async def test_some_are_read_whatever_the_budget(self, store, me):
        await me.new()
        await me.append(*(message("one of many") for _ in range(300)))
        read = await ending(store, me, 1)
        assert 10 < len(read.messages) < 100
        assert not read.whole

    async def test_the_systems_messages_are_read_from_the_beginning_and_stand_apart(
        self, store, me
    ):
        await me.new()
        await me.append(message("be kind", id="s1", role="system"))
        await me.append(*(message("one of many") for _ in range(300)))
        await me.append(message("be brief", id="s2", role="developer"), message("last", id="l"))
        read = await ending(store, me, 10)
        assert ids(read.system) == ["s1", "s2"]
        assert "s2" not in ids(read.messages)
        assert read.messages[-1].id == "l"

    async def test_later_times_come_later_whatever_the_order_of_arrival(self, store, me):
        await me.new()
        await me.append(message("new", id="new"))
        await me.append(message("old", id="old", created="2001-01-01T00:00:00.000Z"))
        assert ids((await ending(store, me, 100)).messages) == ["old", "new"]

    async def test_a_dialogue_that_is_not_there_is_not_found(self, store, me, stranger):
        await me.new()
        with pytest.raises(DialogueNotFound):
            await ending(store, stranger, 100)
        with pytest.raises(DialogueNotFound):
            await me.services.contexts.check(me.project, "", "x")


class TestWindows:
    async def test_what_is_deleted_is_in_no_window(self, me):
        await me.new()
        await me.append(message("keep", id="a"), message("secret", id="b"), message("end", id="c"))
        await me.delete_message("b")
        made = await window(me)
        assert made.included.message_ids == ["a", "c"]
        assert made.omitted == 0

    async def test_deleting_a_result_leaves_its_call_out(self, me):
        await me.new()
        await me.append(message("go", id="u"), use(1), result(1), message("done", id="e"))
        assert (await window(me)).included.message_ids == ["u", "c1", "r1", "e"]
        await me.delete_message("r1")
        made = await window(me)
        assert made.included.message_ids == ["u", "e"]
        assert [issue.code for issue in made.issues] == ["ORPHANED_TOOL_CALL"]
        await me.append(result(1))
        healed = await window(me)
        assert [issue.code for issue in healed.issues] == ["ROLE_ORDER"]
        assert set(healed.included.message_ids) == {"u", "c1", "r1", "e"}
        CHECKS["openai"](healed.messages)

    async def test_an_archived_dialogue_can_be_read(self, me):
        await me.new()
        await me.append(message("hello"))
        await me.act("archive")
        assert len((await window(me)).messages) == 1


class TestChecking:
    async def test_a_long_dialogue_is_read_to_its_end(self, me):
        await me.new()
        await me.append(use(0))
        await me.append(*(message(f"part {n}") for n in range(1_000)))
        await me.append(result(0), result(1))
        checked = await me.services.contexts.check(me.project, "", "d")
        assert [issue.code for issue in checked.issues] == ["ROLE_ORDER", "ORPHANED_TOOL_RESULT"]

    async def test_what_is_told_has_an_end(self, me):
        await me.new()
        for start in range(0, limits.CONTEXT_ISSUES_MAX + 500, 500):
            await me.append(*(result(start + n) for n in range(500)))
        checked = await me.services.contexts.check(me.project, "", "d")
        assert len(checked.issues) == limits.CONTEXT_ISSUES_MAX
