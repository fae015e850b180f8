"""Statements on a database, beside whatever uses it."""

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
