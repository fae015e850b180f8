"""The rows of the engine, copied to another or from one."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import apsw
import msgspec

from dialoguedb.errors import DataError, ProjectNotFound
from dialoguedb.model.rules.tags import decode_tags
from dialoguedb.ports.copies import (
    PROJECT_TABLES,
    TABLES,
    CopiedProject,
    CopiedResponse,
    Head,
    Kind,
    ObjectRef,
    ResponsePosition,
    RowSink,
    RowSource,
    Values,
)
from dialoguedb.store.copied_rows import (
    COMPLETE,
    COUNTED,
    NOT_FINISHED,
    OBJECTS,
    OTHER_DATA,
    UNFINISHED,
    VERSIONS,
    selects,
)
from dialoguedb.store.sqlite.connection.reader import Reader, Readers
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.rows import (
    attachment_rows,
    copied_responses,
    dialogue_rows,
    memory_rows,
    trees,
)
from dialoguedb.store.sqlite.search_index import catch_up

_READ = {
    kind: selects(
        kind,
        own="x.number = ?1",
        of=f"x.{kind} = ?1",
        joined="m.number = x.message",
        held="h.message = x.number",
        kept="a.number = h.attachment",
    )
    for kind in OBJECTS
}
_VERSIONS = {kind: sql.format(of=f"x.{kind} = d.number") for kind, sql in VERSIONS.items()}
_MESSAGES = "SELECT number FROM messages WHERE dialogue = ?"
_FIND = "SELECT number FROM {} WHERE project = ? AND namespace = ? AND id = ?"
_LINK = """
    UPDATE dialogues SET parent = (
        SELECT p.number FROM dialogues p WHERE p.project = dialogues.project
        AND p.namespace = dialogues.namespace AND p.id = dialogues.thread_of
    ) WHERE thread_of IS NOT NULL AND parent IS NULL
