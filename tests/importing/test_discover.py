"""What programs keep on a machine: listed, and imported by their names or their directories."""

import json
import os
from pathlib import Path

import apsw
import pytest

from tests.importing.program_files import BESIDE, CONVERSATIONS, lay_out

MOVING = {
    "CLAUDE_CONFIG_DIR": ("claude-code", ".claude", ""),
    "CODEX_HOME": ("codex", ".codex", ""),
    "GEMINI_CLI_HOME": ("gemini-cli", ".gemini", ".gemini"),
    "QWEN_HOME": ("qwen-code", ".qwen", ""),
    "QWEN_RUNTIME_DIR": ("qwen-code", ".qwen", ""),
    "CLINE_DIR": ("cline", ".cline", ""),
    "CLINE_DATA_DIR": ("cline", ".cline/data", ""),
    "PI_CODING_AGENT_DIR": ("pi", ".pi/agent", ""),
    "PI_CODING_AGENT_SESSION_DIR": ("pi", ".pi/agent/sessions", ""),
}
WRITTEN = 1_795_860_000
"""28 November 2026, 10 o'clock."""


def listed(machine, *words):
    """Return what is listed, and what is on stderr."""
    ended = machine.run("import", "--discover", *words)
    assert ended.code == 0, ended.err
    return [json.loads(line) for line in ended.out.splitlines()], ended.err


def dialogues(machine):
    return machine.at("dialogue", "list")["items"]


def test_what_each_program_keeps_is_listed_with_the_command_that_imports_it(machine, home):
    for program, files in CONVERSATIONS.items():
        lay_out(home, files, BESIDE[program])
        for name in files:
            os.utime(home / name, (WRITTEN, WRITTEN))
    more = home / ".codex/archived_sessions/rollout-2026-11-29T10-00-00-t2.jsonl"
    lay_out(home, {str(more): b"not read to be listed"})
    os.utime(more, (WRITTEN + 60, WRITTEN + 60))
    found, err = listed(machine)
    assert err == ""
    assert [one["program"] for one in found] == [*CONVERSATIONS]
    assert [one["files"] for one in found] == [1, 2, 1, 1, 1, 1]
    assert found[1] == {
        "program": "codex",
        "where": str(home / ".codex"),
        "files": 2,
        "oldest": "2026-11-28T10:00:00.000Z",
        "newest": "2026-11-28T10:01:00.000Z",
        "command": "dialoguedb import --discover codex",
    }
    assert not (machine.directory / "data").exists()
    command = f"dialoguedb import --discover {' '.join(CONVERSATIONS)}"
    assert f"To import all: {command}" in machine.seen("import", "--discover")


@pytest.mark.parametrize("program", CONVERSATIONS)
def test_the_command_imports_it_once(program, machine, home):
    for files in CONVERSATIONS.values():
        lay_out(home, files)
    counts, again = (machine.at("import", "--discover", program) for _ in range(2))
    assert counts == again
    assert (counts["dialogues"], counts["skipped"], counts["failed"]) == (1, 0, 0)
    (one,) = dialogues(machine)
    assert one["metadata"]["source"] == program
    assert one["totalMessages"] == counts["messages"] > 0


def test_several_programs_are_imported_at_once(machine, home):
    for files in CONVERSATIONS.values():
        lay_out(home, files)
    counts = machine.at("import", "--discover", "codex", "pi", "codex", "--namespace", "agents")
    assert counts["dialogues"] == 2
    assert {one["namespace"] for one in dialogues(machine)} == {"agents"}


@pytest.mark.parametrize("variable", MOVING)
def test_variables_of_a_program_move_where_it_is_looked_for(variable, machine, home):
    program, usual, below = MOVING[variable]
    lay_out(home, CONVERSATIONS[program])
    moved = home / "elsewhere" / below
    moved.parent.mkdir(parents=True, exist_ok=True)
    (home / usual).rename(moved)
    assert listed(machine)[0] == []
    machine.variables[variable] = str(home / "elsewhere")
    (found,) = listed(machine)[0]
    assert (found["program"], found["where"], found["files"]) == (program, str(moved), 1)


def test_where_it_looked_is_said_when_there_is_nothing(machine, home):
    lay_out(home, {".codex/auth.json": b"{}", ".claude": b"a file"})
    found, err = listed(machine)
    assert found == []
    assert f"codex: {home}/.codex/sessions/*/*/*/rollout-*.jsonl" in err
    assert all(program in err for program in CONVERSATIONS)
    ended = machine.run("import", "--discover", "codex")
    assert (ended.code, ended.record["dialogues"]) == (0, 0)
    assert f"{home}/.codex/sessions" in ended.err


