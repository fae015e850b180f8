"""Imports that keep up with files while programs write them."""

import asyncio
import itertools
import json
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from dialoguedb.cli.data.transfer.following import Follower, found_now
from dialoguedb.cli.data.transfer.lines import InputFile
from dialoguedb.cli.data.transfer.run import How, ImportRun
from dialoguedb.embedded.aio import AsyncDialogueDB
from tests.databases.engines import storage_flags
from tests.e2e.programs import Room
from tests.http.server import program, quiet_environment
from tests.importing.test_cursors import logged

DEADLINE_S = 60
LOOK_S = 0.05


class Following:
    """A folder that a command follows, and what is stored of it by now."""

    def __init__(self, directory, words, variables):
        self.path = directory / "in"
        self.path.mkdir()
        self._environment = {**quiet_environment(), **variables}
        self._words = [program(), "import", "--follow", str(self.path), *words]
        self._error = directory / "error"

    @contextmanager
    def running(self):
        """Follow until the block ends; `ended` is the report then."""
        with self._error.open("wb") as error:
            process = subprocess.Popen(
                self._words, env=self._environment, stdout=subprocess.PIPE, stderr=error
            )
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def write(self, name, content):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def add(self, name, content):
        with (self.path / name).open("ab") as file:
            file.write(content)

    def errors(self):
        return self._error.read_text()


def ended(process, number=signal.SIGTERM):
    """Stop a command; returns its exit code, and what it reports."""
    process.send_signal(number)
    out, _ = process.communicate(timeout=DEADLINE_S)
    return process.returncode, json.loads(out)


def until(is_so):
    """Wait until something is so."""
    deadline = time.monotonic() + DEADLINE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(LOOK_S)


@pytest.fixture
def followed(tmp_path, project, server):
    variables = {
        "DIALOGUEDB_ENDPOINT": server.base_url,
        "DIALOGUEDB_API_KEY": project.key,
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }
    return Following(tmp_path, [], variables)


@pytest.fixture
def texts(client_of, project):
    """Return what the messages of a dialogue say by now."""
    client = client_of(project.key)

    def texts_of(own_id):
        found = client.get(f"/dialogue/{own_id}/messages")
        return [one["content"] for one in found.json().get("items", [])]

    return texts_of


def last_line(own_id, *words):
    """Return the line that a rollout with these texts has and one without the last lacks."""
    return logged(own_id, *words).removeprefix(logged(own_id, *words[:-1]))


def test_what_is_written_is_stored_and_found_while_it_is_written(
    followed, texts, client_of, project
):
    followed.write("a.jsonl", logged("t1", "Tea?"))
    with followed.running() as process:
        until(lambda: texts("t1") == ["Tea?"])
        followed.add("a.jsonl", last_line("t1", "Tea?", "Saffron?"))
        until(lambda: texts("t1") == ["Tea?", "Saffron?"])
        query = {"query": "Saffron", "object": "message"}
        until(lambda: client_of(project.key).post("/search", json=query).json()["items"])
        followed.write("2026/11/b.jsonl", logged("t2", "Milk?"))
        until(lambda: texts("t2") == ["Milk?"])
        code, report = ended(process)
    assert code == 0
    assert (report["dialogues"], report["messages"], report["failed"]) == (2, 3, 0)


def test_a_line_that_is_still_being_written_waits_until_it_is_whole(followed, texts):
    followed.write("a.jsonl", logged("t1", "Tea?"))
    line = last_line("t1", "Tea?", "Now?")
    with followed.running() as process:
        until(lambda: texts("t1") == ["Tea?"])
        followed.add("a.jsonl", line[:-20])
        until(lambda: "is cut off" in followed.errors())
        assert texts("t1") == ["Tea?"]
        followed.add("a.jsonl", line[-20:])
        until(lambda: texts("t1") == ["Tea?", "Now?"])
        code, report = ended(process, signal.SIGINT)
    assert (code, report["failed"]) == (0, 0)


def test_files_that_are_deleted_renamed_and_replaced_are_noticed(followed, texts):
    followed.write("a.jsonl", logged("t1", "Tea?"))
    with followed.running() as process:
        until(lambda: texts("t1") == ["Tea?"])
        (followed.path / "a.jsonl").rename(followed.path / "a-1.jsonl")
        followed.write("a.jsonl", logged("t2", "Ale?"))
        until(lambda: texts("t2") == ["Ale?"])
        (followed.path / "a-1.jsonl").unlink()
        followed.write("b.jsonl", b"")
        followed.add("b.jsonl", logged("t3", "Milk?"))
        until(lambda: texts("t3") == ["Milk?"])
        followed.add("a.jsonl", last_line("t2", "Ale?", "No"))
        until(lambda: texts("t2") == ["Ale?", "No"])
        code, report = ended(process)
    assert (code, report["failed"]) == (0, 0)
    assert texts("t1") == ["Tea?"]


