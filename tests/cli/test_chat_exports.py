"""Exports of chat programs, imported again when they have grown, and read as they were meant."""

import json
import random
from typing import Any

import pytest

from tests.cli.commands import Commands


@pytest.fixture
def home(tmp_path):
    return Commands(tmp_path, ["--data", "home"], {})


def node(own, parent, role, text, at=None, **message):
    content = text if isinstance(text, dict) else {"content_type": "text", "parts": [text]}
    author = {"role": role, "name": None, "metadata": {}}
    found = {"id": own, "author": author, "create_time": at, "content": content, **message}
    return {own: {"id": own, "parent": parent, "children": [], "message": found}}


def chatgpt(*nodes, **fields):
    mapping: dict[str, Any] = {
        "root": {"id": "root", "message": None, "parent": None, "children": []}
    }
    for one in nodes:
        mapping |= one
    times = {"create_time": 1_760_000_000.0, "current_node": [*mapping][-1]}
    return [
        {"id": "c", "conversation_id": "c", "title": "T", **times, **fields, "mapping": mapping}
    ]


def claude(*messages, **fields):
    at = "2026-05-01T10:00:%02d.000000Z"
    listed = [
        {
            "uuid": own,
            "sender": sender,
            "text": text,
            "created_at": at % second,
            "content": [{"type": "text", "text": text}],
            "parent_message_uuid": parent,
        }
        for second, (own, parent, sender, text) in enumerate(messages)
    ]
    return [{"uuid": "c", "name": "T", "created_at": at % 0, "chat_messages": listed, **fields}]


def take(home, document, *words, name="in.json"):
    text = document if isinstance(document, str) else json.dumps(document)
    (home.directory / name).write_text(text)
    return home.run("import", name, *words)


def texts(home, dialogue="c"):
    items = home.at("message", "list", dialogue)["items"]
    return [(one["id"], one["role"], one["content"]) for one in items]


def threads(home, dialogue="c"):
    return sorted(one["id"] for one in home.at("dialogue", "get-threads", dialogue)["items"])


QUESTION = node("a", "root", "user", "one", 1_760_000_001.0)
ANSWER = node("b", "a", "assistant", "two", 1_760_000_003.0)
MORE = node("e", "b", "user", "three", 1_760_000_010.0)


class TestAgain:
    def test_a_conversation_that_went_on_is_continued_whatever_else_changed(self, home):
        assert take(home, chatgpt(QUESTION, ANSWER, default_model_slug="m")).code == 0
        grown = chatgpt(QUESTION, ANSWER, MORE, default_model_slug="n", is_starred=True, title="U")
        ended = take(home, grown)
        assert (ended.code, ended.err) == (0, "")
        assert [own for own, *_ in texts(home)] == ["a", "b", "e"]

    def test_an_answer_that_was_finished_since_is_told_and_what_follows_is_added(self, home):
        take(home, chatgpt(QUESTION, ANSWER))
        finished = node("b", "a", "assistant", "two, and finished", 1_760_000_003.0)
        ended = take(home, chatgpt(QUESTION, finished, MORE))
        assert ended.code == 0
        assert ended.record["messages"] == 2
        assert "Changed since it was imported" in ended.err
        assert "message b of dialogue c" in ended.err
        assert [text for *_, text in texts(home)] == ["one", "two", "three"]
        assert threads(home) == []

    def test_with_update_both_versions_are_kept(self, home):
        take(home, chatgpt(QUESTION, ANSWER))
        finished = node("b", "a", "assistant", "two, and finished", 1_760_000_003.0)
        for _ in range(2):
            assert take(home, chatgpt(QUESTION, finished), "--update").code == 0
        (thread,) = threads(home)
        assert texts(home, thread) == [("b", "assistant", "two, and finished")]
        assert home.at("dialogue", "get", thread)["metadata"]["forkedAfter"] == "a"

    def test_a_file_with_a_message_a_line_is_one_conversation_that_grows(self, home):
        lines = [json.dumps({"role": role, "content": role}) for role in ("system", "user")]
        take(home, "\n".join(lines), name="chat.jsonl")
        lines.append(json.dumps({"role": "assistant", "content": "x"}))
        assert take(home, "\n".join(lines), name="chat.jsonl").code == 0
        (dialogue,) = home.at("dialogue", "list")["items"]
        assert [role for _, role, _ in texts(home, dialogue["id"])] == [
            "system",
            "user",
            "assistant",
        ]


