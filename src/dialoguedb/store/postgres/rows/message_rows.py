"""Rows of messages, and of the dialogues that hold them as far as an append reads these."""

from collections.abc import Iterable, Sequence
from functools import partial
from operator import attrgetter
from typing import NamedTuple

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
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.rows import attachment_rows
from dialoguedb.store.postgres.rows.attachment_rows import SentMessage
from dialoguedb.store.postgres.rows.columns import assignments
from dialoguedb.store.postgres.rows.list_queries import Owner, SelectBuilder
from dialoguedb.store.postgres.rows.pages import Shape, bytes_max, each, page_of
from dialoguedb.store.postgres.rows.pages import page as page_by_query
from dialoguedb.store.postgres.rows.tags import MESSAGE_TAGS
from dialoguedb.store.postgres.schema.partitions import part_of
from dialoguedb.store.postgres.search_index import sources
from dialoguedb.store.postgres.search_index.embedders import HELD
from dialoguedb.store.postgres.search_index.sources import RowRef, Source
from dialoguedb.values.lists import Slice, Window

COLUMNS = columns_of(StoredMessage)
"""What makes a `StoredMessage`, of messages `r`."""

SELECT = f"SELECT {COLUMNS} FROM messages r"

STORED_BYTES = (
    "(CASE WHEN r.attachments = '' THEN octet_length(r.content) ELSE r.content_length END"
    " + octet_length(r.tags) + octet_length(r.metadata))"
)
"""An expression for `message_bytes`."""

_CUT_BYTES = "(octet_length(r.content) + octet_length(r.tags) + octet_length(r.metadata))"
_OF_DIALOGUE = "r.part = $1 AND r.dialogue = $2"
_STORED = f"""
    SELECT r.part, r.dialogue, {COLUMNS} FROM messages r
    JOIN unnest($1::bigint[], $2::bigint[], $3::text[]) AS sent (part, dialogue, id)
    USING (part, dialogue, id)
"""
_TYPES = {
    "seq": "bigint",
    "content": "bytea",
    "content_length": "bigint",
    "tags": "bytea",
    "metadata": "bytea",
    "tokens": "bigint",
    "token_offset": "bigint",
    "by_user": "integer",
    "attachments": "bytea",
}
"""Of the columns that are no text."""

_FIELDS = StoredMessage.__struct_fields__
_ARRAYS = ", ".join(
    f"${index}::{_TYPES.get(name, 'text')}[]" for index, name in enumerate(_FIELDS, 3)
)
_INSERT = f"""
    INSERT INTO messages (part, dialogue, {", ".join(_FIELDS)})
    SELECT * FROM unnest($1::bigint[], $2::bigint[], {_ARRAYS}) WHERE {HELD}
    RETURNING part, dialogue, seq, number
"""
HEAD = (
    "total_messages",
    "last_seq",
    "last_server_created",
    "last_message_created",
    "appended_tokens",
    "modified",
)
"""What an append changes of its dialogue."""

_UPDATE_HEAD = f"UPDATE dialogues SET {assignments(*HEAD, first=3)} WHERE part = $1 AND number = $2"
_FIND_OWNER = """
    SELECT part, number, last_seq FROM dialogues
    WHERE part = $1 AND project = $2 AND namespace = $3 AND id = $4
"""
_OWNER = "d.part = ? AND d.project = ? AND d.namespace = ? AND d.id = ?"
_KEY = attrgetter("created", "seq")


class MessageRow(StoredMessage, gc=False):
    """A message as it is stored."""

    part: int
    row_id: int

    @property
    def ref(self) -> RowRef:
        """Its primary key."""
        return RowRef(self.part, self.row_id)


class HeadRow(DialogueHead, gc=False):
    """A dialogue to append to, as it is stored."""

    part: int
    row_id: int

    @property
    def ref(self) -> RowRef:
        """Its primary key."""
        return RowRef(self.part, self.row_id)


_ONE = (
    f"SELECT {columns_of(MessageRow, row_id='r.number')} FROM messages r"
    f" WHERE {_OF_DIALOGUE} AND r.id = $3"
)
_FIND_HEAD = (
    f"SELECT {columns_of(HeadRow, row_id='r.number')} FROM dialogues r"
    " WHERE r.part = $1 AND r.project = $2 AND r.namespace = $3 AND r.id = $4"
)
_LOCK_HEAD = f"{_FIND_HEAD} FOR NO KEY UPDATE"


class DialogueKey(NamedTuple):
    """What names a dialogue among those of all projects."""

    project: int
    """The row id of its project."""

    namespace: str
    id: str


async def lock_heads(db: Connection, keys: Iterable[DialogueKey]) -> dict[DialogueKey, HeadRow]:
    """Return the dialogues to append to that there are, all locked, in one order."""
    # One by one, though in one round trip: how a join reads a table depends on what is known of it,
    # and a small one is full of what its rows were before.
    named = {(part_of(*key), key.namespace, key.id): key for key in keys}
    values = [(part, key.project, *rest) for (part, *rest), key in sorted(named.items())]
    heads = [HeadRow(*row) for row in await db.rows_of_many(_LOCK_HEAD, values)]
    return {named[head.part, head.namespace, head.id]: head for head in heads}


