"""Bringing a data directory to this program's schema without opening it for anything else."""

from contextlib import closing
from pathlib import Path

import apsw

from dialoguedb.errors import DataError
from dialoguedb.ports.tokens import TokenCounter
from dialoguedb.store.sqlite.connection import files, vfs
from dialoguedb.store.sqlite.maintenance import snapshot
from dialoguedb.store.sqlite.schema import migrations, page_checksums
from dialoguedb.values import timestamps


def missing_steps(directory: Path) -> list[str]:
    """Return the names of the steps that a data directory lacks; DataError."""
    with snapshot.snapshot(snapshot.locate(directory)) as db:
        return steps_missing_in(db)


def steps_missing_in(db: apsw.Connection) -> list[str]:
    """Return the names of the steps that an open database lacks."""
    steps = [step.name for step in migrations.MIGRATIONS[migrations.version(db) :]]
    return steps if vfs.has_checksums(db) else [*steps, page_checksums.STEP]


def upgrade(directory: Path, count: TokenCounter) -> list[str]:
    """Take the missing steps, each in one transaction; returns their names. DataError."""
    path = snapshot.locate(directory)
    try:
        with closing(files.connect(path)) as db:
            steps = migrations.migrate(db, timestamps.now(), count)
        if not page_checksums.are_missing(path):
            return steps
        if not page_checksums.add(path):
            raise DataError(
                f"The pages of {path} can be given checksums when nothing else has it open:"
                " stop the servers that use it"
            )
    except apsw.Error as error:
        raise files.unusable(path, error) from error
    return [*steps, page_checksums.STEP]
