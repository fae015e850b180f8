"""Exports of LibreChat."""

import json

import pytest

ROOT = "00000000-0000-0000-0000-000000000000"
EXPORTED = {
    "conversationId": "talk-1",
    "endpoint": "agents",
    "title": "Tea",
    "exportAt": "16:33:32 GMT+0200 (Central European Summer Time)",
    "branches": True,
    "recursive": False,
    "options": {"model": "small-1", "promptPrefix": "Be kind."},
}


def message(own_id, parent, minute, **more):
    written = {"createdAt": f"2026-11-28T10:{minute:02}:00.125Z", "unfinished": False}
    about = {"messageId": own_id, "parentMessageId": parent or ROOT, "conversationId": "talk-1"}
    return {**about, **written, "error": False, "isEdited": False, **more}


def typed(own_id, parent, minute, text, **more):
    named = {"sender": "User", "isCreatedByUser": True, "model": None}
    return message(own_id, parent, minute, text=text, **named, **more)


def answered(own_id, parent, minute, *content, **more):
    named = {"sender": "Small", "isCreatedByUser": False, "model": "small-1", "text": ""}
    return message(own_id, parent, minute, **{**named, "content": [*content], **more})


def call(own_id, name, args, output=None, **more):
    about = {"id": own_id, "name": name, "args": args, "type": "tool_call", "progress": 1}
    given = {} if output is None else {"output": output}
    return {"type": "tool_call", "tool_call": {**about, **given, **more}}


def text(value):
    return {"type": "text", "text": value}


def whole():
    """Return messages with calls, an answer that was asked for again, and an edited question."""
    looked = [
        {"type": "agent_update", "agent_update": {"index": 0, "runId": "r", "agentId": "a"}},
        {"type": "think", "think": "Both are short."},
        text("I look."),
        call("c1", "read", '{"path": "tea"}', "Earl Grey"),
        call("c2", "read", {"path": "milk"}, ""),
        None,
        text({"value": "One is there.", "annotations": []}),
    ]
    return [
        typed("m1", None, 0, "Show both", files=[{"filename": "cup.png", "type": "image/png"}]),
        answered("m2", "m1", 1, *looked),
        answered("m3", "m1", 2, text("Again: none."), feedback={"rating": "thumbsDown"}),
        typed("m4", "m2", 3, "Which?"),
        answered("m5", "m4", 4, text="Something went wrong", error=True, content=None),
        typed("m6", "m2", 5, "Which one?"),
        answered("m7", "m6", 6, content=None, text="Tea."),
    ]


def nested(messages, parent=ROOT):
    return [
        {**one, "children": nested(messages, one["messageId"])}
        for one in messages
        if one["parentMessageId"] == parent
    ]


FORMS = {
    "a list": lambda messages: {**EXPORTED, "messages": messages},
    "a list in any order": lambda messages: {**EXPORTED, "messages": messages[::-1]},
    "one in the other": lambda messages: {
        **EXPORTED,
        "recursive": True,
        "messages": nested(messages),
    },
    "one in the other, as older versions name it": lambda messages: {
        **EXPORTED,
        "recursive": True,
        "messagesTree": nested(messages),
    },
}
TALK = [
    ("user", "Show both"),
    ("assistant", "I look."),
    ("call", "read", {"path": "tea"}),
    ("call", "read", {"path": "milk"}),
    ("tool", "Earl Grey"),
    ("assistant", "One is there."),
    ("user", "Which one?"),
    ("assistant", "Tea."),
]


@pytest.mark.parametrize("form", FORMS)
def test_a_conversation_is_its_newest_path_and_others_are_threads(imports, form):
    counts = imports.read(imports.write("tea.json", FORMS[form](whole())))
    assert counts["dialogues"] == 3
    assert counts["leftOut"] == {"bookkeeping of programs": 1, "errors of requests": 1}
    shown = imports.messages("talk-1")
    ids = ["m1", "m2", "m2-2", "m2-3", "m2-4", "m6", "m7"]
    assert [one["id"] for one in shown] == ids
    assert [one["role"] for one in shown] == [
        *("user", "assistant", "tool", "tool", "assistant", "user", "assistant")
    ]
    assert shown[1]["content"][0] == {"type": "reasoning", "text": "Both are short."}
    assert shown[0]["metadata"]["files"] == [{"filename": "cup.png", "type": "image/png"}]
    about = imports.dialogue("talk-1")
    assert about["created"] == "2026-11-28T10:00:00.125Z"
    noted = {"source": "librechat", "endpoint": "agents", "model": "small-1", "system": "Be kind."}
    assert about["metadata"] == noted
    threads = imports.commands.at("dialogue", "get-threads", "talk-1")["items"]
    found = {
        one["id"]: [each["content"] for each in imports.messages(one["id"])] for one in threads
    }
    assert found == {"talk-1-m3": ["Again: none."], "talk-1-m4": ["Which?"]}
    forks = {one["id"]: one["metadata"]["forkedAfter"] for one in threads}
    assert forks == {"talk-1-m3": "m1", "talk-1-m4": "m2-4"}


