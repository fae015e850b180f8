"""Exports and imports, beside a server and on a directory."""

import json
import re
import shutil
from pathlib import Path

import pytest

from dialoguedb.cli.data.transfer.reports import ImportFailure
from dialoguedb.errors import InvalidRequest
from dialoguedb.values.limits import ATTACHMENT_BYTES_MAX
from tests.attachments import base64_of
from tests.cli.commands import Commands

EXPORTS = Path(__file__).parent / "exports"
HEAD = '{"format": "dialoguedb", "version": 1}\n'


@pytest.fixture
def elsewhere(tmp_path):
    return Commands(tmp_path, ["--data", "elsewhere"], {})


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def all_but_the_head(path):
    return path.read_bytes().split(b"\n", 1)[1]


ODD = [
    '{"role": "user", "id": "late", "content": "late", "created": "2030-01-01T00:00:00Z"}',
    '{"role": "user", "id": "early", "content": "early", "created": "2020-01-01T00:00:00Z"}',
    '{"role": "a b", "name": "Zoë", "content": {"z": 1.0, "a": [123456789012345678901234567890]}}',
    '{"role": "user", "content": "\\u0000 \\ud800 😀", "metadata": {"n": null}, "tags": ["t"]}',
]


@pytest.fixture
def filled(commands):
    """Store one of everything."""
    words = ["--state", '{"s": [1, {"t": null}]}', "--metadata", '{"m": 1.5}', "--tags", "a,b"]
    commands.at("dialogue", "create", "--id", "d", "--label", "L", *words)
    commands.at("message", "add-batch", "d", "--stdin", stdin="\n".join(ODD))
    commands.at("dialogue", "create-thread", "d", "--id", "t", "--created", "2001-01-01")
    commands.at("dialogue", "create", "--id", "d", "--namespace", "n")
    commands.at("message", "add", "d", "--namespace", "n", "--role", "user", "--content", "other")
    commands.at("memory", "create", "--id", "x", "--value-json", '{"v": null}', "--tags", "c")
    commands.at("memory", "create", "--value-json", "null", "--namespace", "n")
    commands.at("dialogue", "end", "d", "--namespace", "n")
    commands.at("dialogue", "archive", "t")
    return commands


def test_an_export_comes_back_as_it_was_and_nothing_twice(filled, elsewhere):
    first, second = filled.directory / "first.jsonl", filled.directory / "second.jsonl"
    assert filled.run("export", first).code == 0
    counts = {"dialogues": 3, "messages": 5, "memories": 2, "failed": 0}
    for _ in range(2):
        assert elsewhere.at("import", first) == counts
        assert filled.at("import", first) == counts
    for side in (elsewhere, filled):
        assert side.run("export", second, "--overwrite").code == 0
        exported = [without_ends(line) for line in lines(second)[1:]]
        assert sorted(exported) == sorted(without_ends(line) for line in lines(first)[1:])
    assert lines(first)[-1] == {"end": {"dialogues": 3, "messages": 5, "memories": 2}}


def test_memories_come_back_with_history_and_what_they_superseded(commands, elsewhere):
    old = ("--id", "old", "--namespace", "n", "--created", "2026-03-01")
    commands.at("memory", "create", *old, "--value", "tea", "--source-dialogue", "d")
    commands.at("memory", "update", "old", "--namespace", "n", "--value", "green tea")
    commands.at("memory", "update", "old", "--namespace", "n", "--valid-from", "2026-01-01")
    new = ("--id", "new", "--namespace", "n", "--created", "2026-02-01", "--trust", "high")
    commands.at("memory", "create", *new, "--value", "coffee", "--supersedes", "old")
    path, second = (commands.directory / name for name in ("out.jsonl", "second.jsonl"))
    assert commands.run("export", path).code == 0
    exported = {line["memory"]["id"]: line["memory"] for line in lines(path)[1:-1]}
    assert [*exported] == ["new", "old"]  # what was superseded comes behind
    assert [one["value"] for one in exported["old"]["history"]] == ["tea", "green tea"]
    counts = {"dialogues": 0, "messages": 0, "memories": 2, "failed": 0}
    for _ in range(2):
        assert elsewhere.at("import", path) == counts
    assert elsewhere.run("export", second).code == 0
    assert lines(second)[1:] == lines(path)[1:]
    marked = elsewhere.at("memory", "get", "old", "--namespace", "n")
    assert (marked["supersededBy"], marked["version"]) == ("new", 3)
    commands.at("memory", "delete", "old", "--namespace", "n")
    assert commands.run("export", path, "--overwrite").code == 0
    alone = Commands(commands.directory, ["--data", "alone"], {})
    left_out = {"memories": 1, "leftOut": {"supersedes": 1}}
    assert alone.at("import", path) == counts | left_out