class TestWhoSpeaks:
    def test_hidden_instructions_are_no_words_of_the_user(self, home):
        profile = {
            "content_type": "user_editable_context",
            "user_profile": "A pilot.",
            "user_instructions": "Be brief.",
        }
        hidden = {"metadata": {"is_visually_hidden_from_conversation": True}}
        question = node("a", "p", "user", "one", 1_760_000_001.0)
        take(home, chatgpt(node("p", "root", "user", profile, **hidden), question))
        assert texts(home)[0] == ("p", "system", "A pilot.\n\nBe brief.")

    def test_what_was_spoken_is_text(self, home):
        heard = {
            "content_type": "audio_transcription",
            "text": "Water the ficus.",
            "direction": "in",
        }
        pointer = {"content_type": "audio_asset_pointer", "asset_pointer": "sediment://f"}
        spoken = {"content_type": "multimodal_text", "parts": [heard, pointer]}
        take(home, chatgpt(node("a", "root", "user", spoken, 1.0)))
        (one,) = home.at("message", "list", "c")["items"]
        assert one["content"] == "Water the ficus."
        assert one["metadata"]["assets"] == [heard, pointer]

    def test_thoughts_are_thoughts(self, home):
        thoughts = [{"summary": "Rivers", "content": "Which is longest?"}]
        thinking = {"content_type": "thoughts", "thoughts": thoughts}
        recap = {"content_type": "reasoning_recap", "content": "Thought for 5s"}
        nodes = [
            node("t", "a", "assistant", thinking, 2.0),
            node("r", "t", "assistant", recap, 3.0),
            node("b", "r", "assistant", "The Loire", 4.0),
        ]
        take(home, chatgpt(QUESTION, *nodes))
        block = {"type": "thinking", "thinking": "Rivers\nWhich is longest?"}
        assert texts(home)[1:] == [("t", "assistant", [block]), ("b", "assistant", "The Loire")]


class TestBranches:
    TALK = (
        ("h1", "0", "human", "Name a river"),
        ("a1", "h1", "assistant", "The Rhine"),
        ("a2", "h1", "assistant", "The Loire"),
        ("h2", "a2", "human", "How lnog?"),
        ("h3", "a2", "human", "How long?"),
    )

    def test_of_claude_they_are_threads_of_the_newest_path(self, home):
        assert take(home, claude(*self.TALK)).code == 0
        assert [own for own, *_ in texts(home)] == ["h1", "a2", "h3"]
        assert threads(home) == ["c-a1", "c-h2"]

    def test_a_named_leaf_is_heeded(self, home):
        take(home, claude(*self.TALK, current_leaf_message_uuid="a1"), "--branches", "current")
        assert [own for own, *_ in texts(home)] == ["h1", "a1"]
        assert threads(home) == []


