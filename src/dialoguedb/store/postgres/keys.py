"""Keys, of which only hashes are stored."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from operator import attrgetter

from dialoguedb.model.keys import Caller, Key, NewKey
from dialoguedb.model.projects import Project
from dialoguedb.model.rules.keys import StoredKey, key_bytes, new_key, opened_by, plan_revocation
from dialoguedb.ports import WriteOptions
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.postgres.connection.readers import Readers
from dialoguedb.store.postgres.connection.writer import Transaction, Writer
from dialoguedb.store.postgres.rows import key_rows
from dialoguedb.store.postgres.rows.idempotency import at_most_once
from dialoguedb.store.postgres.rows.list_queries import SelectBuilder
from dialoguedb.store.postgres.rows.pages import Shape, each, page
from dialoguedb.values.lists import Slice, Window


class PostgresKeys:
    """Implements `ports.KeyStore`."""

    def __init__(self, writer: Writer, readers: Readers, row_ids: ProjectRowIds) -> None:
        self._writer = writer
        self._readers = readers
        self._row_ids = row_ids

    async def create(self, project: Project | None, new: NewKey, options: WriteOptions) -> Key:
        """Store a key."""
        project_row = await self._row_of(project)

        async def operation(db: Transaction) -> Key:
            key = new_key(new, options.now)
            await key_rows.insert(db, project_row, key)
            return key.to_key(project)

        work = at_most_once(operation, project_row, options)
        return await self._writer.write(work, repeatable=options.idempotency is not None)

    async def get(self, project: Project | None, key_id: str) -> Key:
        """Return one key."""
        project_row = await self._row_of(project)

        async def query(db: Connection) -> Key:
            return (await key_rows.find(db, project_row, key_id)).to_key(project)

        return await self._readers.read_once(query)

    async def list(self, project: Project | None, window: Window) -> Slice[Key]:
        """Return a window of keys by `created`, ties ordered by id."""
        project_row = await self._row_of(project)

        def make(key: StoredKey) -> Key:
            return key.to_key(project)

        async def query(db: Connection) -> Slice[Key]:
            listed = SelectBuilder(key_rows.SELECT, ("r.created", "r.id"), window)
            if project_row is None:
                listed.add("r.project IS NULL")
            else:
                listed.fixed["r.project"] = project_row
            shape = Shape(StoredKey, each(make), key_bytes, attrgetter("created", "id"))
            return await page(db, listed, shape)

        return await self._readers.read(query)

    async def revoke(self, project: Project | None, key_id: str, options: WriteOptions) -> Key:
        """Revoke a key from now on; repeating changes nothing."""
        project_row = await self._row_of(project)

        async def operation(db: Transaction) -> Key:
            row = await key_rows.find(db, project_row, key_id, lock=True)
            after = plan_revocation(row, options.now)
            if after is not row:
                revoke = "UPDATE keys SET revoked = $1 WHERE id = $2"
                await db.execute(revoke, after.revoked, key_id)
            return after.to_key(project)

        work = at_most_once(operation, project_row, options)
        return await self._writer.write(work, repeatable=options.idempotency is not None)

    async def find(self, digest: bytes) -> Caller | None:
        """Return who holds a secret, None when unknown or revoked."""

        async def query(db: Connection) -> Caller | None:
            stored, project = await key_rows.get_by_digest(db, digest)
            key = opened_by(digest, stored)
            if key is None:
                return None
            return key.to_caller(project.to_project() if project else None)

        return await self._readers.read_once(query)

    async def _row_of(self, project: Project | None) -> int | None:
        return None if project is None else await self._row_ids.of(project)
