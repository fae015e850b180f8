"""The rows of the engine, copied to another or from one."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec

from dialoguedb.errors import DataError, ProjectNotFound
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
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.connection.readers import Readers
from dialoguedb.store.postgres.connection.writer import Transaction, Writer
from dialoguedb.store.postgres.rows import (
    copied_responses,
    copied_rows,
    dialogue_rows,
    memory_rows,
    trees,
)
from dialoguedb.store.postgres.rows.copied_rows import Owner
from dialoguedb.store.postgres.schema.partitions import part_of
from dialoguedb.store.postgres.search_index.index import Index, RowRef

_PORTION = 64
_READ = {
    kind: selects(
        kind,
        own="x.part = $1 AND x.number = $2",
        of=f"x.part = $1 AND x.{kind} = $2",
        joined="m.part = x.part AND m.number = x.message",
        held="h.part = x.part AND h.message = x.number",
        kept="a.part = h.part AND a.number = h.attachment",
    )
    for kind in OBJECTS
}
_OF = "x.part = d.part AND x.{} = d.number"
_VERSIONS = {kind: sql.format(of=_OF.format(kind)) for kind, sql in VERSIONS.items()}
_NAMED = "SELECT value FROM secrets WHERE name = $1"
_PAGE_TOKENS = "page tokens"
_LINK = """
    UPDATE dialogues d SET parent_part = p.part, parent = p.number FROM dialogues p
    WHERE d.thread_of IS NOT NULL AND d.parent IS NULL
    AND p.project = d.project AND p.namespace = d.namespace AND p.id = d.thread_of
"""
_STORE_PROJECT = """
    INSERT INTO projects (id, name, settings, created, modified) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, settings = excluded.settings,
        modified = excluded.modified
    RETURNING number
