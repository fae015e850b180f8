"""Exports in the formats of other programs, there and back."""

import json
import re
from typing import Any

import pytest

from dialoguedb.cli.data.previews import turn_of
from dialoguedb.formats.parts import Attachment, Text, ToolCall, ToolResult
from dialoguedb.formats.tool_links import ToolLinker
from dialoguedb.formats.writers.shown_parts import joined
from tests.attachments import base64_of
from tests.cli.commands import Commands
from tests.cli.talks import IMAGE, PIXEL, TALK, answered, called, stored, text

CONVERSATIONS = ["openai-chat", "openai-responses", "anthropic", "ui-messages", "sharegpt"]
PAGES = ["markdown", "html"]


def spoken(commands, own_id):
    """Return who says what: texts, images, and calls with their results, in order."""
    items = commands.at("message", "list", own_id, "--order", "asc", "--limit", "1000")["items"]
    turns = [turn_of(record) for record in items]
    links = ToolLinker()
    for turn in turns:
        links.add(turn)
    assert links.finish() == []
    by_id = {turn.id: turn for turn in turns}
    texts: list[tuple[Any, ...]] = []
    for turn in turns:
        for index, part in enumerate(turn.parts):
            if isinstance(part, Text):
                texts.append((turn.speaker, part.text))
            elif isinstance(part, Attachment):
                texts.append((turn.speaker, part.kind, part.data))
            elif isinstance(part, ToolCall):
                result_id, at = links.pairs[turn.id, index]
                result = by_id[result_id].parts[at]
                assert isinstance(result, ToolResult)
                texts.append(("call", part.name, json.loads(part.arguments), joined(result.parts)))
    return texts


@pytest.fixture
def back(tmp_path):
    return Commands(tmp_path, ["--data", "back"], {})


@pytest.mark.parametrize("format_name", CONVERSATIONS)
def test_a_conversation_comes_back_with_its_texts_roles_calls_and_results(
    commands, back, format_name
):
    stored(commands, "talk", TALK, "--label", "A talk", "--created", "2026-01-02T03:04:05Z")
    stored(commands, "plain", [("user", "Hi."), ("assistant", "Hello.")])
    path = commands.directory / "out.jsonl"
    ended = commands.run("export", path, "--format", format_name)
    assert ended.code == 0, ended.err
    assert len(path.read_text().splitlines()) == 2
    for words in ([], ["--format", format_name]):
        counts = back.at("import", path, *words)
        assert (counts["dialogues"], counts["failed"]) == (2, 0)
    before, after = spoken(commands, "talk"), spoken(back, "talk")
    if format_name == "sharegpt":
        before[before.index(("user", "image", PIXEL))] = ("user", "[image]")
        before = as_lines(before)
        after = as_lines(after)
    assert after == before
    assert spoken(back, "plain") == [("user", "Hi."), ("assistant", "Hello.")]
    dialogue = back.at("dialogue", "get", "talk")
    assert dialogue["label"] == "A talk"
    if format_name != "sharegpt":
        assert dialogue["created"] == "2026-01-02T03:04:05.000Z"


def as_lines(texts):
    """Join the texts of one speaker that follow each other."""
    lines: list[tuple[Any, ...]] = []
    for one in texts:
        if lines and len(one) == 2 == len(lines[-1]) and lines[-1][0] == one[0]:
            lines[-1] = (one[0], f"{lines[-1][1]}\n{one[1]}")
        else:
            lines.append(one)
    return lines


def test_each_format_is_as_its_own_readers_have_it(commands):
    stored(commands, "talk", TALK)
    exported = {
        name: json.loads(commands.run("export", "--format", name).out) for name in CONVERSATIONS
    }
    chat = exported["openai-chat"]["messages"]
    allowed = {"role", "content", "tool_calls", "tool_call_id", "name"}
    assert all(one.keys() <= allowed for one in chat)
    assert [one["role"] for one in chat[:6]] == [
        *("system", "user", "assistant", "tool", "tool", "assistant"),
    ]
    assert [one["tool_call_id"] for one in chat if one["role"] == "tool"] == ["a", "b", "c"]
    items = exported["openai-responses"]["input"]
    assert [one["call_id"] for one in items if one.get("type") == "function_call"] == [*"abc"]
    claude = exported["anthropic"]
    assert claude["system"] == "Be kind."
    roles = [one["role"] for one in claude["messages"]]
    assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"]
    shown = exported["ui-messages"]["messages"]
    assert [one["role"] for one in shown] == [
        *("system", "user", "assistant", "user", "assistant", "user"),
    ]
    assert len({one["id"] for one in shown}) == len(shown)
    shares = [one["from"] for one in exported["sharegpt"]["conversations"]]
    assert shares[:8] == [
        *("system", "human", "gpt", "function_call", "observation"),
        *("function_call", "observation", "gpt"),
    ]


