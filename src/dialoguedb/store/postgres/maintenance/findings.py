"""Looks for damage of one kind after the other, past damage that stops one of them."""

from collections.abc import AsyncIterator, Callable

from dialoguedb.store.findings import FINDINGS_MAX, MORE
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.connection.errors import DAMAGED, UNREADABLE

Findings = Callable[[Connection], AsyncIterator[str]]
"""Looks for one kind of damage; a line each."""


async def found(db: Connection, findings: Findings) -> list[str]:
    """Return the first findings of a kind, in a transaction that goes on after them."""
    lines: list[str] = []
    try:
        async with db.raw.transaction():  # a savepoint, or damage would end the transaction
            async for line in findings(db):
                if len(lines) == FINDINGS_MAX:
                    return [*lines, MORE]
                lines.append(line)
    except (*DAMAGED, *UNREADABLE) as error:
        reason = " ".join(str(error).split())
        lines.append(f"Reading stopped at damage in the database: {reason}")
    return lines
