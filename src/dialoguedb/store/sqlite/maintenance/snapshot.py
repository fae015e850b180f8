"""A consistent snapshot of the data, read while others go on writing."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from dialoguedb.errors import DataError
from dialoguedb.store.sqlite.connection import files, vfs, whole_file
from dialoguedb.store.sqlite.encryption.data_key import DataKey
from dialoguedb.store.sqlite.schema import migrations

_READ_ONLY = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI


def locate(directory: Path) -> Path:
    """Return the database in a data directory; DataError when there is none."""
    path = directory / files.FILE
    if path.is_file():
        return path
    what = "is empty or something else" if directory.exists() else "does not exist"
    raise DataError(f"There is no data in {directory}: it {what}")


@contextmanager
def snapshot(
    path: Path, key: DataKey | None = None, *, at_rest: bool = False
) -> Iterator[apsw.Connection]:
    """Hold a database of ours in its present state; DataError when it cannot be read.

    A file at rest, such as a backup, is one that nobody opens for writing meanwhile. It is read
    without a trace beside it, and so from a read-only disk, too; there every file is at rest.
    """
    db = None
    whole_file.insist(path)
    try:
        is_at_rest = at_rest or not os.access(path.parent, os.W_OK)
        db = _open_at_rest(path, key) if is_at_rest else files.connect_reader(path, key)
        files.check_ours(db, path)
        migrations.check_known(db)
        db.execute("BEGIN")
        if migrations.version(db) == 0:  # this first read takes hold of the state, too
            raise DataError(f"{path} is empty")
        whole_file.insist_on_pages(db, path)
        yield db
    except apsw.Error as error:
        raise files.unusable(path, error) from error
    finally:
        if db is not None:
            db.close(True)  # noqa: FBT003 - forced: the first error is the one to report


def _open_at_rest(path: Path, key: DataKey | None) -> apsw.Connection:
    if path.with_name(path.name + "-wal").exists():  # not at rest after all, or copied with its log
        return files.connect_reader(path, key)
    return vfs.open_file(f"{path.absolute().as_uri()}?immutable=1", _READ_ONLY, key=key)