class TestAnotherPathIsShown:
    """Of b and d, both answers to a, the other one is shown when the file is exported again."""

    def export(self, *beyond, shown):
        other = node("d", "a", "assistant", "due", 1_760_000_005.0)
        return chatgpt(QUESTION, ANSWER, other, *beyond, current_node=shown)

    def test_the_dialogue_keeps_its_path_and_branches_grow_by_themselves(self, home):
        assert take(home, chatgpt(QUESTION, ANSWER)).code == 0
        more = node("f", "d", "user", "e poi?", 1_760_000_020.0)
        for _ in range(2):
            assert take(home, self.export(more, shown="f")).code == 0
            assert [own for own, *_ in texts(home)] == ["a", "b"]
            assert threads(home) == ["c-d"]
            assert [own for own, *_ in texts(home, "c-d")] == ["d", "f"]
        noted = home.at("dialogue", "get", "c-d")["metadata"]
        assert noted == {"source": "chatgpt", "forkedAfter": "a"}

    def test_back_on_the_first_path_both_go_on(self, home):
        take(home, self.export(shown="b"))
        more = node("f", "d", "user", "e poi?", 1_760_000_020.0)
        assert take(home, self.export(more, shown="f")).code == 0
        assert take(home, self.export(more, MORE, shown="e")).code == 0
        assert [own for own, *_ in texts(home)] == ["a", "b", "e"]
        assert [own for own, *_ in texts(home, "c-d")] == ["d", "f"]
        assert threads(home) == ["c-d"]

    def test_what_branches_off_the_former_path_is_a_thread_of_the_dialogue(self, home):
        take(home, chatgpt(QUESTION, ANSWER, MORE))
        other = node("g", "b", "user", "tre", 1_760_000_011.0)
        assert take(home, self.export(MORE, other, shown="d")).code == 0
        assert [own for own, *_ in texts(home)] == ["a", "b", "e"]
        assert threads(home) == ["c-d", "c-g"]

    @pytest.mark.parametrize("seed", range(4))
    def test_however_a_tree_grows_each_message_is_stored_once_behind_its_parent(self, home, seed):
        drawn = random.Random(seed)
        parents, times = {"m0": "root"}, {"m0": 1_760_000_000.0}
        for _ in range(4):
            for _ in range(drawn.randint(1, 4)):
                parents[f"m{len(parents)}"] = drawn.choice([*parents])
                times[[*parents][-1]] = 1_760_000_000.0 + drawn.randint(0, 99)
            nodes = [node(own, of, "user", own, times[own]) for own, of in parents.items()]
            take(home, chatgpt(*nodes, current_node=drawn.choice([*parents])))
            self.check(home, parents)

    def check(self, home, parents):
        listed = home.at("dialogue", "list", "--limit", "100")["items"]
        stored = [[own for own, *_ in texts(home, one["id"])] for one in listed]
        assert sorted(own for path in stored for own in path) == sorted(parents)
        for path in stored:
            assert [parents[after] for after in path[1:]] == path[:-1]


