"""The commands for data, beside a server and on a directory."""

import json

import pytest

from tests.cli.commands import Commands

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 8


@pytest.fixture
def filled(commands):
    commands.at("dialogue", "create", "--id", "d", "--label", "Order 17", "--tags", "a,b")
    commands.at("message", "add", "d", "--id", "m", "--role", "user", "--content", "A parcel?")
    return commands


# --- Dialogues ----------------------------------------------------------------------------------


def test_a_dialogue_lives_its_life(commands):
    fields = ["--label", "L", "--state", '{"step": 1}', "--metadata", '{"k": [1.0, null]}']
    made = commands.at("dialogue", "create", "--id", "d", *fields, "--tags", "a,b", "--tags", "c")
    assert made["tags"] == ["a", "b", "c"]
    assert made["metadata"] == {"k": [1.0, None]}
    assert commands.at("dialogue", "get", "d") == {**made, "requestId": made["requestId"]}
    assert commands.at("dialogue", "get-or-create", "d", "--label", "other")["label"] == "L"
    assert commands.at("dialogue", "get-or-create", "e", "--label", "E")["label"] == "E"
    assert commands.at("dialogue", "update-state", "d", "--state", '{"x": 2}') == {
        "step": 1,
        "x": 2,
    }
    words = ["dialogue", "update-state", "d", "--stdin", "--replace"]
    assert commands.at(*words, stdin='{"y": 3}') == {"y": 3}
    assert commands.at("dialogue", "update-tags", "d", "--tags", "")["tags"] == []
    assert commands.at("dialogue", "end", "d")["status"] == "ended"
    assert commands.at("dialogue", "archive", "d")["status"] == "archived"
    assert commands.at("dialogue", "reopen", "d")["status"] == "active"
    deleted = commands.at("dialogue", "delete", "d")
    assert deleted["deleted"]["dialogues"] == 1
    ended = commands.run("dialogue", "get", "d")
    assert (ended.code, ended.error) == (1, "Dialogue 'd' not found")


def test_threads_are_created_and_listed(commands):
    commands.at("dialogue", "create", "--id", "d")
    thread = commands.at("dialogue", "create-thread", "d", "--id", "t", "--label", "Aside")
    assert thread["threadOf"] == "d"
    commands.at("dialogue", "create", "--id", "u", "--thread-of", "d")
    listed = commands.at("dialogue", "get-threads", "d", "--order", "asc")["items"]
    assert [one["id"] for one in listed] == ["t", "u"]
    page = commands.at("dialogue", "list", "--thread-of", "d", "--limit", "1")
    more = commands.at("dialogue", "list", "--next", page["next"])
    assert [one["id"] for one in page["items"] + more["items"]] == ["u", "t"]


def test_a_list_is_filtered(commands):
    for name, created in (("old", "2024-01-05"), ("new", "2025-03-01")):
        words = ["--created", created, "--tags", name, "--namespace", f"of-{name}"]
        commands.at("dialogue", "create", "--id", name, *words)

    def ids(*words):
        return [one["id"] for one in commands.at("dialogue", "list", *words)["items"]]

    assert ids() == ["new", "old"]
    assert ids("--order", "asc", "--order-by", "created") == ["old", "new"]
    assert ids("--created", "2024-01") == ids("--end-date", "2024-06-01") == ["old"]
    assert ids("--start-date", "2024-06-01") == ids("--namespace", "of-new") == ["new"]
    assert ids("--tags", "old,none") == ["old"]
    assert ids("--status", "ended") == []


def test_a_dialogue_is_compacted_and_made_a_context_of(filled):
    assert filled.at("dialogue", "compact", "d", "--id", "s", "--wait", "20")["id"] == "s"
    window = filled.at("dialogue", "context", "d", "--max-tokens", "500", "--format", "openai")
    assert window["messages"][-1] == {"role": "user", "content": "A parcel?"}


def test_a_window_is_recorded_and_printed_again(filled):
    window = filled.at("dialogue", "context", "d", "--max-tokens", "500", "--record")
    again = filled.at("dialogue", "recorded-context", window["id"])
    assert again["messages"] == window["messages"]
    assert again["verified"] is True


def test_a_dialogue_is_checked_and_repaired_for_a_provider(filled):
    assert filled.at("dialogue", "check", "d", "--provider", "mistral")["ok"] is True
    filled.at("message", "add", "d", "--role", "bot", "--content", "Hm.")
    ended = filled.run("dialogue", "check", "d", "--provider", "mistral")
    assert ended.code == 1
    assert "roles-are-known" in ended.out
    repaired = filled.at("dialogue", "repair", "d", "--provider", "mistral")
    assert repaired["messages"][-1] == {"role": "assistant", "content": "Hm."}


# --- Messages -----------------------------------------------------------------------------------


