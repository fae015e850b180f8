"""Rows of messages, and of the dialogues that hold them as far as an append reads these."""

from collections.abc import Sequence
from functools import partial
from operator import attrgetter
from typing import NamedTuple

import apsw
from msgspec import structs

from dialoguedb.model.messages import AttachmentRead, Message, MessageFilter, NewMessage
from dialoguedb.model.refs import DialogueRef, MessageRef
from dialoguedb.model.rules.attachments import cut_from, with_references, with_tokens
from dialoguedb.model.rules.messages import (
    AppendPlan,
    StoredMessage,
    cut_message_bytes,
    message_bytes,
    message_not_found,
    to_messages,
)
from dialoguedb.model.rules.status import DialogueHead, dialogue_not_found
from dialoguedb.store.columns import columns_of
from dialoguedb.store.sqlite.connection.reader import Reader, Shape, each
from dialoguedb.store.sqlite.rows import attachment_rows
from dialoguedb.store.sqlite.rows.columns import assignments
from dialoguedb.store.sqlite.rows.list_queries import SelectBuilder
from dialoguedb.store.sqlite.rows.tags import MESSAGE_TAGS
from dialoguedb.values.lists import Slice, TimeRange, Window

LONG_MESSAGES = 50
"""A batch of more messages runs off the event loop."""

_LONG_BYTES = 1024 * 1024

COLUMNS = columns_of(StoredMessage)
"""What makes a `StoredMessage`, of messages `r`."""

SELECT = f"SELECT {COLUMNS} FROM messages r"
_ALL = {
    order: f"{SELECT} WHERE r.dialogue = ? ORDER BY r.created {order}, r.seq {order} LIMIT ?"
    for order in ("asc", "desc")
}
_STORED = f"{SELECT} WHERE r.dialogue = ? AND r.id = ?"
_FIELDS = StoredMessage.__struct_fields__
_INSERT = (
    f"INSERT INTO messages (dialogue, {', '.join(_FIELDS)})"
    f" VALUES ({', '.join('?' * (1 + len(_FIELDS)))})"
)
_HEAD = (
    "total_messages",
    "last_seq",
    "last_server_created",
    "last_message_created",
    "appended_tokens",
    "modified",
)
_UPDATE_HEAD = f"UPDATE dialogues SET {assignments(*_HEAD)} WHERE number = ?"
_FIND_OWNER = (
    "SELECT number, last_seq FROM dialogues WHERE project = ? AND namespace = ? AND id = ?"
)
_EVER = TimeRange()
_KEY = attrgetter("created", "seq")


class MessageRow(StoredMessage, gc=False):
    """A message as it is stored."""

    row_id: int


class HeadRow(DialogueHead, gc=False):
    """A dialogue to append to, as it is stored."""

    row_id: int


_ONE = (
    f"SELECT {columns_of(MessageRow, row_id='r.number')} FROM messages r"
    " WHERE r.dialogue = ? AND r.id = ?"
)
_FIND_HEAD = (
    f"SELECT {columns_of(HeadRow, row_id='r.number')} FROM dialogues r"
    " WHERE r.project = ? AND r.namespace = ? AND r.id = ?"
)


def is_long(new: Sequence[NewMessage] | None) -> bool:
    """Tell whether storing these messages would hold up the event loop."""
    if not new:
        return False
    return len(new) > LONG_MESSAGES or sum(len(one.content) for one in new) > _LONG_BYTES


def find_head(db: apsw.Connection, project: int, namespace: str, dialogue_id: str) -> HeadRow:
    """Return the dialogue to append to; DialogueNotFound."""
    row = db.execute(_FIND_HEAD, (project, namespace, dialogue_id)).fetchone()
    if row is None:
        raise dialogue_not_found(dialogue_id)
    return HeadRow(*row)


class OwnerRow(NamedTuple):
    """What a list of messages needs of their dialogue."""

    row_id: int
    last_seq: int


def find_owner(db: apsw.Connection, project: int, namespace: str, dialogue_id: str) -> OwnerRow:
    """Return the dialogue whose messages are listed; DialogueNotFound."""
    row = db.execute(_FIND_OWNER, (project, namespace, dialogue_id)).fetchone()
    if row is None:
        raise dialogue_not_found(dialogue_id)
    return OwnerRow._make(row)


def find_message(
    db: apsw.Connection, project: int, namespace: str, ref: MessageRef
) -> tuple[HeadRow, MessageRow]:
    """Return a message and its dialogue; MessageNotFound."""
    head = db.execute(_FIND_HEAD, (project, namespace, ref.dialogue_id)).fetchone()
    if head is None:
        raise message_not_found(ref)
    dialogue = HeadRow(*head)
    row = db.execute(_ONE, (dialogue.row_id, ref.id)).fetchone()
    if row is None:
        raise message_not_found(ref)
    return dialogue, MessageRow(*row)