class TestNothingIsLostSilently:
    def test_a_conversation_of_which_nothing_is_understood_is_a_failure(self, home):
        empty = {"content_type": "text", "parts": [""]}
        ended = take(home, chatgpt(node("a", "root", "user", empty)))
        assert ended.code == 1
        assert "Nothing in it was understood" in ended.err

    def test_a_line_that_cannot_be_read_is_named_and_what_is_before_it_is_stored(self, home):
        lines = [json.dumps({"role": "user", "content": str(n)}) for n in range(3)]
        ended = take(home, "\n".join([lines[0], lines[1], lines[2][:9]]), name="chat.jsonl")
        assert ended.code == 1
        assert "Line 3 of chat.jsonl is cut off" in ended.err
        assert take(home, "\n".join(lines), name="chat.jsonl").code == 0
        (dialogue,) = home.at("dialogue", "list")["items"]
        assert [text for *_, text in texts(home, dialogue["id"])] == ["0", "1", "2"]

    def test_what_would_be_imported_can_be_asked_before(self, home):
        ended = take(home, chatgpt(QUESTION, ANSWER), "--dry-run")
        assert ended.record == {"dialogues": 1, "messages": 2, "memories": 0, "failed": 0}
        assert not (home.directory / "home").exists()

    @pytest.mark.parametrize("damage", ["cut", "in the middle"])
    def test_conversations_before_the_damage_of_an_export_are_imported(self, home, damage):
        exported = [
            {**chatgpt(QUESTION, ANSWER)[0], "id": own, "conversation_id": own} for own in "cde"
        ]
        whole = json.dumps(exported)
        second = whole.index('"mapping"', whole.index('"conversation_id": "d"'))
        broken = whole[:second] + ("" if damage == "cut" else "\0" + whole[second:])
        ended = take(home, broken)
        assert (ended.code, ended.record["dialogues"]) == (1, 1)
        assert "in.json is cut off or damaged in element 2" in ended.err
        assert take(home, whole).code == 0
        assert len(home.at("dialogue", "list")["items"]) == 3

    def test_ids_and_times_of_a_chat_are_kept(self, home):
        beside = {"id": "m", "timestamp": 1_760_000_001_000, "model": "gpt"}
        first = {"role": "user", "content": "one", **beside}
        late = {"role": "assistant", "content": "two", "created_at": "2025-10-09T08:53:20Z"}
        assert take(home, {"id": "c", "messages": [first, late]}).code == 0
        one, two = home.at("message", "list", "c")["items"]
        assert (one["id"], one["created"]) == ("m", "2025-10-09T08:53:21.000Z")
        assert one["metadata"] == {"model": "gpt"}
        assert two["created"] == one["created"]
        assert two["metadata"] == {"originalTime": "2025-10-09T08:53:20.000Z"}

    def test_a_file_that_is_broken_stops_no_other(self, home):
        folder = home.directory / "in"
        folder.mkdir()
        line = json.dumps({"role": "user", "content": "whole"})
        (folder / "a.jsonl").write_text(f"{line}\n{{")
        (folder / "b.json").write_text(json.dumps(chatgpt(QUESTION)))
        ended = home.run("import", "in")
        assert (ended.code, ended.record["messages"]) == (1, 2)
        assert "Line 2 of in/a.jsonl is cut off" in ended.err

    def test_folders_are_searched_in_depth(self, home):
        deep = home.directory / "in" / "2026" / "05"
        deep.mkdir(parents=True)
        (deep / "c.json").write_text(json.dumps(chatgpt(QUESTION)))
        assert home.at("import", "in")["messages"] == 1


def code(text):
    return {"content_type": "code", "language": "unknown", "text": text}


class TestTools:
    def shown(self, home, *nodes):
        assert take(home, chatgpt(QUESTION, *nodes)).code == 0
        return json.loads(home.run("export", "--format", "openai-chat").out)["messages"]

    @pytest.mark.parametrize(
        ("sent", "arguments"),
        [
            ('{"search_query": [{"q": "oslo"}]}', '{"search_query": [{"q": "oslo"}]}'),
            ("print(1)", "print(1)"),
            ("{not json}", "{not json}"),
            ('{"cut": "\ud83d"}', '{"cut": "?"}'),  # as no window holds half a character
        ],
    )
    def test_what_the_model_writes_to_a_tool_is_a_call_with_its_result(self, home, sent, arguments):
        *_, call, result, answer = self.shown(
            home,
            node("b", "a", "assistant", code(sent), recipient="web.run"),
            node("t", "b", "tool", "It rains."),
            node("e", "t", "assistant", "Take a coat."),
        )
        (made,) = call["tool_calls"]
        called = made.get("function") or made["custom"]
        assert called.get("arguments", called.get("input")) == arguments
        assert (result["role"], result["content"]) == ("tool", "It rains.")
        assert result["tool_call_id"] == made["id"]
        assert answer["content"] == "Take a coat."

    def test_results_answer_the_call_that_they_stand_behind(self, home):
        take(
            home,
            chatgpt(
                QUESTION,
                node("b", "a", "assistant", code("one"), recipient="python"),
                node("c", "b", "assistant", code("two"), recipient="python"),
                node("t", "c", "tool", "2"),
                node("u", "t", "tool", "the rest of 2"),
            ),
        )
        items = home.at("message", "list", "c")["items"]
        ids = {one["id"]: one["metadata"].get("tool_call_id") for one in items}
        assert ids == {"a": None, "b": None, "c": None, "t": "c", "u": "c"}

    def test_nodes_in_a_circle_are_results_of_nothing(self, home):
        circle = [node("t", "u", "tool", "1"), node("u", "t", "tool", "2")]
        assert take(home, chatgpt(QUESTION, *circle, current_node="a")).code in {0, 1}
