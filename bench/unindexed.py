"""The command `dialoguedb` with nothing indexed for search, to measure what indexing takes.

Everything else is as it is: tokens are counted, and what is changed or deleted is noted. A search
finds nothing.
"""

from typing import Any
from unittest.mock import patch

from dialoguedb.cli import main


def nothing(_db: Any) -> list[Any]:
    """Say that all is indexed."""
    return []


if __name__ == "__main__":
    store = "dialoguedb.store.sqlite"
    with patch(f"{store}.indexing.gaps", nothing), patch(f"{store}.index_store.gaps", nothing):
        main()