def without_ends(line):
    """Leave out when a dialogue was closed, which is when it was imported."""
    fields = line.get("dialogue", {})
    kept = {name: value for name, value in fields.items() if not name.endswith("edAt")}
    return json.dumps(line | ({"dialogue": kept} if fields else {}))


def test_messages_are_exported_in_the_order_of_arrival_and_threads_behind_their_origin(filled):
    path = filled.directory / "out.jsonl"
    assert filled.run("export", path).code == 0
    exported = lines(path)
    assert exported[0]["format"] == "dialoguedb"
    ids = [
        (line["dialogue"]["id"], line["dialogue"].get("namespace"))
        for line in exported[1:]
        if "dialogue" in line
    ]
    assert ids.index(("d", None)) < ids.index(("t", None))
    contents = [line["message"] for line in exported if "message" in line]
    seqs = [message["seq"] for message in contents if message["content"] != "other"]
    assert seqs == [1, 2, 3, 4]
    arrived = [message["id"] for message in contents]
    assert arrived.index("late") < arrived.index("early")


def test_an_export_goes_on_where_it_was_stopped(filled):
    whole, part = filled.directory / "whole.jsonl", filled.directory / "part.jsonl"
    assert filled.run("export", whole).code == 0
    data = whole.read_bytes()
    for length in range(data.index(b"\n") + 1, len(data), 97):
        part.write_bytes(data[:length])
        ended = filled.run("export", part)
        assert ended.code == 0, ended.err
        assert all_but_the_head(part) == all_but_the_head(whole)
    refused = filled.run("export", part)
    assert refused.code == 1
    assert "is a complete export already" in refused.err


def test_an_export_may_be_of_one_namespace_and_be_piped(filled):
    exported = [
        json.loads(line) for line in filled.run("export", "--namespace", "n").out.splitlines()
    ]
    assert exported[-1] == {"end": {"dialogues": 1, "messages": 1, "memories": 1}}
    assert exported[1]["dialogue"]["namespace"] == "n"


NUMBERS = "1.10, 1E5, 1e400, -0, -0.0, 0.1e-400, 12345678901234567890123, 1.00000000000000000001"
NASTY = [
    f'{{"z": [{NUMBERS}], "a": {{"1": null}}, "z2": {"9" * 5_000}}}',
    r'{"\ud800 \uDBFF\u0000": "\u0000 \ud83d \ud83d\ude00 \/ \\ud800"}',
    '{"é": "é 😀 \u2028", "\\u00e9": {"": [[], {}, [{}], ""]}}',
    f'{{"deep": {"[" * 100}1{"]" * 100}}}',
    '{"a": 1, "a": 2}',
]


@pytest.mark.parametrize("value", NASTY, ids=["numbers", "surrogates", "letters", "deep", "twice"])
def test_values_are_exported_and_imported_byte_for_byte(commands, elsewhere, api, value):
    sent = commands.directory / "sent.jsonl"
    fields = f'"id": "d", "metadata": {value}'
    sent.write_text(
        f'{HEAD}{{"dialogue": {{{fields}, "state": {value}}}}}\n'
        f'{{"message": {{{fields}, "role": "user", "content": {value}}}}}\n'
        f'{{"memory": {{{fields}, "value": {value}}}}}\n',
        "utf-8",
    )
    counts = {"dialogues": 1, "messages": 1, "memories": 1, "failed": 0}
    exports: list[Path] = []
    for side, read in ((commands, sent), (elsewhere, commands.directory / "0.jsonl")):
        for _ in range(2):
            assert side.at("import", read) == counts
        exports.append(side.directory / f"{len(exports)}.jsonl")
        assert side.run("export", exports[-1]).code == 0
        assert exports[-1].read_text("utf-8").count(compact(value)) == 6
    assert all_but_the_head(exports[0]) == all_but_the_head(exports[1])
    if not commands.words:
        answer = api.get("/dialogue/d/messages").text
        assert compact(value) in answer


