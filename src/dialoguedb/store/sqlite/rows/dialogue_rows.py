"""Rows of dialogues: found, listed, inserted."""

import hashlib

import apsw
from msgspec import UNSET, Raw, Struct, UnsetType

from dialoguedb.errors import DialogueNotFound, DuplicateId, ErrorDetail
from dialoguedb.model.dialogues import Dialogue, DialogueFilter, NewDialogue, Status
from dialoguedb.model.messages import Message
from dialoguedb.model.projects import Project
from dialoguedb.store.sqlite.connection.reader import Reader, Row, Shape
from dialoguedb.store.sqlite.rows.list_queries import Listing, are_few
from dialoguedb.store.sqlite.rows.message_rows import Place
from dialoguedb.store.sqlite.rows.tags import DIALOGUE_TAGS, encode
from dialoguedb.values.lists import Slice, Window

_ORDER_COLUMNS = {
    "created": "r.created",
    "modified": "r.modified",
    "lastMessageCreated": "r.last_message_created",
}


class DialogueRow(Struct, gc=False):
    """A dialogue as it is stored, in the order of the columns selected."""

    order_key: str
    id: str
    namespace: str
    number: int
    project: int
    revision: int
    request_id: str
    thread_of: str | None
    parent: int | None
    label: str | None
    status: Status
    ended_at: str | None
    archived_at: str | None
    created: str
    modified: str
    total_messages: int
    thread_count: int
    last_seq: int
    last_server_created: str
    last_message_created: str
    tags: bytes
    metadata: bytes
    state: bytes

    @property
    def place(self) -> Place:
        """The dialogue as a place to append messages to."""
        return Place(
            self.number,
            self.project,
            self.id,
            self.namespace,
            self.status,
            self.last_seq,
            self.last_server_created,
        )

    def to_dialogue(
        self, project: Project, messages: list[Message] | UnsetType = UNSET
    ) -> Dialogue:
        """Return the dialogue as it is answered."""
        return Dialogue(
            id=self.id,
            project_id=project.id,
            request_id=self.request_id,
            status=self.status,
            tags=Raw(self.tags),
            metadata=Raw(self.metadata),
            metadata_length=len(self.metadata),
            metadata_sha256=hashlib.sha256(self.metadata).hexdigest(),
            state=Raw(self.state),
            total_messages=self.total_messages,
            thread_count=self.thread_count,
            last_seq=self.last_seq,
            created=self.created,
            modified=self.modified,
            namespace=self.namespace or UNSET,
            thread_of=UNSET if self.thread_of is None else self.thread_of,
            label=UNSET if self.label is None else self.label,
            ended_at=UNSET if self.ended_at is None else self.ended_at,
            archived_at=UNSET if self.archived_at is None else self.archived_at,
            last_message_created=self.last_message_created or UNSET,
            messages=messages,
        )


def _select(order_column: str) -> str:
    columns = ", ".join(
        f"{'b' if name in {'tags', 'metadata', 'state'} else 'r'}.{name}"
        for name in DialogueRow.__struct_fields__[1:]
    )
    return (
        f"SELECT {order_column}, {columns}"
        " FROM dialogues r JOIN dialogue_bodies b ON b.dialogue = r.number"
    )


_SELECTS = {order_by: _select(column) for order_by, column in _ORDER_COLUMNS.items()}
SELECT = _SELECTS["created"]
_ONE = f"{SELECT} WHERE r.project = ? AND r.namespace = ? AND r.id = ?"


def find(db: apsw.Connection, project: int, namespace: str, dialogue_id: str) -> DialogueRow:
    """Return a dialogue's row; DialogueNotFound."""
    row = db.execute(_ONE, (project, namespace, dialogue_id)).fetchone()
    if row is None:
        raise DialogueNotFound(f"Dialogue '{dialogue_id}' not found")
    return DialogueRow(*row)


def insert(
    db: apsw.Connection, where: tuple[int, str, DialogueRow | None], new: NewDialogue, now: str
) -> Place:
    """Store a new dialogue in `(project, namespace, parent)`; DuplicateId."""
    project, namespace, parent = where
    taken = "SELECT 1 FROM dialogues WHERE project = ? AND namespace = ? AND id = ?"
    if db.execute(taken, (project, namespace, new.id)).fetchone():
        message = f"Dialogue '{new.id}' exists already"
        raise DuplicateId(message, [ErrorDetail("id", "INVALID", message)])
    db.execute(
        "INSERT INTO dialogues (project, namespace, id, request_id, parent, thread_of, label,"
        " created, modified) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            project,
            namespace,
            new.id,
            new.request_id,
            parent and parent.number,
            parent and parent.id,
            new.label,
            new.created or now,
            now,
        ),
    )
    number = db.last_insert_rowid()
    bodies = (number, encode(new.tags), new.metadata, new.state)
    db.execute("INSERT INTO dialogue_bodies VALUES (?, ?, ?, ?)", bodies)
    DIALOGUE_TAGS.insert(db, project, number, new.tags)
    if parent:
        more = "UPDATE dialogues SET thread_count = thread_count + 1 WHERE number = ?"
        db.execute(more, (parent.number,))
    return Place(number, project, new.id, namespace, "active", 0, "")


def touch(db: apsw.Connection, number: int, now: str) -> None:
    """Give a dialogue its next revision."""
    sql = "UPDATE dialogues SET revision = revision + 1, modified = max(modified, ?)"
    db.execute(f"{sql} WHERE number = ?", (now, number))


def page(
    project: Project, number: int, wanted: DialogueFilter, window: Window, reader: Reader
) -> Slice[Dialogue]:
    """Return a window of dialogues."""
    order = (_ORDER_COLUMNS[wanted.order_by], "r.id", "r.namespace")
    listing = Listing(_SELECTS[wanted.order_by], order, window)
    if wanted.thread_of is not None:
        listing.scope["r.parent"] = _number_of(reader.db, number, wanted)
    else:
        listing.scope["r.project"] = number
        if wanted.namespace is not None:
            listing.scope["r.namespace"] = wanted.namespace
    if wanted.tags:
        DIALOGUE_TAGS.add_filter(reader.db, listing, number, wanted.tags)
    if wanted.status is not None:
        _add_status(reader.db, listing, number, wanted.status)
    listing.add_span(reader.db, "dialogues", wanted.created)

    def make(row: Row) -> Dialogue:
        return DialogueRow(*row).to_dialogue(project)

    return reader.page(listing.rows(reader.db), window, Shape(make, _size, slice(0, 3)))


def _number_of(db: apsw.Connection, project: int, wanted: DialogueFilter) -> int | None:
    """Return the parent's number; a list by an unknown one is empty."""
    parent = "SELECT number FROM dialogues WHERE project = ? AND namespace = ? AND id = ?"
    number: int | None = db.execute(parent, (project, wanted.namespace or "", wanted.thread_of)).get
    return number


def _size(row: Row) -> int:
    tags, metadata, state = row[-3:]
    return len(tags) + len(metadata) + len(state)


def _add_status(db: apsw.Connection, listing: Listing, project: int, status: Status) -> None:
    if status != "active":
        found = "SELECT number FROM dialogues WHERE project = ? AND status = ?"
        found += " AND status <> 'active'"  # what the index of these is made with
        if are_few(db, found, (project, status)):
            listing.few = True
            listing.add(f"r.number IN ({found})", project, status)
    listing.add("r.status = ?", status)
