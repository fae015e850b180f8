"""Transactions around a block, for what runs before there is a writer."""

from collections.abc import Iterator
from contextlib import contextmanager

import apsw


@contextmanager
def transaction(db: apsw.Connection) -> Iterator[None]:
    """Store all of what the block does or nothing of it; waits while others write.

    `with db` of apsw would hold the interpreter lock while it waits, so another thread of this
    process could not end the transaction that is waited for.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # SQLite itself rolls back on some failures
            db.execute("ROLLBACK")
        raise
