"""Statements on a database, beside whatever uses it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg


async def execute(url: str, sql: str) -> None:
    """Run statements."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def rows(url: str, sql: str) -> list[tuple[Any, ...]]:
    """Return what a query finds."""
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(sql)]
    finally:
        await connection.close()


@contextmanager
def locked(url: str, table: str) -> Iterator[None]:
    """Let nobody else use a table for a while."""
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(url))
        runner.run(connection.execute(f"BEGIN; LOCK TABLE {table}"))
        yield
        runner.run(connection.close())