"""


class SQLiteCopies:
    """Implements `ports.copies.Copies`."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def secret(self) -> bytes:
        """Return the secret of the data: it signs page tokens and receipts of erasures."""
        found = "SELECT value FROM secrets WHERE name = 'page tokens'"
        return await self._readers.run(lambda reader: bytes(reader.db.execute(found).get))

    async def check_finished(self) -> None:
        """Raise DataError when the data is a copy that is not finished."""
        mark = "SELECT count(*) FROM secrets WHERE name = ?"
        if await self._readers.read(lambda reader: reader.db.execute(mark, (UNFINISHED,)).get):
            raise DataError(NOT_FINISHED)

    async def begin(self, secret: bytes) -> bool:
        """Make new data the copy of the data with a secret, or go on; DataError if it is neither.

        Returns whether nothing was missing at the end of the last pass; until the end of this one
        something may be. No server opens it before `finish`.
        """
        return await self._writer.write(lambda db: _begin(db, secret), long=True)

    async def note_complete(self) -> None:
        """Note that nothing is missing at the end of this pass."""
        note = "INSERT OR IGNORE INTO secrets VALUES (?, x'')"
        await self._writer.write(lambda db: db.execute(note, (COMPLETE,)).fetchall())

    async def finish(self) -> None:
        """Make the copy data like any other."""
        done = "DELETE FROM secrets WHERE name IN (?, ?)"
        await self._writer.write(lambda db: db.execute(done, (UNFINISHED, COMPLETE)).fetchall())

    async def projects(self) -> list[CopiedProject]:
        """Return all projects by id, first what operators have."""
        return await self._readers.run(_projects)

    async def store_project(self, project: CopiedProject) -> None:
        """Store a project as it is now."""
        await self._writer.write(lambda db: _store_project(db, project), long=True)

    async def delete_project(self, project_id: str) -> None:
        """Delete a project that holds nothing any more; ProjectNotFound."""
        await self._writer.write(lambda db: _delete_project(db, project_id), long=True)

    async def last_row_id(self, kind: Kind) -> int:
        """Return the greatest row id of an object now; 0 when there is none."""
        last = f"SELECT ifnull(max(number), 0) FROM {OBJECTS[kind]}"
        return await self._readers.run(lambda reader: int(reader.db.execute(last).get))

    async def heads(self, project_id: str, kind: Kind, after: int, limit: int) -> list[Head]:
        """Return objects after a row id, by row id; ProjectNotFound."""
        sql = (
            f"SELECT d.number, d.namespace, d.id, {_VERSIONS[kind]} FROM {OBJECTS[kind]} d"
            " WHERE d.number > ? AND d.project = ? ORDER BY d.number LIMIT ?"
        )

        def query(reader: Reader) -> list[Head]:
            values = (after, _project_row(reader.db, project_id), limit)
            return [
                Head(row_id, ObjectRef(namespace, object_id), msgspec.msgpack.encode(version))
                for row_id, namespace, object_id, *version in reader.db.execute(sql, values)
            ]

        return await self._readers.run(query)

    async def versions(
        self, project_id: str, kind: Kind, refs: Sequence[ObjectRef]
    ) -> dict[ObjectRef, bytes]:
        """Return the versions of those that there are; ProjectNotFound."""
        sql = (
            f"SELECT {_VERSIONS[kind]} FROM {OBJECTS[kind]} d"
            " WHERE d.project = ? AND d.namespace = ? AND d.id = ?"
        )

        def query(reader: Reader) -> dict[ObjectRef, bytes]:
            project = _project_row(reader.db, project_id)
            return {
                ref: msgspec.msgpack.encode(list(version))
                for ref in refs
                for version in reader.db.execute(sql, (project, *ref))
            }

        return await self._readers.run(query)

    async def read(self, project_id: str, kind: Kind, ref: ObjectRef, sink: RowSink) -> bool:
        """Give all rows of an object, in one snapshot; False when it is not there."""

        def query(reader: Reader) -> bool:
            sink.restart()
            row_id = _find(reader.db, kind, _project_row(reader.db, project_id), ref)
            if row_id is None:
                return False
            for table, sql in _READ[kind].items():
                for values in reader.db.execute(sql, (row_id,)):
                    sink.add(table, values)
            return True

        return await self._readers.run(query)

    async def write(self, project_id: str, kind: Kind, ref: ObjectRef, rows: RowSource) -> None:
        """Store an object with all its rows in the place of what is there."""

        def operation(db: apsw.Connection) -> None:
            project = _project_row(db, project_id)
            write = _write_dialogue if kind == "dialogue" else _write_memory
            write(db, project, ref, rows())

        await self._writer.write(operation, long=True)

    async def delete(self, project_id: str, kind: Kind, ref: ObjectRef) -> None:
        """Delete an object; a dialogue goes with its threads."""

        def operation(db: apsw.Connection) -> None:
            project = _project_row(db, project_id)
            if kind == "memory":
                if memory := memory_rows.get(db, project, *ref):
                    memory_rows.delete(db, project, memory)
            elif dialogue := dialogue_rows.get(db, project, *ref):
                trees.delete_tree(db, project, dialogue)

        await self._writer.write(operation, long=True)

    async def link_threads(self) -> None:
        """Link dialogues that were written before what they are threads of."""
        await self._writer.write(lambda db: db.execute(_LINK).fetchall(), long=True)

    async def responses(self, after: ResponsePosition, limit: int) -> list[CopiedResponse]:
        """Return kept responses in order, but those that repeat what is gone."""
        return await self._readers.run(
            lambda reader: copied_responses.read(reader.db, after, limit)
        )

    async def forget_responses(self) -> None:
        """Drop all kept responses."""
        await self._writer.write(lambda db: db.execute("DELETE FROM answers").fetchall(), long=True)

    async def store_responses(self, responses: Sequence[CopiedResponse]) -> None:
        """Keep responses, but those that repeat what is not there."""
        await self._writer.write(lambda db: copied_responses.store(db, responses), long=True)

    async def counts(self) -> dict[str, int]:
        """Return how many rows each kind of object has."""

        def query(reader: Reader) -> dict[str, int]:
            return {name: reader.db.execute(f"SELECT count(*) FROM {name}").get for name in COUNTED}

        return await self._readers.run(query)


