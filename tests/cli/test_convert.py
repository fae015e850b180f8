"""`dialoguedb convert`: needs neither a server nor data."""

import json

import pytest

from tests.cli.in_process import Terminal

CHAT = [
    {"role": "user", "content": "Where?"},
    {"role": "assistant", "content": "Here.", "reasoning_content": "Hm."},
]
CLAUDE = [
    {"role": "user", "content": [{"type": "text", "text": "Where?"}]},
    {"role": "assistant", "content": [{"type": "text", "text": "Here."}]},
]


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    return Terminal(tmp_path_factory.mktemp("convert"))


def run(room, text, *words):
    return room.run("convert", *words, "-", stdin=text)


def test_an_array_becomes_an_array_and_losses_are_lines(room):
    ended = run(room, json.dumps(CHAT), "--to", "anthropic")
    assert ended.code == 0
    assert ended.record == CLAUDE
    [line] = ended.err.splitlines()
    assert line.startswith("message 1, part 0: thought: ")


def test_a_file_is_read_and_its_api_named(room):
    (room.directory / "chat.json").write_text(json.dumps(CHAT))
    ended = room.run("convert", "--from", "openai", "--to", "anthropic", "chat.json")
    assert ended.record == CLAUDE


def test_lines_become_lines(room):
    lines = "\n".join(map(json.dumps, CHAT))
    assert run(room, lines, "--to", "anthropic").records == CLAUDE
    system = json.dumps({"role": "system", "content": "Be kind."})
    records = run(room, f"{system}\n\n{lines}\n", "--to", "gemini").records
    assert records[0] == {"role": "system", "content": "Be kind."}
    assert [one["role"] for one in records[1:]] == ["user", "model"]


@pytest.mark.parametrize(
    ("request_", "target", "members"),
    [
        ({"system": "Be kind.", "messages": CLAUDE}, "responses", {"instructions", "input"}),
        ({"instructions": "Be kind.", "input": "Where?"}, "anthropic", {"system", "messages"}),
        (
            {"system": [{"type": "text", "text": "Be kind."}], "messages": CLAUDE},
            "gemini",
            {"systemInstruction", "contents"},
        ),
        (
            {
                "systemInstruction": {"parts": [{"text": "Be kind."}]},
                "contents": [{"role": "user", "parts": [{"text": "Where?"}]}],
            },
            "anthropic",
            {"system", "messages"},
        ),
    ],
)
def test_a_request_with_a_system_prompt_becomes_one(request_, target, members, room):
    record = run(room, json.dumps(request_), "--to", target).record
    assert set(record) == members
    assert "Be kind." in json.dumps(record)
    assert "Where?" in json.dumps(record)


def test_a_system_prompt_is_a_message_where_the_api_has_it_so(room):
    made = run(room, json.dumps({"system": "Be kind.", "messages": CLAUDE}), "--to", "openai")
    assert made.record[0] == {"role": "system", "content": "Be kind."}


def test_losses_fail_the_command_if_it_is_to_lose_nothing(room):
    lossy = run(room, json.dumps(CHAT), "--to", "anthropic", "--lossless")
    assert (lossy.code, lossy.record) == (1, CLAUDE)
    assert run(room, json.dumps(CHAT[:1]), "--to", "anthropic", "--lossless").code == 0


@pytest.mark.parametrize("text", ["{", "[1]", '"hi"', '{"messages": 7}', "null"])
def test_what_is_no_message_is_refused_in_one_line(text, room):
    ended = run(room, text, "--to", "gemini")
    assert (ended.code, ended.out) == (1, "")
    assert ended.error
