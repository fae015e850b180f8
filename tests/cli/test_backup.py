"""`dialoguedb backup` and `restore`."""

import threading

import apsw
import pytest

from tests.e2e.test_serve import MESSAGE, stored

FILE = "dialoguedb.sqlite3"


def test_a_restored_backup_serves_the_same_data_to_the_same_keys(room):
    with room.serving() as serving:
        key = serving.first_key
        before = stored(serving.client(key))
        assert room.run("backup", "copy").out.startswith(f"Backed up and verified: copy/{FILE} (")
        after = stored(serving.client(key))
    assert room.run("restore", "copy", "--data", "restored").code == 0
    with room.serving("--data", "restored") as serving:
        client = serving.client(key)
        assert client.get(f"/dialogue/{before['id']}").json()["id"] == before["id"]
        assert client.get(f"/dialogue/{after['id']}").status_code == 404
        stored(client)


def test_a_page_token_outlives_backup_and_restore(room):
    with room.serving() as serving:
        client = serving.client(serving.first_key)
        stored(client), stored(client)
        key = serving.first_key
        first = client.get("/dialogue?limit=1").json()
    room.run("backup", "copy")
    with room.serving("--data", "copy") as serving:
        second = serving.client(key).get("/dialogue", params={"next": first["next"]}).json()
    assert len(second["items"]) == 1
    assert second["next"] is None


class Writers:
    """Threads that append to dialogues of their own until told to stop."""

    def __init__(self, serving) -> None:
        self.stop = threading.Event()
        self.acknowledged: list[str] = []
        clients = [serving.client(serving.first_key) for _ in range(4)]
        self.threads = [threading.Thread(target=self.write, args=[client]) for client in clients]

    def write(self, client):
        dialogue = stored(client)["id"]
        while not self.stop.is_set():
            answer = client.post(f"/dialogue/{dialogue}/messages", json=MESSAGE)
            self.acknowledged.append(answer.json()["id"])

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()


def test_a_backup_under_load_is_whole_and_holds_what_was_acknowledged_before(room):
    with room.serving() as serving, Writers(serving) as writers:
        for number in range(3):
            before = set(writers.acknowledged)
            assert room.run("backup", f"copy{number}").code == 0
            assert room.run("check", "--data", f"copy{number}").code == 0
            with apsw.Connection(str(room.directory / f"copy{number}" / FILE)) as copy:
                held = {row[0] for row in copy.execute("SELECT id FROM messages")}
            assert before <= held


def test_a_backup_leaves_nothing_beside_its_file(filled):
    filled.run("backup", "copy")
    filled.run("restore", "copy", "--data", "restored")
    for directory in ("copy", "restored"):
        assert [path.name for path in (filled.directory / directory).iterdir()] == [FILE]


def test_a_backup_can_be_restored_from_its_file(filled):
    filled.run("backup", "copy")
    assert filled.run("restore", f"copy/{FILE}", "--data", "restored").code == 0
    assert filled.run("projects", "show", "acme", "--data", "restored").code == 0


def test_what_a_killed_backup_left_is_in_nobodys_way(filled):
    copy = filled.directory / "copy"
    copy.mkdir()
    (copy / f"{FILE}.partial").write_text("half a copy")
    assert filled.run("backup", "copy").code == 0
    assert [path.name for path in copy.iterdir()] == [FILE]


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_a_copy_is_made_into_an_empty_or_new_directory_alone(filled, command):
    filled.run("backup", "copy")
    words = ["backup", "full"] if command == "backup" else ["restore", "copy", "--data", "full"]
    full = filled.directory / "full"
    full.mkdir()
    for name in ("notes.txt", FILE, f"{FILE}-wal"):
        (full / name).write_text("mine")
        ended = filled.run(*words)
        assert ended.code == 1
        assert ended.error == "full is not empty; an empty or new directory is needed"
        assert (full / name).read_text() == "mine"
        (full / name).unlink()
    full.rmdir()
    full.write_text("a file")
    assert filled.run(*words).error == "full is a file; an empty or new directory is needed"


def test_data_in_use_is_not_restored_over(filled):
    filled.run("backup", "copy")
    with filled.serving() as serving:
        ended = filled.run("restore", "copy")
        assert ended.error == "dialoguedb-data is not empty; an empty or new directory is needed"
        assert serving.client().get("/health").status_code == 200


def damage(path):
    """Overwrite some of a database's pages."""
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 8192] = b"\xaa" * 8192
    path.write_bytes(content)


def test_damaged_data_is_not_backed_up_as_if_it_were_well(filled):
    damage(filled.data / FILE)
    ended = filled.run("backup", "copy")
    assert ended.code == 1
    assert "is damaged" in ended.error
    assert list((filled.directory / "copy").iterdir()) == []


def test_a_damaged_backup_is_not_restored(filled):
    filled.run("backup", "copy")
    damage(filled.directory / "copy" / FILE)
    ended = filled.run("restore", "copy", "--data", "restored")
    assert ended.code == 1
    assert "is damaged" in ended.error
    assert list((filled.directory / "restored").iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\0" + bytes(84)])
def test_what_is_no_backup_is_not_restored(room, content):
    copy = room.directory / "copy"
    copy.mkdir()
    (copy / FILE).write_bytes(content)
    ended = room.run("restore", "copy", "--data", "restored")
    assert ended.code == 1
    assert list(room.directory.glob("restored/*")) == []


def test_a_backup_that_is_not_there_is_told_in_one_line(room):
    ended = room.run("restore", "copy", "--data", "restored")
    assert ended.code == 1
    assert ended.error == "There is no data in copy: it does not exist"
    assert not (room.directory / "restored").exists()


def test_a_full_disk_keeps_no_half_copy(room):
    limited = room.directory / "limited"
    with room.serving() as serving:
        client = serving.client(serving.first_key)
        state = {"text": "x" * 900_000}
        for _ in range(4):
            client.post("/dialogue", json={"state": state})
        ended = room.run_on_full_disk(2_000, "backup", limited)
    assert ended.code == 1
    assert ended.error == f"{limited} cannot take the copy; is its disk full?"
    assert list(limited.iterdir()) == []
