"""Every command on a PostgreSQL database, and what a server says while that is away."""

import asyncio
import json
import signal
import sys
import time

import pytest

from dialoguedb import AsyncDialogueDB, DialogueDB
from dialoguedb.errors import DataError, InvalidSetting
from tests.cli.in_process import Terminal
from tests.databases.engines import databases_of
from tests.databases.postgres import at_once, running
from tests.databases.statements import execute

PASSWORD = "hidden ünd secret%/@"
SECONDS_MAX = 60


@pytest.fixture
def room(tmp_path):
    return Terminal(tmp_path)


@pytest.fixture
def url(tmp_path):
    return databases_of("postgres").url_of(tmp_path / "database")


@pytest.fixture
def new_url():
    return databases_of("postgres").server.new_database()


@pytest.fixture
def at(room, url):
    """Run a command on the database; returns what it prints."""

    def run(*words, stdin=""):
        ended = room.run(*words, "--database", url, stdin=stdin)
        assert ended.code == 0, ended.err
        return ended.out

    return run


class TestOperators:
    def test_keys_and_projects(self, at):
        key = json.loads(at("keys", "create", "--name", "bot", "--json"))
        assert [json.loads(line)["id"] for line in at("keys", "list").splitlines()] == [key["id"]]
        assert json.loads(at("keys", "revoke", key["id"]))["revoked"]
        at("projects", "create", "other")
        at("projects", "set", "other", "--messages-per-month", "10")
        assert json.loads(at("projects", "show", "other", "--json"))["name"] == "other"
        at("projects", "delete", "other", "--yes")
        assert len(at("projects", "list").splitlines()) == 1

    def test_check_migrate_and_reindex(self, at):
        at("dialogue", "create", "--id", "d")
        at("message", "add", "d", "--role", "user", "--content", "Where is my parcel?")
        assert at("check").startswith("Nothing wrong with postgresql://")
        assert at("migrate", "--dry-run") == at("migrate") == "The schema is up to date\n"
        assert at("reindex").startswith("Reindexed: 2 vectors")

    def test_erase(self, at, tmp_path):
        at("memory", "create", "--id", "m", "--value", "tea", "--namespace", "ada")
        receipt = at("erase", "--namespace", "ada", "--yes", "--json")
        (tmp_path / "receipt").write_text(receipt)
        assert json.loads(receipt)["deleted"]["memories"] == 1
        assert at("erase", "--verify", tmp_path / "receipt") == "The receipt is genuine\n"

    @pytest.mark.parametrize(
        ("words", "instead"),
        [
            (["backup", "copy"], "pg_dump, or pg_basebackup"),
            (["restore", "copy"], "pg_restore, or a base backup"),
            (["encrypt"], "disk or volume"),
            (["rekey", "--data-key"], "disk or volume"),
        ],
        ids=str,
    )
    def test_what_postgres_has_tools_for_is_left_to_them(self, room, url, words, instead):
        ended = room.run(*words, "--database", url)
        assert ended.code == 1
        assert instead in ended.error
        assert not (room.directory / "copy").exists()

    def test_a_database_is_no_directory_to_recover(self, room, url):
        ended = room.run("recover", "--from", url, "--to", "recovered")
        assert "recovered with its own tools" in ended.error

    def test_new_tables_are_told_of(self, room, new_url):
        at_once(execute(new_url, "CREATE EXTENSION vector"))
        assert "There is no data in postgresql://" in room.run("check", "--database", new_url).err
        ended = room.run("keys", "create", "--database", new_url)
        assert f"Created a new database schema: {new_url}\n" in ended.err

    def test_tables_of_others_are_left_alone(self, room, new_url):
        at_once(execute(new_url, "CREATE TABLE messages (x int)"))
        ended = room.run("keys", "create", "--database", new_url)
        assert "tables of another program" in ended.error


