"""Conversations without an id in files that grow: each is known again, and is nobody else's."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialoguedb.cli.data.transfer.lines import DialogueLine, InputFile, MessageLine, encoded
from dialoguedb.cli.data.transfer.reports import FileReport
from dialoguedb.cli.data.transfer.source_files import Source, format_of, lines_of

TALK = [
    ("user", "Which glaze ran?"),
    ("assistant", "The blue one."),
    ("user", "Why?"),
    ("assistant", "It was too thick."),
]


def chat(talk):
    return [{"role": role, "content": text} for role, text in talk]


def items(talk):
    kinds = {"user": "input_text", "assistant": "output_text"}
    return [
        {"type": "message", "role": role, "content": [{"type": kinds[role], "text": text}]}
        for role, text in talk
    ]


def turns(talk):
    speakers = {"user": "human", "assistant": "gpt"}
    return {"conversations": [{"from": speakers[role], "value": text} for role, text in talk]}


FORMS = {
    "chat messages": chat,
    "an object with chat messages": lambda talk: {"messages": chat(talk)},
    "a request to Anthropic": lambda talk: {"system": "Be brief.", "messages": chat(talk)},
    "turns of ShareGPT": turns,
    "items of Responses": items,
    "an object with items of Responses": lambda talk: {"input": items(talk)},
}


def dialogues(imports):
    return [one["id"] for one in imports.commands.at("dialogue", "list")["items"]]


def talk_of(imports, own_id):
    spoken = [(one["role"], one["content"]) for one in imports.messages(own_id)]
    return [one for one in spoken if one[0] != "system"]


@pytest.mark.parametrize("form", FORMS)
def test_one_that_has_grown_gets_its_new_messages(imports, form):
    imports.read(imports.write("talk.json", FORMS[form](TALK[:2])))
    imports.read(imports.write("talk.json", FORMS[form](TALK)))
    (found,) = dialogues(imports)
    assert talk_of(imports, found) == TALK


@pytest.mark.parametrize("form", FORMS)
def test_files_of_one_name_in_two_directories_are_two(imports, form):
    other = [*TALK[:3], ("assistant", "Nobody knows.")]
    imports.write("kept/one/talk.json", FORMS[form](TALK))
    imports.write("kept/two/talk.json", FORMS[form](other))
    imports.read(imports.directory / "kept")
    found = [talk_of(imports, one) for one in dialogues(imports)]
    assert sorted(found) == sorted([TALK, other])


def test_one_that_was_cut_off_is_completed_by_the_whole_file(imports):
    whole = json.dumps(chat(TALK))
    path = imports.write("talk.json", whole[: whole.index("too thick")])
    ended = imports.commands.run("import", path)
    assert ended.code == 1
    assert "element 4" in ended.err
    imports.read(imports.write("talk.json", whole))
    (found,) = dialogues(imports)
    assert talk_of(imports, found) == TALK


def test_lines_that_begin_alike_are_conversations_of_their_own(imports):
    kept = [{"messages": chat(TALK)}, {"messages": chat([*TALK[:3], ("assistant", "Who knows.")])}]
    imports.read(imports.write("talks.jsonl", kept[:1]))
    imports.read(imports.write("talks.jsonl", kept))
    assert len(dialogues(imports)) == 2


# --- What shows only later which API a conversation was for -------------------------------------


def called_of_anthropic(at):
    call = {"type": "tool_use", "id": f"c{at}", "name": "look", "input": {}}
    result = {"type": "tool_result", "tool_use_id": f"c{at}", "content": "It is blue."}
    spoken = [{"type": "text", "text": f"I look {at}."}, call]
    return [{"role": "assistant", "content": spoken}, {"role": "user", "content": [result]}]


def thought_of_anthropic(at):
    thought = {"type": "thinking", "thinking": f"Blue {at}?", "signature": "s"}
    return [{"role": "assistant", "content": [thought, {"type": "text", "text": "Blue."}]}]


def called_of_openai(at):
    call = {"id": f"c{at}", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    result = {"role": "tool", "tool_call_id": f"c{at}", "content": "It is blue."}
    return [{"role": "assistant", "tool_calls": [call]}, result]


def called_of_responses(at):
    call = {"type": "function_call", "call_id": f"c{at}", "name": "look", "arguments": "{}"}
    return [call, {"type": "function_call_output", "call_id": f"c{at}", "output": "It is blue."}]


def typed_of_responses(at):
    return items([("assistant", f"It is blue {at}.")])


LATER = {
    "anthropic": [called_of_anthropic, thought_of_anthropic],
    "openai-chat": [called_of_openai],
    "openai-responses": [called_of_responses, typed_of_responses],
}
HELD = {
    "openai-responses": {"alone": lambda messages: messages},
    "openai-chat": {
        "alone": lambda messages: messages,
        "in an object": lambda messages: {"messages": messages},
        "with an id": lambda messages: {"id": "talk", "title": "Glaze", "messages": messages},
        "a message a line": lambda messages: messages,
    },
}
HELD["anthropic"] = HELD["openai-chat"]
KINDS = [(name, held) for name in LATER for held in HELD[name]]


def written(name, held, messages):
    """Return the name and the content of a file with these messages."""
    if held == "a message a line":
        return "talk.jsonl", "".join(json.dumps(one) + "\n" for one in messages)
    return "talk.json", json.dumps(HELD[name][held](messages))


def steps_of(name):
    """Return lists of turns: what somebody says, and what only this API has."""
    texts = st.sampled_from(["user", "assistant"]).map(
        lambda role: lambda at: chat([(role, f"Text {at}")])
    )
    return st.lists(texts | st.sampled_from(LATER[name]), min_size=1, max_size=8)


def grown(steps):
    """Return the messages after each turn; a user begins."""
    messages = chat(TALK[:1])
    yield messages
    for at, step in enumerate(steps):
        messages = [*messages, *step(at)]
        yield messages


@pytest.mark.parametrize(("name", "held"), KINDS)
@given(data=st.data())
def test_one_stays_itself_whatever_it_grows(name, held, data, tmp_path_factory):
    directory = tmp_path_factory.mktemp("grown")
    before: list[bytes] = []
    own_ids = set[str]()
    for messages in grown(data.draw(steps_of(name))):
        named, content = written(name, held, messages)
        (directory / named).write_text(content)
        file = InputFile(directory / named, named, named)
        report = FileReport(named, found := format_of(file) or "")
        lines = lines_of(Source(file, found), lambda _: None, report)
        read = [*lines]
        raws = [encoded(one) for one in read if isinstance(one, MessageLine)]
        own_ids |= {one.id for one in read if isinstance(one, DialogueLine)}
        assert (report.failures, len(raws)) == ([], len(messages))
        assert raws[: len(before)] == before
        before = raws
    assert len(own_ids) == 1


@pytest.mark.parametrize(("name", "held"), KINDS)
def test_one_that_calls_later_is_stored_once(imports, name, held):
    for messages in grown([LATER[name][0], lambda at: chat(TALK[2:])]):
        path = imports.write(*written(name, held, messages))
        assert imports.read(path)["failed"] == 0
    (found,) = dialogues(imports)
    assert len(imports.messages(found)) == len(messages)


def test_a_line_with_calls_makes_no_copy_of_the_lines_before(imports):
    talks = [chat(TALK), [*chat(TALK[:1]), *called_of_anthropic(0)]]
    for count in (1, 2):
        imports.read(imports.write("talks.jsonl", [{"messages": one} for one in talks[:count]]))
    assert len(dialogues(imports)) == 2
