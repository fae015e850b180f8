"""A database without the extension pgvector is refused, with what is to be done about it."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.cli.in_process import Terminal
from tests.databases.engines import databases_of
from tests.databases.postgres import PostgresServer, at_once
from tests.databases.statements import execute, rows

COMMANDS = [["migrate"], ["serve", "--port", "0"], ["keys", "create"]]
OF_SERVER = (
    "The database server lacks the extension pgvector, which search needs: install it there"
    " (package postgresql-18-pgvector "
)


@pytest.fixture
def room(tmp_path):
    return Terminal(tmp_path)


@pytest.fixture(scope="module")
def programs():
    """Copy PostgreSQL to where its own user may enter, with the libraries that lie beside it."""
    installed = databases_of("postgres").server.programs.parent
    package = installed.parent
    with TemporaryDirectory(prefix="dialoguedb-pg") as directory:
        Path(directory).chmod(0o755)
        copied = Path(directory, package.name, installed.name)
        shutil.copytree(installed, copied)
        for libraries in package.parent.glob(f"{package.name}.libs"):
            shutil.copytree(libraries, Path(directory, libraries.name))
        yield copied


@pytest.fixture(scope="module", params=["vector.control", "vector.so"])
def lacking(request, programs):
    """Run a server that lacks a file of the extension."""
    (file,) = programs.rglob(request.param)
    away = file.rename(file.with_name(f"{file.name}.away"))
    with TemporaryDirectory(prefix="dialoguedb-pg") as directory:
        server = PostgresServer(Path(directory), 18)
        server.programs = programs / "bin"
        server.make()
        server.start("fsync=off")
        try:
            yield server
        finally:
            server.stop()
            away.rename(file)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_server_that_lacks_it_is_to_have_it_installed(command, lacking, room):
    ended = room.run_alone(*command, "--database", lacking.new_database())
    assert ended.code == 1
    assert OF_SERVER in ended.error


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_role_that_may_not_add_it_asks_for_who_may(command, room):
    server = databases_of("postgres").server
    url = server.new_database()
    name = url.rpartition("/")[2]
    at_once(execute(url, f"CREATE ROLE {name} LOGIN; ALTER DATABASE {name} OWNER TO {name}"))
    mine = ("--database", server.url(name, name))
    ended = room.run_alone(*command, *mine)
    assert ended.code == 1
    assert "have an administrator run CREATE EXTENSION vector in this database" in ended.error
    at_once(execute(url, "CREATE EXTENSION vector"))
    assert room.run("migrate", *mine).code == 0
    assert at_once(rows(url, "SELECT count(*) FROM message_vectors")) == [(0,)]