def test_values_that_are_nested_as_deeply_as_may_be_come_back(commands, elsewhere):
    names = ("state", "content", "metadata")
    state, content, metadata = (f'{{"{name}":{"[" * 126}{"]" * 126}}}' for name in names)
    path, back = commands.directory / "out.jsonl", commands.directory / "back.jsonl"
    commands.at("dialogue", "create", "--id", "d", "--metadata", metadata)
    deeper = state.replace("[]", "[[]]")
    commands.at("dialogue", "update-state", "d", "--state", deeper)
    for number in range(3):
        words = ["--content-json", content, "--metadata", metadata]
        commands.at("message", "add", "d", "--id", f"m{number}", "--role", "user", *words)
    assert commands.run("export", path).code == 0
    for side in (elsewhere, commands, elsewhere):
        assert side.at("import", path)["messages"] == 3
    assert elsewhere.run("export", back).code == 0
    assert all_but_the_head(back) == all_but_the_head(path)


def compact(value):
    """Leave out the white space between tokens; the texts above have none beside commas."""
    return value.replace(": ", ":").replace(", ", ",")


@pytest.mark.parametrize("own_id", ["", '"id": "a", '], ids=["without an id", "with one"])
def test_a_value_that_is_no_json_fails_alone(own_id, commands):
    path = commands.directory / "in.jsonl"
    path.write_text(
        "{" + own_id + '"messages": [{"role": "user", "content": [{"a": NaN}]}]}\n'
        '{"messages": [{"role": "user", "content": "fine"}]}\n'
    )
    ended = commands.run("import", path)
    assert ended.code == 1
    assert ended.record == {"dialogues": 1, "messages": 1, "memories": 0, "failed": 1}


def test_threads_of_what_is_archived_come_back(commands, elsewhere):
    commands.at("dialogue", "create", "--id", "p")
    commands.at("dialogue", "create-thread", "p", "--id", "c")
    commands.at("dialogue", "create-thread", "c", "--id", "g")
    commands.at("message", "add", "c", "--role", "user", "--content", "hello")
    commands.at("dialogue", "archive", "c")
    commands.at("dialogue", "archive", "p")
    commands.run("export", "all.jsonl")
    counts = {"dialogues": 3, "messages": 1, "memories": 0, "failed": 0}
    assert [elsewhere.at("import", "all.jsonl") for _ in range(2)] == [counts, counts]
    there = {one["id"]: one for one in elsewhere.at("dialogue", "list")["items"]}
    assert {one: there[one]["status"] for one in "pcg"} == {
        "p": "archived",
        "c": "archived",
        "g": "active",
    }
    assert (there["c"]["threadOf"], there["g"]["threadOf"]) == ("p", "c")


@pytest.mark.parametrize(
    ("lost", "complaint"),
    [
        (lambda text: text[:-20], "cut off in its last line"),
        (lambda text: re.sub(r'\n{"message.*', "", text, count=1), "it holds"),
    ],
    ids=["the end of a line", "a line"],
)
def test_a_file_that_was_not_carried_over_whole_says_so(lost, complaint, filled, elsewhere):
    filled.run("export", "all.jsonl")
    path = filled.directory / "all.jsonl"
    path.write_text(lost(path.read_text()))
    ended = elsewhere.run("import", path)
    assert ended.code == 1
    assert complaint in ended.err
    assert ended.record["dialogues"] >= 3


def test_what_stands_before_a_line_that_cannot_be_read_is_stored_and_told(elsewhere):
    path = elsewhere.directory / "in.jsonl"
    path.write_text(
        '{"format": "dialoguedb", "version": 1}\n'
        '{"dialogue": {"id": "d/d"}}\n'
        '{"dialogue": {"id": "a", "status": "ended"}}\n'
        '{"message": {"role": "user", "content": "kept"}}\n'
        "nonsense\n"
        '{"dialogue": {"id": "b"}}\n'
    )
    ended = elsewhere.run("import", path)
    assert ended.code == 1
    assert "dialogue d/d" in ended.err
    assert "line 5" in ended.err
    assert ended.record == {"dialogues": 1, "messages": 1, "memories": 0, "failed": 2}
    (there,) = elsewhere.at("dialogue", "list")["items"]
    assert (there["id"], there["totalMessages"], there["status"]) == ("a", 1, "active")