def test_calls_are_tied_to_their_results(imports):
    imports.read(imports.write("tea.json", FORMS["a list"](whole())))
    assert imports.talk("talk-1") == TALK
    check = imports.commands.at("dialogue", "check", "talk-1")
    assert check["ok"], check["issues"]


def test_an_export_of_another_path_is_a_thread_and_never_behind_the_first(imports):
    one_path = {**EXPORTED, "branches": False}
    messages = {one["messageId"]: one for one in whole()}

    def path(*ids):
        return {**one_path, "messages": [messages[own_id] for own_id in ids]}

    edited = typed("m0", None, 7, "Show one")
    imports.read(imports.write("a.json", path("m1", "m3")))
    imports.read(imports.write("b.json", path("m1", "m2", "m6", "m7")))
    imports.read(imports.write("c.json", {**one_path, "messages": [edited]}))
    imports.read(imports.write("d.json", FORMS["a list"](whole())))
    assert [one["id"] for one in imports.messages("talk-1")] == ["m1", "m3"]
    every = imports.commands.at("dialogue", "list")["items"]
    stored = [each["id"] for one in every for each in imports.messages(one["id"])]
    assert sorted(stored) == ["m0", "m1", "m2", "m2-2", "m2-3", "m2-4", "m3", "m4", "m6", "m7"]


def test_the_three_kinds_of_calls_of_assistants_are_read(imports):
    function = {"name": "look", "arguments": '{"at": 1}', "output": "Blue."}
    code = {"input": "print(1)", "outputs": [{"type": "logs", "logs": "1"}]}
    calls = [
        {"id": "c1", "type": "function", "function": function},
        {"id": "c2", "type": "code_interpreter", "code_interpreter": code},
        {"id": "c3", "type": "retrieval", "retrieval": {}},
        {"type": "tool_call", "name": "wait", "args": "soon"},
    ]
    parts = [{"type": "tool_call", "tool_call": one} for one in calls]
    written = [typed("m1", None, 0, "Look"), answered("m2", "m1", 1, *parts)]
    imports.read(imports.write("tea.json", FORMS["a list"](written)))
    made, *results = imports.messages("talk-1")[1:]
    assert [(one["toolName"], one["input"]) for one in made["content"]] == [
        ("look", {"at": 1}),
        ("code_interpreter", {"input": "print(1)"}),
        ("retrieval", {}),
        ("wait", {"input": "soon"}),
    ]
    outputs = [one["content"][0]["output"]["value"] for one in results]
    assert outputs == ["Blue.", json.dumps(code["outputs"])]


def test_what_has_no_text_is_called_by_its_name(imports):
    image = {"type": "image_file", "image_file": {"file_id": "f", "filename": "cup.png"}}
    url = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    written = [
        typed("m1", None, 0, "", files=[{"filename": "cup.png"}, {"file_id": "f"}]),
        answered("m2", "m1", 1, image),
        typed("m3", "m2", 2, "And this?", content=[url]),
        answered("m4", "m3", 3, {"type": "summary", "content": []}, {"type": "later", "a": 1}),
    ]
    counts = imports.read(imports.write("tea.json", FORMS["a list"](written)))
    shown = [one["content"] for one in imports.messages("talk-1")]
    assert shown == ["[cup.png] [file]", "[cup.png]", [text("And this?"), url]]
    left_out = {"summaries for models": 1, "unknown type 'later'": 1, "empty messages and parts": 1}
    assert counts["leftOut"] == left_out


def test_several_exports_in_one_array_are_several_conversations(imports):
    other = {**EXPORTED, "conversationId": "talk-2", "messages": [typed("m9", None, 0, "Milk?")]}
    counts = imports.read(imports.write("all.json", [FORMS["a list"](whole()), other]))
    assert counts["dialogues"] == 4
    assert [one["content"] for one in imports.messages("talk-2")] == ["Milk?"]


def test_an_id_that_several_messages_have_is_imported_with_each(imports):
    messages = [
        typed("a", None, 0, "Hello"),
        answered("b", "a", 1, text("Good morning.")),
        answered("b", "a", 2, text("Good evening.")),
    ]
    counts = imports.read(imports.write("same.json", FORMS["a list"](messages)))
    assert counts["dialogues"] == 2
    every = imports.commands.at("dialogue", "list")["items"]
    texts = [each["content"] for one in every for each in imports.messages(one["id"])]
    assert sorted(map(str, texts)) == ["Good evening.", "Good morning.", "Hello"]
