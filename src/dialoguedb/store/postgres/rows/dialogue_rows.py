"""Rows of dialogues: found, listed, stored."""

from collections.abc import Callable
from operator import attrgetter

from dialoguedb.model.dialogues import Dialogue, DialogueFilter, Status
from dialoguedb.model.projects import Project
from dialoguedb.model.rules.dialogues import DialoguePlan, StoredDialogue, dialogue_bytes
from dialoguedb.model.rules.status import dialogue_not_found
from dialoguedb.store.columns import columns_of
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.rows import message_rows
from dialoguedb.store.postgres.rows.columns import assignments, placeholders
from dialoguedb.store.postgres.rows.list_queries import SelectBuilder, find_few
from dialoguedb.store.postgres.rows.message_rows import Appended
from dialoguedb.store.postgres.rows.pages import Shape, each
from dialoguedb.store.postgres.rows.pages import page as page_of
from dialoguedb.store.postgres.rows.tags import DIALOGUE_TAGS
from dialoguedb.store.postgres.schema.partitions import part_of
from dialoguedb.store.postgres.search_index.sources import RowRef, Source
from dialoguedb.values.lists import Slice, Window

_ORDERS = {
    "created": "created",
    "modified": "modified",
    "lastMessageCreated": "last_message_created",
}


class DialogueRow(StoredDialogue, gc=False):
    """A dialogue as it is stored."""

    part: int
    row_id: int
    parent_part: int | None
    parent: int | None
    """The row of the dialogue that it is a thread of."""

    @property
    def ref(self) -> RowRef:
        """Its primary key."""
        return RowRef(self.part, self.row_id)


_COLUMNS = columns_of(
    DialogueRow, row_id="r.number", tags="b.tags", metadata="b.metadata", state="b.state"
)
SELECT = (
    f"SELECT {_COLUMNS} FROM dialogues r"
    " JOIN dialogue_bodies b ON b.part = r.part AND b.dialogue = r.number"
)
_STORED_BYTES = "(octet_length(b.tags) + octet_length(b.metadata) + octet_length(b.state))"
_ONE = f"{SELECT} WHERE r.part = $1 AND r.project = $2 AND r.namespace = $3 AND r.id = $4"
_LOCK_ONE = f"{_ONE} FOR NO KEY UPDATE OF r, b"
_OF_ROW = f"{SELECT} WHERE r.part = $1 AND r.number = $2"
_ID = "part = $1 AND project = $2 AND namespace = $3 AND id = $4"
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
_BODY = ("tags", "metadata", "state")
_INSERT = f"""
    WITH head AS (
        INSERT INTO dialogues (part, project, parent_part, parent, {", ".join(_INSERTED)})
        VALUES ({placeholders(4 + len(_INSERTED))}) RETURNING part, number
    )
    INSERT INTO dialogue_bodies (part, dialogue, {", ".join(_BODY)})
    SELECT part, number, {placeholders(len(_BODY), first=5 + len(_INSERTED))} FROM head
    RETURNING dialogue
"""
_CHANGED = ("label", "status", "ended_at", "archived_at", "revision", "modified")
_UPDATE = f"UPDATE dialogues SET {assignments(*_CHANGED, first=3)} WHERE part = $1 AND number = $2"
_UPDATE_BODY = """
    UPDATE dialogue_bodies SET state = $3, tags = $4 WHERE part = $1 AND dialogue = $2
"""
_ADD_THREAD = """
    UPDATE dialogues SET thread_count = thread_count + 1 WHERE part = $1 AND number = $2
"""


async def get(
    db: Connection, project: int, namespace: str, dialogue_id: str, *, lock: bool = False
) -> DialogueRow | None:
    """Return a dialogue's row, if there is one, locked on request."""
    part = part_of(project, namespace, dialogue_id)
    row = await db.row(_LOCK_ONE if lock else _ONE, part, project, namespace, dialogue_id)
    return DialogueRow(*row) if row else None


async def find(
    db: Connection, project: int, namespace: str, dialogue_id: str, *, lock: bool = False
) -> DialogueRow:
    """Return a dialogue's row, locked on request; DialogueNotFound."""
    row = await get(db, project, namespace, dialogue_id, lock=lock)
    if row is None:
        raise dialogue_not_found(dialogue_id)
    return row


