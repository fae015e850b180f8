"""Dialogues that are made when the first messages come, and read to their end."""

from collections.abc import Iterator, Sequence
from typing import Any

from dialoguedb.client.inputs import MessageDict
from dialoguedb.client.records import MessageRecord
from dialoguedb.client.sync.database import Database
from dialoguedb.errors import DialogueNotFound, DuplicateId


def append(
    db: Database, dialogue_id: str, messages: Sequence[MessageDict], **dialogue: Any
) -> None:
    """Append messages, all or none; without the dialogue it is made, of these fields."""
    place = {"namespace": dialogue.get("namespace")}
    try:
        db.api.message.create_many(dialogue_id, messages, **place)
    except DialogueNotFound:
        try:
            db.api.dialogue.create(id=dialogue_id, messages=messages, **dialogue)
        except DuplicateId:  # somebody else made it meanwhile
            db.api.message.create_many(dialogue_id, messages, **place)


def records(db: Database, dialogue_id: str, **wanted: Any) -> Iterator[MessageRecord]:
    """Read all messages that are wanted, page by page; DialogueNotFound."""
    page = db.api.message.list(dialogue_id, **wanted)
    while True:
        yield from page
        if page.next is None:
            return
        page = db.api.message.list(dialogue_id, **wanted | {"next": page.next})
