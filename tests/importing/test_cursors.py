"""Files that were imported before: unchanged ones are passed over, and nothing is ever hidden."""

import json
import os

import pytest

from tests.cli import agent_sessions
from tests.cli.commands import Commands
from tests.importing import codex_files, databases, test_opencode

WRITTEN_NS = 1_700_000_000_000_000_000


def logged(own_id, *texts):
    """Return the lines of a rollout in which a user says some texts."""
    talk = [codex_files.header(own_id), *(codex_files.typed(f"{own_id}-{n}", text)
            for n, text in enumerate(texts))]  # fmt: skip
    return b"".join(
        json.dumps({"type": kind, "payload": one, "ordinal": n}).encode() + b"\n"
        for n, (kind, one) in enumerate(talk)
    )


class Folder:
    """A folder of files that were changed long ago, and the command that imports it."""

    def __init__(self, commands):
        self.commands = commands
        self.path = commands.directory / "in"
        self.path.mkdir()

    def write(self, name, content, written_ns=WRITTEN_NS):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, ns=(written_ns, written_ns))

    def imported(self, *words):
        """Import the folder; returns the report without the number of unchanged files, and that."""
        report = self.commands.at("import", "in", *words)
        for one in report["files"]:
            one.pop("unchanged", None)
        return report, report.pop("unchanged")

    def unchanged(self, *words):
        return self.imported(*words)[1]

    def messages(self, own_id, *words):
        found = self.commands.at("message", "list", own_id, *words)
        return [one["content"] for one in found["items"]]