def test_messages_are_added_got_tagged_and_deleted(filled):
    words = ["message", "add", "d", "--id", "m", "--role", "user", "--content", "A parcel?"]
    assert filled.at(*words)["seq"] == 1
    piped = filled.at("message", "add", "d", "--role", "tool", "--stdin", stdin="two\nlines\n")
    assert piped["content"] == "two\nlines"
    blocks = '[{"type": "text", "text": "\\ud800"}]'
    words = ["message", "add", "d", "--role", "user", "--name", "Ann", "--content-json", blocks]
    assert filled.at(*words)["content"] == [{"type": "text", "text": "\ud800"}]
    assert filled.at("message", "get", "d", "m")["content"] == "A parcel?"
    assert filled.at("message", "tag", "d", "m", "--tags", "x,y")["tags"] == ["x", "y"]
    listed = filled.at("message", "list", "d", "--role", "user", "--order", "desc")
    assert [one["seq"] for one in listed["items"]] == [3, 1]
    assert filled.at("message", "delete", "d", "m")["success"] is True
    assert filled.run("message", "get", "d", "m").code == 1


def test_a_batch_is_an_array_or_lines(filled):
    messages = [{"role": "user", "content": f"{n}"} for n in range(3)]
    listed = filled.at("message", "add-batch", "d", "--messages", json.dumps(messages))
    assert [one["content"] for one in listed["items"]] == ["0", "1", "2"]
    lines = "\n".join(map(json.dumps, messages))
    assert len(filled.at("message", "add-batch", "d", "--stdin", stdin=lines)["items"]) == 3
    assert filled.run("message", "add-batch", "d", "--messages", "[1]").code == 1


def test_images_go_along_as_blocks(filled):
    (filled.directory / "box.png").write_bytes(PNG)
    images = ["--image", "box.png", "--image", "https://pictures.example/box.jpg"]
    words = ["message", "add", "d", "--role", "user", "--content", "Like so", *images]
    text, inline, named = filled.at(*words)["content"]
    assert text == {"type": "text", "text": "Like so"}
    assert inline["source"]["media_type"] == "image/png"
    assert named["source"] == {"type": "url", "url": "https://pictures.example/box.jpg"}
    (filled.directory / "none.png").write_bytes(b"GIMP")
    ended = filled.run("message", "add", "d", "--role", "user", "--image", "none.png")
    assert ended.code == 2


# --- Memories and searches ----------------------------------------------------------------------


def test_memories_are_corrected_and_superseded(commands):
    times = ("--valid-from", "2026-01-01", "--expires-at", "2999-01-01", "--confidence", 0.5)
    source = ("--source-dialogue", "d", "--source-message", "m1", "--source-message", "m2")
    made = commands.at("memory", "create", "--id", "m", "--value", "tea", *times, *source)
    assert made["source"] == {"dialogueId": "d", "messageIds": ["m1", "m2"]}
    after = commands.at("memory", "update", "m", "--value", "coffee", "--expires-at", "")
    assert (after["value"], after["version"]) == ("coffee", 2)
    assert "expiresAt" not in after
    (former,) = commands.at("memory", "history", "m")["items"]
    assert (former["version"], former["value"]) == (1, "tea")
    similar = commands.at("memory", "create", "--value", "Coffee!", "--on-similar", "return")
    assert (similar["id"], similar["similar"]["equal"]) == ("m", True)
    commands.at("memory", "create", "--id", "n", "--value", "milk", "--supersedes", "m")
    listed = commands.at("memory", "list", "--as-of", "2026-02-01")["items"]
    assert [one["id"] for one in listed] == ["m"]
    words = ("search", "memories", "coffee", "--mode", "keyword")
    assert commands.at(*words)["items"] == []
    assert len(commands.at(*words, "--include", "inactive")["items"]) == 1
    for wrong in [("update", "m"), ("create", "--value", "x", "--source-message", "m")]:
        assert commands.run("memory", *wrong).code == 2


def test_memories_are_created_got_listed_updated_and_deleted(commands):
    words = ["memory", "create", "--id", "m", "--value", "Prefers tea", "--label", "Drinks"]
    made = commands.at(*words, "--description", "at work", "--tags", "a")
    assert made["value"] == "Prefers tea"
    assert commands.at("memory", "create", "--value-json", "null", "--id", "n")["value"] is None
    refused = commands.run("memory", "update", "n", "--label", "x", "--value-json", "null")
    assert (refused.code, "null gives nothing" in refused.error) == (2, True)
    assert commands.run("memory", "delete", "n").code == 0
    assert commands.at("memory", "create", "--stdin", stdin="piped\n")["value"] == "piped"
    assert commands.at("memory", "get", "m") == made
    assert commands.at("memory", "update", "m", "--tags", "b")["tags"] == ["b"]
    assert [one["id"] for one in commands.at("memory", "list", "--tags", "b")["items"]] == ["m"]
    assert commands.at("memory", "delete", "m") == {"success": True, "id": "m"}
    assert commands.run("memory", "get", "m").error == "Memory 'm' not found"


