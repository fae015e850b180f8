"""Dialogues that go on in coding agents."""

import json
from pathlib import Path

import pytest

from tests.cli.commands import Commands
from tests.cli.talks import TALK, stored
from tests.cli.test_export_formats import spoken

SYSTEM = ("system", "Be kind.")


@pytest.fixture
def commands(tmp_path):
    """Call the commands on a directory, with a home of its own."""
    (tmp_path / "home").mkdir()
    (tmp_path / "notes.v2").mkdir()
    return Commands(tmp_path, ["--data", "chats"], {"HOME": str(tmp_path / "home")})


def _resumed(commands, program):
    stored(commands, "talk", TALK, "--created", "2026-01-02T03:04:05Z")
    return commands.at("resume", "talk", "--in", program, "--cwd", "notes.v2")


@pytest.mark.parametrize("program", ["codex", "claude-code"])
def test_an_import_of_the_session_has_what_was_said(commands, program, tmp_path):
    answer = _resumed(commands, program)
    again = Commands(tmp_path, ["--data", "back"], commands.variables)
    assert again.at("import", "--discover", program)["failed"] == 0
    expected = [one for one in spoken(commands, "talk") if one != SYSTEM]
    assert spoken(again, answer["session"]) == expected
    about = again.at("dialogue", "get", answer["session"])["metadata"]
    assert about["cwd"] == str(tmp_path / "notes.v2")


def test_a_session_lies_where_its_program_looks_for_it(commands, tmp_path):
    answer = _resumed(commands, "claude-code")
    path = Path(answer["file"])
    folder = "".join(one if one.isalnum() else "-" for one in str(tmp_path / "notes.v2"))
    assert path == tmp_path / "home/.claude/projects" / folder / f"{answer['session']}.jsonl"
    assert path.stat().st_mode & 0o077 == 0
    assert answer["command"] == f"claude --resume {answer['session']}"
    variables = {**commands.variables, "CODEX_HOME": str(tmp_path / "moved")}
    codex = Commands(tmp_path, commands.words, variables).at("resume", "talk", "--in", "codex")
    assert Path(codex["file"]).is_relative_to(tmp_path / "moved/sessions")
    assert codex["command"] == f"codex resume {codex['session']}"


def test_what_the_system_says_stands_before_all_and_is_nobody_s_words(commands):
    lines = Path(_resumed(commands, "claude-code")["file"]).read_text().splitlines()
    first = json.loads(lines[0])
    assert (first["isMeta"], first["message"]["content"]) == (True, "Be kind.")
    path = Path(commands.at("resume", "talk", "--in", "codex")["file"])
    item = json.loads(path.read_text().splitlines()[1])["payload"]
    content = [{"type": "input_text", "text": "Be kind."}]
    assert item == {"type": "message", "role": "developer", "content": content}


def test_every_session_is_a_new_one(commands):
    sessions = [_resumed(commands, "codex")["session"]]
    sessions.append(commands.at("resume", "talk", "--in", "codex")["session"])
    assert len(set(sessions)) == 2


def test_a_dialogue_in_which_nothing_is_said_is_refused(commands):
    stored(commands, "empty", [])
    for own_id, why in (("empty", "nothing is said"), ("none", "none")):
        ended = commands.run("resume", own_id, "--in", "codex")
        assert ended.code == 1
        assert why in ended.err
    assert not list(commands.directory.glob("home/.codex/**/*.jsonl"))


def test_a_namespace_says_where_the_dialogue_is(commands):
    stored(commands, "talk", TALK, "--namespace", "ann")
    ended = commands.run("resume", "talk", "--in", "codex")
    assert ended.code == 1
    answer = commands.at("resume", "talk", "--in", "codex", "--namespace", "ann")
    assert Path(answer["file"]).exists()
