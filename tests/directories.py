"""Where the tests' directories lie: in memory, where the system has a file system there."""

import os
import shutil
import tempfile
from pathlib import Path

DISK = tempfile.gettempdir()
"""For tests of what a crash or a full disk leaves of data."""

_MEMORY = Path("/dev/shm")
_FREE_BYTES_MIN = 2 * 1024**3


def prefer_memory() -> None:
    """Make temporary directories in memory; on a disk, tests mostly wait for its confirmations."""
    if not (_MEMORY.is_dir() and os.access(_MEMORY, os.W_OK)):
        return
    if shutil.disk_usage(_MEMORY).free >= _FREE_BYTES_MIN:
        tempfile.tempdir = str(_MEMORY)
