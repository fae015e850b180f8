"""Databases in the place of data directories, for tests that open an engine by a directory."""

from contextlib import contextmanager
from pathlib import Path

from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.connection.pool import open_pool
from dialoguedb.store.postgres.schema import migrations
from dialoguedb.values import timestamps
from tests.databases.postgres import PostgresServer, at_once, running

SETTINGS = ("fsync=off", "max_wal_size=256MB", "wal_level=minimal", "max_wal_senders=0")
"""For tests of anything but crashes: their data is gone with them."""

_NAMED = "database.url"


class Databases:
    """Gives each directory a database of its own, as long as the directory is there."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self._template = server.new_database()
        self._made: dict[Path, str] = {}
        at_once(_migrate(self._template))

    def url_of(self, directory: Path) -> str:
        """Return the URL of a directory's database, made and migrated at the first call."""
        if not (directory / _NAMED).exists():
            self._make(directory, _name(self._template))
        return (directory / _NAMED).read_text()

    def flags(self, directory: Path) -> list[str]:
        """Say where a command finds the data of a directory, and in it what lies beside data."""
        return ["--database", self.url_of(directory), "--data", str(directory)]

    def copy(self, source: Path, to: Path) -> None:
        """Make what is the data of one directory, and not in use, that of another as well."""
        self._make(to, _name(self.url_of(source)))

    def opener(self, open_store):
        """Return what opens a store by its directory, as those of embedded engines are."""

        async def opened(directory: Path, *arguments, **named):
            return await open_store(self.url_of(directory), *arguments, **named)

        return opened

    def _make(self, directory: Path, template: str) -> None:
        self._drop_abandoned()
        directory.mkdir(parents=True, exist_ok=True)
        self._made[directory] = self.server.new_database(template)
        (directory / _NAMED).write_text(self._made[directory])

    def _drop_abandoned(self) -> None:
        """Drop the databases whose directory pytest has removed, since each takes 8 MB."""
        for directory in [one for one in self._made if not one.exists()]:
            self.server.drop_database(self._made.pop(directory))


@contextmanager
def serving_directories(version: int = 18):
    """Run a server that gives each directory a database."""
    with running(version, *SETTINGS) as server:
        yield Databases(server)


async def _migrate(url: str) -> None:
    pool = await open_pool(url)
    async with pool.acquire() as raw:
        await migrations.migrate(Connection(raw), timestamps.now())
    await pool.close()


def _name(url: str) -> str:
    return url.rpartition("/")[2]
