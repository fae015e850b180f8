"""Receipts over an engine: a recorded window is answered as it was, whatever happened since."""

import msgspec
import pytest
from msgspec import UNSET

from dialoguedb.errors import (
    ContextNotFound,
    DialogueImmutable,
    DialogueNotFound,
    IdempotencyKeyReused,
    InvalidRequest,
)
from dialoguedb.model.context import ContextRequest, ContextWindow
from dialoguedb.model.writes import IdempotencyHit
from tests.contract.making import idempotent, message

pytestmark = pytest.mark.anyio

DIALECTS = ["openai", "responses", "anthropic", "gemini", "plain"]


def request_of(tokens=4_000, **more):
    known = {"query": None, "format": "openai", "recent": 4, "summary": True, "memories": 0}
    return ContextRequest(tokens, **{**known, **more})


def call(number):
    used = {"type": "tool_use", "id": f"t{number}", "name": "find", "input": {"n": number}}
    return message([used], id=f"c{number}", role="assistant")


def result(number):
    answered = {"type": "tool_result", "tool_use_id": f"t{number}", "content": f"result {number}"}
    return message([answered], id=f"r{number}")


TALK = [
    message("Be brief.", id="s", role="system"),
    message("Where is order 17?", id="u1"),
    call(1),
    result(1),
    message("It left on Monday.", id="a1", role="assistant"),
    message("And order 18?", id="u2"),
]


@pytest.fixture
async def talk(me):
    await me.new()
    await me.append(*TALK)


async def record(me, of="d", namespace="", options=None, **more):
    options = options or me.write_options()
    recorded = me.services.receipts.record
    return await recorded(me.project, namespace, of, request_of(**more), options)


async def again(me, receipt_id, namespace=None):
    return await me.services.receipts.get(me.project, namespace, receipt_id)


def seen(window):
    """Return all that a window and its receipt have in common, as it is sent."""
    values = {name: getattr(window, name) for name in ContextWindow.__struct_fields__}
    return {name: msgspec.json.encode(one) for name, one in values.items() if one is not UNSET}


class TestRecording:
    @pytest.mark.parametrize("dialect", DIALECTS)
    async def test_a_window_is_answered_again_byte_for_byte(self, me, talk, dialect):
        await me.remember("Likes deliveries in the morning", id="k")
        window = await record(me, format=dialect, memories=1, tokens=60)
        receipt = await again(me, window.id)
        assert seen(receipt) == seen(window)
        assert receipt.verified is True
        assert receipt.differs is UNSET
        assert receipt.deleted.message_ids == receipt.deleted.memory_ids == []

    @pytest.mark.parametrize("target", ["any", "strict", "no-system"])
    @pytest.mark.parametrize("unanswered", ["drop", "error"])
    async def test_so_is_one_for_any_target(self, me, talk, target, unanswered):
        await me.append(call(2))
        window = await record(me, target=target, unanswered=unanswered)
        receipt = await again(me, window.id)
        assert seen(receipt) == seen(window)
        assert receipt.verified is True

    async def test_what_comes_later_changes_nothing(self, me, talk):
        await me.remember("Likes tea", id="k1")
        window = await record(me, memories=3)
        await me.append(message("More.", id="u3"), call(1), result(1))
        await me.remember("Likes coffee", id="k2")
        await me.summarize(id="sum")
        await me.tag("u1", ("t",))
        receipt = await again(me, window.id)
        assert seen(receipt) == seen(window)
        assert receipt.verified is True

    async def test_a_memory_that_is_corrected_at_the_same_time_is_shown_as_it_was(self, me, talk):
        await me.remember("Likes tea", id="k1")
        windows = []
        for value in ("Likes coffee", "Likes milk", "Likes water"):
            windows.append(await record(me, memories=3))
            await me.correct("k1", value=value)
        assert len({str(window.messages) for window in windows}) == 3
        for window in windows:
            receipt = await again(me, window.id)
            assert seen(receipt) == seen(window)
            assert receipt.verified is True

    async def test_it_has_the_settings_and_no_text_of_the_query(self, me, talk):
        window = await record(me, tokens=99, recent=2, target="strict")
        settings = (await again(me, window.id)).settings
        assert (settings.max_tokens, settings.recent, settings.target) == (99, 2, "strict")
        assert settings.query_sha256 is UNSET

    async def test_an_archived_or_ended_dialogue_shows_its_receipts(self, me, talk):
        window = await record(me)
        await me.change_status("end")
        assert (await record(me)).messages == window.messages
        await me.change_status("archive")
        assert (await again(me, window.id)).verified
        with pytest.raises(DialogueImmutable):
            await record(me)

    async def test_a_retry_records_once(self, me, talk):
        options = me.write_options(idempotent())
        await record(me, options=options)
        with pytest.raises(IdempotencyHit):
            await record(me, options=me.write_options(idempotent()))

    async def test_a_retry_finds_its_answer_though_the_dialogue_has_changed(self, me, talk):
        window = await record(me, tokens=60, recent=1, options=me.write_options(idempotent()))
        await me.append(message("a much longer text " * 60))
        with pytest.raises(InvalidRequest):
            await record(me, tokens=60, recent=1)
        with pytest.raises(IdempotencyHit) as hit:
            await record(me, tokens=60, recent=1, options=me.write_options(idempotent()))
        assert hit.value.answer == str(window).encode()
        with pytest.raises(IdempotencyKeyReused):
            await record(me, options=me.write_options(idempotent(request="other")))

    async def test_it_counts_as_stored_bytes(self, me, talk):
        before = (await me.usage()).stored_bytes
        await record(me)
        used = (await me.usage()).stored_bytes - before
        assert 200 < used < 2_000