async def find_head(
    db: Connection, project: int, namespace: str, dialogue_id: str, *, lock: bool = False
) -> HeadRow:
    """Return the dialogue to append to, locked on request; DialogueNotFound."""
    head = await _get_head(db, project, DialogueRef(namespace, dialogue_id), lock=lock)
    if head is None:
        raise dialogue_not_found(dialogue_id)
    return head


async def _get_head(
    db: Connection, project: int, ref: DialogueRef, *, lock: bool
) -> HeadRow | None:
    part = part_of(project, ref.namespace, ref.id)
    find = _LOCK_HEAD if lock else _FIND_HEAD
    row = await db.row(find, part, project, ref.namespace, ref.id)
    return HeadRow(*row) if row else None


class OwnerRow(NamedTuple):
    """What a list of messages needs of their dialogue."""

    part: int
    row_id: int
    last_seq: int

    @property
    def ref(self) -> RowRef:
        """Its primary key."""
        return RowRef(self.part, self.row_id)


async def find_owner(db: Connection, project: int, namespace: str, dialogue_id: str) -> OwnerRow:
    """Return the dialogue whose messages are listed; DialogueNotFound."""
    part = part_of(project, namespace, dialogue_id)
    row = await db.row(_FIND_OWNER, part, project, namespace, dialogue_id)
    if row is None:
        raise dialogue_not_found(dialogue_id)
    return OwnerRow._make(row)


async def find_message(
    db: Connection, project: int, namespace: str, ref: MessageRef, *, lock: bool = False
) -> tuple[HeadRow, MessageRow]:
    """Return a message and its dialogue, that locked on request; MessageNotFound."""
    head = await _get_head(db, project, DialogueRef(namespace, ref.dialogue_id), lock=lock)
    if head is None:
        raise message_not_found(ref)
    row = await db.row(_ONE, *head.ref, ref.id)
    if row is None:
        raise message_not_found(ref)
    return head, MessageRow(*row)


Sent = tuple[RowRef, Sequence[NewMessage]]
"""New messages, and the dialogue that they are sent to."""


async def find_stored(
    db: Connection, project: int, dialogue: RowRef, new: Sequence[NewMessage]
) -> dict[str, StoredMessage]:
    """Return the stored messages of a dialogue whose ids senders of new ones chose, as received."""
    found = await find_all_stored(db, [(dialogue, new)])
    return await as_received(db, project, dialogue, found.get(dialogue, []))


async def find_all_stored(
    db: Connection, sent: Iterable[Sent]
) -> dict[RowRef, list[StoredMessage]]:
    """Return the stored messages whose ids senders of new ones chose, by dialogue."""
    named = [(*dialogue, one.id) for dialogue, new in sent for one in new if one.named]
    found: dict[RowRef, list[StoredMessage]] = {}
    if named:
        for part, dialogue, *row in await db.rows(_STORED, *map(list, zip(*named, strict=True))):
            found.setdefault(RowRef(part, dialogue), []).append(StoredMessage(*row))
    return found


async def as_received(
    db: Connection, project: int, dialogue: RowRef, stored: Sequence[StoredMessage]
) -> dict[str, StoredMessage]:
    """Return messages of a dialogue by their ids, their attachments put back."""
    whole = await attachment_rows.whole(db, project, stored, dialogue.part)
    return {one.id: one for one in whole}


class Appended(NamedTuple):
    """What is stored in a dialogue."""

    project: int
    namespace: str
    dialogue: RowRef
    plan: AppendPlan


async def insert(db: Connection, appended: Sequence[Appended]) -> list[Source]:
    """Store the new messages of plans; returns them as they are to be indexed."""
    made = [
        (one, cut_from(stored, sent), sent)
        for one in appended
        for stored, sent in zip(one.plan.new, one.plan.sent, strict=True)
    ]
    columns = zip(*((*one.dialogue, *_values(stored)) for one, stored, _ in made), strict=True)
    rows = await db.rows(_INSERT, *map(list, columns)) if made else []
    row_ids = {(part, dialogue, seq): row_id for part, dialogue, seq, row_id in rows}
    sent_messages, tags, found = [], [], []
    for one, stored, sent in made:
        part = one.dialogue.part
        row = RowRef(part, row_ids[part, one.dialogue.row_id, stored.seq])
        sent_messages.append(SentMessage(one.project, row, sent))
        tags += [(one.dialogue.row_id, row, tag) for tag in sent.tags]
        found.append(sources.of_message(row, one.project, one.namespace, stored))
    await attachment_rows.insert(db, sent_messages)
    await MESSAGE_TAGS.insert_many(db, tags)
    return found


def _values(stored: StoredMessage) -> tuple[object, ...]:
    return structs.astuple(structs.replace(stored, by_user=int(stored.by_user)))