def test_links_are_followed_only_within_the_directory(machine, home):
    lay_out(home, CONVERSATIONS["claude-code"])
    projects = home / ".claude/projects"
    (home / "other").mkdir()
    (home / "other/s9.jsonl").write_bytes((projects / "-p/s1.jsonl").read_bytes())
    (projects / "-out").symlink_to(home / "other")
    (projects / "-p/s9.jsonl").symlink_to(home / "other/s9.jsonl")
    (projects / "-in").symlink_to(projects / "-p")
    found, err = listed(machine)
    assert found[0]["files"] == 2
    assert err.count("It is a link to somewhere else") == 3
    ended = machine.run("import", "--discover", "claude-code")
    assert (ended.code, ended.record["dialogues"]) == (1, 2)
    assert f"Not imported: {projects}/-out: It is a link to somewhere else" in ended.err


def test_a_directory_that_is_a_link_itself_is_listed(machine, home):
    lay_out(home / "dotfiles", CONVERSATIONS["pi"])
    (home / ".pi").symlink_to(home / "dotfiles/.pi")
    assert [one["files"] for one in listed(machine)[0]] == [1]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--discover", "vim"], "'vim' is none of the programs: claude-code, codex"),
        (["--discover", "--format", "codex"], "--format does not go with --discover"),
        ([], "Name one file or directory"),
        (["one.json", "two.json"], "Name one file or directory"),
        (["one.json"], "'one.json' does not exist"),
    ],
)
def test_what_cannot_be_meant_is_refused(words, why, machine):
    ended = machine.run("import", *words)
    assert ended.code == 2
    assert why in ended.err


# --- Whole directories --------------------------------------------------------------------------


@pytest.mark.parametrize("program", CONVERSATIONS)
def test_the_whole_directory_of_a_program_is_imported(program, machine, home):
    beside = BESIDE[program]
    lay_out(home, CONVERSATIONS[program], beside)
    (name,) = CONVERSATIONS[program]
    directory = home / Path(name).parts[0]
    ended = machine.run("import", directory)
    assert ended.code == 0, ended.err
    counts = ended.record
    assert (counts["dialogues"], counts["skipped"], counts["failed"]) == (1, len(beside), 0)
    assert all(f"Skipped, its format is not known: {home / one}" in ended.err for one in beside)


def test_a_format_that_was_chosen_is_not_that_of_what_is_beside_conversations(machine, home):
    lay_out(home, CONVERSATIONS["codex"], BESIDE["codex"])
    apsw.Connection(str(home / ".codex/state_5.sqlite")).execute("CREATE TABLE threads (id)")
    counts = machine.at("import", home / ".codex", "--format", "codex")
    assert (counts["dialogues"], counts["skipped"]) == (1, len(BESIDE["codex"]) + 1)
    day = home / ".codex/sessions/2026/11/28"
    (home / "moved").mkdir()
    day.rename(home / "moved/day")
    apsw.Connection(str(home / "moved/day/state.db")).execute("CREATE TABLE threads (id)")
    counts = machine.at("import", home / "moved", "--format", "codex")
    assert (counts["dialogues"], counts["skipped"]) == (1, 1)


def test_a_conversation_in_it_that_cannot_be_read_is_a_failure(machine, home):
    lay_out(home, CONVERSATIONS["codex"], BESIDE["codex"])
    damaged = home / ".codex/sessions/2026/11/28/rollout-2026-11-28T11-00-00-t2.jsonl"
    damaged.write_bytes(b'{"type": "session_m')
    ended = machine.run("import", home / ".codex")
    assert ended.code == 1
    assert (ended.record["dialogues"], ended.record["failed"]) == (1, 1)
    assert f"Not imported: {damaged}" in ended.err


def test_a_directory_of_a_program_without_conversations_is_an_error_that_says_so(machine, home):
    lay_out(home, BESIDE["codex"])
    ended = machine.run("import", home / ".codex")
    assert ended.code == 1
    assert f"{home}/.codex holds no conversation in a known format" in ended.err


def test_a_copy_of_a_home_is_imported_whole(machine, home):
    copy = home / "backup"
    for program, files in CONVERSATIONS.items():
        lay_out(copy, files, BESIDE[program])
    (copy / "pipe.json").symlink_to("/nowhere")
    os.mkfifo(copy / "fifo.json")
    counts = machine.at("import", copy)
    beside = sum(map(len, BESIDE.values()))
    assert (counts["dialogues"], counts["skipped"]) == (len(CONVERSATIONS), beside)
