"""Rows of messages: found, listed, appended."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from collections.abc import Sequence
from functools import partial

import apsw
from msgspec import UNSET, Raw, Struct

from dialoguedb.errors import DialogueNotFound, DuplicateId, ErrorDetail, MessageNotFound
from dialoguedb.model.dialogues import Status
from dialoguedb.model.lifecycle import (
    check_appendable,
    check_version,
)
from dialoguedb.model.messages import Message, MessageFilter, NewMessage
from dialoguedb.model.projects import Usage
from dialoguedb.ports import WriteOptions
from dialoguedb.store.sqlite.connection.reader import Reader, Row, Shape
from dialoguedb.store.sqlite.rows.list_queries import Listing
from dialoguedb.store.sqlite.rows.tags import MESSAGE_TAGS, encode
from dialoguedb.values.lists import Slice, Window
from dialoguedb.values.timestamps import month_of

LONG_MESSAGES = 50
"""A batch of more messages runs off the event loop."""

_LONG_BYTES = 1024 * 1024

COLUMNS = (
    "r.created, r.seq, r.id, r.role, r.content, r.content_length, r.tags, r.metadata,"
    " r.modified, r.name, r.tokens"
)
_SELECT = f"SELECT {COLUMNS} FROM messages r"
_ALL = {
    order: f"{_SELECT} WHERE r.dialogue = ? ORDER BY r.created {order}, r.seq {order} LIMIT ?"
    for order in ("asc", "desc")
}
_INSERT = (
    "INSERT INTO messages (dialogue, created, seq, id, role, content, content_length, tags,"
    " metadata, modified, name, tokens) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_ANY = MessageFilter()
_NO_TAGS, _NO_METADATA = Raw(b"[]"), Raw(b"{}")
_ONE = f"SELECT {COLUMNS}, r.number FROM messages r WHERE r.dialogue = ? AND r.id = ?"


class Place(Struct, gc=False):
    """A dialogue to append to, as it stands."""

    number: int
    project: int
    id: str
    namespace: str
    status: Status
    last_seq: int
    last_server_created: str


def is_long(new: Sequence[NewMessage] | None) -> bool:
    """Tell whether storing these messages would hold up the event loop."""
    if not new:
        return False
    return len(new) > LONG_MESSAGES or sum(len(one.content) for one in new) > _LONG_BYTES


def find_place(db: apsw.Connection, project: int, namespace: str, dialogue_id: str) -> Place:
    """Return the dialogue to append to; DialogueNotFound."""
    row = db.execute(
        "SELECT number, status, last_seq, last_server_created FROM dialogues"
        " WHERE project = ? AND namespace = ? AND id = ?",
        (project, namespace, dialogue_id),
    ).fetchone()
    if row is None:
        raise DialogueNotFound(f"Dialogue '{dialogue_id}' not found")
    return Place(row[0], project, dialogue_id, namespace, row[1], row[2], row[3])


def append(
    db: apsw.Connection, place: Place, new: Sequence[NewMessage], options: WriteOptions
) -> tuple[list[Message], list[NewMessage]]:
    """Store what is not stored yet; returns all messages as stored, and which of them are new."""
    twins, conflict = _twins(db, place, new)
    fresh = [message for position, message in enumerate(new) if position not in twins]
    if not fresh and not conflict:
        return list(twins.values()), []
    check_appendable(place.id, place.status)
    if conflict:
        raise conflict
    check_version(options.expected, place.last_seq)
    stored = iter(_insert(db, place, fresh, options.now))
    return [twins.get(position) or next(stored) for position in range(len(new))], fresh


def _twins(
    db: apsw.Connection, place: Place, new: Sequence[NewMessage]
) -> tuple[dict[int, Message], DuplicateId | None]:
    twins: dict[int, Message] = {}
    conflict: DuplicateId | None = None
    seen: set[str] = set()
    for position, message in enumerate(new):
        if not message.named:
            continue
        row = db.execute(_ONE, (place.number, message.id)).fetchone()
        if row and _is_twin(row, message) and message.id not in seen:
            twins[position] = to_message(place.id, place.namespace, row)
        elif message.id in seen:
            conflict = conflict or _duplicate(position, f"Id '{message.id}' stands here twice")
        elif row:
            differs = f"Message '{message.id}' exists already, and is not the same"
            conflict = conflict or _duplicate(position, differs)
        seen.add(message.id)
    return twins, conflict


def _duplicate(position: int, message: str) -> DuplicateId:
    return DuplicateId(message, [ErrorDetail(f"messages[{position}].id", "INVALID", message)])


def _is_twin(row: Row, new: NewMessage) -> bool:
    return (row[3], row[4], row[7], row[9]) == (
        new.role,
        new.content,
        new.metadata,
        new.name,
    ) and new.created in {None, row[0]}


def _insert(
    db: apsw.Connection, place: Place, new: Sequence[NewMessage], now: str
) -> list[Message]:
    stored = []
    server_created = max(now, place.last_server_created)
    for seq, message in enumerate(new, place.last_seq + 1):
        row = (
            message.created or server_created,
            seq,
            message.id,
            message.role,
            message.content,
            message.content_length,
            encode(message.tags),
            message.metadata,
            server_created,
            message.name,
            message.tokens,
        )
        db.execute(_INSERT, (place.number, *row))
        MESSAGE_TAGS.insert(db, place.number, db.last_insert_rowid(), message.tags)
        stored.append(to_message(place.id, place.namespace, row))
    if stored:
        _count(db, place, stored, server_created)
    return stored


def _count(db: apsw.Connection, place: Place, stored: list[Message], now: str) -> None:
    place.last_seq += len(stored)
    db.execute(
        "UPDATE dialogues SET total_messages = total_messages + ?, last_seq = ?,"
        " last_server_created = ?, last_message_created = max(last_message_created, ?),"
        " modified = max(modified, ?) WHERE number = ?",
        (len(stored), place.last_seq, now, max(one.created for one in stored), now, place.number),
    )


def last(reader: Reader, place: Place, count: int) -> list[Message]:
    """Return the last messages of a dialogue, oldest first."""
    found = page(reader, place, MessageFilter(), Window(count, "desc"))
    return found.items[::-1]


def page(reader: Reader, place: Place, wanted: MessageFilter, window: Window) -> Slice[Message]:
    """Return a window of a dialogue's messages."""
    make = partial(to_message, place.id, place.namespace)
    shape = Shape(make, _size, slice(0, 2))
    if window.after is None and wanted == _ANY:  # the commonest list needs no putting together
        rows = reader.db.execute(_ALL[window.order], (place.number, window.limit + 1))
        return reader.page(rows, window, shape)
    listing = Listing(_SELECT, ("r.created", "r.seq"), window)
    listing.scope["r.dialogue"] = place.number
    if wanted.tags:
        MESSAGE_TAGS.add_filter(reader.db, listing, place.number, wanted.tags)
    listing.add_span(reader.db, "messages", wanted.created)
    if wanted.role is not None:
        listing.add("r.role = ?", wanted.role)
    return reader.page(listing.rows(reader.db), window, shape)


