"""The command `dialoguedb` with nothing indexed for search, to measure what indexing takes.

Everything else is as it is: tokens are counted, and what is changed or deleted is noted. A search
finds nothing.
"""

import apsw

from dialoguedb.cli import main
from dialoguedb.store.sqlite import index_store, indexing
from dialoguedb.store.sqlite.indexing import Gap


def nothing(_db: apsw.Connection) -> list[Gap]:
    """Say that all is indexed."""
    return []


if __name__ == "__main__":
    indexing.gaps = nothing
    index_store.gaps = nothing
    main()