class TestData:
    def test_what_is_stored_is_listed_searched_exported_and_imported(self, at, room, new_url):
        at("dialogue", "create", "--id", "d")
        at("message", "add", "d", "--role", "user", "--content", "Where is my parcel?")
        at("message", "add", "d", "--role", "assistant", "--content", "On its way")
        at("memory", "create", "--id", "m", "--value", "likes parcels")
        assert json.loads(at("dialogue", "get", "d"))["totalMessages"] == 2
        assert len(json.loads(at("search", "messages", "parcel"))["results"]) >= 1
        export = at("export")
        ended = room.run("import", "-", "--database", new_url, stdin=export)
        assert ended.code == 0, ended.err
        again = room.run("export", "--database", new_url).out
        assert again.splitlines()[1:] == export.splitlines()[1:]
        assert "Where is my parcel?" in at("export", "--format", "html", "--dialogue", "d")
        (chat,) = at("export", "--format", "openai-chat").splitlines()
        assert [one["role"] for one in json.loads(chat)["messages"]] == ["user", "assistant"]

    def test_reading_makes_no_tables(self, room, new_url):
        ended = room.run("dialogue", "list", "--database", new_url)
        assert ended.error.startswith("There is no data in postgresql://")

    def test_it_takes_the_place_of_a_directory_and_not_of_a_server(self, room, url):
        assert room.run("dialogue", "list", "--database", url, "--data", "x").code == 0
        assert not (room.directory / "x").exists()
        endpoint = ["--endpoint", "http://x"]
        assert room.run("dialogue", "list", "--database", url, *endpoint).code == 2
        assert room.run("dialogue", "list", "--database-password-file", "x").code == 2

    def test_programs_use_it_in_their_process(self, url):
        with DialogueDB(database=url) as db:
            db.create_dialogue(id="d")
            assert repr(db) == f"<DialogueDB in {url}>"

        async def read():
            async with AsyncDialogueDB(database=url) as db:
                return [one.id for one in await db.list_dialogues()]

        assert asyncio.run(read()) == ["d"]


class TestPasswords:
    @pytest.fixture(scope="class")
    @classmethod
    def locked(cls):
        """Run a server that asks a role for its password; returns its URL with the role."""
        with running(18, "fsync=off") as server:
            rules = server.data / "pg_hba.conf"
            role = "host all locked 127.0.0.1/32 scram-sha-256\n"
            rules.write_text(role + rules.read_text())
            url = server.new_database()
            at_once(execute(url, f"CREATE ROLE locked SUPERUSER LOGIN PASSWORD '{PASSWORD}'"))
            server.stop()  # one that is told to read its rules again does so at a time of its own
            server.start("fsync=off")
            yield url.replace("postgres@", "locked@")

    @pytest.fixture
    def file(self, tmp_path):
        (tmp_path / "password").write_text(PASSWORD + "\n")
        return tmp_path / "password"

    def test_come_from_a_file_or_a_variable(self, room, locked, file):
        commands = (["keys", "create"], ["dialogue", "list"])
        for words in commands:
            flags = ("--database", locked, "--database-password-file", file)
            ended = room.run(*words, *flags)
            assert ended.code == 0, ended.err
            assert "Warning" not in ended.err
        for variables in (
            {"PGPASSWORD": PASSWORD},
            {"DIALOGUEDB_DATABASE_PASSWORD": PASSWORD},
            {"DIALOGUEDB_DATABASE_PASSWORD_FILE": str(file)},
        ):
            for words in commands:
                ended = room.run(*words, "--database", locked, **variables)
                assert ended.code == 0, ended.err

    def test_in_a_url_are_taken_and_warned_of(self, room, locked):
        written = locked.replace("locked@", "locked:hidden%20%C3%BCnd%20secret%25%2F%40@")
        for words in (["keys", "list"], ["check"], ["dialogue", "list"]):
            ended = room.run(*words, "--database", written)
            assert ended.code == 0, ended.err
            assert "can see the password in --database" in ended.err
            assert "hidden" not in ended.out + ended.err
        ended = room.run("check", DIALOGUEDB_DATABASE=written)
        assert (ended.code, ended.err) == (0, "")
        assert ended.out.startswith(f"Nothing wrong with {locked}\n")
        with DialogueDB(database=written) as db:
            assert "hidden" not in repr(db)

    def test_that_are_wrong_or_missing_are_told_and_not_shown(self, room, locked, tmp_path):
        (tmp_path / "wrong").write_text("hidden too")
        flags = ("--database", locked, "--database-password-file", tmp_path / "wrong")
        for words in (["keys", "list"], ["dialogue", "list"], ["serve", "--port", "0"]):
            ended = room.run_alone(*words, *flags)
            assert ended.code == 1
            assert "password authentication failed for user" in ended.err
            assert "hidden" not in ended.out + ended.err
        with pytest.raises(DataError, match="cannot be opened"):
            DialogueDB(database=locked)

    def test_are_given_once(self, room, locked, file):
        written = locked.replace("locked@", "locked:hidden@")
        flags = ("--database", written, "--database-password-file", file)
        for words in (["keys", "list"], ["dialogue", "list"]):
            ended = room.run(*words, *flags)
            assert "not both" in ended.err
            assert "hidden" not in ended.err


