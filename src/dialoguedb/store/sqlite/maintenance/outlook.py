"""What the next start of a server has still to do with data: migrations, checksums, indexes."""

from collections.abc import Iterator
from pathlib import Path

import apsw

from dialoguedb.ports.engine import KeySource
from dialoguedb.store.sqlite.encryption.unlocking import unlock
from dialoguedb.store.sqlite.maintenance import snapshot
from dialoguedb.store.sqlite.maintenance.upgrade import steps_missing_in
from dialoguedb.store.sqlite.schema import migrations

_SEARCH = 1 + [step.name for step in migrations.MIGRATIONS].index("search")
"""The version from which there are indexes."""

_OBJECTS = """
    SELECT (SELECT count(*) FROM messages) + (SELECT count(*) FROM dialogues)
        + (SELECT count(*) FROM memories)
"""
_TO_INDEX = """
    SELECT (SELECT ifnull(sum(last - done), 0) FROM index_runs)
        + (SELECT count(*) FROM outbox WHERE written = ''
           AND embedder IN (SELECT number FROM embedders WHERE state <> 'retired'))
"""
_CHANGED = "SELECT count(*) FROM changed"
_HAS_CHANGED = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'changed')"


def outlook(directory: Path, key: KeySource | None = None) -> list[str]:
    """Return what the next start has to do, a line each; DataError when it cannot be read."""
    path = snapshot.locate(directory)
    with snapshot.snapshot(path, unlock(path, key)) as db:
        return [*_migrations(db), *_indexing(db)]


def _migrations(db: apsw.Connection) -> Iterator[str]:
    if missing := steps_missing_in(db):
        yield f"The next start migrates the data: {', '.join(missing)}"
    reading = [step.name for step in migrations.MIGRATIONS[migrations.version(db) :] if step.fill]
    if reading:
        count = db.execute("SELECT count(*) FROM messages").get
        yield f"It reads each of {count:,} messages for {', '.join(reading)}"


def _indexing(db: apsw.Connection) -> Iterator[str]:
    if migrations.version(db) < _SEARCH:
        count = db.execute(_OBJECTS).get
    else:
        count = db.execute(_TO_INDEX).get
        count += db.execute(_CHANGED).get if db.execute(_HAS_CHANGED).get else 0
    if count:
        yield f"It indexes {count:,} objects in the background; searches tell how far that is"
