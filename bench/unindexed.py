"""The command `dialoguedb` without indexing for search, to measure the cost of indexing.

Everything else is unchanged: tokens are counted, and changes and deletions are recorded. A search
finds nothing.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from dialoguedb.cli import main

_STORE = "dialoguedb.store.sqlite"


@contextmanager
def nothing_indexed() -> Iterator[None]:
    """Let every index see an empty backlog."""

    def nothing(_db: Any) -> list[Any]:
        return []

    with ExitStack() as patches:
        for module in ("search_index.catch_up", "index"):
            patches.enter_context(patch(f"{_STORE}.{module}.backlog", nothing))
        yield


if __name__ == "__main__":
    with nothing_indexed():
        main()
