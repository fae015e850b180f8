"""Bringing a data directory to this program's schema without opening it for anything else."""

from contextlib import closing
from pathlib import Path

import apsw

from dialoguedb.errors import DataError
from dialoguedb.ports.engine import KeySource
from dialoguedb.ports.tokens import TokenCounter
from dialoguedb.store.sqlite.connection import files, vfs
from dialoguedb.store.sqlite.encryption.unlocking import unlock
from dialoguedb.store.sqlite.maintenance import snapshot
from dialoguedb.store.sqlite.schema import migrations, page_checksums
from dialoguedb.values import timestamps


def missing_steps(directory: Path, key: KeySource | None = None) -> list[str]:
    """Return the names of the steps that a data directory lacks; DataError."""
    path = snapshot.locate(directory)
    with snapshot.snapshot(path, unlock(path, key)) as db:
        return steps_missing_in(db)


def steps_missing_in(db: apsw.Connection) -> list[str]:
    """Return the names of the steps that an open database lacks."""
    steps = [step.name for step in migrations.MIGRATIONS[migrations.version(db) :]]
    is_whole = vfs.has_checksums(db) or vfs.is_encrypted(db)
    return steps if is_whole else [*steps, page_checksums.STEP]


def upgrade(directory: Path, count: TokenCounter, key: KeySource | None = None) -> list[str]:
    """Take the missing steps, each in one transaction; returns their names. DataError."""
    path = snapshot.locate(directory)
    data_key = unlock(path, key)
    try:
        with closing(files.connect(path, data_key)) as db:
            steps = migrations.migrate(db, timestamps.now(), count)
        if data_key is not None or not page_checksums.are_missing(path):
            return steps
        if not page_checksums.add(path):
            raise DataError(
                f"The pages of {path} can be given checksums when nothing else has it open:"
                " stop the servers that use it"
            )
    except apsw.Error as error:
        raise files.unusable(path, error) from error
    return [*steps, page_checksums.STEP]
