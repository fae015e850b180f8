"""What one of many processes does to a store that all share; run by name in fresh processes."""

import asyncio
from pathlib import Path

from dialoguedb.store.sqlite import SQLiteStore
from tests.contract.making import Tenant, message, over

TASKS = 4


def append(directory: Path, process: int, count: int) -> int:
    """Append that many messages to the shared dialogue, a few at a time; returns how many."""
    return asyncio.run(_append(directory, process, count))


async def _append(directory: Path, process: int, count: int) -> int:
    store = await SQLiteStore.open(directory)
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


def start_at_once(barrier, directories: list[Path]) -> list[str]:
    """Open each directory at the same time as all others do; returns page secrets."""
    return asyncio.run(_start_at_once(barrier, directories))


async def _start_at_once(barrier, directories: list[Path]) -> list[str]:
    secrets = []
    for directory in directories:
        barrier.wait(100)
        store = await SQLiteStore.open(directory)
        secrets.append(store.page_token_secret().hex())
        await store.ready()
        await store.close()
    return secrets
