"""Dialogues that are created with their first messages, and read to their end."""

from collections.abc import Iterator, Sequence
from typing import Any

from dialoguedb.client.inputs import MessageDict
from dialoguedb.client.records import MessageRecord
from dialoguedb.client.sync.database import Database
from dialoguedb.errors import DialogueNotFound, DuplicateId


def append_messages(
    db: Database, dialogue_id: str, messages: Sequence[MessageDict], **dialogue: Any
) -> None:
    """Append messages, all or none; creates the dialogue with these fields if there is none."""
    own = {"namespace": dialogue.get("namespace")}
    try:
        db.api.message.create_many(dialogue_id, messages, **own)
    except DialogueNotFound:
        try:
            db.api.dialogue.create(id=dialogue_id, messages=messages, **dialogue)
        except DuplicateId:  # somebody else created it in between
            db.api.message.create_many(dialogue_id, messages, **own)


def read_messages(db: Database, dialogue_id: str, **options: Any) -> Iterator[MessageRecord]:
    """Read all messages that match, page by page; DialogueNotFound."""
    page = db.api.message.list(dialogue_id, **options)
    while True:
        yield from page
        if page.next is None:
            return
        page = db.api.message.list(dialogue_id, **options | {"next": page.next})