def test_an_export_may_be_piped_into_an_import_and_have_blank_lines(filled, elsewhere):
    exported = filled.run("export").out.replace("\n", "\n\n")
    counts = {"dialogues": 3, "messages": 5, "memories": 2, "failed": 0}
    assert elsewhere.at("import", "-", stdin=exported) == counts
    assert elsewhere.at("dialogue", "get", "d")["totalMessages"] == 4


@pytest.mark.parametrize(
    "text",
    [
        '{"messages": [{"role": "user", "content": %s}]}\n',
        '{"format": "dialoguedb", "version": 1}\n{"dialogue": {"id": "d", "state": %s}}\n',
    ],
    ids=["of another program", "ours"],
)
def test_a_line_that_is_nested_too_deeply_is_told(text, elsewhere):
    nested = "[" * 100_000 + "]" * 100_000
    ended = elsewhere.run("import", "-", stdin=text % nested)
    assert ended.code == 1
    assert re.search(r"^Error: .*(recursion|nested too deeply)", ended.err, re.MULTILINE)


BROKEN = {
    "nothing known": "nonsense\n",
    "no JSON": '{"a": ]',
    "no line": HEAD + '{"d\\ud800": 1}\n',
    "no dialogue": HEAD + '{"message": {"role": "r", "content": 1}}\n',
    "no version": '{"format": "dialoguedb", "version": 9}\n',
    "no conversation": '{"messages": [{"content": "c"}]}\n',
    "cut off": HEAD + '{"dialogue": {"id": "d"}',
}


@pytest.mark.parametrize("format_name", [None, "chatgpt", "openai-chat", "dialoguedb"])
@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_an_import_that_fails_calls_its_input_by_name_and_makes_nothing(
    text, format_name, elsewhere
):
    words = ["--format", format_name] if format_name else []
    (elsewhere.directory / "in.jsonl").write_text(text)
    for source, name in (("-", "standard input"), ("in.jsonl", "in.jsonl")):
        ended = elsewhere.run("import", source, *words, stdin=text)
        assert ended.code == 1
        assert name in ended.err or "behind its dialogue" in ended.err
        assert "/" not in ended.err
        assert "surrogate-" not in ended.err
        assert "Created" not in ended.err
        assert not (elsewhere.directory / "elsewhere").exists()


def test_a_conversation_of_chatgpt_whose_last_message_is_not_told_has_them_all(elsewhere):
    path = elsewhere.directory / "conversations.json"
    fields = {"author": {"role": "user"}, "content": {"content_type": "text", "parts": ["hello"]}}
    mapping = {"a": {"message": None}, "b": {"parent": "a", "message": {"id": "b", **fields}}}
    path.write_text(json.dumps([{"id": "c", "mapping": mapping, "current_node": "gone"}]))
    assert elsewhere.at("import", path)["messages"] == 1


def test_what_is_as_large_as_may_be_comes_back(elsewhere, commands):
    path, image = commands.directory / "large.jsonl", base64_of(bytes(ATTACHMENT_BYTES_MAX))
    source = {"type": "base64", "media_type": "image/png", "data": image}
    shown = {"type": "image", "source": source}
    large = {"m": "x" * 60_000}
    written = [
        {"format": "dialoguedb", "version": 1},
        {"dialogue": {"id": "i" * 256, "state": {"s": "x" * 1_000_000}, "metadata": large}},
        {"message": {"role": "user", "content": [shown]}},
        *({"message": {"role": "user", "content": "c", "metadata": large}} for _ in range(700)),
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in written))
    counts = {"dialogues": 1, "messages": 701, "memories": 0, "failed": 0}
    assert [commands.at("import", path) for _ in range(2)] == [counts, counts]
    assert commands.run("export", "again.jsonl").code == 0
    assert elsewhere.at("import", "again.jsonl") == counts


