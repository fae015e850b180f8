"""Files and directories for their owner alone, whatever the umask is.

Everything that DialogueDB writes is made here, or by SQLite, which gives its log the mode of the
database.
"""

import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Literal

logger = logging.getLogger(__name__)

_FILE = 0o600
_DIRECTORY = 0o700
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_HAS_MODES = os.name == "posix"

_creating = Lock()


def make_directory(directory: Path) -> None:
    """Make a directory, and those above it that are missing; OSError.

    The mode of an existing one is its maker's choice: `warn_if_open` tells what it means.
    """
    for each in (*reversed(directory.parents), directory):
        if each == directory or not each.exists():
            each.mkdir(_DIRECTORY, exist_ok=True)


def create(path: Path) -> None:
    """Make an empty file unless there is one; OSError.

    A database that this process has open loses its locks when any descriptor of its file is
    closed, so an existing file is not opened, and nobody opens one that is being made.
    """
    with _creating, suppress(FileExistsError):  # another process made it first
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _FILE))


def open_file(path: Path, mode: Literal["wb", "w+b", "r+b", "ab"]) -> BinaryIO:
    """Open a file for writing, made when absent unless it is to be read, too; OSError."""
    file: BinaryIO = open(path, mode, opener=partial(os.open, mode=_FILE))  # noqa: SIM115 - the caller closes it; a path's own method takes no opener
    close_to_others(path)
    return file


def replace(path: Path, content: bytes) -> None:
    """Write a file, or replace it at once by one with other content; OSError."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    with open_file(new, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def write_once(path: Path, content: bytes) -> bool:
    """Write a file unless there is one, which is closed to others; tells whether. OSError."""
    try:
        opened = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _FILE)
    except FileExistsError:
        close_to_others(path)
        return False
    with os.fdopen(opened, "wb") as file:
        file.write(content)
    return True


def read_secret(path: Path) -> str:
    """Return the secret in a file, without white space around it; OSError, UnicodeDecodeError."""
    return path.read_text("utf-8").strip()


def close_to_others(path: Path) -> None:
    """Take the permissions of others from a file or directory of ours, and say so; if it exists."""
    with closed_to_others(path):
        pass


@contextmanager
def closed_to_others(*paths: Path) -> Iterator[None]:
    """Close files to others before the block; if it fails, they are not ours and open again."""
    modes = {path: mode for path in paths if (mode := _mode_if_open(path)) is not None}
    closed = [path for path, mode in modes.items() if _close(path, mode)]
    try:
        yield
    except BaseException:
        for path in closed:
            with suppress(OSError):
                path.chmod(modes[path])
        raise
    if closed:
        names = " and ".join(map(str, closed))
        logger.warning("Other users of this machine could open %s; now only its owner can", names)


def _mode_if_open(path: Path) -> int | None:
    """Return the permissions of a file or directory that others may open; None for all else."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return None
    is_ordinary = stat.S_ISREG(mode) or stat.S_ISDIR(mode)
    return stat.S_IMODE(mode) if _HAS_MODES and is_ordinary and mode & _OTHERS else None


def _close(path: Path, mode: int) -> bool:
    try:
        path.chmod(mode & ~_OTHERS)
    except OSError as error:
        logger.warning(
            "Other users of this machine can open %s, and it cannot be closed to them: %s",
            *(path, error.strerror),
        )
        return False
    return True


@cache
def warn_if_open(directory: Path) -> None:
    """Warn, once in a process, when others can enter a directory that is not ours to change."""
    if _mode_if_open(directory) is not None:
        logger.warning(
            "Other users of this machine can enter %s; what is in it is closed to them, but"
            " `chmod 700` keeps them out altogether",
            directory,
        )