def test_searches_find_each_kind(filled):
    filled.at("memory", "create", "--id", "y", "--value", "The parcel is blue")

    def found(kind, *words):
        return [hit["item"]["id"] for hit in filled.at("search", kind, *words)["results"]]

    assert found("messages", "parcel", "--mode", "keyword", "--role", "user") == ["m"]
    assert found("dialogues", "parcel", "--tags", "a", "--limit", "3") == ["d"]
    assert found("memories", "parcel", "--order-by", "created") == ["y"]
    assert found("messages", "parcel", "--filter", '{"created": "2020"}') == []
    assert found("messages", "parcel", "--metadata", '{"k": 1}', "--timezone", "UTC") == []
    day = ["--filter", '{"created": "2026-01-01"}', "--timezone", "Asia/Tokyo"]
    for kind in ("messages", "dialogues", "memories"):
        shown = filled.at("search", kind, "parcel", *day)["request"]["filter"]["created"]
        assert shown == {"gte": "2025-12-31T15:00:00.000Z", "lt": "2026-01-01T15:00:00.000Z"}
    answer = filled.at("search", "messages", "parcel", "--explain", "--context", "2")
    assert answer["items"] == [one["item"] for one in answer["results"]]
    hit = answer["results"][0]
    assert hit["explain"]["terms"] == ["parcel"]


# --- For people ---------------------------------------------------------------------------------


def test_a_conversation_is_read(filled):
    calls = [{"id": "c", "function": {"name": "track", "arguments": '{"n": 1}'}}]
    called = {"role": "assistant", "content": None, "tool_calls": calls}
    lines = "\n".join(str(n) for n in range(20))
    answer = {"role": "tool", "tool_call_id": "c", "content": lines}
    messages = [{"role": "assistant", "content": called}, {"role": "tool", "content": answer}]
    filled.at("message", "add-batch", "d", "--messages", json.dumps(messages))
    read = filled.run("chat", "d").out
    assert read.startswith("Order 17\nd · 3 messages · a · b · active\n")
    assert "\n  A parcel?" in read
    assert '\n  → track {"n": 1}' in read
    assert "… 8 more lines" in read
    assert "more lines" not in filled.run("chat", "d", "--full").out
    assert "parcel" not in filled.run("chat", "d", "--last", "1").out
    assert "\x1b[" in filled.seen("chat", "d")


def test_people_see_tables_with_colour(filled):
    filled.at("memory", "create", "--value", "The parcel is blue\x1b[31m")
    table = filled.seen("dialogue", "list")
    assert "Order 17" in table
    assert "\x1b[32mactive" in table
    assert '{"' not in table
    assert "A parcel?" in filled.seen("message", "list", "d")
    assert "\x1b[31m" not in filled.seen("memory", "list")
    assert "A parcel?" in filled.seen("search", "dialogues", "parcel")
    assert json.loads(filled.seen("dialogue", "list", "--json"))["items"][0]["id"] == "d"


# --- Wrong use ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["message", "add", "d", "--role", "user"],
        ["message", "add", "d", "--role", "user", "--content", "x", "--stdin"],
        ["message", "add-batch", "d"],
        ["dialogue", "create", "--state", "[]"],
        ["dialogue", "create", "--metadata", "{"],
        ["dialogue", "update-state", "d"],
        ["dialogue", "update-tags", "d"],
        ["dialogue", "list", "--limit", "0"],
        ["dialogue", "list", "--data", "chats", "--endpoint", "http://127.0.0.1:1"],
        ["memory", "create"],
        ["search", "messages"],
        ["search", "messages", "x", "--filter", "3"],
    ],
    ids=" ".join,
)
def test_wrong_use_ends_with_code_2(room, words):
    assert room.run(*words, DIALOGUEDB_API_KEY="ddb_some").code == 2


def test_without_a_key_a_command_says_what_is_needed(room):
    ended = room.run("dialogue", "list")
    assert ended.code == 1
    assert ended.error.startswith("A key is needed: set DIALOGUEDB_API_KEY or")


def test_a_server_that_is_not_there_is_told_of(room):
    words = ["--endpoint", "http://127.0.0.1:1"]
    ended = room.run("dialogue", "list", *words, DIALOGUEDB_API_KEY="ddb_none")
    assert ended.code == 1
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_are_told_how_to_complete(room, shell):
    assert "dialoguedb" in room.run(_DIALOGUEDB_COMPLETE=f"{shell}_source").out
    words = {"COMP_WORDS": "dialoguedb message a", "COMP_CWORD": "2"}
    output = room.run(**words, _DIALOGUEDB_COMPLETE="bash_complete").out
    assert output.split() == ["plain,add", "plain,add-batch"]


@pytest.mark.parametrize(
    "words",
    [["dialogue", "list"], ["memory", "list"], ["search", "messages", "x"], ["export"]],
    ids=" ".join,
)
def test_reading_data_that_is_not_there_makes_none(words, tmp_path):
    ended = Commands(tmp_path, ["--data", "none"], {}).run(*words)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "Error: There is no data in none: it does not exist\n"
    assert not (tmp_path / "none").exists()
