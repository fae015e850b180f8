"""What one of many processes does to a store that all share; run by name in fresh processes."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from dialoguedb.ports import Store
from dialoguedb.store.postgres import PostgresStore
from dialoguedb.store.sqlite import SQLiteStore
from tests.contract.making import Tenant, message, over

TASKS = 4


async def opened(location: Path | str) -> Store:
    """Open a store in a directory, or by the URL of a database."""
    if isinstance(location, Path):
        return await SQLiteStore.open(location)
    return await PostgresStore.open(location)


def append(location: Path | str, process: int, count: int) -> int:
    """Append that many messages to the shared dialogue, a few at a time; returns how many."""
    return asyncio.run(_append(location, process, count))


async def _append(location: Path | str, process: int, count: int) -> int:
    store = await opened(location)
    try:
        services, clock = over(store)
        me = Tenant(services, clock, await services.projects.get("project-1"), store)
        await asyncio.gather(
            *(_append_some(me, f"{process}.{task}", count // TASKS) for task in range(TASKS))
        )
    finally:
        await store.close()
    return count


async def _append_some(me: Tenant, name: str, count: int) -> None:
    for number in range(count):
        stored = await me.append(message(f"{name}.{number}", id=f"{name}.{number}"))
        found = await me.get()
        assert found.last_seq >= stored[0].seq
        assert await me.message(stored[0].id) == stored[0]


def start_at_once(barrier, locations: Sequence[Path | str]) -> list[str]:
    """Open the data at each location at the same time as all others do; returns page secrets."""
    return asyncio.run(_start_at_once(barrier, locations))


async def _start_at_once(barrier, locations: Sequence[Path | str]) -> list[str]:
    secrets = []
    for location in locations:
        barrier.wait(100)
        store = await opened(location)
        secrets.append(store.page_token_secret().hex())
        await store.ready()
        await store.close()
    return secrets
