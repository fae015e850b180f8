"""The schema, step by step from the first; each step is one transaction with its own record."""

import asyncio
import logging
import random
import secrets
from dataclasses import dataclass

import asyncpg

from dialoguedb.errors import DataError, NewerSchema, NotOurData
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.schema.first import FIRST
from dialoguedb.store.postgres.schema.memories import MEMORY_VERSIONS
from dialoguedb.store.postgres.schema.search import SEARCH, WORDS_AGAIN

logger = logging.getLogger(__name__)

_LOCK = 0x44444230
"""Of migrations: whoever holds it is the only one that changes the schema of this database."""

_ATTEMPTS = 20
_BACKOFF_S = (0.05, 0.5)
_SECRET_BYTES = 32
_PGVECTOR = (0, 8)


@dataclass(frozen=True)
class Migration:
    """One step of the schema."""

    name: str
    sql: str
    needs_vectors: bool = False
    """Whether it needs the extension pgvector."""


MIGRATIONS = (
    Migration("first schema", FIRST),
    Migration("search", SEARCH, needs_vectors=True),
    Migration("memory versions", MEMORY_VERSIONS),
    Migration("normal form of words", WORDS_AGAIN),
)

_RECORD = """
CREATE TABLE IF NOT EXISTS migrations (
    version integer PRIMARY KEY,
    name text NOT NULL,
    applied text NOT NULL
)
"""


async def version(db: Connection) -> int:
    """Return the number of steps a database has taken; NotOurData when its tables are others'."""
    # In this order: another process may make all of them meanwhile, in one transaction.
    has_others = await _has(db, "projects") or await _has(db, "messages")
    if not await _has(db, "migrations"):
        if has_others:
            raise NotOurData("The database has tables of another program in this schema")
        return 0
    return int(await db.value("SELECT coalesce(max(version), 0) FROM migrations"))


async def migrate(db: Connection, now: str) -> list[str]:
    """Take the steps that are missing; returns their names. NewerSchema, NotOurData."""
    await check_known(db)
    done: list[str] = []
    for step in range(await version(db), len(MIGRATIONS)):
        try:
            if await _take_once(db, step, now):
                done.append(MIGRATIONS[step].name)
        except asyncpg.InsufficientPrivilegeError as error:
            raise await _not_allowed(db, error) from error
    return done


async def _take_once(db: Connection, step: int, now: str) -> bool:
    """Take a step unless another process has; returns whether it did.

    A step locks one table after the other, and so do servers that run meanwhile, in another order.
    Where they wait for each other, the database breaks one of them off, which begins again.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            async with db.raw.transaction():
                await db.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
                if await version(db) > step:
                    return False
                await _take(db, step, now)
        except asyncpg.DeadlockDetectedError:
            if attempt == _ATTEMPTS:
                raise
            logger.info("Step %r of the schema waits for servers; it begins again", step + 1)
            await asyncio.sleep(random.uniform(*_BACKOFF_S))  # noqa: S311 - it hides nothing
        else:
            return True
    raise AssertionError


async def _not_allowed(db: Connection, error: Exception) -> DataError:
    role = await db.value("SELECT current_user")
    steps = ", ".join(one.name for one in MIGRATIONS[await version(db) :])
    return DataError(
        f"The database lacks steps of the schema ({steps}), and its role {role!r} may not take"
        f" them ({error}): run `dialoguedb migrate --database` with the role that owns the tables"
    )


async def check_known(db: Connection) -> None:
    """Refuse a schema that is newer than this program; NewerSchema."""
    step = await version(db)
    if step > len(MIGRATIONS):
        raise NewerSchema(
            f"The data has schema {step}, this program knows up to {len(MIGRATIONS)}: "
            "it was written by a newer version of DialogueDB. Install that version or a later one."
        )


async def missing(db: Connection) -> list[str]:
    """Return the names of the steps that are missing; NewerSchema, NotOurData."""
    await check_known(db)
    return [one.name for one in MIGRATIONS[await version(db) :]]


async def _take(db: Connection, step: int, now: str) -> None:
    migration = MIGRATIONS[step]
    if step == 0:
        await db.execute(_RECORD)
    if migration.needs_vectors:
        await _add_vectors(db)
    await db.execute(migration.sql)
    if step == 0:
        secret = secrets.token_bytes(_SECRET_BYTES)
        await db.execute("INSERT INTO secrets VALUES ('page tokens', $1)", secret)
    await db.execute("INSERT INTO migrations VALUES ($1, $2, $3)", step + 1, migration.name, now)


async def _add_vectors(db: Connection) -> None:
    """Add the extension pgvector, unless it is there; DataError."""
    try:
        await db.execute("CREATE EXTENSION IF NOT EXISTS vector")
    except asyncpg.InsufficientPrivilegeError:
        raise DataError(
            "The database lacks the extension pgvector, which this role may not add: have an"
            " administrator run CREATE EXTENSION vector in this database, then start again"
        ) from None
    except (asyncpg.FeatureNotSupportedError, asyncpg.UndefinedFileError) as error:
        major = db.raw.get_server_version().major
        raise DataError(
            "The database server lacks the extension pgvector, which search needs: install it there"
            f" (package postgresql-{major}-pgvector of Debian and Ubuntu, pgvector_{major} of"
            f" PostgreSQL's RPMs, or the image pgvector/pgvector:pg{major}), then start again"
            f" ({error.args[0]})"
        ) from None
    found = await db.value("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
    if tuple(map(int, str(found).split(".")[:2])) < _PGVECTOR:
        raise DataError(
            f"The database has pgvector {found}, and search needs 0.8 or later: install that on its"
            " server and run ALTER EXTENSION vector UPDATE in this database, then start again"
        )


async def _has(db: Connection, table: str) -> bool:
    return await db.value("SELECT to_regclass($1)", table) is not None
