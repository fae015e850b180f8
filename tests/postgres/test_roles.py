"""The role of a server needs no right to change the schema, and says so when it would need one."""

import pytest

from dialoguedb import DialogueDB
from tests.cli.in_process import Terminal
from tests.databases.engines import databases_of
from tests.databases.postgres import at_once
from tests.databases.statements import execute

ROLES = """
    CREATE ROLE {name}_owner LOGIN;
    CREATE ROLE {name}_server LOGIN;
    ALTER DATABASE {name} OWNER TO {name}_owner;
    CREATE EXTENSION vector;
"""
RIGHTS = """
    GRANT USAGE ON SCHEMA public TO {name}_server;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public
        GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {name}_server;
"""


class Database:
    """A database with a role that owns it, and one for servers."""

    def __init__(self, server):
        self.url = server.new_database()
        self.name = self.url.rpartition("/")[2]
        at_once(execute(self.url, ROLES.format(name=self.name)))
        self.owner = server.url(self.name, f"{self.name}_owner")
        self.server = server.url(self.name, f"{self.name}_server")
        at_once(execute(self.owner, "GRANT CREATE ON SCHEMA public TO CURRENT_USER"))
        at_once(execute(self.owner, RIGHTS.format(name=self.name)))


@pytest.fixture
def database():
    return Database(databases_of("postgres").server)


@pytest.fixture
def room(tmp_path):
    return Terminal(tmp_path)


@pytest.fixture
def migrated(database, room):
    ended = room.run("migrate", "--database", database.owner)
    assert ended.code == 0, ended.err
    assert ended.out.startswith("Done: first schema\n")
    return database


@pytest.mark.parametrize("command", [["keys", "create"], ["serve", "--port", "0"]], ids=" ".join)
def test_an_empty_database_is_left_to_its_owner(database, room, command):
    ended = room.run_alone(*command, "--database", database.server)
    assert ended.code == 1
    assert "lacks steps of the schema (first schema, " in ended.error
    assert f"its role '{database.name}_server' may not take them" in ended.error
    assert "run `dialoguedb migrate --database`" in ended.error


def test_a_later_step_is_left_to_its_owner(migrated, room):
    at_once(execute(migrated.owner, "DELETE FROM migrations WHERE version > 1"))
    ended = room.run("keys", "list", "--database", migrated.server)
    assert "lacks steps of the schema (search" in ended.error
    checked = room.run("check", "--database", migrated.server).out
    assert "The next start migrates the data: search" in checked


def test_the_role_of_a_server_does_all_that_a_server_does(migrated, room):
    with DialogueDB(database=migrated.server) as db:
        dialogue = db.create_dialogue(message={"role": "user", "content": "Where is my parcel?"})
        dialogue.save_message("assistant", "On its way", tags=["parcel"])
        db.create_memory(id="m", value="likes parcels")
        found = db.search_messages("parcel")
        assert {hit.content for hit in found} >= {"Where is my parcel?"}
        dialogue.remove()
        db.erase("somebody")
    for command in (
        ["keys", "create"],
        ["projects", "create", "other"],
        ["projects", "delete", "other", "--yes"],
        ["migrate"],
        ["migrate", "--dry-run"],
        ["reindex"],
        ["check"],
    ):
        ended = room.run(*command, "--database", migrated.server)
        assert ended.code == 0, (command, ended.err)


def test_the_role_of_a_server_may_not_change_the_schema(migrated):
    for statement in (
        "CREATE TABLE x (y int)",
        "ALTER TABLE messages ADD x int",
        "DROP TABLE keys",
    ):
        with pytest.raises(Exception, match=r"permission denied|must be owner"):
            at_once(execute(migrated.server, statement))