async def of_row_id(db: Connection, dialogue: RowRef) -> DialogueRow:
    """Return the dialogue of a row that there is."""
    return DialogueRow(*(await db.row(_OF_ROW, *dialogue) or ()))


async def exists(db: Connection, project: int, namespace: str, dialogue_id: str) -> bool:
    """Tell whether there is a dialogue of this id."""
    part = part_of(project, namespace, dialogue_id)
    taken = f"SELECT EXISTS (SELECT FROM dialogues WHERE {_ID})"
    return bool(await db.value(taken, part, project, namespace, dialogue_id))


async def insert(
    db: Connection, project: int, parent: DialogueRow | None, plan: DialoguePlan
) -> tuple[RowRef, list[Source]]:
    """Store a new dialogue with its messages; returns its row, and them as they are indexed."""
    new = plan.dialogue
    part = part_of(project, new.namespace, new.id)
    above = parent.ref if parent else (None, None)
    values = (getattr(new, name) for name in (*_INSERTED, *_BODY))
    row = RowRef(part, await db.value(_INSERT, part, project, *above, *values))
    await DIALOGUE_TAGS.replace(db, project, row, (b"[]", new.tags))
    if parent:
        await db.execute(_ADD_THREAD, *parent.ref)
    if not plan.append:
        return row, []
    made = Appended(project, new.namespace, row, plan.append)
    return row, await message_rows.insert(db, [made])


async def store(
    db: Connection, project: int, former: DialogueRow, plan: DialoguePlan
) -> list[Source]:
    """Store a dialogue as it is after a change; returns new messages as they are indexed."""
    after = plan.dialogue
    added = []
    if plan.append and plan.append.new:
        made = Appended(project, after.namespace, former.ref, plan.append)
        added = await message_rows.append(db, [made])
    if not plan.is_changed:
        return added
    await db.execute(_UPDATE, *former.ref, *(getattr(after, name) for name in _CHANGED))
    if (after.state, after.tags) != (former.state, former.tags):
        await db.execute(_UPDATE_BODY, *former.ref, after.state, after.tags)
    if after.tags != former.tags:
        await DIALOGUE_TAGS.replace(db, project, former.ref, (former.tags, after.tags))
    return added


async def page(
    of: tuple[Project, int], filters: DialogueFilter, window: Window, db: Connection
) -> Slice[Dialogue]:
    """Return a window of dialogues of a project and its row id."""
    project, project_row = of
    order = _ORDERS[filters.order_by]
    query = SelectBuilder(SELECT, (f"r.{order}", "r.id", "r.namespace"), window)
    part = None
    if filters.thread_of is not None:
        query.fixed["r.parent"] = await _row_id_of_parent(db, project_row, filters)
    else:
        query.fixed["r.project"] = project_row
        if filters.namespace is not None:
            query.fixed["r.namespace"] = filters.namespace
        if filters.namespace:
            part = query.fixed["r.part"] = part_of(project_row, filters.namespace, "")
    if filters.tags:
        await DIALOGUE_TAGS.add_filter(db, query, project_row, filters.tags, part)
    if filters.status is not None:
        await _add_status(db, query, project_row, filters.status)
    await query.add_span(db, "dialogues", filters.created)
    key: Callable[[DialogueRow], tuple[str, ...]] = attrgetter(order, "id", "namespace")

    def make(row: DialogueRow) -> Dialogue:
        return row.to_dialogue(project)

    shape = Shape(DialogueRow, each(make), dialogue_bytes, key, _STORED_BYTES)
    return await page_of(db, query, shape)


async def _row_id_of_parent(db: Connection, project: int, filters: DialogueFilter) -> int | None:
    """Return the parent's row id; a list by an unknown one is empty."""
    namespace, dialogue_id = filters.namespace or "", filters.thread_of or ""
    part = part_of(project, namespace, dialogue_id)
    parent = f"SELECT number FROM dialogues WHERE {_ID}"
    row_id: int | None = await db.value(parent, part, project, namespace, dialogue_id)
    return row_id


async def _add_status(db: Connection, query: SelectBuilder, project: int, status: Status) -> None:
    if status != "active":
        found = "SELECT number FROM dialogues WHERE project = ? AND status = ?"
        found += " AND status <> 'active'"  # what the index of these is made with
        few = await find_few(db, found, (project, status))
        if few is not None:
            query.keep_to(few)
    query.add("r.status = ?", status)
