"""Copies of the data: made while others write, verified, and then given their name at once."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

import apsw

from dialoguedb import private_files
from dialoguedb.errors import DamagedData, DataError, NotOurData
from dialoguedb.ports.engine import KeySource
from dialoguedb.store.sqlite.connection import commit_log, files, log_frames, vfs
from dialoguedb.store.sqlite.connection.errors import is_damage
from dialoguedb.store.sqlite.encryption import key_ring
from dialoguedb.store.sqlite.encryption.data_key import DataKey
from dialoguedb.store.sqlite.encryption.unlocking import unlock
from dialoguedb.store.sqlite.maintenance import snapshot
from dialoguedb.store.sqlite.maintenance.check import find_damage

Progress = Callable[[int, int], None]
"""Told how many pages are copied, and of how many."""

PARTIAL = files.FILE + ".partial"
_NEW = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
_PAGES_PER_STEP = 1_000
_FINDINGS_SHOWN = 3
_HARMLESS = frozenset({PARTIAL, "lost+found", "tls"})


@dataclass(frozen=True)
class _Source:
    """A database to copy, in one state of it; the copy is encrypted if it is, with its key."""

    path: Path
    key: DataKey | None
    state: AbstractContextManager[apsw.Connection]


def backup(
    directory: Path, destination: Path, progress: Progress, key: KeySource | None = None
) -> Path:
    """Copy a data directory, in use or not, into an empty or new one; DataError."""
    path = snapshot.locate(directory)
    data_key = unlock(path, key)
    insist_on_all_commits(path, data_key)
    return _copy(_Source(path, data_key, snapshot.snapshot(path, data_key)), destination, progress)


def restore(
    source: Path, directory: Path, progress: Progress, key: KeySource | None = None
) -> Path:
    """Make an empty or new data directory from a backup, or from its file; DataError."""
    path = source if source.is_file() else snapshot.locate(source)
    data_key = unlock(path, key)
    state = snapshot.snapshot(path, data_key, at_rest=True)
    return _copy(_Source(path, data_key, state), directory, progress)


def insist_on_all_commits(source: Path, key: DataKey | None) -> None:
    """Raise DamagedData when a database lacks commits, or the log of one in use is damaged."""
    known = commit_log.acknowledged(source)
    with snapshot.snapshot(source, key) as db:
        lost = commit_log.missing(db, known)
        frame = log_frames.damaged_frame_of(source) if key is None else None
    if frame:
        raise DamagedData(f"The log of {source} is damaged from frame {frame} on; no copy was made")
    if lost:
        raise DamagedData(
            f"{commit_log.loss(source, lost)}; no copy was made. Once a server has started on it,"
            " the data goes on without them"
        )


def _copy(source: _Source, destination: Path, progress: Progress) -> Path:
    prepare(destination)
    partial = destination / PARTIAL
    try:
        partial.unlink(missing_ok=True)  # left by a copy that was killed
        with source.state as db:
            _copy_pages(db, partial, source.key, progress)
        verify(partial, source.path, source.key)
        if source.key is not None:
            key_ring.copy(source.path.parent, destination, source.key.salt)
        made = finish(partial, destination)
    except OSError as error:
        raise DataError(f"{destination} cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return made


def finish(partial: Path, destination: Path) -> Path:
    """Put a file that is complete onto the disk, and give it its name."""
    sync(partial)
    made = partial.rename(destination / files.FILE)
    sync(destination)
    return made


def prepare(destination: Path) -> None:
    """Make a directory for a copy, or use an empty one; NotOurData, DataError."""
    try:
        private_files.make_directory(destination)
        entries = {entry.name for entry in destination.iterdir()}
    except (FileExistsError, NotADirectoryError):
        raise NotOurData(f"{destination} is a file; an empty or new directory is needed") from None
    except OSError as error:
        raise DataError(f"{destination} cannot be used: {error.strerror}") from error
    if entries - _HARMLESS:
        raise NotOurData(f"{destination} is not empty; an empty or new directory is needed")
    private_files.warn_if_open(destination)


def _copy_pages(
    db: apsw.Connection, partial: Path, key: DataKey | None, progress: Progress
) -> None:
    try:
        private_files.create(partial)
        copy = vfs.open_file(str(partial), _NEW, key=key)
    except (apsw.CantOpenError, OSError) as error:
        raise DataError(f"{partial.parent} cannot be written") from error
    try:
        copy.pragma("journal_mode", "OFF")  # half a copy is of no use to anyone
        copy.pragma("synchronous", "OFF")  # the whole file is synced before it gets its name
        if vfs.has_checksums(db):
            # The layer gives pages checksums from the first page on that says so, and a large copy
            # would have that written last: what stood in the log kept checksums of former content.
            vfs.reserve_checksums(copy)
            copy.pragma("user_version", 1)
        with copy.backup("main", db, "main") as pages:
            while not pages.done:
                pages.step(_PAGES_PER_STEP)
                progress(pages.page_count - pages.remaining, pages.page_count)
    except (apsw.FullError, apsw.IOError) as error:
        if is_damage(error):
            raise  # of the source
        raise DataError(f"{partial.parent} cannot take the copy; is its disk full?") from error
    finally:
        copy.close(True)  # noqa: FBT003 - forced: the first error is the one to report


def verify(partial: Path, source: Path, key: DataKey | None) -> None:
    """Return when a copy is whole; DamagedData otherwise."""
    with snapshot.snapshot(partial, key, at_rest=True) as copy:
        findings = find_damage(copy)
    if findings:
        more = len(findings) - _FINDINGS_SHOWN
        shown = "; ".join(findings[:_FINDINGS_SHOWN]) + (f"; and {more} more" if more > 0 else "")
        raise DamagedData(f"{source} is damaged, no copy was kept: {shown}")


def sync(path: Path) -> None:
    """Put a file, or the names in a directory, onto the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