def test_an_export_goes_on_only_as_what_it_was_begun(filled):
    filled.run("export", "some.jsonl", "--namespace", "n")
    path = filled.directory / "some.jsonl"
    begun = "".join(path.read_text().splitlines(keepends=True)[:2])
    path.write_text(begun)
    for words, named in ([], "'n'"), (["--namespace", "m"], "'n'"):
        ended = filled.run("export", path, *words)
        assert (ended.code, path.read_text()) == (1, begun)
        assert named in ended.err
    assert filled.run("export", path, "--namespace", "n").code == 0


def test_a_number_that_python_cannot_hold_is_shown_as_one(commands):
    path = commands.directory / "in.jsonl"
    path.write_text(
        '{"format": "dialoguedb", "version": 1}\n'
        '{"dialogue": {"id": "d", "state": {"e": [1E400, -1E400]}}}\n'
    )
    commands.at("import", path)
    assert '"state":{"e":[1e999,-1e999]}' in commands.run("dialogue", "get", "d").out
    assert commands.at("dialogue", "update-tags", "d", "--tags", "x")["tags"] == ["x"]


# --- Other programs' exports --------------------------------------------------------------------


def imported(commands, name, *words):
    counts = [commands.at("import", EXPORTS / name, *words) for _ in range(2)]
    assert counts[0] == counts[1]
    return counts[0]


def messages(commands, dialogue):
    return commands.at("message", "list", dialogue)["items"]


def test_conversations_of_chatgpt_are_imported_as_last_shown(commands):
    assert imported(commands, "chatgpt.json")["dialogues"] == 2 + 1
    name = "672b0000-0000-800c-8000-000000000001"
    dialogue = commands.at("dialogue", "get", name)
    assert dialogue["label"] == "Oslo in May"
    assert dialogue["created"] == "2024-11-06T16:03:20.500Z"
    assert dialogue["metadata"] == {"source": "chatgpt", "model": "gpt-4o", "archived": True}
    shown = messages(commands, name)
    assert [one["id"] for one in shown] == ["n1", "n2", "n3", "n5"]
    assert [one["role"] for one in shown] == ["user", "assistant", "tool", "assistant"]
    assert shown[0]["content"] == "[image]\nHow warm is it there?"
    assert shown[0]["metadata"]["assets"][0]["asset_pointer"] == "file-service://file-abc"
    assert shown[1]["metadata"] == {"model": "gpt-4o", "recipient": "browser"}
    assert shown[2]["content"] == "16 degrees"
    assert shown[3]["created"] == "2024-11-06T16:03:25.000Z"
    (thread,) = commands.at("dialogue", "get-threads", name)["items"]
    assert thread["id"] == f"{name}-n1b"
    assert [one["content"] for one in messages(commands, thread["id"])] == ["How warm is Osl"]


def test_conversations_of_claude_are_imported_with_tools_and_attachments(commands):
    assert imported(commands, "claude.json")["messages"] == 3
    name = "0b1c0000-0000-4000-8000-000000000001"
    assert commands.at("dialogue", "get", name)["metadata"]["project"] == "Compiler"
    question, answered, thanks = messages(commands, name)
    assert [block["type"] for block in question["content"]] == ["text", "document"]
    assert question["metadata"] == {"files": ["shot.png"]}
    kinds = [block["type"] for block in answered["content"]]
    assert kinds == ["thinking", "tool_use", "tool_result", "text"]
    assert thanks["content"] == "Thanks"
    assert '→ compile {"file": "main.rs"}' in commands.run("chat", name).out.replace("  ", " ")


def test_chats_in_openais_form_are_imported_with_their_calls(commands):
    assert imported(commands, "openai-chat.jsonl")["dialogues"] == 3
    listed = commands.at("dialogue", "list", "--order", "asc")["items"]
    assert sorted(one["totalMessages"] for one in listed) == [1, 1, 5]
    (long,) = (one["id"] for one in listed if one["totalMessages"] == 5)
    assert commands.at("dialogue", "context", long, "--max-tokens", "999")["issues"] == []
    assert messages(commands, long)[1]["name"] == "ann"


def test_items_of_responses_are_imported_with_their_calls(commands):
    assert imported(commands, "openai-responses.json")["messages"] == 5
    (dialogue,) = commands.at("dialogue", "list")["items"]
    roles = [one["role"] for one in messages(commands, dialogue["id"])]
    assert roles == ["user", "assistant", "assistant", "tool", "assistant"]
    window = commands.at("dialogue", "context", dialogue["id"], "--max-tokens", "999")
    assert window["messages"][1]["tool_calls"][0]["function"]["name"] == "weather"


