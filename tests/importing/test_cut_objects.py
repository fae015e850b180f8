"""Exports of one conversation that are cut off anywhere: what stands before is imported."""

import json

import msgspec
import pytest

from dialoguedb.cli.data.transfer.lines import DialogueLine, InputFile, Line, MessageLine, encoded
from dialoguedb.cli.data.transfer.reports import FileReport
from dialoguedb.cli.data.transfer.source_files import Source, format_of, lines_of
from dialoguedb.errors import InvalidRequest
from tests.cli import agent_sessions
from tests.cli.test_chat_exports import chatgpt, claude, node
from tests.importing import test_librechat, test_llm, test_open_webui, test_opencode

TALK = [("user", "Te\u00e1?"), ("assistant", 'Yes, "now"'), ("user", "1"), ("assistant", "{[2]}")]
CHAT = [{"role": role, "content": text, "n": 1.5} for role, text in TALK]
UI = [
    {"id": f"u{index}", "role": role, "parts": [{"type": "text", "text": text}]}
    for index, (role, text) in enumerate(TALK)
]
TURNS = [{"from": "human" if role == "user" else "gpt", "value": text} for role, text in TALK]
ITEMS = [{"type": "message", "id": f"i{at}", **one} for at, one in enumerate(CHAT)]
BLOCKS = [
    {"role": role, "content": [{"type": "text", "text": text}, {"type": "tool_use", "id": text}]}
    for role, text in TALK
]
OBJECTS = {
    "anthropic": {"id": "c1", "system": "Be kind.", "messages": BLOCKS},
    "openai-responses": {"id": "c1", "object": "list", "data": ITEMS},
    "openai-chat": {"id": "c1", "messages": CHAT, "title": "Tea", "n": 12},
    "ui-messages": {"id": "c1", "messages": UI},
    "sharegpt": {"id": "c1", "conversations": TURNS, "tools": "[]"},
    "opencode": test_opencode.session(),
    "librechat": test_librechat.FORMS["a list"](test_librechat.whole()[:2]),
    "cline": json.loads(agent_sessions.cline_document(agent_sessions.cline())),
}

SHOWN = [
    node(f"n{at}", f"n{at - 1}" if at else "root", role, text, 1_760_000_000.0 + at)
    for at, (role, text) in enumerate(TALK)
]
SENT = [(f"n{at}", f"n{at - 1}", role, text) for at, (role, text) in enumerate(TALK)]
ARRAYS = {
    "chatgpt": [*chatgpt(*SHOWN), *chatgpt(*SHOWN, id="d", conversation_id="d")],
    "claude": [*claude(*SENT), *claude(*SENT, uuid="d")],
    "open-webui": [test_open_webui.exported(), test_open_webui.exported() | {"id": "chat-2"}],
    "llm": test_llm.answers(),
    "openai-chat": [OBJECTS["openai-chat"], OBJECTS["openai-chat"] | {"id": "c2"}],
    "sharegpt": [OBJECTS["sharegpt"], OBJECTS["sharegpt"] | {"id": "c2"}],
    "anthropic": [OBJECTS["anthropic"], OBJECTS["anthropic"] | {"id": "c2"}],
    "openai-responses": [OBJECTS["openai-responses"], OBJECTS["openai-responses"] | {"id": "c2"}],
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


def read_damaged(directory, name, damaged):
    """Return what a file yields, and whether some is reported as missing; None if it is JSON."""
    path = directory / "damaged.json"
    path.write_bytes(damaged)
    found, is_missing = read(path, name)
    try:
        json.loads(damaged)
    except ValueError:
        return found, is_missing
    return found, None


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


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_yields_what_stands_whole_before_a_cut(name, tmp_path):
    whole = json.dumps(ARRAYS[name], indent=1, ensure_ascii=False).encode()
    path = tmp_path / "all.json"
    path.write_bytes(whole)
    assert format_of(InputFile(path, "f")) == name
    full, is_missing = read(path, name)
    assert not is_missing
    counts = set[int]()
    for length in range(1, len(whole)):
        path.write_bytes(whole[:length])
        found, is_missing = read(path, name)
        assert is_missing
        assert [*map(msgspec.json.encode, found)] == [*map(msgspec.json.encode, full[: len(found)])]
        counts.add(len(found))
    assert counts >= {0, len(full)}
    assert len(counts) > 2


@pytest.mark.parametrize("name", ARRAYS)
def test_a_damaged_byte_of_an_array_costs_what_is_behind_it(name, tmp_path):
    whole = json.dumps(ARRAYS[name], ensure_ascii=False).encode()
    full = [*map(msgspec.json.encode, read_damaged(tmp_path, name, whole)[0])]
    for at in range(1, len(whole)):
        damage = (b"\xff", b"}", b"x", b'"')[at % 4]
        found, is_missing = read_damaged(tmp_path, name, whole[:at] + damage + whole[at + 1 :])
        if is_missing is not None:
            assert is_missing
            before = [*map(msgspec.json.encode, found)]
            assert before == full[: len(before)]


@pytest.mark.parametrize("name", OBJECTS)
def test_the_whole_file_completes_what_was_cut(name, imports):
    whole = json.dumps(OBJECTS[name], indent=1)
    full = imports.write("full/one.json", whole)
    counts = imports.commands.at("import", full, "--namespace", "full", "--dry-run")
    for share in (0.5, 0.8, 0.95):
        path = imports.write("one.json", whole[: int(len(whole) * share)])
        ended = imports.commands.run("import", path)
        assert (ended.code, ended.record["failed"]) == (1, 1)
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
    full = messages_of(read_damaged(tmp_path, name, whole)[0])
    for at in range(1, len(whole)):
        found, is_missing = read_damaged(tmp_path, name, whole[:at] + damage + whole[at + 1 :])
        if is_missing is not None:
            assert is_missing
            before = messages_of(found)
            assert before == full[: len(before)]
