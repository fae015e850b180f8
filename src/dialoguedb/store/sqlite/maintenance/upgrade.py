"""Bringing a data directory to this program's schema without opening it for anything else."""

from contextlib import closing
from pathlib import Path

import apsw

from dialoguedb.ports.tokens import TokenCounter
from dialoguedb.store.sqlite.connection import files
from dialoguedb.store.sqlite.maintenance import snapshot
from dialoguedb.store.sqlite.schema import migrations
from dialoguedb.values import timestamps


def missing_steps(directory: Path) -> list[str]:
    """Return the names of the steps that a data directory lacks; DataError."""
    with snapshot.snapshot(snapshot.locate(directory)) as db:
        return [step.name for step in migrations.MIGRATIONS[migrations.version(db) :]]


def upgrade(directory: Path, count: TokenCounter) -> list[str]:
    """Take the missing steps, each in one transaction; returns their names. DataError."""
    path = snapshot.locate(directory)
    with closing(files.connect(path)) as db:
        try:
            return migrations.migrate(db, timestamps.now(), count)
        except apsw.Error as error:
            raise files.unusable(path, error) from error