@pytest.fixture(params=["server", "directory"])
def folder(request, tmp_path, monkeypatch, project, server):
    """Make a folder to import into a fresh project of a server, and into a directory."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    if request.param == "directory":
        return Folder(Commands(tmp_path, ["--data", "chats"], {}))
    variables = {"DIALOGUEDB_ENDPOINT": server.base_url, "DIALOGUEDB_API_KEY": project.key}
    return Folder(Commands(tmp_path, [], variables))


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Make a folder with a rollout, imported into a directory."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = Folder(Commands(tmp_path, ["--data", "chats"], {}))
    folder.write("a.jsonl", logged("t1", "Tea?"))
    assert folder.unchanged() == 0
    return folder


def test_unchanged_files_are_passed_over_and_reported_as_before(folder):
    for number in range(3):
        folder.write(f"{number}.jsonl", logged(f"t{number}", "Tea?", "Now?"))
    first, unchanged = folder.imported()
    assert unchanged == 0
    again, unchanged = folder.imported()
    assert unchanged == 3
    again["files"].sort(key=lambda one: one["file"])
    assert again == first


def test_many_are_looked_up_as_a_list(folder):
    for number in range(210):
        folder.write(f"{number}.jsonl", logged(f"t{number}", "Tea?"))
    assert folder.unchanged() == 0
    assert folder.unchanged() == 210
    folder.commands.at("dialogue", "delete", "t7", "--yes")
    assert folder.unchanged() == 209
    assert folder.messages("t7") == ["Tea?"]


def test_a_file_that_has_grown_adds_what_is_new(folder):
    folder.write("a.jsonl", logged("t1", "Tea?"))
    folder.write("b.jsonl", logged("t2", "Milk?"))
    folder.imported()
    folder.write("a.jsonl", logged("t1", "Tea?", "Now?"), WRITTEN_NS + 1)
    assert folder.unchanged() == 1
    assert folder.messages("t1") == ["Tea?", "Now?"]
    assert folder.unchanged() == 2


def test_another_file_of_the_same_size_and_time_is_noticed(folder):
    folder.write("a.jsonl", logged("t1", "Tea?"))
    folder.imported()
    folder.write("a.jsonl", logged("t2", "Ale?"))
    assert folder.unchanged() == 0
    assert folder.messages("t2") == ["Ale?"]


def test_the_current_directory_is_known_again(kept):
    here = Commands(kept.path, ["--data", str(kept.commands.directory / "chats")], {})
    assert [here.at("import", ".")["unchanged"] for _ in range(2)][1] == 1


def test_of_files_that_are_stored_at_once_each_is_reported_by_itself(folder):
    for number in range(30):
        folder.write(f"{number:02}.jsonl", logged(f"t{number:02}", "Tea?", "Now?"))
    folder.write("11.jsonl", logged("t11", "Tea?") + b"{")
    ended = folder.commands.run("import", "in")
    assert ended.code == 1
    files = ended.record["files"]
    assert [one["file"] for one in files] == [f"in/{number:02}.jsonl" for number in range(30)]
    assert [one["file"] for one in files if "failed" in one] == ["in/11.jsonl"]
    assert [one["messages"] for one in files] == [1 if number == 11 else 2 for number in range(30)]
    assert folder.messages("t11") == ["Tea?"]
    assert folder.messages("t29") == ["Tea?", "Now?"]
    assert folder.commands.run("import", "in").record["unchanged"] == 29


@pytest.mark.parametrize("noun", ["dialogue", "message"])
def test_what_was_deleted_is_stored_again(folder, noun):
    folder.write("a.jsonl", logged("t1", "Tea?", "Now?"))
    folder.imported()
    words = {"dialogue": ["t1", "--yes"], "message": ["t1", "t1-1"]}
    folder.commands.at(noun, "delete", *words[noun])
    assert folder.unchanged() == 0
    assert folder.messages("t1") == ["Tea?", "Now?"]


def test_another_project_gets_all_of_it(folder, new_project):
    folder.write("a.jsonl", logged("t1", "Tea?"))
    folder.imported()
    if folder.commands.words:
        folder.commands.words = ["--data", "other"]
    else:
        folder.commands.variables["DIALOGUEDB_API_KEY"] = new_project().key
    assert folder.unchanged() == 0
    assert folder.messages("t1") == ["Tea?"]


@pytest.mark.parametrize(
    "words", [["--namespace", "n"], ["--update"], ["--branches", "current"], ["--format", "codex"]]
)
def test_other_options_read_everything_again(kept, words):
    assert kept.unchanged(*words) == 0
    assert kept.unchanged(*words) == 1


def test_a_dry_run_reads_everything_and_notes_nothing(kept):
    assert kept.unchanged("--dry-run") == 0
    kept.write("b.jsonl", logged("t2", "Milk?"))
    assert kept.unchanged("--dry-run") == 0
    assert kept.unchanged() == 1


@pytest.mark.parametrize("rest", [b'{"cut', b"{]\n", b"5\n"])
def test_a_file_that_could_not_be_read_to_its_end_is_read_again(kept, rest):
    kept.write("a.jsonl", logged("t1", "Tea?") + rest, WRITTEN_NS + 1)
    for _ in range(2):
        ended = kept.commands.run("import", "in")
        assert ended.code == 1
        assert (ended.record["unchanged"], ended.record["failed"]) == (0, 1)


def test_a_changed_message_is_reported_again_and_again(kept):
    kept.write("a.jsonl", logged("t1", "Ale?"), WRITTEN_NS + 1)
    for _ in range(2):
        ended = kept.commands.run("import", "in")
        assert ended.record["unchanged"] == 0
        assert "Changed since it was imported" in ended.err


def test_a_file_that_was_just_changed_is_read_again(kept):
    path = kept.path / "a.jsonl"
    path.touch()
    os.utime(path, (after := path.stat().st_mtime + 3600, after))
    assert [kept.unchanged() for _ in range(2)] == [0, 0]


def test_a_fork_whose_parent_appears_is_read_again(kept):
    fork = codex_files.header(
        codex_files.FORK, forked_from_id=codex_files.THREAD, forked_from_ordinal_exclusive=2
    )
    lines = [fork, codex_files.typed("m9", "Milk?")]
    content = b"".join(
        json.dumps({"type": kind, "payload": one, "ordinal": n}).encode() + b"\n"
        for n, (kind, one) in enumerate(lines, start=2)
    )
    kept.write(codex_files.FORK_NAME, content)
    assert [kept.unchanged() for _ in range(2)] == [1, 1]
    kept.write(codex_files.NAME, logged(codex_files.THREAD, "Tea?"))
    assert kept.unchanged() == 1
    assert kept.unchanged() == 3


def test_a_file_is_read_again_when_one_that_it_depends_on_changes(kept):
    kept.write("c1/c1.messages.json", agent_sessions.cline_document(agent_sessions.cline()))
    assert [kept.unchanged() for _ in range(2)] == [1, 2]
    kept.write("c1/c1.json", b'{"session_id": "c1", "cwd": "/p"}')
    assert [kept.unchanged() for _ in range(2)] == [1, 2]


def test_a_database_is_read_again_when_its_log_has_grown(kept):
    session = test_opencode.session()
    database = databases.opencode(kept.path / "opencode.db", session)
    for name in ("opencode.db", "opencode.db-wal"):
        os.utime(kept.path / name, ns=(WRITTEN_NS, WRITTEN_NS))
    assert [kept.unchanged() for _ in range(3)][-1] == 2
    database.execute("UPDATE session SET title = 'Other'")
    assert kept.unchanged() == 1
    database.close()


def test_what_another_version_has_noted_counts_for_nothing(kept, tmp_path):
    (notes,) = (tmp_path / "state" / "dialoguedb" / "imports").iterdir()
    cursor = json.loads(notes.read_bytes())
    cursor[1] = "0" * 32
    notes.write_text(json.dumps(cursor) + "\n")
    assert [kept.unchanged() for _ in range(2)] == [0, 1]


def test_damaged_notes_cost_time_and_nothing_else(kept, tmp_path):
    (notes,) = (tmp_path / "state" / "dialoguedb" / "imports").iterdir()
    whole = notes.read_bytes()
    for length in range(0, len(whole), 40):
        notes.write_bytes(whole[:length])
        assert kept.unchanged() == 0
        assert kept.unchanged() == 1
    notes.write_bytes(whole + whole[:40])  # what is added must not continue it
    assert kept.unchanged() == 1
    assert notes.read_bytes() == whole
    notes.write_bytes(b"\xff\n[]\n" * 5 + whole)
    assert kept.unchanged() == 1
    assert notes.read_bytes() == whole


def test_notes_that_cannot_be_kept_do_not_matter(kept, monkeypatch):
    (kept.commands.directory / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(kept.commands.directory / "file"))
    assert [kept.unchanged() for _ in range(2)] == [0, 0]


def test_a_file_that_is_named_is_always_read(kept):
    counts = kept.commands.at("import", "in/a.jsonl")
    assert (counts["messages"], "unchanged" in counts) == (1, False)