def test_long_talks_are_imported_with_their_sessions(commands):
    assert imported(commands, "locomo.json", "--namespace", "talks")["messages"] == 3
    shown = commands.at("message", "list", "locomo-conv-1", "--namespace", "talks")["items"]
    assert [(one["role"], one["name"]) for one in shown[:2]] == [
        ("user", "Ann"),
        ("assistant", "Bo"),
    ]
    assert shown[1]["content"] == "Look [shares a photo of a dog]"
    assert shown[1]["created"] == "2023-05-08T13:56:01.000Z"


def test_a_conversation_that_cannot_be_read_is_told_and_the_others_are_imported(elsewhere):
    path = elsewhere.directory / "in.json"
    whole = json.loads((EXPORTS / "chatgpt.json").read_text())
    undated = {**whole[0], "id": "x", "conversation_id": "x", "create_time": "abc"}
    path.write_text(json.dumps([undated, {"mapping": {"a": {"message": 5}}}, *whole]))
    ended = elsewhere.run("import", path, "--format", "chatgpt")
    assert ended.code == 1
    assert "conversation 1 of" in ended.err
    assert "conversation 2 of" in ended.err
    assert (ended.record["dialogues"], ended.record["failed"]) == (len(whole) + 1, 2)


@pytest.mark.parametrize(
    "beside",
    [
        {"reasoning_content": "I think so."},
        {"reasoning": "I think so.", "reasoning_details": [{"type": "reasoning.text"}]},
        {"thinking_blocks": [{"type": "thinking", "thinking": "I think so.", "signature": "s"}]},
        {"annotations": [{"type": "url_citation", "url_citation": {"url": "https://e.com"}}]},
        {"refusal": "I will not."},
        {"audio": {"id": "audio_1", "transcript": "Sixteen degrees"}},
        {"extra_content": {"google": {"thought_signature": "c2ln"}}},
        {"provider_specific_fields": {"citations": ["https://e.com"]}},
        {"anything": "a provider adds"},
    ],
    ids=lambda beside: next(iter(beside)),
)
@pytest.mark.parametrize("has_calls", [True, False], ids=["calls", "no calls"])
def test_what_a_provider_sent_beside_a_text_is_imported(elsewhere, beside, has_calls):
    function = {"name": "weather", "arguments": "{}"}
    calls = {"tool_calls": [{"id": "c", "type": "function", "function": function}]}
    answer = {"role": "assistant", "content": "Warm.", **beside, **(calls if has_calls else {})}
    noted = {"created_at": "2026-01-01", "model": "m", "weight": 1}
    question = {"role": "user", "content": "Warm?", "refusal": None, "audio": None, **noted}
    text = json.dumps({"id": "d", "messages": [question, answer]})
    elsewhere.at("import", "-", "--format", "openai-chat", stdin=text)
    stored = elsewhere.at("message", "list", "d")["items"]
    assert [message["content"] for message in stored] == ["Warm?", answer]


def test_citations_of_items_of_responses_are_imported(elsewhere):
    plain = {"type": "output_text", "text": "Warm.", "annotations": [], "logprobs": []}
    cited = {**plain, "annotations": [{"type": "url_citation", "url": "https://e.com"}]}
    contents = [[plain], [plain, plain], [cited], [plain, cited]]
    items = [{"type": "message", "role": "assistant", "content": one} for one in contents]
    elsewhere.at("import", "-", stdin=json.dumps({"id": "d", "items": items}))
    stored = elsewhere.at("message", "list", "d")["items"]
    assert [message["content"] for message in stored] == [
        "Warm.",
        "Warm.\nWarm.",
        [cited],
        [plain, cited],
    ]


def test_a_directory_is_imported_whole(commands):
    shutil.copytree(EXPORTS, commands.directory / "in")
    (commands.directory / "in" / "users.json").write_text('[{"uuid": "u"}]')
    ended = commands.run("import", "in")
    assert ended.code == 0
    assert ended.record["dialogues"] == 3 + 1 + 3 + 1 + 1
    assert "Skipped, its format is not known: in/users.json" in ended.err