def _project_row(db: apsw.Connection, project_id: str) -> int:
    row_id: int | None = db.execute("SELECT number FROM projects WHERE id = ?", (project_id,)).get
    if row_id is None:
        raise ProjectNotFound(f"Project '{project_id}' not found")
    return row_id


def _find(db: apsw.Connection, kind: Kind, project: int, ref: ObjectRef) -> int | None:
    row_id: int | None = db.execute(_FIND.format(OBJECTS[kind]), (project, *ref)).get
    return row_id


def _begin(db: apsw.Connection, secret: bytes) -> bool:
    mark = "SELECT value FROM secrets WHERE name = ?"
    if db.execute(mark, (UNFINISHED,)).get == secret:
        db.execute("DELETE FROM secrets WHERE name = ?", (COMPLETE,))
        return bool(db.changes())
    if db.execute("SELECT (SELECT count(*) FROM projects) + (SELECT count(*) FROM keys)").get:
        raise DataError(OTHER_DATA)
    db.execute("INSERT OR REPLACE INTO secrets VALUES (?, ?)", (UNFINISHED, secret))
    db.execute("UPDATE secrets SET value = ? WHERE name = 'page tokens'", (secret,))
    return False


def _projects(reader: Reader) -> list[CopiedProject]:
    own = "SELECT number, id, name, settings, created, modified FROM projects ORDER BY id"
    owners: list[tuple[int | None, list[Any]]] = [(None, [])]
    owners += [(row_id, values) for row_id, *values in reader.db.execute(own)]
    return [CopiedProject(_tables_of(reader.db, row_id), *values) for row_id, values in owners]


def _tables_of(db: apsw.Connection, project: int | None) -> dict[str, list[Values]]:
    found: dict[str, list[Values]] = {}
    for table, columns in PROJECT_TABLES.items():
        named = f"SELECT {', '.join(columns)} FROM {table}"
        sql = f"{named} WHERE project IS ? ORDER BY {columns[0]}"
        found[table] = list(db.execute(sql, (project,)))
    return found


def _store_project(db: apsw.Connection, project: CopiedProject) -> None:
    row_id = None
    if project.id:
        values = (project.id, project.name, project.settings, project.created, project.modified)
        db.execute(
            "INSERT INTO projects (id, name, settings, created, modified) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET name = excluded.name, settings = excluded.settings,"
            " modified = excluded.modified",
            values,
        )
        row_id = _project_row(db, project.id)
    for table, columns in PROJECT_TABLES.items():
        db.execute(f"DELETE FROM {table} WHERE project IS ?", (row_id,))
        _insert(db, table, ("project", *columns), ((row_id, *row) for row in project.tables[table]))


def _delete_project(db: apsw.Connection, project_id: str) -> None:
    row_id = _project_row(db, project_id)
    for table in PROJECT_TABLES:
        db.execute(f"DELETE FROM {table} WHERE project = ?", (row_id,))
    db.execute("DELETE FROM projects WHERE number = ?", (row_id,))


def _insert(
    db: apsw.Connection, table: str, columns: Sequence[str], rows: Iterator[Sequence[object]]
) -> None:
    placeholders = ", ".join("?" * len(columns))
    sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({placeholders})"
    db.executemany(sql, (tuple(row) for row in rows))


def _own_row(db: apsw.Connection, kind: Kind, project: int, ref: ObjectRef, own: Values) -> int:
    """Store the object's own row; returns its number, which is the former one's if there is one."""
    table = OBJECTS[kind]
    columns = TABLES[table]
    names = ("project", "namespace", "id", *columns)
    changes = ", ".join(f"{column} = excluded.{column}" for column in columns)
    db.execute(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        f" ON CONFLICT (project, namespace, id) DO UPDATE SET {changes}",
        (project, *ref, *own),
    )
    row_id = _find(db, kind, project, ref)
    assert row_id is not None
    return row_id


