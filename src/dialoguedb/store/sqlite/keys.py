"""Keys, of which only hashes are stored."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from operator import attrgetter

import apsw

from dialoguedb.model.keys import Caller, Key, NewKey
from dialoguedb.model.projects import Project
from dialoguedb.model.rules.keys import StoredKey, key_bytes, new_key, opened_by, plan_revocation
from dialoguedb.ports import WriteOptions
from dialoguedb.store.sqlite.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.sqlite.connection.reader import Reader, Readers, Shape, each
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.rows import key_rows
from dialoguedb.store.sqlite.rows.idempotency import at_most_once
from dialoguedb.store.sqlite.rows.list_queries import SelectBuilder
from dialoguedb.store.sqlite.rows.project_rows import find_by_row_id
from dialoguedb.values.lists import Slice, Window


class SQLiteKeys:
    """Implements `ports.KeyStore`."""

    def __init__(self, writer: Writer, readers: Readers, row_ids: ProjectRowIds) -> None:
        self._writer = writer
        self._readers = readers
        self._row_ids = row_ids

    async def create(self, project: Project | None, new: NewKey, options: WriteOptions) -> Key:
        """Store a key."""
        project_row = self._row_of(project)

        def operation(db: apsw.Connection) -> Key:
            key = new_key(new, options.now)
            key_rows.insert(db, project_row, key)
            return key.to_key(project)

        return await self._writer.write(at_most_once(operation, project_row, options))

    async def get(self, project: Project | None, key_id: str) -> Key:
        """Return one key."""
        project_row = self._row_of(project)
        return await self._readers.read(
            lambda reader: key_rows.find(reader.db, project_row, key_id).to_key(project)
        )

    async def list(self, project: Project | None, window: Window) -> Slice[Key]:
        """Return a window of keys by `created`, ties ordered by id."""
        project_row = self._row_of(project)

        def make(key: StoredKey) -> Key:
            return key.to_key(project)

        def query(reader: Reader) -> Slice[Key]:
            listed = SelectBuilder(key_rows.SELECT, ("r.created", "r.id"), window)
            listed.add("r.project IS ?", project_row)
            shape = Shape(StoredKey, each(make), key_bytes, attrgetter("created", "id"))
            return reader.page(listed.rows(reader.db), window, shape)

        return await self._readers.read(query)

    async def revoke(self, project: Project | None, key_id: str, options: WriteOptions) -> Key:
        """Revoke a key from now on; repeating changes nothing."""
        project_row = self._row_of(project)

        def operation(db: apsw.Connection) -> Key:
            row = key_rows.find(db, project_row, key_id)
            after = plan_revocation(row, options.now)
            if after is not row:
                db.execute("UPDATE keys SET revoked = ? WHERE id = ?", (after.revoked, key_id))
            return after.to_key(project)

        return await self._writer.write(at_most_once(operation, project_row, options))

    async def find(self, digest: bytes) -> Caller | None:
        """Return who holds a secret, None when unknown or revoked."""

        def query(reader: Reader) -> Caller | None:
            row = key_rows.get_by_digest(reader.db, digest)
            key = opened_by(digest, row)
            if row is None or key is None:
                return None
            project = None if row.project is None else find_by_row_id(reader.db, row.project)
            return key.to_caller(project)

        return await self._readers.read(query)

    def _row_of(self, project: Project | None) -> int | None:
        return None if project is None else self._row_ids.of(project)
