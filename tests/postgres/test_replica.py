"""A read replica: it serves and checks what has been replayed there, and takes no writes."""

import shutil
import subprocess

import pytest

from tests.databases.postgres import USER, PostgresServer, as_somebody, at_once, running
from tests.databases.statements import rows
from tests.e2e.programs import Room
from tests.http.checking import done, eventually, refused
from tests.http.making import HELLO, contents, new_dialogue

REPLAYED = "SELECT pg_last_wal_replay_lsn() >= $${}$$::pg_lsn"


class Standby(PostgresServer):
    """A server that follows another."""

    def start_behind(self, primary):
        """Copy the data of another, and start on it."""
        self.directory.chmod(0o755)
        self.data.mkdir(mode=0o700)
        somebody = as_somebody()
        if somebody:
            shutil.chown(self.data, USER)
        options = ["--write-recovery-conf", "--checkpoint=fast", f"--dbname={primary.url()}"]
        program = str(self.programs / "pg_basebackup")
        command = [program, f"--pgdata={self.data}", *options]
        subprocess.run(command, check=True, capture_output=True, cwd="/", **somebody)
        self.start()


@pytest.fixture(scope="module")
def primary():
    with running() as server:
        yield server


@pytest.fixture(scope="module")
def replica(primary, tmp_path_factory):
    standby = Standby(primary.directory / "standby", 18)
    standby.directory.mkdir()
    try:
        standby.start_behind(primary)
        yield standby
    finally:
        standby.stop()


@pytest.fixture
def room(tmp_path):
    return Room(tmp_path)


@pytest.fixture
def both(primary, replica):
    """Return the URL of a database, and of the same on the replica, and what waits for that."""
    url = primary.new_database()
    followed = replica.url(url.rpartition("/")[2])

    def until_replayed():
        [[position]] = at_once(rows(url, "SELECT pg_current_wal_lsn()::text"))
        query = REPLAYED.format(position)
        eventually(lambda: at_once(rows(replica.url(), query)) == [(True,)], seconds_max=60)

    return url, followed, until_replayed


def test_it_is_served_and_checked_but_takes_no_writes(room, both):
    url, followed, until_replayed = both
    shared = ("--rate-limit-store", "database")
    with room.serving("--database", url, *shared) as serving:
        key = serving.first_key
        client = serving.client(key)
        new_dialogue(client, id="d", message=HELLO)
        rate = {"enabled": True, "perSecond": 1, "burst": 50}
        done(client.put("/admin/settings", json={"rateLimit": rate}))
        until_replayed()
        checked = room.run("check", "--database", followed)
        assert checked.out.startswith("Nothing wrong"), checked.err
        with room.serving("--database", followed, *shared, log="replica") as reading:
            reader = reading.client(key)
            assert contents(reader, "d") == ["hello"]
            refused(reader.post("/dialogue/d/messages", json=HELLO), "SERVICE_UNAVAILABLE")
            assert reader.get("/dialogue/d").headers["X-RateLimit-Limit"] == "50"
            logged = reading.log_file.read_text()
            assert "Rate limits are not shared" in logged
            assert "Traceback" not in logged
