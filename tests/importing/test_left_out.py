"""What an import leaves out because nobody said it: counted by kind, for each file and in all."""

import json
from collections import Counter

import pytest

from tests.importing import codex_files, gemini_cli_files, test_opencode
from tests.importing.program_files import BESIDE, CONVERSATIONS, lay_out

LOGS = ("claude-code", "codex", "gemini-cli", "qwen-code", "pi")
MEMBERS = {"sessionId": "s1", "uuid": "new", "parentUuid": None, "id": "new", "parentId": None}


def log_of(program):
    """Return the lines of a program's file."""
    (content,) = CONVERSATIONS[program].values()
    return [json.loads(line) for line in content.splitlines()]


@pytest.mark.parametrize("program", LOGS)
def test_a_line_of_an_unknown_type_is_counted_by_its_type(program, imports):
    log = log_of(program)
    path = imports.write("log.jsonl", log)
    before = imports.read(path)
    imports.write("log.jsonl", [*log, *[{"type": "weather", **MEMBERS, "n": n} for n in (1, 2)]])
    after = imports.read(path)
    added = Counter(after["leftOut"]) - Counter(before.get("leftOut", {}))
    assert added == {"unknown type 'weather'": 2}
    assert after["messages"] == before["messages"]


@pytest.mark.parametrize("program", ["codex", "pi", "qwen-code"])
def test_every_line_of_a_log_is_a_message_or_counted(program, imports):
    log = log_of(program)
    counts = imports.read(imports.write("log.jsonl", log))
    assert counts["messages"] + sum(counts["leftOut"].values()) >= len(log) - (program == "pi")


def test_what_codex_says_to_the_model_and_shows_again_is_counted(imports):
    log = [
        codex_files.header(),
        codex_files.message("m0", "developer", [{"type": "input_text", "text": "Be brief"}], []),
        codex_files.typed("m1", "Tea?"),
        codex_files.completed("UserMessage", id="u1"),
        codex_files.answered("m2", "Yes"),
        ("compacted", {"message": "Tea."}),
    ]
    lines = [{"type": kind, "payload": payload} for kind, payload in log]
    counts = imports.read(imports.write("log.jsonl", lines))
    assert counts["messages"] == 2
    assert counts["leftOut"] == {
        "bookkeeping of programs": 1,
        "hidden context": 1,
        "repetitions": 1,
        "summaries for models": 1,
    }


def test_what_the_gemini_cli_writes_again_is_counted(imports):
    counts = imports.read(imports.write("log.jsonl", gemini_cli_files.whole()))
    assert counts["leftOut"]["hidden context"] == 3
    assert counts["leftOut"]["notices of programs"] == 1
    assert counts["leftOut"]["repetitions"] > 0


def test_parts_that_opencode_keeps_for_itself_are_counted(imports):
    session = test_opencode.session()
    before = imports.read(imports.write("one.json", session)).get("leftOut", {})
    session["messages"][0]["parts"] += [
        {"type": "step-start"},
        {"type": "text", "text": "Be brief", "synthetic": True},
        {"type": "weather"},
    ]
    after = imports.read(imports.write("one.json", session))["leftOut"]
    added = Counter(after) - Counter(before)
    assert added == {"bookkeeping of programs": 1, "hidden context": 1, "unknown type 'weather'": 1}


def test_messages_without_content_are_counted_in_every_list(imports):
    empty = {"role": "assistant", "content": ""}
    question = {"role": "user", "content": "Tea?"}
    one = imports.read(imports.write("chat.json", {"messages": [question, empty]}))
    assert one["leftOut"] == {"empty messages and parts": 1}
    turns = [{"from": "human", "value": "Tea?"}, {"from": "gpt", "value": ""}]
    other = imports.read(imports.write("share.json", {"conversations": turns}))
    assert other["leftOut"] == {"empty messages and parts": 1}


def test_branches_that_are_not_wanted_are_counted(imports):
    def message(own, parent, children, role):
        members = {"role": role, "content": own, "timestamp": 1}
        return own, {"id": own, "parentId": parent, "childrenIds": children, **members}

    tree = [
        message("q", None, ["a", "b"], "user"),
        message("a", "q", [], "assistant"),
        message("b", "q", [], "assistant"),
    ]
    chat = {"history": {"currentId": "b", "messages": dict(tree)}}
    path = imports.write("chats.json", [{"id": "c1", "title": "Tea", "chat": chat}])
    counts = imports.read(path, "--branches", "current")
    assert (counts["messages"], counts["leftOut"]) == (2, {"messages of other branches": 1})


def test_a_fork_whose_parent_is_missing_says_so(imports):
    fork = codex_files.header(
        codex_files.FORK, forked_from_id=codex_files.THREAD, forked_from_ordinal_exclusive=4
    )
    lines = [{"type": kind, "payload": one} for kind, one in (fork, codex_files.typed("m9", "Hi"))]
    counts = imports.read(imports.write(codex_files.FORK_NAME, lines))
    assert counts["leftOut"]["histories in files that are missing"] == 1


def test_a_directory_is_reported_file_by_file(machine, home):
    for program, files in CONVERSATIONS.items():
        lay_out(home, files, BESIDE[program])
    counts = machine.at("import", "--discover", *CONVERSATIONS)
    files = counts["files"]
    assert {one["format"] for one in files} == {*CONVERSATIONS}
    assert sum(one["messages"] for one in files) == counts["messages"]
    total = Counter[str]()
    for one in files:
        total += Counter(one.get("leftOut", {}))
    assert counts["leftOut"] == total
    assert list(total) != []
    seen = machine.seen("import", "--discover", *CONVERSATIONS)
    assert "s1.jsonl: " in " ".join(seen.split())


def test_lines_that_cannot_be_read_are_reported_by_their_numbers(imports):
    log = log_of("codex")
    whole = [json.dumps(line) for line in log]
    path = imports.write("log.jsonl", "\n".join([*whole[:4], "{]", *whole[5:], ""]))
    ended = imports.commands.run("import", path)
    assert ended.code == 1
    assert "Line 5 of " in ended.err
    path = imports.write("folder/log.jsonl", "\n".join([*whole[:4], "5", *whole[5:], ""]))
    ended = imports.commands.run("import", path.parent)
    (of_file,) = ended.record["files"]
    assert of_file["unread"] == [f"5-{len(whole)}"]
    path = imports.write("folder/log.jsonl", "\n".join([*whole, '{"cut']))
    ended = imports.commands.run("import", path.parent)
    (of_file,) = ended.record["files"]
    assert of_file["unread"] == [str(len(whole) + 1)]
    spaced = [f"{line}\n" for line in [*whole[:4], "5", *whole[5:]]]
    path = imports.write("folder/log.jsonl", "\n".join(spaced))
    ended = imports.commands.run("import", path.parent)
    (of_file,) = ended.record["files"]
    assert of_file["unread"] == [f"9-{2 * len(whole) - 1}"]