def test_a_result_that_comes_later_stays_with_its_call_and_one_without_is_kept(commands, back):
    talk = [
        ("user", "Go."),
        ("assistant", [called("late", "first")]),
        ("assistant", [called("never", "second")]),
        ("user", "Well?"),
        ("user", [answered("late", text("done"))]),
        ("assistant", "Yes."),
    ]
    stored(commands, "talk", talk)
    for name in CONVERSATIONS:
        path = commands.directory / f"{name}.jsonl"
        assert commands.run("export", path, "--format", name).code == 0
        own = Commands(commands.directory, ["--data", name], {})
        assert own.at("import", path)["failed"] == 0
        items = own.at("message", "list", "talk", "--order", "asc")["items"]
        turns = [turn_of(one) for one in items]
        links = ToolLinker()
        for turn in turns:
            links.add(turn)
        issues = links.finish()
        assert [one.code for one in issues] == ["ORPHANED_TOOL_CALL"], (name, issues)
        assert len(links.pairs) == 1


KINDS = [
    *("memories", "that dialogues are threads", "dialogues without messages", "namespaces"),
    *("that dialogues are ended", "states", "metadata", "tags", "times", "ids of messages"),
    *("roles", "thoughts", "that results", "attachments", "names", "messages that say nothing"),
    "details, and unknown parts",
]


def test_what_a_format_does_not_hold_is_counted_by_kind(commands):
    stored(commands, "full", [], "--state", '{"a": 1}', "--metadata", '{"m": 1}', "--tags", "t")
    rows = [
        {"role": "critic", "content": "Hm.", "tags": ["x"], "metadata": {"k": 1}},
        {"role": "user", "name": "Ann / Bob", "content": "Hi."},
        {"role": "assistant", "content": [{"type": "redacted_thinking", "data": "eA=="}]},
        {"role": "assistant", "content": [called("a", "find")]},
        {"role": "user", "content": [answered("a", text("no"), is_error=True)]},
        {"role": "assistant", "content": [text("So."), IMAGE]},
        {"role": "user", "content": [{"type": "mystery", "payload": "unknown"}]},
        {"role": "user", "content": "  "},
    ]
    commands.at("message", "add-batch", "full", "--stdin", stdin="\n".join(map(json.dumps, rows)))
    commands.at("dialogue", "create-thread", "full", "--id", "aside")
    commands.at("message", "add", "aside", "--role", "user", "--content", "Aside.")
    commands.at("dialogue", "end", "aside")
    stored(commands, "empty", [], "--namespace", "n")
    stored(commands, "other", [("user", "Hi.")], "--namespace", "n")
    commands.at("memory", "create", "--value", "tea")
    commands.at("memory", "create", "--value", "milk")
    ended = commands.run("export", "--format", "openai-chat")
    counts = dict(re.findall(r"^Not in openai-chat: ([^:]+): (\d+)$", ended.err, re.MULTILINE))
    assert counts["memories"] == "2"
    assert counts["dialogues without messages"] == "1"
    assert counts["ids of messages"] == "10"
    assert counts["metadata of dialogues and messages"] == "2"
    for kind in KINDS:
        assert any(one.startswith(kind) for one in counts), (kind, counts)
    assert "Exported 3 dialogues, 10 messages, 0 memories" in ended.err
    page = commands.run("export", "--format", "html")
    assert "Exported 4 dialogues, 10 messages, 2 memories" in page.err
    kinds = re.findall(r"^Not in html: ([^:]+): \d+$", page.err, re.MULTILINE)
    assert kinds == [
        "messages that say nothing",
        "thoughts of a model",
        "details, and unknown parts, that only their own program can read",
    ]


