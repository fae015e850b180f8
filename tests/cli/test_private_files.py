"""Everything that commands write is for its owner alone, and what was open is closed."""

import os
import stat
import sys
from pathlib import Path

import apsw
import pytest

from dialoguedb import DialogueDB, private_files
from dialoguedb.store.sqlite.schema import page_checksums
from tests.cli.in_process import Terminal
from tests.cli.test_backup import FILE
from tests.migration.recorded import released

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no modes there")

BESIDE = [FILE, f"{FILE}-wal", f"{FILE}-shm"]


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request):
    """Give this process a umask; a careless one lets everybody do everything."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.fixture
def careless():
    """Let new files be open to all."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture(autouse=True)
def warned_again():
    """Let a directory be warned of in each test."""
    private_files.warn_if_open.cache_clear()


def modes(directory: Path) -> dict[str, str]:
    """Return the mode of everything in a directory, and of itself."""
    found = [directory, *directory.rglob("*")]
    return {str(path.relative_to(directory)): mode_of(path) for path in found}


def mode_of(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def open_ones(directory: Path) -> dict[str, str]:
    """Return what is open to others in a directory."""
    return {name: mode for name, mode in modes(directory).items() if int(mode, 8) & 0o077}


def opened(directory: Path) -> None:
    """Open everything in a directory to everybody, as an older version left it."""
    for path in (directory, *directory.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def done(room: Terminal, *words: object, stdin: str = "") -> None:
    ended = room.run(*words, stdin=stdin)
    assert ended.code == 0, ended.err


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("data", ["chats", "of/ada/chats"])
class TestWhatIsMade:
    def test_by_commands_for_the_data(self, room, data):
        top = room.directory / data.partition("/")[0]
        done(room, "keys", "create", "--data", data)
        assert open_ones(top) == {}
        done(room, "dialogue", "create", "--data", data, "--id", "d")
        done(room, "message", "add", "d", "--role", "user", "--content", "Hi", "--data", data)
        assert open_ones(top) == {}

    def test_while_the_data_is_in_use(self, room, data):
        with DialogueDB(path=room.directory / data) as db:
            db.create_dialogue(messages=[{"role": "user", "content": "Hello"}])
            found = modes(room.directory / data)
            assert set(BESIDE) <= found.keys()
            assert {found[name] for name in BESIDE} == {"0o600"}
            assert open_ones(room.directory / data.partition("/")[0]) == {}

    def test_by_a_backup_and_a_restore(self, room, data):
        done(room, "keys", "create", "--data", "origin")
        done(room, "backup", f"{data}/copy", "--data", "origin")
        done(room, "restore", f"{data}/copy", "--data", f"{data}/again")
        assert open_ones(room.directory / data.partition("/")[0]) == {}

    def test_by_a_recovery(self, room, data):
        done(room, "keys", "create", "--data", "origin")
        done(room, "recover", "--from", "origin", "--to", f"{data}/whole")
        assert open_ones(room.directory / data.partition("/")[0]) == {}

    def test_by_an_export(self, room, data):
        done(room, "dialogue", "create", "--data", "origin")
        (room.directory / data).mkdir(mode=0o700, parents=True)
        done(room, "export", f"{data}/all.jsonl", "--data", "origin")
        assert modes(room.directory / data)["all.jsonl"] == "0o600"


class TestWhatWasOpen:
    @pytest.mark.parametrize(
        "words",
        [["keys", "create"], ["projects", "create", "new"], ["migrate"], ["dialogue", "list"]],
        ids=" ".join,
    )
    def test_is_closed_and_told_of_once(self, filled, words):
        opened(filled.data)
        first = filled.run(*words, "--data", filled.data)
        assert first.code == 0
        assert f"could open {filled.data / FILE}" in first.err
        again = filled.run(*words, "--data", filled.data)
        assert "could open" not in again.err
        assert open_ones(filled.data) == {".": "0o755"}

    def test_is_closed_while_others_use_it(self, filled):
        with DialogueDB(path=filled.data) as db:
            db.create_dialogue(id="d")
            opened(filled.data)
            assert set(open_ones(filled.data)) >= set(BESIDE)
            done(filled, "keys", "create")
            assert open_ones(filled.data) == {".": "0o755"}
            assert db.get_dialogue("d").id == "d"

    def test_is_closed_before_it_is_rewritten(self, room):
        room.data.mkdir(mode=0o700)
        path = room.data / FILE
        released(1).execute("VACUUM INTO ?", (str(path),))
        path.chmod(0o644)
        assert page_checksums.are_missing(path)
        assert mode_of(path) == "0o600"

    def test_is_left_alone_by_what_only_reads(self, filled):
        opened(filled.data)
        before = modes(filled.data)[FILE]
        done(filled, "check")
        done(filled, "backup", "copy")
        assert modes(filled.data)[FILE] == before
        assert open_ones(filled.directory / "copy") == {}

    def test_an_export_that_is_continued_or_replaced(self, filled):
        file = filled.directory / "all.jsonl"
        for words in ([], ["--overwrite"]):
            file.write_text("")
            file.chmod(0o644)
            ended = filled.run("export", file, "--data", filled.data, *words)
            assert ended.code == 0, ended.err
            assert ended.err.count("could open") == 1
            assert mode_of(file) == "0o600"

    def test_another_programs_database_keeps_its_mode(self, room):
        room.data.mkdir()
        db = apsw.Connection(str(room.data / FILE))
        db.execute("CREATE TABLE recipes (name)")
        db.close()
        (room.data / FILE).chmod(0o644)
        assert room.run("keys", "create").code == 1
        assert modes(room.data)[FILE] == "0o644"

    def test_devices_keep_their_modes(self):
        before = mode_of(Path(os.devnull))
        private_files.close_to_others(Path(os.devnull))
        assert mode_of(Path(os.devnull)) == before


@pytest.mark.usefixtures("careless")
class TestADirectoryThatTheUserMade:
    """It may be shared on purpose, so its mode is theirs."""

    def test_is_warned_of_and_kept(self, room):
        room.data.mkdir(mode=0o755)
        ended = room.run("keys", "create", "--quiet")
        assert ended.err.count(f"can enter {room.data.name}") == 1
        assert ended.out.startswith("ddb_")
        assert open_ones(room.data) == {".": "0o755"}

    def test_is_warned_of_when_a_backup_is_made_in_it(self, filled):
        (filled.directory / "copy").mkdir(mode=0o755)
        ended = filled.run("backup", "copy")
        assert ended.err.count("can enter copy") == 1
        assert open_ones(filled.directory / "copy") == {".": "0o755"}

    def test_is_not_warned_of_when_it_is_closed(self, room):
        room.data.mkdir(mode=0o700)
        assert "can enter" not in room.run("keys", "create").err

    def test_is_not_warned_of_by_each_command(self, filled):
        filled.data.chmod(0o755)
        for _ in range(2):
            assert filled.run("keys", "create", "--quiet").err == ""

    def test_is_warned_of_by_each_start_of_a_server(self, filled):
        filled.data.chmod(0o755)
        with filled.serving() as serving:
            warned = [message for message in serving.messages() if "can enter" in message]
            assert [message.partition(";")[0] for message in warned] == [
                f"Other users of this machine can enter {filled.data.name}"
            ]


def test_a_server_writes_nothing_that_others_can_open(room):
    room.umask = 0
    with room.serving("--tls-self-signed") as serving:
        assert serving.first_key
        names = modes(room.data)
        assert {*BESIDE, "first-key", "tls", "tls/server.pem", "tls/ca.pem"} <= names.keys()
        assert open_ones(room.data) == {}


def test_the_first_key_is_printed_where_a_flag_asks_for_it(room):
    with room.serving("--print-first-key") as serving:
        assert serving.out.startswith('API key for project "default" (shown once): ')
        assert serving.client(serving.first_key).get("/dialogue").status_code == 200
        assert not (room.data / "first-key").exists()


def test_certificates_of_an_older_version_are_closed(filled):
    with filled.serving("--tls-self-signed") as serving:
        assert serving.stop() == 0
    opened(filled.data)
    with filled.serving("--tls-self-signed") as serving:
        assert open_ones(filled.data) == {".": "0o755"}
        closed = [message for message in serving.messages() if "could open" in message]
        assert len(closed) == 4  # the database, the directory of certificates, and both in it
