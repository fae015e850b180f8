"""Conversations without an id in files that grow: each is known again, and is nobody else's."""

import json

import pytest

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