"""


class PostgresCopies:
    """Implements `ports.copies.Copies`."""

    def __init__(self, writer: Writer, readers: Readers, index: Index) -> None:
        self._writer = writer
        self._readers = readers
        self._index = index

    async def secret(self) -> bytes:
        """Return the secret of the data: it signs page tokens and receipts of erasures."""

        async def query(db: Connection) -> bytes:
            return bytes(await db.value(_NAMED, _PAGE_TOKENS))

        return await self._readers.read_once(query)

    async def check_finished(self) -> None:
        """Raise DataError when the data is a copy that is not finished."""
        mark = await self._readers.read_once(lambda db: db.value(_NAMED, UNFINISHED))
        if mark is not None:
            raise DataError(NOT_FINISHED)

    async def begin(self, secret: bytes) -> bool:
        """Make new data the copy of the data with a secret, or go on; DataError if it is neither.

        Returns whether nothing was missing at the end of the last pass; until the end of this one
        something may be. No server opens it before `finish`.
        """
        return await self._writer.write(lambda db: _begin(db, secret), repeatable=True)

    async def note_complete(self) -> None:
        """Note that nothing is missing at the end of this pass."""
        note = "INSERT INTO secrets VALUES ($1, '') ON CONFLICT DO NOTHING"
        await self._writer.write(lambda db: db.execute(note, COMPLETE), repeatable=True)

    async def finish(self) -> None:
        """Make the copy data like any other."""
        marks = [UNFINISHED, COMPLETE]
        done = "DELETE FROM secrets WHERE name = ANY($1::text[])"
        await self._writer.write(lambda db: db.execute(done, marks), repeatable=True)

    async def projects(self) -> list[CopiedProject]:
        """Return all projects by id, first what operators have."""
        return await self._readers.read(_projects)

    async def store_project(self, project: CopiedProject) -> None:
        """Store a project as it is now."""
        await self._writer.write(lambda db: _store_project(db, project))

    async def delete_project(self, project_id: str) -> None:
        """Delete a project that holds nothing any more; ProjectNotFound."""

        async def operation(db: Transaction) -> None:
            row_id = await _project_row(db, project_id)
            for table in PROJECT_TABLES:
                await db.execute(f"DELETE FROM {table} WHERE project = $1", row_id)
            await db.execute("DELETE FROM projects WHERE number = $1", row_id)

        await self._writer.write(operation)

    async def last_row_id(self, kind: Kind) -> int:
        """Return the greatest row id of an object now; 0 when there is none."""
        last = f"SELECT coalesce(max(number), 0) FROM {OBJECTS[kind]}"
        return int(await self._readers.read_once(lambda db: db.value(last)))

    async def heads(self, project_id: str, kind: Kind, after: int, limit: int) -> list[Head]:
        """Return objects after a row id, by row id; ProjectNotFound."""
        sql = (
            f"SELECT d.number, d.namespace, d.id, {_VERSIONS[kind]} FROM {OBJECTS[kind]} d"
            " WHERE d.number > $1 AND d.project = $2 ORDER BY d.number LIMIT $3"
        )

        async def query(db: Connection) -> list[Head]:
            project = await _project_row(db, project_id)
            return [
                Head(row_id, ObjectRef(namespace, object_id), msgspec.msgpack.encode(version))
                for row_id, namespace, object_id, *version in await db.rows(
                    sql, after, project, limit
                )
            ]

        return await self._readers.read(query)

    async def versions(
        self, project_id: str, kind: Kind, refs: Sequence[ObjectRef]
    ) -> dict[ObjectRef, bytes]:
        """Return the versions of those that there are; ProjectNotFound."""
        sql = (
            f"SELECT d.namespace, d.id, {_VERSIONS[kind]}"
            " FROM unnest($2::bigint[], $3::text[], $4::text[]) AS r (part, namespace, id)"
            f" JOIN {OBJECTS[kind]} d ON d.part = r.part AND d.project = $1"
            " AND d.namespace = r.namespace AND d.id = r.id"
        )

        async def query(db: Connection) -> dict[ObjectRef, bytes]:
            project = await _project_row(db, project_id)
            keys = [(part_of(project, *ref), *ref) for ref in refs]
            values = map(list, zip(*keys, strict=True)) if keys else ([], [], [])
            return {
                ObjectRef(namespace, object_id): msgspec.msgpack.encode(version)
                for namespace, object_id, *version in await db.rows(sql, project, *values)
            }

        return await self._readers.read(query)

    async def read(self, project_id: str, kind: Kind, ref: ObjectRef, sink: RowSink) -> bool:
        """Give all rows of an object, in one snapshot; False when it is not there."""

        async def query(db: Connection) -> bool:
            sink.restart()
            row = await _find(db, kind, await _project_row(db, project_id), ref)
            if row is None:
                return False
            for table, sql in _READ[kind].items():
                async for values in db.stream(sql, *row, portion=_PORTION):
                    sink.add(table, tuple(values))
            return True

        return await self._readers.read(query)

    async def write(self, project_id: str, kind: Kind, ref: ObjectRef, rows: RowSource) -> None:
        """Store an object with all its rows in the place of what is there."""

        async def operation(db: Transaction) -> None:
            project = await _project_row(db, project_id)
            write = self._write_dialogue if kind == "dialogue" else self._write_memory
            await write(db, project, ref, rows())

        await self._writer.write(operation, repeatable=True)

    async def _write_dialogue(
        self, db: Connection, project: int, ref: ObjectRef, rows: Iterator[tuple[str, Values]]
    ) -> None:
        former = await _find(db, "dialogue", project, ref)
        if former is not None:
            await copied_rows.clear(db, self._index, Owner(project, former))
        _, own = next(rows)
        row = await _store_own(db, "dialogue", project, ref, own)
        await copied_rows.insert_all(db, Owner(project, row), rows)
        await self._index.add(db, "message", await copied_rows.messages_of(db, row))
        await self._index.change(db, "dialogue", [row], text=True)

    async def _write_memory(
        self, db: Connection, project: int, ref: ObjectRef, rows: Iterator[tuple[str, Values]]
    ) -> None:
        _, own = next(rows)
        row = await _store_own(db, "memory", project, ref, own)
        for table in ("memory_tags", "memory_versions"):
            await db.execute(f"DELETE FROM {table} WHERE part = $1 AND memory = $2", *row)
        part, row_id = row
        for table, of_table in groupby(rows, key=itemgetter(0)):
            values = (values for _, values in of_table)
            if table == "memory_tags":
                tags = ((part, project, *tag, row_id) for tag in values)
                await copied_rows.insert(db, table, ("part", "project", "tag", "memory"), tags)
            else:
                columns = ("part", "memory", *TABLES[table])
                versions = ((part, row_id, *version) for version in values)
                await copied_rows.insert(db, table, columns, versions)
        await self._index.change(db, "memory", [row], text=True)

    async def delete(self, project_id: str, kind: Kind, ref: ObjectRef) -> None:
        """Delete an object; a dialogue goes with its threads."""

        async def operation(db: Transaction) -> None:
            project = await _project_row(db, project_id)
            if kind == "memory":
                if memory := await memory_rows.get(db, project, *ref):
                    await self._index.remove(db, "memory", [memory.ref])
                    await memory_rows.delete(db, memory)
            elif dialogue := await dialogue_rows.get(db, project, *ref):
                await trees.delete_tree(db, self._index, project, dialogue)

        await self._writer.write(operation, repeatable=True)

    async def link_threads(self) -> None:
        """Link dialogues that were written before what they are threads of."""
        await self._writer.write(lambda db: db.execute(_LINK), repeatable=True)

    async def responses(self, after: ResponsePosition, limit: int) -> list[CopiedResponse]:
        """Return kept responses in order, but those that repeat what is gone."""
        return await self._readers.read(lambda db: copied_responses.read(db, after, limit))

    async def forget_responses(self) -> None:
        """Drop all kept responses."""
        await self._writer.write(lambda db: db.execute("DELETE FROM answers"), repeatable=True)

    async def store_responses(self, responses: Sequence[CopiedResponse]) -> None:
        """Keep responses, but those that repeat what is not there."""
        await self._writer.write(lambda db: copied_responses.store(db, responses), repeatable=True)

    async def counts(self) -> dict[str, int]:
        """Return how many rows each kind of object has."""

        async def query(db: Connection) -> dict[str, int]:
            return {name: await db.value(f"SELECT count(*) FROM {name}") for name in COUNTED}

        return await self._readers.read(query)


async def _project_row(db: Connection, project_id: str) -> int:
    row_id: int | None = await db.value("SELECT number FROM projects WHERE id = $1", project_id)
    if row_id is None:
        raise ProjectNotFound(f"Project '{project_id}' not found")
    return row_id


async def _find(db: Connection, kind: Kind, project: int, ref: ObjectRef) -> RowRef | None:
    row = await db.row(
        f"SELECT part, number FROM {OBJECTS[kind]}"
        " WHERE part = $1 AND project = $2 AND namespace = $3 AND id = $4",
        *(part_of(project, *ref), project, *ref),
    )
    return RowRef(*row) if row else None


async def _begin(db: Connection, secret: bytes) -> bool:
    if await db.value(_NAMED, UNFINISHED) == secret:
        return bool(await db.execute("DELETE FROM secrets WHERE name = $1", COMPLETE))
    if await db.value("SELECT (SELECT count(*) FROM projects) + (SELECT count(*) FROM keys)"):
        raise DataError(OTHER_DATA)
    await db.execute("DELETE FROM secrets WHERE name = $1", UNFINISHED)
    await db.execute("INSERT INTO secrets VALUES ($1, $2)", UNFINISHED, secret)
    await db.execute("UPDATE secrets SET value = $2 WHERE name = $1", _PAGE_TOKENS, secret)
    return False


async def _projects(db: Connection) -> list[CopiedProject]:
    own = "SELECT number, id, name, settings, created, modified FROM projects ORDER BY id"
    owners: list[tuple[int | None, Sequence[Any]]] = [(None, ())]
    owners += [(row_id, values) for row_id, *values in await db.rows(own)]
    return [CopiedProject(await _tables_of(db, row_id), *values) for row_id, values in owners]


async def _tables_of(db: Connection, project: int | None) -> dict[str, list[Values]]:
    found: dict[str, list[Values]] = {}
    for table, columns in PROJECT_TABLES.items():
        rows = await db.rows(_select(table, columns), project)
        found[table] = [tuple(row) for row in rows]
    return found


def _select(table: str, columns: Sequence[str]) -> str:
    where = "WHERE project IS NOT DISTINCT FROM $1"
    if table != "usage":
        return f"SELECT {', '.join(columns)} FROM {table} {where} ORDER BY {columns[0]}"
    month, *counted = columns  # of all servers, which count in rows of their own
    sums = ", ".join(f"sum({column})::bigint" for column in counted)
    return f"SELECT {month}, {sums} FROM usage {where} GROUP BY {month} ORDER BY {month}"


async def _store_project(db: Connection, project: CopiedProject) -> None:
    row_id = None
    if project.id:
        own = (project.id, project.name, project.settings, project.created, project.modified)
        row_id = await db.value(_STORE_PROJECT, *own)
    for table, columns in PROJECT_TABLES.items():
        await db.execute(f"DELETE FROM {table} WHERE project IS NOT DISTINCT FROM $1", row_id)
        rows = ((row_id, *row) for row in project.tables[table])
        await copied_rows.insert(db, table, ("project", *columns), rows)


async def _store_own(
    db: Connection, kind: Kind, project: int, ref: ObjectRef, own: Values
) -> RowRef:
    """Store the object's own row; its number is the former one's if there is one."""
    table = OBJECTS[kind]
    columns = TABLES[table]
    names = ("part", "project", "namespace", "id", *columns)
    changes = ", ".join(f"{column} = excluded.{column}" for column in columns)
    placeholders = ", ".join(f"${position}" for position in range(1, len(names) + 1))
    row = await db.row(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({placeholders})"
        f" ON CONFLICT (part, project, namespace, id) DO UPDATE SET {changes}"
        " RETURNING part, number",
        *(part_of(project, *ref), project, *ref, *own),
    )
    assert row is not None
    return RowRef(*row)
