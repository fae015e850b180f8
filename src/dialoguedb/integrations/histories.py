"""Dialogues that are created with their first messages, and read to their end."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from dialoguedb.client.inputs import MessageDict
from dialoguedb.client.records import MessageRecord
from dialoguedb.client.sync.database import Database
from dialoguedb.client.sync.pagination import every_item
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


def read_messages(
    db: Database, dialogue_id: str, *, limit: int | None = None, **options: Any
) -> Iterator[MessageRecord]:
    """Read all messages that match, page by page; DialogueNotFound."""
    return every_item(partial(db.api.message.list, dialogue_id), limit, options)