def _write_memory(
    db: apsw.Connection, project: int, ref: ObjectRef, rows: Iterator[tuple[str, Values]]
) -> None:
    former = memory_rows.get(db, project, *ref)
    if former is not None:
        memory_rows.delete(db, project, former)
    _, own = next(rows)
    row_id = _own_row(db, "memory", project, ref, own)
    for table, of_table in groupby(rows, key=itemgetter(0)):
        values = (values for _, values in of_table)
        if table == "memory_tags":
            tags = ((project, *tag, row_id) for tag in values)
            _insert(db, table, ("project", "tag", "memory"), tags)
        else:
            _insert(db, table, ("memory", *TABLES[table]), ((row_id, *row) for row in values))


def _write_dialogue(
    db: apsw.Connection, project: int, ref: ObjectRef, rows: Iterator[tuple[str, Values]]
) -> None:
    former = _find(db, "dialogue", project, ref)
    if former is not None:
        _clear(db, project, former)
    _, own = next(rows)
    row_id = _own_row(db, "dialogue", project, ref, own)
    catch_up.change(db, "dialogue", row_id, text=True)
    for table, of_table in groupby(rows, key=itemgetter(0)):
        _write_rows(db, project, row_id, (table, (values for _, values in of_table)))


def _write_rows(
    db: apsw.Connection, project: int, dialogue: int, rows: tuple[str, Iterator[Values]]
) -> None:
    table, values = rows
    if table == "message_attachments":
        _write_attachments(db, project, dialogue, values)
    elif table == "message_tags":
        row_ids = _row_ids(db, dialogue)
        tags = ((dialogue, tag, row_ids[seq]) for seq, tag in values)
        _insert(db, table, ("dialogue", "tag", "message"), tags)
    elif table in {"summaries", "receipts"}:
        columns = ("project", "dialogue", *TABLES[table])
        _insert(db, table, columns, ((project, dialogue, *row) for row in values))
    elif table == "dialogue_tags":
        tags = ((project, *tag, dialogue) for tag in values)
        _insert(db, table, ("project", "tag", "dialogue"), tags)
    else:
        columns = ("dialogue", *TABLES[table])
        _insert(db, table, columns, ((dialogue, *row) for row in values))


def _write_attachments(
    db: apsw.Connection, project: int, dialogue: int, rows: Iterator[Values]
) -> None:
    row_ids = _row_ids(db, dialogue)
    for seq, sha256, base64 in rows:
        db.execute(
            "INSERT OR IGNORE INTO attachments (project, sha256, base64) VALUES (?, ?, ?)",
            (project, sha256, base64),
        )
        db.execute(
            "INSERT INTO message_attachments (message, attachment)"
            " SELECT ?, number FROM attachments WHERE project = ? AND sha256 = ?",
            (row_ids[seq], project, sha256),
        )


def _row_ids(db: apsw.Connection, dialogue: int) -> dict[int, int]:
    return dict(db.execute("SELECT seq, number FROM messages WHERE dialogue = ?", (dialogue,)))


def _clear(db: apsw.Connection, project: int, dialogue: int) -> None:
    """Delete all that is in a dialogue, which stays."""
    of = (dialogue,)
    for table in ("summaries", "receipts", "compaction_room", "message_tags"):
        db.execute(f"DELETE FROM {table} WHERE dialogue = ?", of)
    catch_up.remove(db, "message", _MESSAGES, of)
    attachment_rows.delete(db, _MESSAGES, of)
    db.execute("DELETE FROM messages WHERE dialogue = ?", of)
    tags = db.execute("SELECT tags FROM dialogue_bodies WHERE dialogue = ?", of).get
    db.executemany(
        "DELETE FROM dialogue_tags WHERE project = ? AND tag = ? AND dialogue = ?",
        [(project, tag, dialogue) for tag in decode_tags(tags or b"[]")],
    )
    db.execute("DELETE FROM dialogue_bodies WHERE dialogue = ?", of)