class TestDeleting:
    async def test_what_is_deleted_is_gone_and_named(self, me, talk):
        await me.remember("Likes tea", id="k1")
        window = await record(me, memories=3)
        await me.delete_message("r1")
        await me.forget("k1")
        receipt = await again(me, window.id)
        text = msgspec.json.encode(receipt).decode()
        assert receipt.verified is False
        assert "deleted" in receipt.differs
        assert receipt.deleted.message_ids == ["r1"]
        assert receipt.deleted.memory_ids == ["k1"]
        assert "result 1" not in text
        assert "tea" not in text
        assert "Where is order 17?" in text

    async def test_another_message_under_the_id_is_not_taken_for_it(self, me, talk):
        window = await record(me)
        await me.delete_message("u2")
        await me.append(message("Something else.", id="u2"))
        receipt = await again(me, window.id)
        assert receipt.deleted.message_ids == ["u2"]
        assert "Something else" not in msgspec.json.encode(receipt).decode()

    async def test_another_memory_under_the_id_does_not_pass_for_it(self, me, talk):
        await me.remember("Likes tea", id="k1")
        window = await record(me, memories=3)
        await me.forget("k1")
        await me.remember("Likes coffee", id="k1")
        receipt = await again(me, window.id)
        assert receipt.verified is False

    async def test_a_deleted_dialogue_takes_its_receipts_with_it(self, me, talk):
        await me.new("t", thread_of="d")
        await me.append(message("hi"), to="t")
        kept = [await record(me), await record(me, of="t")]
        await me.delete("d")
        await me.new()
        await me.append(*TALK)
        for window in kept:
            with pytest.raises(ContextNotFound):
                await again(me, window.id)

    async def test_a_deleted_project_takes_its_receipts_with_it(self, world, me, talk):
        await record(me)
        await world.services.projects.delete(me.project.id, me.write_options())


class TestNamespaces:
    async def test_a_receipt_is_of_its_dialogues_namespace(self, me):
        await me.new("d", "ada")
        await me.append(message("hi"), namespace="ada")
        window = await record(me, namespace="ada")
        assert (await again(me, window.id)).namespace == "ada"
        assert (await again(me, window.id, "ada")).verified
        for other in ["", "bob"]:
            with pytest.raises(ContextNotFound):
                await again(me, window.id, other)

    async def test_there_is_nothing_to_record_of_no_dialogue(self, me, stranger, talk):
        with pytest.raises(DialogueNotFound):
            await record(me, of="none")
        window = await record(me)
        with pytest.raises(ContextNotFound):
            await again(stranger, window.id)
