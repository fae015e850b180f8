"""Where the data of a server lies on each engine."""

import shutil
from pathlib import Path
from typing import Protocol

from tests.databases.engines import SERVED, VERSIONS, databases_of

__all__ = ["SERVED", "Files", "Storage", "storage_of"]


class Storage(Protocol):
    """Keeps data for directories, or in them."""

    def flags(self, directory: Path) -> list[str]:
        """Say where a command finds the data of a directory."""
        ...

    def copy(self, source: Path, to: Path) -> None:
        """Make what is the data of one directory, and not in use, that of another as well."""
        ...


class Files:
    """Keeps data in the directories themselves."""

    def flags(self, directory: Path) -> list[str]:
        """Say where a command finds the data of a directory."""
        return ["--data", str(directory)]

    def copy(self, source: Path, to: Path) -> None:
        """Copy a directory."""
        shutil.copytree(source, to)


def storage_of(engine: str) -> Storage:
    """Return the storage of an engine; that of PostgreSQL is a server of its own."""
    return databases_of(engine) if engine in VERSIONS else Files()