def test_what_stays_broken_is_told_once_and_is_a_failure_at_the_end(followed, texts):
    followed.write("a.jsonl", logged("t1", "Tea?") + b"{]\n")
    with followed.running() as process:
        until(lambda: texts("t1") == ["Tea?"])
        followed.write("b.jsonl", logged("t2", "Milk?"))
        until(lambda: texts("t2") == ["Milk?"])
        until(lambda: "Not imported" in followed.errors())
        code, report = ended(process)
    assert (code, report["failed"]) == (1, 1)
    assert followed.errors().count("Not imported: ") == 2  # then, and in the report


def test_a_deleted_dialogue_comes_back_with_the_next_line(followed, texts, client_of, project):
    followed.write("a.jsonl", logged("t1", "Tea?", "Now?"))
    with followed.running() as process:
        until(lambda: texts("t1") == ["Tea?", "Now?"])
        followed.add("a.jsonl", last_line("t1", "Tea?", "Now?", "Later?"))
        until(lambda: texts("t1") == ["Tea?", "Now?", "Later?"])
        client_of(project.key).delete("/dialogue/t1")
        followed.add("a.jsonl", last_line("t1", "Tea?", "Now?", "Later?", "No"))
        until(lambda: "Not imported" in followed.errors() or texts("t1"))
        followed.add("a.jsonl", last_line("t1", "Tea?", "Now?", "Later?", "No", "Yes"))
        until(lambda: texts("t1") == ["Tea?", "Now?", "Later?", "No", "Yes"])
        ended(process)


@pytest.mark.parametrize("words", [["-"], ["--discover"], ["in", "--dry-run"]])
def test_what_cannot_be_followed_is_refused(imports, words):
    (imports.directory / "in").mkdir()
    ended = imports.commands.run("import", "--follow", *words)
    assert ended.code == 2
    assert "--follow needs a file, a directory, or --discover with programs" in ended.error


@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_imports_what_is_written_into_a_directory(tmp_path, monkeypatch, engine, workers):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.jsonl").write_bytes(logged("t1", "Tea?"))
    room = Room(tmp_path)
    storage = storage_flags(engine, room.data)
    with room.serving("--import", folder, "--workers", workers, *storage) as serving:
        client = serving.client(serving.first_key)

        def texts_of(own_id):
            found = client.get(f"/dialogue/{own_id}/messages")
            return [one["content"] for one in found.json().get("items", [])]

        until(lambda: texts_of("t1") == ["Tea?"])
        with (folder / "a.jsonl").open("ab") as file:
            file.write(last_line("t1", "Tea?", "Now?"))
        until(lambda: texts_of("t1") == ["Tea?", "Now?"])
        serving.process.send_signal(signal.SIGTERM)
        assert serving.process.wait(DEADLINE_S) == 0
        reports = [line for line in serving.log_file.read_text().splitlines() if "Imported" in line]
    (report,) = map(json.loads, reports)
    assert (report["dialogues"], report["messages"], report["failed"]) == (1, 2, 0)


def test_a_file_that_is_written_again_in_another_format_is_read_as_that(followed, texts):
    followed.write("a.json", b'{"messages": [{"role": "user", "content": "Tea?"}], "id": "c1"}')
    with followed.running() as process:
        until(lambda: texts("c1") == ["Tea?"])
        turns = [{"from": "human", "value": "Milk?"}]
        document = json.dumps({"id": "c2", "conversations": turns})
        (followed.path / "a.json").write_text(document)
        until(lambda: "Not imported" in followed.errors() or texts("c2"))
        (followed.path / "a.json").write_text(document + "\n")
        until(lambda: texts("c2") == ["Milk?"])
        code, report = ended(process)
    assert (code, report["failed"]) == (0, 0)


@pytest.mark.parametrize(("quiet_s", "count"), [(0, 1), (3_600, 0)])
def test_what_fails_is_told_when_the_file_changes_no_more(tmp_path, monkeypatch, quiet_s, count):
    monkeypatch.chdir(tmp_path)
    line = json.dumps({"role": "user", "content": "Tea?"})
    Path("a.jsonl").write_text(f'{line}\n{{"role": "us')
    messages: list[str] = []

    async def passes():
        stop, looks = asyncio.Event(), itertools.count(1)

        def find():
            if next(looks) > 1:
                stop.set()
            return found_now(InputFile("a.jsonl", "a.jsonl"))

        unopened = AsyncDialogueDB(path=tmp_path / "data")
        async with ImportRun(unopened, How(is_dry=True), None) as run:
            follower = Follower(run, find, messages.append, quiet_s)
            await follower.until(stop)
            return follower.report()

    report = asyncio.run(passes())
    assert report.record()["failed"] == 1
    assert messages == ["Not imported: Line 2 of a.jsonl is cut off"] * count
