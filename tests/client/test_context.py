"""Windows and summaries, as programs use them."""

import pytest

from dialoguedb.errors import SummaryNotFound

pytestmark = pytest.mark.anyio

TEXTS = [
    {"role": "user", "content": f"My order number {number} has not arrived and I am annoyed."}
    for number in range(20)
]


async def test_a_window_is_ready_for_a_model(db):
    dialogue = await db.create_dialogue(namespace="ada", messages=TEXTS)
    window = await dialogue.context(200, recent=2, format="anthropic", query="order number 3")
    assert window.messages
    assert window.tokens.total <= 200
    assert window.included.message_ids
    check = await dialogue.check()
    assert check.ok is not bool(check.issues)


async def test_a_summary_is_waited_for_and_shows_what_it_covers(db):
    dialogue = await db.create_dialogue(namespace="ada", messages=TEXTS)
    summary = await dialogue.summarize(tags=["first"])
    assert summary.status == "completed"
    assert summary.content
    assert summary.tags == ["first"]
    again = await db.api.summary.get(summary.id, namespace="ada", expand=True)
    assert [message.content for message in again.messages][:20] == [one["content"] for one in TEXTS]
    assert [one.id for one in await db.api.summary.list(dialogue.id, namespace="ada")] == [
        summary.id
    ]
    started = await dialogue.compact()
    assert started.dialogue_id == dialogue.id
    await db.api.summary.delete(summary.id, namespace="ada")
    with pytest.raises(SummaryNotFound):
        await db.api.summary.get(summary.id, namespace="ada")


async def test_templates_say_what_a_model_is_asked_for(db):
    made = await db.api.template.create("handover", "Sum up: {messages}", description="For shifts")
    assert (await db.api.template.get("handover")).prompt == made.prompt == "Sum up: {messages}"
    await db.api.template.update("handover", prompt="Shortly: {messages}")
    assert [one.prompt for one in await db.api.template.list()] == ["Shortly: {messages}"]
    await db.api.template.delete("handover")
    assert len(await db.api.template.list()) == 0


async def test_an_admin_key_changes_settings_and_makes_other_keys(db):
    await db.api.settings.update({"quotas": {"messages": 5}})
    assert (await db.api.settings.get()).quotas.messages == 5
    made = await db.api.key.create(name="reader", scope="read")
    assert made.key
    assert made.key.startswith("ddb_")
    assert made.id in {key.id for key in await db.api.key.list()}
    assert (await db.api.key.get(made.id)).key is None
    await db.api.key.revoke(made.id)
    assert (await db.api.settings.usage()).dialogues == 0


async def test_a_dialogue_is_checked_and_repaired_for_a_provider(db):
    call = {"id": "call_1", "type": "function", "function": {"name": "find", "arguments": "{}"}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    dialogue = await db.create_dialogue(
        namespace="ada", messages=[TEXTS[0], {"role": "assistant", "content": message}]
    )
    check = await dialogue.check("mistral")
    assert {issue.rule for issue in check.issues} >= {"calls-are-answered"}
    repair = await dialogue.repair("mistral")
    assert repair.ok is False
    assert [one["role"] for one in repair.messages] == ["user"]
    assert repair.repaired[0].message_id == check.issues[0].message_id


async def test_a_recorded_window_can_be_read_again(db):
    dialogue = await db.create_dialogue(namespace="ada", messages=TEXTS)
    window = await dialogue.context(200, recent=2, record=True)
    assert window.id
    await dialogue.save_message("user", "More.")
    receipt = await db.api.context.get_recorded(window.id, namespace="ada")
    assert receipt.messages == window.messages
    assert receipt.tokens == window.tokens
    assert receipt.verified is True
    assert receipt.settings.max_tokens == 200
    assert receipt.deleted.message_ids == []
