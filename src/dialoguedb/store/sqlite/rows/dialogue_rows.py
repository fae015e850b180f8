"""Rows of dialogues: found, listed, stored."""

from collections.abc import Callable
from operator import attrgetter

import apsw

from dialoguedb.model.dialogues import Dialogue, DialogueFilter, Status
from dialoguedb.model.projects import Project
from dialoguedb.model.rules.dialogues import DialoguePlan, StoredDialogue, dialogue_bytes
from dialoguedb.model.rules.status import dialogue_not_found
from dialoguedb.store.columns import columns_of
from dialoguedb.store.sqlite.connection.reader import Reader, Shape, each
from dialoguedb.store.sqlite.rows import message_rows
from dialoguedb.store.sqlite.rows.columns import assignments
from dialoguedb.store.sqlite.rows.list_queries import SelectBuilder, are_few
from dialoguedb.store.sqlite.rows.tags import DIALOGUE_TAGS
from dialoguedb.values.lists import Slice, Window

_ORDERS = {
    "created": "created",
    "modified": "modified",
    "lastMessageCreated": "last_message_created",
}


class DialogueRow(StoredDialogue, gc=False):
    """A dialogue as it is stored."""

    row_id: int
    parent: int | None
    """The row id of the dialogue that it is a thread of."""


_COLUMNS = columns_of(
    DialogueRow, row_id="r.number", tags="b.tags", metadata="b.metadata", state="b.state"
)
SELECT = f"SELECT {_COLUMNS} FROM dialogues r JOIN dialogue_bodies b ON b.dialogue = r.number"
_ONE = f"{SELECT} WHERE r.project = ? AND r.namespace = ? AND r.id = ?"
_INSERTED = (
    "id",
    "namespace",
    "status",
    "total_messages",
    "last_seq",
    "last_server_created",
    "last_message_created",
    "appended_tokens",
    "modified",
    "request_id",
    "thread_of",
    "label",
    "created",
    "revision",
)
_INSERT = (
    f"INSERT INTO dialogues (project, parent, {', '.join(_INSERTED)})"
    f" VALUES ({', '.join('?' * (2 + len(_INSERTED)))})"
)
_CHANGED = ("label", "status", "ended_at", "archived_at", "revision", "modified")
_UPDATE = f"UPDATE dialogues SET {assignments(*_CHANGED)} WHERE number = ?"


def get(db: apsw.Connection, project: int, namespace: str, dialogue_id: str) -> DialogueRow | None:
    """Return a dialogue's row, if there is one."""
    row = db.execute(_ONE, (project, namespace, dialogue_id)).fetchone()
    return DialogueRow(*row) if row else None


def find(db: apsw.Connection, project: int, namespace: str, dialogue_id: str) -> DialogueRow:
    """Return a dialogue's row; DialogueNotFound."""
    row = get(db, project, namespace, dialogue_id)
    if row is None:
        raise dialogue_not_found(dialogue_id)
    return row


def of_row_id(db: apsw.Connection, row_id: int) -> DialogueRow:
    """Return the dialogue of a row that there is."""
    return DialogueRow(*db.execute(f"{SELECT} WHERE r.number = ?", (row_id,)).get)


def exists(db: apsw.Connection, project: int, namespace: str, dialogue_id: str) -> bool:
    """Tell whether there is a dialogue of this id."""
    taken = "SELECT 1 FROM dialogues WHERE project = ? AND namespace = ? AND id = ?"
    return db.execute(taken, (project, namespace, dialogue_id)).fetchone() is not None


def insert(
    db: apsw.Connection, project: int, parent: DialogueRow | None, plan: DialoguePlan
) -> int:
    """Store a new dialogue with its messages; returns its row id."""
    new = plan.dialogue
    values = (getattr(new, name) for name in _INSERTED)
    db.execute(_INSERT, (project, parent and parent.row_id, *values))
    row_id = db.last_insert_rowid()
    bodies = (row_id, new.tags, new.metadata, new.state)
    db.execute("INSERT INTO dialogue_bodies VALUES (?, ?, ?, ?)", bodies)
    DIALOGUE_TAGS.replace(db, project, row_id, (b"[]", new.tags))
    if parent:
        more = "UPDATE dialogues SET thread_count = thread_count + 1 WHERE number = ?"
        db.execute(more, (parent.row_id,))
    if plan.append:
        message_rows.insert(db, project, row_id, plan.append)
    return row_id


def store(db: apsw.Connection, project: int, former: DialogueRow, plan: DialoguePlan) -> None:
    """Store a dialogue as it is after a change."""
    after = plan.dialogue
    if plan.append and plan.append.new:
        message_rows.append(db, project, former.row_id, plan.append)
    if not plan.is_changed:
        return
    db.execute(_UPDATE, (*(getattr(after, name) for name in _CHANGED), former.row_id))
    if (after.state, after.tags) != (former.state, former.tags):
        db.execute(
            "UPDATE dialogue_bodies SET state = ?, tags = ? WHERE dialogue = ?",
            (after.state, after.tags, former.row_id),
        )
    if after.tags != former.tags:
        DIALOGUE_TAGS.replace(db, project, former.row_id, (former.tags, after.tags))


def page(
    of: tuple[Project, int], filters: DialogueFilter, window: Window, reader: Reader
) -> Slice[Dialogue]:
    """Return a window of dialogues of a project and its row id."""
    project, project_row = of
    order = _ORDERS[filters.order_by]
    query = SelectBuilder(SELECT, (f"r.{order}", "r.id", "r.namespace"), window)
    if filters.thread_of is not None:
        query.fixed["r.parent"] = _row_id_of_parent(reader.db, project_row, filters)
    else:
        query.fixed["r.project"] = project_row
        if filters.namespace is not None:
            query.fixed["r.namespace"] = filters.namespace
    if filters.tags:
        DIALOGUE_TAGS.add_filter(reader.db, query, project_row, filters.tags)
    if filters.status is not None:
        _add_status(reader.db, query, project_row, filters.status)
    query.add_span(reader.db, "dialogues", filters.created)
    key: Callable[[DialogueRow], tuple[str, ...]] = attrgetter(order, "id", "namespace")

    def make(row: DialogueRow) -> Dialogue:
        return row.to_dialogue(project)

    shape = Shape(DialogueRow, each(make), dialogue_bytes, key)
    return reader.page(query.rows(reader.db), window, shape)


def _row_id_of_parent(db: apsw.Connection, project: int, filters: DialogueFilter) -> int | None:
    """Return the parent's row id; a list by an unknown one is empty."""
    parent = "SELECT number FROM dialogues WHERE project = ? AND namespace = ? AND id = ?"
    row_id: int | None = db.execute(
        parent, (project, filters.namespace or "", filters.thread_of)
    ).get
    return row_id


def _add_status(db: apsw.Connection, query: SelectBuilder, project: int, status: Status) -> None:
    if status != "active":
        found = "SELECT number FROM dialogues WHERE project = ? AND status = ?"
        found += " AND status <> 'active'"  # what the index of these is made with
        if are_few(db, found, (project, status)):
            query.few = True
            query.add(f"r.number IN ({found})", project, status)
    query.add("r.status = ?", status)
