"""Exports of one conversation that are cut off anywhere: what stands before is imported."""

import json

import pytest

from dialoguedb.cli.data.transfer.lines import DialogueLine, InputFile, Line, MessageLine, encoded
from dialoguedb.cli.data.transfer.reports import FileReport
from dialoguedb.cli.data.transfer.source_files import Source, format_of, lines_of
from dialoguedb.errors import InvalidRequest
from tests.cli import agent_sessions
from tests.importing import test_librechat, test_opencode

TALK = [("user", "Te\u00e1?"), ("assistant", 'Yes, "now"'), ("user", "1"), ("assistant", "{[2]}")]
CHAT = [{"role": role, "content": text, "n": 1.5} for role, text in TALK]
UI = [
    {"id": f"u{index}", "role": role, "parts": [{"type": "text", "text": text}]}
    for index, (role, text) in enumerate(TALK)
]
TURNS = [{"from": "human" if role == "user" else "gpt", "value": text} for role, text in TALK]
OBJECTS = {
    "openai-chat": {"id": "c1", "messages": CHAT, "title": "Tea", "n": 12},
    "ui-messages": {"id": "c1", "messages": UI},
    "sharegpt": {"id": "c1", "conversations": TURNS, "tools": "[]"},
    "opencode": test_opencode.session(),
    "librechat": test_librechat.FORMS["a list"](test_librechat.whole()[:2]),
    "cline": json.loads(agent_sessions.cline_document(agent_sessions.cline())),
}


def read(path, name):
    """Return what a file yields, and whether some of it is reported as missing."""
    report = FileReport("f", name)
    found: list[Line] = []
    try:
        found.extend(lines_of(Source(InputFile(path, "f", "f"), name), lambda _: None, report))
    except InvalidRequest:
        return found, True
    return found, bool(report.failures)


def messages_of(found):
    return [encoded(one) for one in found if isinstance(one, MessageLine)]


@pytest.mark.parametrize("name", OBJECTS)
@pytest.mark.parametrize("indent", [None, 1])
def test_what_stands_before_a_cut_is_what_the_whole_file_begins_with(name, indent, tmp_path):
    whole = json.dumps(OBJECTS[name], indent=indent, ensure_ascii=False).encode()
    path = tmp_path / "one.json"
    path.write_bytes(whole)
    full, is_missing = read(path, name)
    assert not is_missing
    most = 0
    for length in range(1, len(whole)):
        path.write_bytes(whole[:length])
        found, is_missing = read(path, name)
        assert is_missing
        assert [one.id for one in found if isinstance(one, DialogueLine)] in ([], [full[0].id])
        assert messages_of(found) == messages_of(full)[: len(messages_of(found))]
        most = max(most, len(messages_of(found)))
    assert most == len(messages_of(full))


@pytest.mark.parametrize("name", OBJECTS)
def test_the_whole_file_completes_what_was_cut(name, imports):
    whole = json.dumps(OBJECTS[name], indent=1)
    full = imports.write("full/one.json", whole)
    counts = imports.commands.at("import", full, "--namespace", "full", "--dry-run")
    for share in (0.5, 0.8, 0.95):
        path = imports.write("one.json", whole[: int(len(whole) * share)])
        ended = imports.commands.run("import", path)
        assert ended.code == 1
        assert "one.json" in ended.err
    imports.read(imports.write("one.json", whole))
    (dialogue,) = imports.commands.at("dialogue", "list")["items"]
    assert dialogue["totalMessages"] == counts["messages"]


def test_one_whose_id_would_come_later_is_not_imported(imports):
    whole = json.dumps({"messages": CHAT, "id": "c1"})
    ended = imports.commands.run("import", imports.write("one.json", whole[:-6]))
    assert ended.code == 1
    assert "It is cut off before its id" in ended.err
    imports.read(imports.write("one.json", whole))
    assert [one["id"] for one in imports.commands.at("dialogue", "list")["items"]] == ["c1"]


@pytest.mark.parametrize(
    "text", ['{"a": [1, 2', '{"a": {"b": 1', "{", '{"a": [{"b": 1}', "nothing"]
)
def test_what_is_nothing_known_is_a_failure_and_not_skipped(imports, text):
    path = imports.write("in/one.json", text)
    ended = imports.commands.run("import", path.parent)
    assert (ended.code, ended.record["failed"], ended.record["skipped"]) == (1, 1, 0)


def test_a_cut_object_is_recognised(tmp_path):
    for name, document in OBJECTS.items():
        (path := tmp_path / "one.json").write_bytes(json.dumps(document).encode()[:-9])
        assert format_of(InputFile(path, "f")) == name


@pytest.mark.parametrize("damage", [b"\xff", b"}", b"x", b'"'])
def test_a_damaged_byte_costs_what_is_behind_it(damage, tmp_path):
    name = "openai-chat"
    whole = json.dumps(OBJECTS[name], ensure_ascii=False).encode()
    path = tmp_path / "one.json"
    path.write_bytes(whole)
    full = messages_of(read(path, name)[0])
    for at in range(1, len(whole)):
        path.write_bytes(damaged := whole[:at] + damage + whole[at + 1 :])
        found, is_missing = read(path, name)
        try:
            json.loads(damaged)
        except ValueError:
            assert is_missing
            before = messages_of(found)
            assert before[:-1] == full[: len(before)][:-1]
