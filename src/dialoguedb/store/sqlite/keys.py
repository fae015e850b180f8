"""Keys, of which only hashes are stored."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

import hmac
from functools import partial

import apsw
from msgspec import UNSET, Struct

from dialoguedb.errors import KeyNotFound
from dialoguedb.model.keys import AnyPermission, Caller, Key, NewKey
from dialoguedb.model.projects import Project
from dialoguedb.ports import WriteOptions
from dialoguedb.store.sqlite.connection.project_row_ids import Numbers
from dialoguedb.store.sqlite.connection.reader import Reader, Readers, Row, Shape
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.rows.idempotency import at_most_once
from dialoguedb.store.sqlite.rows.list_queries import Listing
from dialoguedb.store.sqlite.rows.project_rows import find_numbered
from dialoguedb.values.lists import Slice, Window


class KeyRow(Struct, gc=False):
    """A key as it is stored, in the order of the columns selected."""

    created: str
    id: str
    prefix: str
    scope: AnyPermission
    name: str | None
    namespace: str | None
    expires: str | None
    last_used: str | None
    revoked: str | None


_SELECT = f"SELECT {', '.join(f'r.{name}' for name in KeyRow.__struct_fields__)} FROM keys r"


def insert(db: apsw.Connection, project: int | None, new: NewKey, now: str) -> None:
    """Store a key."""
    db.execute(
        "INSERT INTO keys (id, project, digest, prefix, scope, name, namespace, created, expires)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            new.id,
            project,
            new.digest,
            new.prefix,
            new.scope,
            new.name,
            new.namespace,
            now,
            new.expires,
        ),
    )


class SQLiteKeys:
    """Implements `ports.KeyStore`."""

    def __init__(self, writer: Writer, readers: Readers, numbers: Numbers) -> None:
        self._writer = writer
        self._readers = readers
        self._numbers = numbers

    async def create(self, project: Project | None, new: NewKey, options: WriteOptions) -> Key:
        """Store a key."""
        number = self._number(project)

        def act(db: apsw.Connection) -> Key:
            insert(db, number, new, options.now)
            return _find(db, project, number, new.id)

        return await self._writer.write(at_most_once(act, number, options))

    async def get(self, project: Project | None, key_id: str) -> Key:
        """Return one key."""
        number = self._number(project)
        return await self._readers.read(lambda reader: _find(reader.db, project, number, key_id))

    async def list(self, project: Project | None, window: Window) -> Slice[Key]:
        """Return a window of keys by `created`, ties ordered by id."""
        number = self._number(project)

        def query(reader: Reader) -> Slice[Key]:
            listing = Listing(_SELECT, ("r.created", "r.id"), window)
            listing.add("r.project IS ?", number)
            shape = Shape(partial(_to_key, project), lambda _: 0, slice(0, 2))
            return reader.page(listing.rows(reader.db), window, shape)

        return await self._readers.read(query)

    async def revoke(self, project: Project | None, key_id: str, options: WriteOptions) -> Key:
        """Revoke a key from now on; repeating changes nothing."""
        number = self._number(project)

        def act(db: apsw.Connection) -> Key:
            db.execute(
                "UPDATE keys SET revoked = ? WHERE project IS ? AND id = ? AND revoked IS NULL",
                (options.now, number, key_id),
            )
            return _find(db, project, number, key_id)

        return await self._writer.write(at_most_once(act, number, options))

    async def find(self, digest: bytes) -> Caller | None:
        """Return who holds a secret, None when unknown or revoked."""

        def query(reader: Reader) -> Caller | None:
            return _find_caller(reader.db, digest)

        return await self._readers.read(query)

    def _number(self, project: Project | None) -> int | None:
        return None if project is None else self._numbers.of(project)


def _find_caller(db: apsw.Connection, digest: bytes) -> Caller | None:
    row = db.execute(
        "SELECT digest, id, scope, namespace, expires, project FROM keys"
        " WHERE digest = ? AND revoked IS NULL",
        (digest,),
    ).fetchone()
    if row is None or not hmac.compare_digest(row[0], digest):
        return None
    _, key_id, scope, namespace, expires, number = row
    project = None if number is None else find_numbered(db, number)
    return Caller(key_id, scope, namespace, expires, project)


def _find(db: apsw.Connection, project: Project | None, number: int | None, key_id: str) -> Key:
    sql = f"{_SELECT} WHERE r.project IS ? AND r.id = ?"
    row = db.execute(sql, (number, key_id)).fetchone()
    if row is None:
        raise KeyNotFound(f"Key '{key_id}' not found")
    return _to_key(project, row)


def _to_key(project: Project | None, row: Row) -> Key:
    key = KeyRow(*row)
    return Key(
        id=key.id,
        prefix=key.prefix,
        scope=key.scope,
        created=key.created,
        project_id=UNSET if project is None else project.id,
        name=UNSET if key.name is None else key.name,
        namespace=UNSET if key.namespace is None else key.namespace,
        expires=UNSET if key.expires is None else key.expires,
        last_used=UNSET if key.last_used is None else key.last_used,
        revoked=UNSET if key.revoked is None else key.revoked,
    )