def _size(row: Row) -> int:
    return len(row[4]) + len(row[6]) + len(row[7])


def to_message(dialogue_id: str, namespace: str, row: Row) -> Message:
    """Turn a row of this module's columns into a message."""
    return Message(
        id=row[2],
        dialogue_id=dialogue_id,
        role=row[3],
        content=Raw(row[4]),
        content_length=row[5],
        tags=_NO_TAGS if row[6] == b"[]" else Raw(row[6]),
        metadata=_NO_METADATA if row[7] == b"{}" else Raw(row[7]),
        created=row[0],
        modified=row[8],
        seq=row[1],
        token_count=row[10],
        namespace=namespace or UNSET,
        name=UNSET if row[9] is None else row[9],
    )


def cost(new: Sequence[NewMessage], now: str) -> Usage:
    """Return what storing messages uses."""
    stored_bytes = sum(message.stored_bytes for message in new)
    return Usage(month_of(now), messages=len(new), stored_bytes=stored_bytes)


def find_message(
    db: apsw.Connection, project: int, namespace: str, place: tuple[str, str]
) -> tuple[Place, Row]:
    """Return a message's row and its dialogue; MessageNotFound."""
    dialogue_id, message_id = place
    try:
        dialogue = find_place(db, project, namespace, dialogue_id)
    except DialogueNotFound:
        row = None
    else:
        row = db.execute(_ONE, (dialogue.number, message_id)).fetchone()
        if row is not None:
            return dialogue, row
    raise MessageNotFound(f"Message '{message_id}' not found in dialogue '{dialogue_id}'")


def retag(db: apsw.Connection, place: Place, row: Row, tags: tuple[str, ...], now: str) -> bool:
    """Replace a message's tags; False when they are these already."""
    stored = encode(tags)
    if stored == row[6]:
        return False
    MESSAGE_TAGS.delete(db, place.number, row[11], row[6])
    MESSAGE_TAGS.insert(db, place.number, row[11], tags)
    db.execute(
        "UPDATE messages SET tags = ?, modified = max(modified, ?) WHERE number = ?",
        (stored, now, row[11]),
    )
    return True


def uncount(db: apsw.Connection, place: Place, now: str) -> None:
    """Count a dialogue's messages after one was deleted."""
    db.execute(
        "UPDATE dialogues SET total_messages = total_messages - 1, modified = max(modified, ?1),"
        " last_message_created = coalesce((SELECT max(created) FROM messages"
        " WHERE dialogue = ?2), '') WHERE number = ?2",
        (now, place.number),
    )
