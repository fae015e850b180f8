"""What changes whenever a file does."""

import os
from pathlib import Path

Fingerprint = tuple[int, ...]

LOG = "-wal"
"""What is behind the name of a SQLite database in that of the log beside it."""

_PLAIN = (".json", ".jsonl")


def fingerprint(path: str | Path) -> Fingerprint | None:
    """Return what changes whenever a file does, or another one takes its name; None of none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - of thousands of files
    except OSError:
        return None
    # SQLite gives a log to its owner again whenever root opens it, which changes no content.
    changed_ns = 0 if str(path).endswith(LOG) else found.st_ctime_ns
    return (found.st_size, found.st_mtime_ns, changed_ns, found.st_ino, found.st_dev)


def with_log(path: Path) -> list[Path]:
    """Return a file, and the log of it if it is a SQLite database by its name."""
    is_plain = path.suffix.lower() in _PLAIN
    return [path] if is_plain else [path, path.with_name(path.name + LOG)]


def changed_ns(found: Fingerprint) -> int:
    """Return when a file was changed, in nanoseconds since 1970."""
    return found[1]
