"""A program that uses the client as it should be used; it is checked, and never run."""

from datetime import UTC, datetime
from typing import assert_type

from dialoguedb import AsyncDialogueDB, DialogueDB
from dialoguedb.client.aio.dialogues import AsyncDialogue
from dialoguedb.client.aio.messages import AsyncMessage
from dialoguedb.client.records import Found, MessageRecord, Page
from dialoguedb.client.sync.dialogues import Dialogue
from dialoguedb.client.sync.memories import Memory
from dialoguedb.client.sync.messages import Message


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
