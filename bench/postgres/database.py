"""A PostgreSQL server on the disk of this machine, for as long as something is measured."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.databases.postgres import PostgresServer

VERSION = 18

_DISK = Path("/var/tmp")  # noqa: S108 - a disk that PostgreSQL's own user may enter


@contextmanager
def database() -> Iterator["PostgresServer"]:
    """Run a server with its defaults."""
    from tests.databases.postgres import PostgresServer  # noqa: PLC0415 - of the development extra

    with TemporaryDirectory(prefix="dialoguedb-bench", dir=_DISK) as directory:
        server = PostgresServer(Path(directory), VERSION)
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop()