def test_a_conversation_is_written_in_parts_and_whole(commands, back):
    talk = []
    for number in range(700):
        talk += [
            ("user", f"Question {number}"),
            ("assistant", [text("Hm. "), called(f"c{number % 7}", "find", n=number)]),
            ("user", [answered(f"c{number % 7}", text(f"result {number}"))]),
            ("assistant", f"Answer {number} "),
        ]
    commands.at("dialogue", "create", "--id", "long")
    lines = [json.dumps({"role": role, "content": content}) for role, content in talk]
    for start in range(0, len(lines), 400):
        batch = "\n".join(lines[start : start + 400])
        commands.at("message", "add-batch", "long", "--stdin", stdin=batch)
    for name in CONVERSATIONS:
        path = commands.directory / f"{name}.jsonl"
        assert commands.run("export", path, "--format", name).code == 0
        document = json.loads(path.read_text())
        assert str(document).count("Question ") == 700
        assert [int(n) for n in re.findall(r"Answer (\d+) ", str(document))] == [*range(700)]
        assert [int(n) for n in re.findall(r"result (\d+)", str(document))] == [*range(700)]
    claude = json.loads((commands.directory / "anthropic.jsonl").read_text())["messages"]
    ids = [block["id"] for one in claude for block in one["content"] if "input" in block]
    assert len(set(ids)) == 700
    assert [one["role"] for one in claude] == ["user", "assistant"] * 1400
    shown = json.loads((commands.directory / "ui-messages.jsonl").read_text())["messages"]
    assert len({one["id"] for one in shown}) == len(shown) == 1400


def test_one_dialogue_is_exported_with_its_threads(commands, back):
    stored(commands, "one", [("user", "One.")])
    stored(commands, "two", [("user", "Two.")])
    stored(commands, "one", [("user", "Other one.")], "--namespace", "n")
    commands.at("dialogue", "create-thread", "one", "--id", "aside")
    commands.at("message", "add", "aside", "--role", "user", "--content", "Aside.")
    commands.at("dialogue", "create-thread", "aside", "--id", "deeper")
    commands.at("message", "add", "deeper", "--role", "user", "--content", "Deeper.")
    path = commands.directory / "one.jsonl"
    assert commands.run("export", path, "--dialogue", "one").code == 0
    assert back.at("import", path)["dialogues"] == 3
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[0]["dialogue"] == "one"
    assert lines[-1]["end"] == {"dialogues": 3, "messages": 3, "memories": 0}
    again = commands.run("export", path, "--dialogue", "two")
    assert "was begun as an export of the dialogue 'one'" in again.err
    chat = commands.run("export", "--format", "openai-chat", "--dialogue", "one")
    assert [json.loads(line)["id"] for line in chat.out.splitlines()] == ["one", "aside", "deeper"]
    assert "each is a conversation of its own: 2" in chat.err
    alone = commands.run("export", "--format", "sharegpt", "--dialogue", "deeper")
    assert [json.loads(line)["id"] for line in alone.out.splitlines()] == ["deeper"]
    parents = commands.run("export", "--dialogue", "deeper").out
    assert parents.count('{"dialogue":') == 3
    other = commands.run("export", "--format", "markdown", "--dialogue", "one", "--namespace", "n")
    assert "Other one." in other.out
    missing = commands.run("export", "none.html", "--format", "html", "--dialogue", "none")
    assert missing.code == 1
    assert not (commands.directory / "none.html").exists()


def test_an_existing_file_is_refused_unless_it_is_to_be_replaced(commands):
    stored(commands, "one", [("user", "One.")])
    for name in [*CONVERSATIONS, *PAGES]:
        path = commands.directory / "out"
        path.write_text("what somebody keeps")
        refused = commands.run("export", path, "--format", name)
        assert refused.code == 1
        assert "--overwrite replaces it" in refused.err
        assert path.read_text() == "what somebody keeps"
        assert commands.run("export", path, "--format", name, "--overwrite").code == 0
        assert "One." in path.read_text()
        path.write_text("")
        assert commands.run("export", path, "--format", name).code == 0


def test_large_attachments_are_parts_of_their_own(commands):
    large = base64_of(bytes(5 * 1024 * 1024))
    source = {"type": "base64", "media_type": "image/png", "data": large}
    image = {"type": "image", "source": source}
    stored(commands, "talk", [("user", [text(f"{n}"), image]) for n in range(3)])
    written = json.loads(commands.run("export", "--format", "openai-chat").out)
    assert [one["content"][0]["text"] for one in written["messages"]] == ["0", "1", "2"]