async def append(db: Connection, appended: Sequence[Appended]) -> list[Source]:
    """Store the new messages of plans, made one after another, and the heads of their dialogues."""
    found = await insert(db, appended)
    heads = {one.dialogue: one.plan for one in appended}  # the last of each dialogue
    await _store_heads(db, [*heads.items()])
    return found


async def _store_heads(
    db: Connection, heads: Sequence[tuple[RowRef, AppendPlan | DialogueHead]]
) -> None:
    values = ((*ref, *(getattr(head, name) for name in HEAD)) for ref, head in heads)
    await db.execute_many(_UPDATE_HEAD, values)


class ListedDialogue(NamedTuple):
    """A dialogue whose messages are listed."""

    project: int
    """The row id of its project."""

    ref: DialogueRef
    attachments: AttachmentRead = "inline"


def shape_of(db: Connection, of: ListedDialogue) -> Shape[StoredMessage, Message]:
    """Return how rows of a list of one dialogue become messages."""
    ref = of.ref
    if of.attachments == "reference":
        refer = partial(with_references, dialogue_id=ref.id, namespace=ref.namespace)
        return Shape(StoredMessage, each(refer), cut_message_bytes, _KEY, _CUT_BYTES)
    part = part_of(of.project, ref.namespace, ref.id)

    async def make(rows: Sequence[StoredMessage]) -> list[Message]:
        if of.attachments == "deferred":
            whole: Sequence[StoredMessage] = [*map(with_tokens, rows)]
        else:
            whole = await attachment_rows.whole(db, of.project, rows, part)
        return to_messages(whole, ref.id, ref.namespace)

    return Shape(StoredMessage, make, message_bytes, _KEY, STORED_BYTES)


async def last(db: Connection, dialogue: RowRef, of: ListedDialogue, count: int) -> list[Message]:
    """Return the last messages of a dialogue, oldest first."""
    found = await page(db, (dialogue, of), MessageFilter(), Window(count, "desc"))
    return found.items[::-1]


async def page(
    db: Connection, of: tuple[RowRef, ListedDialogue], filters: MessageFilter, window: Window
) -> Slice[Message]:
    """Return a window of a dialogue's messages; `of` begins with its row."""
    dialogue, listed = of
    query = SelectBuilder(SELECT, ("r.created", "r.seq"), window)
    query.fixed["r.part"], query.fixed["r.dialogue"] = dialogue
    if filters.tags:
        await MESSAGE_TAGS.add_filter(db, query, dialogue.row_id, filters.tags, dialogue.part)
    await query.add_span(db, "messages", filters.created)
    if filters.role is not None:
        query.add("r.role = ?", filters.role)
    return await page_by_query(db, query, shape_of(db, listed))


async def page_of_dialogue(
    db: Connection, listed: ListedDialogue, role: str | None, window: Window
) -> tuple[int, Slice[Message]]:
    """Return the last `seq` of a dialogue and a window of its messages; DialogueNotFound.

    One statement reads both, so that no snapshot is needed unless attachments are put back.
    """
    ref, shape = listed.ref, shape_of(db, listed)
    key = (part_of(listed.project, ref.namespace, ref.id), listed.project, ref.namespace, ref.id)
    query = SelectBuilder(SELECT, ("r.created", "r.seq"), window)
    query.add("r.part = d.part AND r.dialogue = d.number")
    if role is not None:
        query.add("r.role = ?", role)
    owner = Owner("SELECT d.last_seq, taken.* FROM dialogues d", _OWNER, key)
    rows = await query.rows_of(db, owner, bytes_max(db.budget, window), shape.stored_bytes)
    if not rows:
        raise dialogue_not_found(ref.id)
    found = [StoredMessage(*row[1:-1]) for row in rows if row[2] is not None]
    if listed.attachments == "inline" and any(one.attachments for one in found):
        db.budget.check_snapshot()
    return rows[0][0], await page_of(found, window, db.budget, shape)


async def store_tags(
    db: Connection, dialogue: RowRef, former: MessageRow, after: StoredMessage
) -> None:
    """Store a message's tags in place of its former ones."""
    await MESSAGE_TAGS.replace(db, dialogue.row_id, former.ref, (former.tags, after.tags))
    await db.execute(
        "UPDATE messages SET tags = $3, modified = $4 WHERE part = $1 AND number = $2",
        *(*former.ref, after.tags, after.modified),
    )


async def latest_created(db: Connection, dialogue: RowRef, without: int | None = None) -> str:
    """Return the greatest `created` of a dialogue's messages, but one; empty when there is none."""
    latest = (
        "SELECT created FROM messages WHERE part = $1 AND dialogue = $2"
        " AND number IS DISTINCT FROM $3 ORDER BY created DESC, seq DESC LIMIT 1"
    )
    return await db.value(latest, *dialogue, without) or ""


async def delete(db: Connection, row: MessageRow, head: HeadRow, after: DialogueHead) -> None:
    """Delete a message; `after` is its dialogue's head without it."""
    if row.attachments:
        await attachment_rows.delete(db, [row.ref])
    await db.execute("DELETE FROM messages WHERE part = $1 AND number = $2", *row.ref)
    await _store_heads(db, [(head.ref, after)])
