"""A program that removes what deletions left in an index, step by step, until it is killed."""

import asyncio
import sys
from pathlib import Path

from dialoguedb.store.sqlite import SQLiteStore


async def purge(directory: Path) -> None:
    """Remove it all; says so when it begins."""
    store = await SQLiteStore.open(directory)
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    while await store.index.purge():
        pass
    await store.close()


if __name__ == "__main__":
    asyncio.run(purge(Path(sys.argv[1])))
