"""The command `dialoguedb` with nothing indexed for search, to measure what indexing takes.

Everything else is as it is: tokens are counted, and what is changed or deleted is noted. A search
finds nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from dialoguedb.cli import main

_STORE = "dialoguedb.store.sqlite"


@contextmanager
def nothing_indexed() -> Iterator[None]:
    """Have every index told that all is indexed."""

    def nothing(_db: Any) -> list[Any]:
        return []

    with patch(f"{_STORE}.indexing.gaps", nothing), patch(f"{_STORE}.index_store.gaps", nothing):
        yield


if __name__ == "__main__":
    with nothing_indexed():
        main()