def test_a_database_that_is_not_there_is_told_in_a_line(room, url):
    ended = room.run("check", "--database", "postgresql://postgres@127.0.0.1:1/x")
    assert ended.error.startswith("The database cannot be opened: ")
    ended = room.run("check", "--database", url + "x")
    assert ended.error == f'The database cannot be opened: database "{url[-33:]}x" does not exist'


def test_a_missing_driver_is_told_with_what_installs_it(monkeypatch, room):
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    for name in [one for one in sys.modules if one.startswith("dialoguedb.store.postgres")]:
        monkeypatch.delitem(sys.modules, name)
    ended = room.run("check", "--database", "postgresql://db/x")
    assert "pip install 'dialoguedb[postgres]'" in ended.error
    with pytest.raises(InvalidSetting, match="postgres"):
        DialogueDB(database="postgresql://db/x")


class TestServers:
    def test_serve_with_several_processes(self, room, new_url):
        at_once(execute(new_url, "CREATE EXTENSION vector"))
        flags = ("--database", new_url, "--workers", 2, "--embedder", "none")
        with room.serving(*flags) as server:
            client = server.client(server.first_key)
            stored = client.post("/dialogue", json={"id": "d"})
            assert stored.status_code == 200
            for _ in range(8):
                other = server.client(server.first_key)
                assert other.get("/dialogue/d").json()["id"] == "d"
                other.close()
            assert server.stop() == 0

    def test_a_database_that_is_away_costs_503_and_nothing_else(self, room):
        with running(18, "fsync=off") as database:
            url = database.new_database()
            with room.serving("--database", url, "--embedder", "none") as server:
                client = server.client(server.first_key)
                assert client.post("/dialogue", json={"id": "d"}).status_code == 200
                database.kill()
                for method, path in (
                    ("GET", "/dialogue/d"),
                    ("POST", "/dialogue"),
                    ("GET", "/ready"),
                ):
                    answer = client.request(method, path, json={} if method == "POST" else None)
                    assert answer.status_code == 503
                    assert answer.json()["error"]["code"] == "SERVICE_UNAVAILABLE"
                    assert int(answer.headers["retry-after"]) >= 1
                assert client.get("/health").status_code == 200
                assert client.get("/metrics").status_code == 200
                database.start()
                deadline = time.monotonic() + SECONDS_MAX
                while client.get("/ready").status_code != 200:
                    assert time.monotonic() < deadline
                assert client.get("/dialogue/d").json()["id"] == "d"
                assert client.post("/dialogue", json={}).status_code == 200
                assert server.stop(signal.SIGTERM) == 0
            assert "Traceback" not in server.log_file.read_text()
