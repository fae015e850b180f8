"""Copies of the data: made while others write, verified, and then given their name at once."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import apsw

from dialoguedb import private_files
from dialoguedb.errors import DamagedData, DataError, NotOurData
from dialoguedb.store.sqlite.connection import commit_log, files, vfs
from dialoguedb.store.sqlite.connection.errors import is_damage
from dialoguedb.store.sqlite.maintenance import snapshot
from dialoguedb.store.sqlite.maintenance.check import find_damage

Progress = Callable[[int, int], None]
"""Told how many pages are copied, and of how many."""

PARTIAL = files.FILE + ".partial"
_NEW = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
_PAGES_PER_STEP = 1_000
_FINDINGS_SHOWN = 3
_HARMLESS = frozenset({PARTIAL, "lost+found", "tls"})


def backup(directory: Path, destination: Path, progress: Progress) -> Path:
    """Copy a data directory, in use or not, into an empty or new one; DataError."""
    source = snapshot.locate(directory)
    _insist_on_all_commits(source)
    return _copy(source, destination, snapshot.snapshot(source), progress)


def restore(source: Path, directory: Path, progress: Progress) -> Path:
    """Make an empty or new data directory from a backup, or from its file; DataError."""
    path = source if source.is_file() else snapshot.locate(source)
    return _copy(path, directory, snapshot.snapshot(path, at_rest=True), progress)


def _insist_on_all_commits(source: Path) -> None:
    known = commit_log.acknowledged(source)
    with snapshot.snapshot(source) as db:
        lost = commit_log.missing(db, known)
    if lost:
        raise DamagedData(
            f"{commit_log.loss(source, lost)}; no copy was made. Once a server has started on it,"
            " the data goes on without them"
        )


def _copy(
    source: Path,
    destination: Path,
    state: AbstractContextManager[apsw.Connection],
    progress: Progress,
) -> Path:
    prepare(destination)
    partial = destination / PARTIAL
    try:
        partial.unlink(missing_ok=True)  # left by a copy that was killed
        with state as db:
            _copy_pages(db, partial, progress)
        _verify(partial, source)
        made = finish(partial, destination)
    except OSError as error:
        raise DataError(f"{destination} cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return made


def finish(partial: Path, destination: Path) -> Path:
    """Put a file that is complete onto the disk, and give it its name."""
    _sync(partial)
    made = partial.rename(destination / files.FILE)
    _sync(destination)
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


def _copy_pages(db: apsw.Connection, partial: Path, progress: Progress) -> None:
    try:
        private_files.create(partial)
        copy = vfs.open_file(str(partial), _NEW)
    except (apsw.CantOpenError, OSError) as error:
        raise DataError(f"{partial.parent} cannot be written") from error
    try:
        copy.pragma("journal_mode", "OFF")  # half a copy is of no use to anyone
        copy.pragma("synchronous", "OFF")  # the whole file is synced before it gets its name
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


def _verify(partial: Path, source: Path) -> None:
    with snapshot.snapshot(partial, at_rest=True) as copy:
        findings = find_damage(copy)
    if findings:
        more = len(findings) - _FINDINGS_SHOWN
        shown = "; ".join(findings[:_FINDINGS_SHOWN]) + (f"; and {more} more" if more > 0 else "")
        raise DamagedData(f"{source} is damaged, no copy was kept: {shown}")


def _sync(path: Path) -> None:
    """Put a file, or the names in a directory, onto the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
