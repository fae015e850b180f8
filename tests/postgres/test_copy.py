"""All data moves between engines, both ways, and is the same afterwards."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import apsw
import pytest

from dialoguedb import DialogueDB
from dialoguedb.errors import DataError
from dialoguedb.store.sqlite.connection import files, vfs
from tests.cli.in_process import Terminal
from tests.databases.engines import databases_of
from tests.databases.postgres import at_once
from tests.databases.statements import execute, rows
from tests.http.making import HELLO
from tests.http.server import running as serve

PICTURE = "data:image/png;base64," + "iVBORw0KGgoAAAANSUhEUg" * 40 + "AA=="


@pytest.fixture
def room(tmp_path):
    return Terminal(tmp_path)


@pytest.fixture
def url():
    return databases_of("postgres").server.new_database()


@pytest.fixture
def data(tmp_path):
    """Make a data directory with something of everything."""
    with DialogueDB(path=tmp_path / "data") as db:
        fill(db)
    return tmp_path / "data"


def fill(db):
    parent = db.create_dialogue(
        id="parent",
        namespace="ada",
        label="Order 17",
        tags=["b", "a"],
        state={"big": 12345678901234567890, "half": 1.0},
        metadata={"nul": "\0", "smile": "👋"},
    )
    for number in range(5):
        content = f"Where is parcel {number}?"
        parent.save_message("user", content, id=f"m{number}", tags=["t"], created="2020-01-01")
    parent.delete_message("m3")
    parent.save_message("tool", [{"type": "image_url", "image_url": {"url": PICTURE}}], name="Eve")
    thread = parent.create_thread(id="a thread")  # it sorts before what it is a thread of
    thread.save_message("assistant", "On its way")
    thread.create_thread(id="below").end()
    summary = parent.summarize()
    until(lambda: db.api.summary.get(summary.id, namespace="ada").status == "completed")
    parent.context(1000, record=True)
    db.create_dialogue(id="parent").archive()
    db.create_memory({"likes": None}, id="tea", namespace="ada", tags=["drink"], label="Tea")
    db.create_memory("none", id="tea")


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def copied(room, source, target, *words):
    ended = room.run("copy", "--from", source, "--to", target, *words)
    assert ended.code == 0, ended.err
    return ended.out


def seen(room, **address: Any):
    """Return all that a client and an operator see."""
    [(name, where)] = address.items()
    flags = ["--data" if name == "path" else "--database", where]
    export = room.run("export", *flags).out.splitlines()[1:]
    listed = [room.run(noun, "list", "--json", *flags).out for noun in ("keys", "projects")]
    with DialogueDB(**address) as db:
        answers = [db.api.read(*path, namespace="ada", **query) for path, query in QUESTIONS]
        found = {str(hit.content) for hit in db.search_messages("parcel", namespace="ada")}
    return sorted(export), listed, answers, found


def correct(db):
    """Leave memories that are corrected, and that others end."""
    db.create_memory("water", id="water", namespace="ada", expires_at="2999-01-01")
    db.create_memory("milk", id="drink", namespace="ada", supersedes="water", confidence=0.5)
    db.get_memory("drink", namespace="ada").update(value="whole milk", source={"dialogue_id": "d"})


QUESTIONS: list[tuple[list[str], dict[str, Any]]] = [
    (["dialogue", "parent"], {"messages": 9}),
    (["dialogue"], {"threadOf": "parent"}),
    (["dialogue"], {"tags": "a"}),
    (["dialogue"], {"status": "ended"}),
    (["messages"], {"dialogueId": "parent", "tags": "t"}),
    (["summary"], {"dialogueId": "parent"}),
    (["memory"], {"tags": "drink"}),
    (["memory"], {"asOf": "2998-01-01"}),
]


def test_everything_is_the_same_there_and_back_again(room, data, url, tmp_path):
    room.run("keys", "create", "--data", data, "--name", "bot")
    room.run("keys", "create", "--data", data, "--operator")
    limited = room.run("projects", "set", "default", "--data", data, "--messages-per-month", 1000)
    assert limited.code == 0, limited.err
    with DialogueDB(path=data) as db:
        correct(db)
        history = db.api.memory.history("drink", namespace="ada")
    before = seen(room, path=data)
    out = copied(room, f"sqlite:{data}", url)
    with DialogueDB(database=url) as db:
        assert db.api.memory.history("drink", namespace="ada") == history
        assert db.get_memory("water", namespace="ada").record.superseded_by == "drink"
    assert "Copied now: 8; as before: 0; deleted: 0" in out
    assert "Verified: the copy is complete" in out
    assert seen(room, database=url) == before
    assert room.run("check", "--database", url).out.startswith("Nothing wrong")
    copied(room, url, f"sqlite:{tmp_path / 'back'}")
    assert seen(room, path=tmp_path / "back") == before
    assert room.run("check", "--data", tmp_path / "back").out.startswith("Nothing wrong")


def test_a_directory_and_a_database_are_copied_to_others_of_their_kind(room, data, url, tmp_path):
    copied(room, f"sqlite:{data}", f"sqlite:{tmp_path / 'other'}")
    copied(room, f"sqlite:{tmp_path / 'other'}", url)
    another = databases_of("postgres16").server.new_database()
    copied(room, url, another)
    assert seen(room, database=another) == seen(room, path=data)


def test_a_live_source_is_followed_until_the_last_run(room, data, url):
    source = f"sqlite:{data}"
    assert "run again without --live" in copied(room, source, url, "--live")
    with pytest.raises(DataError, match="is not finished: run `dialoguedb copy` again"):
        DialogueDB(database=url)
    with DialogueDB(path=data) as db:
        parent = db.get_dialogue("parent", namespace="ada")
        parent.save_message("user", "And parcel 9?")
        parent.delete_message("m1")
        message = parent.get_message("m2")
        message.save_tags(["another"])
        parent.save_tags(["c"])
        db.delete_memory("tea")
        db.delete_dialogue("below", namespace="ada")
        db.create_dialogue(id="new", namespace="ada")
    out = copied(room, source, url)
    assert "Copied now: 2; as before: 3; deleted: 2" in out
    assert seen(room, database=url) == seen(room, path=data)
    assert room.run("check", "--database", url).out.startswith("Nothing wrong")


def test_changes_reach_a_directory_as_well(room, data, url, tmp_path):
    copied(room, f"sqlite:{data}", url)
    target = tmp_path / "back"
    copied(room, url, f"sqlite:{target}", "--live")
    with DialogueDB(database=url) as db:
        parent = db.get_dialogue("parent", namespace="ada")
        parent.save_message("user", "And parcel 9?")
        parent.delete_message("m1")
        db.create_memory("milk", id="milk", namespace="ada")
        db.delete_dialogue("a thread", namespace="ada")
    copied(room, url, f"sqlite:{target}")
    assert seen(room, path=target) == seen(room, database=url)
    assert room.run("check", "--data", target).out.startswith("Nothing wrong")


# --- What the last run verifies -------------------------------------------------------------------


DAMAGE = "UPDATE messages SET content = '\"Another\"' WHERE id = 'm0'"


def content_of(**address: Any):
    with DialogueDB(**address) as db:
        return db.get_dialogue("parent", namespace="ada").get_message("m0").content


def test_the_last_run_compares_all_again_when_something_has_changed(room, data, url):
    source = f"sqlite:{data}"
    copied(room, source, url, "--live")
    at_once(execute(url, DAMAGE))
    with DialogueDB(path=data) as db:
        db.create_memory("milk", id="milk")
    out = copied(room, source, url)
    assert "Copied now: 2; as before: 5; deleted: 0\nCompared again by checksums: 5\n" in out
    assert seen(room, database=url) == seen(room, path=data)


def test_the_last_run_compares_all_again_after_one_that_was_not_complete(room, data, url):
    at_once(execute(url, "CREATE EXTENSION vector"))
    room.run("migrate", "--database", url)
    at_once(execute(url, "ALTER TABLE memories ADD CHECK (id <> 'tea')"))
    assert room.run("copy", "--live", "--from", f"sqlite:{data}", "--to", url).code == 1
    at_once(execute(url, "ALTER TABLE memories DROP CONSTRAINT memories_id_check"))
    at_once(execute(url, DAMAGE))
    out = copied(room, f"sqlite:{data}", url)
    assert "Copied now: 3; as before: 3; deleted: 0\nCompared again by checksums: 3\n" in out
    assert seen(room, database=url) == seen(room, path=data)


def test_the_last_run_reads_nothing_again_when_nothing_has_changed(room, data, url, tmp_path):
    for source, target in ((f"sqlite:{data}", url), (url, f"sqlite:{tmp_path / 'back'}")):
        copied(room, source, target, "--live")
        out = copied(room, source, target)
        assert "Copied now: 0; as before: 6; deleted: 0" in out
        assert "Compared again" not in out
    assert seen(room, path=tmp_path / "back") == seen(room, path=data)


def test_a_directory_is_compared_again_as_well(room, data, url, tmp_path):
    copied(room, f"sqlite:{data}", url)
    target = tmp_path / "back"
    copied(room, url, f"sqlite:{target}", "--live")
    stored = vfs.open_file(str(target / files.FILE), apsw.SQLITE_OPEN_READWRITE)
    stored.execute(DAMAGE.replace("'\"Another\"'", "CAST('\"Another\"' AS BLOB)"))
    stored.close()
    with DialogueDB(database=url) as db:
        db.create_memory("milk", id="milk")
    assert "Compared again by checksums: 5" in copied(room, url, f"sqlite:{target}")
    assert content_of(path=target) == content_of(database=url) == "Where is parcel 0?"


# --- Responses kept for idempotency keys ----------------------------------------------------------


@pytest.fixture(params=[("sqlite", "postgres"), ("postgres", "sqlite")], ids=" to ".join)
def houses(request, tmp_path):
    """Return the engines and directories of a source and a target, each with its URL."""

    def house(engine, name):
        directory = tmp_path / name
        directory.mkdir()
        if engine == "sqlite":
            return engine, directory, f"sqlite:{directory / 'data'}"
        return engine, directory, databases_of(engine).url_of(directory / "data")

    old, new = request.param
    return house(old, "old"), house(new, "new")


def serving(house):
    engine, directory, _ = house
    return serve(engine, directory, directory / "data")


REQUESTS: list[tuple[str, str, Any]] = [
    ("POST", "/dialogue", {"id": "d", "namespace": "ada", "message": HELLO}),
    ("POST", "/dialogue/d/messages?namespace=ada", {**HELLO, "id": "m"}),
    ("PUT", "/message/m?dialogueId=d&namespace=ada", {"tags": ["t"]}),
    ("PUT", "/dialogue/d?namespace=ada", {"label": "l"}),
    ("POST", "/memory", {"value": 1, "id": "tea"}),
    ("PUT", "/memory/tea", {"tags": ["t"]}),
    ("POST", "/admin/keys", {"name": "bot"}),
]


def answers(server, key):
    """Send each request with a key of its own; returns what is answered."""
    with server.client(key) as client:
        sent = [
            client.request(method, path, json=body, headers={"Idempotency-Key": f"k{number}"})
            for number, (method, path, body) in enumerate(REQUESTS)
        ]
        return [(one.status_code, one.headers.get("ETag"), one.content) for one in sent]


def test_a_retry_is_answered_by_the_copy_as_by_the_source(room, houses):
    old, new = houses
    with serving(old) as server:
        key = server.first_key
        assert {status for status, _, _ in answers(server, key)} == {200}
        made = answers(server, key)
    out = copied(room, old[2], new[2])
    assert "Responses kept for idempotency keys: " in out
    with serving(new) as server, server.client(key) as client:
        assert answers(server, key) == made
        assert client.get("/dialogue/d?namespace=ada").json()["totalMessages"] == 2
        other = client.post("/memory", json={"value": 2}, headers={"Idempotency-Key": "k4"})
        assert other.json()["error"]["code"] == "IDEMPOTENCY_KEY_REUSED"


def test_a_copied_response_goes_with_what_it_repeats(room, houses):
    old, new = houses
    with serving(old) as server:
        key = server.first_key
        answers(server, key)
    copied(room, old[2], new[2], "--live")
    copied(room, old[2], new[2])
    with serving(new) as server, server.client(key) as client:
        assert client.delete("/memory/tea").status_code == 200
        assert client.delete("/message/m?dialogueId=d&namespace=ada").status_code == 200
        assert [answers(server, key)[number][0] for number in (2, 5)] == [404, 404]


def test_a_response_that_is_too_old_is_not_copied(room, houses):
    old, new = houses
    with serving(old) as server:
        answers(server, server.first_key)
    age = "UPDATE answers SET created = '2020-01-01T00:00:00.000Z'"
    if old[0] == "sqlite":
        stored = vfs.open_file(str(old[1] / "data" / files.FILE), apsw.SQLITE_OPEN_READWRITE)
        stored.execute(age)
        stored.close()
    else:
        at_once(execute(old[2], age))
    assert "Responses kept" not in copied(room, old[2], new[2])


def test_other_data_is_not_written_to(room, data, url, tmp_path):
    with DialogueDB(database=url) as db:
        db.create_dialogue(id="mine")
    ended = room.run("copy", "--from", f"sqlite:{data}", "--to", url)
    assert (ended.code, ended.out) == (1, "")
    assert "There is other data where the copy is to be" in ended.err
    with DialogueDB(database=url) as db:
        assert [one.id for one in db.list_dialogues()] == ["mine"]
    for other in (f"sqlite:{data}", f"sqlite:{tmp_path / 'data'}/"):
        ended = room.run("copy", "--from", f"sqlite:{data}", "--to", other)
        assert ended.code == 1


def test_a_finished_copy_is_not_written_to_again(room, data, url):
    copied(room, f"sqlite:{data}", url)
    ended = room.run("copy", "--from", f"sqlite:{data}", "--to", url)
    assert "There is other data where the copy is to be" in ended.err


def test_an_interrupted_copy_goes_on(room, data, url):
    at_once(execute(url, "CREATE EXTENSION vector"))
    room.run("migrate", "--database", url)
    at_once(execute(url, "ALTER TABLE dialogues ADD CHECK (id <> 'parent')"))
    ended = room.run("copy", "--from", f"sqlite:{data}", "--to", url)
    assert ended.code == 1
    assert "Not copied: dialogue 'parent' in namespace 'ada': " in ended.err
    at_once(execute(url, "ALTER TABLE dialogues DROP CONSTRAINT dialogues_id_check"))
    out = copied(room, f"sqlite:{data}", url)
    assert "Copied now: 2; as before: 4; deleted: 0" in out
    assert seen(room, database=url) == seen(room, path=data)
    [[unlinked]] = at_once(
        rows(url, "SELECT count(*) FROM dialogues WHERE parent IS NULL AND thread_of IS NOT NULL")
    )
    assert unlinked == 0


def test_what_is_no_data_is_no_source(room, url, tmp_path):
    ended = room.run("copy", "--from", f"sqlite:{tmp_path / 'none'}", "--to", url)
    assert "There is no data in" in ended.error
    ended = room.run("copy", "--from", url, "--to", f"sqlite:{tmp_path / 'none'}")
    assert "There is no data in postgresql://" in ended.error
    assert not (tmp_path / "none").exists()


def test_writers_go_on_during_a_live_copy(room, data, url):
    source = f"sqlite:{data}"

    def write():
        with DialogueDB(path=data) as db:
            for number in range(60):
                dialogue = db.create_dialogue(namespace="ada", tags=[str(number)])
                dialogue.save_message("user", f"parcel {number}")
                dialogue.save_state({"number": number})
                if number % 3 == 0:
                    dialogue.remove()

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write)
        for _ in range(2):
            ended = room.run("copy", "--live", "--from", source, "--to", url)
            assert ended.code == 0, ended.err
        writer.result()
    copied(room, source, url)
    assert seen(room, database=url) == seen(room, path=data)
    assert room.run("check", "--database", url).out.startswith("Nothing wrong")


def test_what_postgres_cannot_keep_is_told_by_name(room, data, url):
    with DialogueDB(path=data) as db:
        db.create_dialogue(id="fine")
    stored = vfs.open_file(str(data / files.FILE), apsw.SQLITE_OPEN_READWRITE)
    stored.execute("UPDATE memories SET label = 'a' || char(0) || 'b' WHERE namespace = 'ada'")
    stored.close()
    ended = room.run("copy", "--from", f"sqlite:{data}", "--to", url)
    assert ended.code == 1
    assert "Not copied: memory 'tea' in namespace 'ada': " in ended.err
    assert "The copy has 1 projects, 0 keys, 0 templates, 5 dialogues," in ended.out
