"""A program that uses the client as it should be used; it is checked, and never run."""

from datetime import UTC, date, datetime
from typing import Any, assert_type

from dialoguedb import (
    AsyncDialogue,
    AsyncDialogueDB,
    AsyncMessage,
    Dialogue,
    DialogueDB,
    Found,
    Memory,
    Message,
    MessageDict,
    Page,
)
from dialoguedb.client.records import MessageRecord


def wait() -> None:
    """Use the one for programs without an event loop."""
    with DialogueDB(path="./chats", namespace="ada") as db:
        dialogue = db.create_dialogue(label="Order 17", created=datetime.now(UTC))
        assert_type(dialogue, Dialogue)
        assert_type(dialogue.save_message("user", "Hi", tags=["a"]), Message)
        assert_type(dialogue.save_message({"role": "user", "content": [{"type": "text"}]}), Message)
        assert_type(dialogue.load_messages(limit=5, order="desc"), Page[Message])
        assert_type([one.id for one in dialogue.iter_messages()], list[str])
        assert_type(db.search_memories("tea"), Found[Memory])
        assert_type(db.search_memories("tea").hits[0].relevance, float)
        assert_type(db.api.message.list(dialogue.id)[0], MessageRecord)
        db.search_messages("tea", filter={"created": {"gte": date(2026, 1, 2)}})
        give(dialogue)


def give(dialogue: Dialogue) -> None:
    """Save messages from wherever they come."""
    plain = [{"role": "user", "content": "Hi"}]
    assert_type(dialogue.save_messages(plain), list[Message])
    mixed = [{"role": "user", "content": [{"type": "text", "text": "Hi"}], "tags": ["a"]}]
    assert_type(dialogue.save_messages(mixed), list[Message])
    dated: MessageDict = {"role": "user", "content": "Hi", "created": date(2026, 1, 2)}
    assert_type(dialogue.save_message(dated, idempotency_key="turn-1"), Message)
    loaded: dict[str, Any] = {"role": "user", "content": "Hi"}
    assert_type(dialogue.save_message(loaded), Message)
    dialogue.create_thread(messages=plain, message=None)


async def run() -> None:
    """Use the one for programs with an event loop."""
    async with AsyncDialogueDB("ddb_key", endpoint="https://chats.example.com") as db:
        dialogue = await db.get_or_create_dialogue("chat")
        assert_type(dialogue, AsyncDialogue)
        assert_type(
            await dialogue.save_messages([{"role": "user", "content": "Hi"}]), list[AsyncMessage]
        )
        async for message in dialogue.iter_messages(page_size=100, role="user"):
            assert_type(message, AsyncMessage)
        dialogue.state["step"] = 2
        await dialogue.save(if_unchanged=True)


def misuse(db: DialogueDB) -> None:
    """Make mistakes; each must be seen, or the excuse for it is one too many."""
    db.create_dialogue(lable="Order 17")  # type: ignore[call-arg] # no such field
    db.list_dialogues(order="upwards")  # type: ignore[arg-type] # no such order
    db.create_dialogue().save_message("user", 7)  # type: ignore[call-overload] # no content
    db.create_dialogue().messages = []  # type: ignore[misc] # only what was loaded
    db.get_memory("m").value = 1  # type: ignore[misc] # write-once