# --- What goes wrong ----------------------------------------------------------------------------


def test_a_file_of_a_directory_that_is_no_json_is_a_failure_and_the_others_are_imported(elsewhere):
    directory = elsewhere.directory / "in"
    directory.mkdir()
    shutil.copy(EXPORTS / "claude.json", directory)
    (directory / "a.json").write_text("not JSON")
    ended = elsewhere.run("import", directory)
    assert ended.code == 1
    counts = {"dialogues": 1, "messages": 3, "memories": 0, "skipped": 0, "failed": 1}
    assert ended.record.items() >= counts.items()
    assert "Not imported: " in ended.err
    assert "a.json is not JSON" in ended.err


def test_what_cannot_be_stored_is_told_and_the_rest_goes_on(commands):
    (commands.directory / "in.jsonl").write_text(
        HEAD
        + '{"dialogue": {"id": "a"}}\n{"message": {"role": "user", "content": ""}}\n'
        + '{"dialogue": {"id": "b"}}\n{"message": {"role": "user", "content": "fine"}}\n'
        + '{"dialogue": {"id": "c", "threadOf": "none"}}\n'
    )
    ended = commands.run("import", "in.jsonl")
    assert ended.code == 1
    assert ended.record == {"dialogues": 1, "messages": 1, "memories": 0, "failed": 2}
    assert "Not imported: dialogue a: " in ended.err
    assert "Not imported: dialogue c: " in ended.err
    assert messages(commands, "b")[0]["id"] == "b-1"


def test_another_dialogue_of_the_same_id_is_left_alone(commands):
    commands.at("dialogue", "create", "--id", "a", "--metadata", '{"mine": true}')
    (commands.directory / "in.jsonl").write_text(HEAD + '{"dialogue": {"id": "a"}}\n')
    ended = commands.run("import", "in.jsonl")
    assert ended.code == 1
    assert "Another dialogue 'a' is there already" in ended.err


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "format of in.jsonl is not known"),
        ("nonsense", "in.jsonl is not JSON"),
        ('{"a": 1}', "format of in.jsonl is not known"),
        ('{"format": "dialoguedb", "version": 2}\n', "is of version 2 of the format"),
        (HEAD + '{"dialog": {"id": "a"}}\n', "in.jsonl, line 2: This is no line of an export"),
        (HEAD + '{"message": {"role": "a", "content": "b"}}\n', "has to stand behind its dialogue"),
    ],
)
def test_a_file_that_is_none_is_refused_in_one_line(elsewhere, text, complaint):
    (elsewhere.directory / "in.jsonl").write_text(text)
    ended = elsewhere.run("import", "in.jsonl")
    assert ended.code == 1
    assert complaint in ended.err
    assert ended.out == ""


def test_a_memory_that_cannot_be_linked_is_a_failure_of_its_own(commands):
    def memory(own_id, **more):
        known = {"namespace": "n", "value": own_id, "created": "2026-03-01T00:00:00.000Z"}
        return {"memory": {"id": own_id, **known, **more}}

    def version(value):
        times = {"written": "2026-02-01T00:00:00.000Z", "replaced": "2026-02-02T00:00:00.000Z"}
        return {"version": 1, "value": value, **times}

    unequal = [version("one"), version("another")]
    exported = [
        memory("new", supersedes="old", version=2, history=unequal),
        memory("newer", supersedes="old"),
        memory("old"),
        *(memory(f"m{count}", supersedes=f"gone-{count}") for count in range(30)),
    ]
    path = commands.directory / "in.jsonl"
    path.write_text(HEAD + "".join(json.dumps(line) + "\n" for line in exported))
    ended = commands.run("import", path)
    report = ended.record
    assert (ended.code, report["failed"], report["memories"]) == (1, 1, 32)
    assert report["leftOut"] == {"supersedes": 30}
    newer = commands.at("memory", "get", "newer", "--namespace", "n")
    assert newer["supersedes"] == "old"


@pytest.mark.parametrize(("name", "shown"), [("a", "a: It says a.b"), ("x y", "x y is cut off")])
def test_a_failure_names_what_it_is_of_and_no_more_than_that(name, shown):
    message = shown.partition(": ")[2] or shown
    assert str(ImportFailure(name, InvalidRequest(message))) == shown
