"""The connections of one process to its database."""

import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
from asyncpg.transaction import Transaction

from dialoguedb.errors import DataError, ServiceUnavailable
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.connection.errors import FAILURES, is_lost

logger = logging.getLogger(__name__)

_CONNECTIONS = 16
_CONNECT_S = 10.0
_FREE_S = 60.0
_STATEMENTS_KEPT = 256

_SCHEMA_OF_VECTORS = """
    SELECT n.nspname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typname = 'halfvec' AND pg_type_is_visible(t.oid)
"""

REFUSALS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ssl.SSLError)
"""What is raised by a database that cannot be opened."""


async def open_pool(
    url: str,
    *,
    password: str | None = None,
    pooled: bool = False,
    connections: int = _CONNECTIONS,
) -> Any:
    """Open connections to a database by its URL; DataError when it cannot be reached.

    Without a password the driver takes that of the URL, of PGPASSWORD or of libpq's password file.
    Nothing depends on the session of a connection, so a pooler may stand between. With one, a
    prepared statement may be another client's: then none is kept.
    """
    pooled = pooled or await _is_pooled(url, password)
    try:
        return await asyncpg.create_pool(
            url,
            password=password,
            min_size=0,  # else the driver logs each try to connect while there is no database
            max_size=connections,
            timeout=_CONNECT_S,
            statement_cache_size=0 if pooled else _STATEMENTS_KEPT,
            reset=_keep,
            init=_prepare,
        )
    except REFUSALS as error:
        raise cannot_open(error) from None


@asynccontextmanager
async def connected(url: str, password: str | None = None) -> AsyncIterator[Connection]:
    """Open one connection for a while; DataError, also when a statement on it fails."""
    try:
        raw = await asyncpg.connect(
            url,
            password=password,
            timeout=_CONNECT_S,
            statement_cache_size=0,
        )
        try:
            yield Connection(raw)
        finally:
            await raw.close()
    except REFUSALS as error:
        raise cannot_open(error) from None


async def _is_pooled(url: str, password: str | None) -> bool:
    """Tell whether a pooler answers: it names another process than the one that then works."""
    async with connected(url, password) as db:
        is_pooled = bool(await db.value("SELECT pg_backend_pid()") != db.raw.get_server_pid())
    if is_pooled:
        logger.info("A pooler stands before the database; prepared statements are not kept")
    return is_pooled


def cannot_open(error: Exception) -> DataError:
    """Say why a database cannot be opened."""
    if isinstance(error, TimeoutError):
        error = TimeoutError(f"no answer within {_CONNECT_S:.0f} seconds")
    reason = " ".join(str(error).split()) or type(error).__name__
    return DataError(f"The database cannot be opened: {reason}")


@asynccontextmanager
async def borrowed(pool: Any) -> AsyncIterator[asyncpg.Connection]:
    """Take a connection for a while; ServiceUnavailable when none becomes free."""
    try:
        raw = await pool.acquire(timeout=_FREE_S)
    except TimeoutError:
        raise ServiceUnavailable("All connections to the database are in use; try again") from None
    try:
        yield raw
    except BaseException as error:
        if is_lost(error):
            _terminate(raw)  # the driver may think that it is still in use
        raise
    finally:
        with suppress(*FAILURES):  # what was answered stays answered, and what failed its failure
            if raw.is_in_transaction():
                raw.terminate()
            await pool.release(raw)


def _terminate(raw: asyncpg.Connection) -> None:
    with suppress(*FAILURES):  # when it is gone, the pool has taken it back
        raw.terminate()


@asynccontextmanager
async def in_snapshot(raw: asyncpg.Connection) -> AsyncIterator[None]:
    """Read in one snapshot, and let a block that fails fail as it does by itself.

    The driver's own transaction raises that it cannot be rolled back in place of what has failed,
    even of a cancellation, which then is none.
    """
    snapshot = raw.transaction(isolation="repeatable_read", readonly=True)
    await begin(raw, snapshot)
    try:
        yield
    except BaseException:
        await roll_back(snapshot)
        raise
    await snapshot.commit()


async def begin(raw: asyncpg.Connection, transaction: Transaction) -> None:
    """Begin a transaction; where that fails, or is cancelled, the connection ends.

    The driver takes it for begun, and would complain of it when the connection is given back.
    """
    try:
        await transaction.start()
    except BaseException:
        _terminate(raw)
        raise


async def roll_back(transaction: Transaction) -> None:
    """Roll back as far as the connection is there; whoever lent it ends one that stays open."""
    with suppress(*FAILURES):
        await transaction.rollback()


async def _prepare(connection: asyncpg.Connection) -> None:
    """Have vectors sent as they are stored, not as numbers that are written and read one by one.

    Before the first migration there are none; `PostgresStore.open` takes new connections after it.
    """
    schema = await connection.fetchval(_SCHEMA_OF_VECTORS)
    if schema is not None:
        await connection.set_type_codec(
            "halfvec", schema=schema, encoder=bytes, decoder=bytes, format="binary"
        )


async def _keep(_connection: asyncpg.Connection) -> None:
    """Give a connection back as it is: no operation leaves anything in its session."""