def find_stored(
    db: apsw.Connection, project: int, dialogue: int, new: Sequence[NewMessage]
) -> dict[str, StoredMessage]:
    """Return the stored messages of a dialogue whose ids senders of new ones chose, as received."""
    found = []
    for message in new:
        row = message.named and db.execute(_STORED, (dialogue, message.id)).fetchone()
        if row:
            found.append(StoredMessage(*row))
    return {one.id: one for one in attachment_rows.whole(db, project, found)}


def insert(db: apsw.Connection, project: int, dialogue: int, plan: AppendPlan) -> None:
    """Store the new messages of a plan."""
    for stored, sent in zip(plan.new, plan.sent, strict=True):
        db.execute(_INSERT, (dialogue, *structs.astuple(cut_from(stored, sent))))
        row_id = db.last_insert_rowid()
        attachment_rows.insert(db, project, row_id, sent)
        if sent.tags:
            MESSAGE_TAGS.insert(db, dialogue, row_id, sent.tags)


def append(db: apsw.Connection, project: int, dialogue: int, plan: AppendPlan) -> None:
    """Store the new messages of a plan, and what their dialogue's head holds then."""
    insert(db, project, dialogue, plan)
    db.execute(_UPDATE_HEAD, (*(getattr(plan, name) for name in _HEAD), dialogue))


class ListedDialogue(NamedTuple):
    """A dialogue whose messages are listed."""

    project: int
    """The row id of its project."""

    ref: DialogueRef
    attachments: AttachmentRead = "inline"


def shape_of(reader: Reader, of: ListedDialogue) -> Shape[StoredMessage, Message]:
    """Return how rows of a list of one dialogue become messages."""
    ref = of.ref
    if of.attachments == "reference":
        refer = partial(with_references, dialogue_id=ref.id, namespace=ref.namespace)
        return Shape(StoredMessage, each(refer), cut_message_bytes, _KEY)

    def make(rows: Sequence[StoredMessage]) -> list[Message]:
        if of.attachments == "deferred":
            whole: Sequence[StoredMessage] = [*map(with_tokens, rows)]
        else:
            whole = attachment_rows.whole(reader.db, of.project, rows)
        return to_messages(whole, ref.id, ref.namespace)

    return Shape(StoredMessage, make, message_bytes, _KEY)


def last(reader: Reader, row_id: int, of: ListedDialogue, count: int) -> list[Message]:
    """Return the last messages of a dialogue, oldest first."""
    found = page(reader, (row_id, of), MessageFilter(), Window(count, "desc"))
    return found.items[::-1]


def page(
    reader: Reader, of: tuple[int, ListedDialogue], filters: MessageFilter, window: Window
) -> Slice[Message]:
    """Return a window of a dialogue's messages; `of` begins with its row id."""
    dialogue, listed = of
    shape = shape_of(reader, listed)
    is_filtered = filters.role is not None or filters.tags or filters.created != _EVER
    if window.after is None and not is_filtered:  # the commonest list needs no putting together
        rows = reader.db.execute(_ALL[window.order], (dialogue, window.limit + 1))
        return reader.page(rows, window, shape)
    query = SelectBuilder(SELECT, ("r.created", "r.seq"), window)
    query.fixed["r.dialogue"] = dialogue
    if filters.tags:
        MESSAGE_TAGS.add_filter(reader.db, query, dialogue, filters.tags)
    query.add_span(reader.db, "messages", filters.created)
    if filters.role is not None:
        query.add("r.role = ?", filters.role)
    return reader.page(query.rows(reader.db), window, shape)


def store_tags(
    db: apsw.Connection, dialogue: int, former: MessageRow, after: StoredMessage
) -> None:
    """Store a message's tags in place of its former ones."""
    MESSAGE_TAGS.replace(db, dialogue, former.row_id, (former.tags, after.tags))
    db.execute(
        "UPDATE messages SET tags = ?, modified = ? WHERE number = ?",
        (after.tags, after.modified, former.row_id),
    )


def latest_created(db: apsw.Connection, dialogue: int, without: int | None = None) -> str:
    """Return the greatest `created` of a dialogue's messages, but one; empty when there is none."""
    latest = (
        "SELECT created FROM messages WHERE dialogue = ? AND number IS NOT ?"
        " ORDER BY created DESC, seq DESC LIMIT 1"
    )
    return db.execute(latest, (dialogue, without)).get or ""


def delete(db: apsw.Connection, row: MessageRow, dialogue: int, head: DialogueHead) -> None:
    """Delete a message; `head` is its dialogue's without it."""
    if row.attachments:
        attachment_rows.delete(db, "VALUES (?)", (row.row_id,))
    MESSAGE_TAGS.delete(db, dialogue, row.row_id, row.tags)
    db.execute("DELETE FROM messages WHERE number = ?", (row.row_id,))
    db.execute(
        _UPDATE_HEAD,
        (*(getattr(head, name) for name in _HEAD), dialogue),
    )
