"""Sessions that `opencode export` prints."""

import copy
from itertools import count

SESSION = "ses_0a1"
BEGUN_MS = 1_795_900_000_125


def exported(*messages):
    about = {
        "id": SESSION,
        "title": "Two notes",
        "directory": "/home/ann/notes",
        "model": {"id": "small-1", "providerID": "local"},
        "version": "1.18.33",
        "time": {"created": BEGUN_MS},
    }
    return {"info": about, "messages": [*messages]}


def message(own_id, role, *parts, **about):
    times = {"created": BEGUN_MS + 1_000 * int(own_id[-1])}
    numbered = zip(count(), parts, strict=False)
    held = [{"id": f"prt_{own_id}{number}", **part} for number, part in numbered]
    info = {"id": own_id, "role": role, "sessionID": SESSION, "time": times, **about}
    return {"info": info, "parts": held}


def text(spoken_text, **more):
    return {"type": "text", "text": spoken_text, **more}


def tool(number, path, status="completed", **state):
    state = {"status": status, "input": {"path": path}, **state}
    return {"type": "tool", "tool": "read", "callID": f"call_{number}", "state": state}


START, FINISH = {"type": "step-start"}, {"type": "step-finish", "reason": "stop"}


def session():
    both = (
        tool(1, "tea", output="Earl Grey", metadata={"exit": 0}),
        tool(2, "milk", status="error", error="no such file"),
    )
    thought = {"type": "reasoning", "text": "Both are short."}
    image = {"type": "file", "mime": "image/png", "url": "data:image/png;base64,iVBORw0KGgo="}
    called = text("Called the Read tool", synthetic=True)
    return exported(
        message("msg_1", "user", text("Show both notes"), called, image),
        message(
            "msg_2", "assistant", START, thought, text("I look."), *both, FINISH, finish="stop"
        ),
        message("msg_3", "assistant", START, text("One is there."), FINISH, finish="stop"),
        message("msg_4", "assistant", error={"name": "APIError"}),
        message("msg_5", "user", text("Which?")),
        message("msg_6", "assistant", text("It was about notes."), summary=True),
        message("msg_7", "assistant", text("Te"), finish="unknown"),
    )


EXPECTED = [
    ("user", "Show both notes"),
    ("user", "image_url"),
    ("assistant", "I look."),
    ("call", "read", {"path": "tea"}),
    ("call", "read", {"path": "milk"}),
    ("tool", "Earl Grey"),
    ("tool", "no such file"),
    ("assistant", "One is there."),
    ("user", "Which?"),
    ("assistant", "Te"),
]


def test_a_session_is_imported_with_its_calls_and_results(imports):
    assert imports.read(imports.write("export.json", session()))["messages"] == 9
    assert imports.talk(SESSION) == EXPECTED
    dialogue = imports.dialogue(SESSION)
    assert (dialogue["label"], dialogue["created"]) == ("Two notes", "2026-11-28T21:06:40.125Z")
    assert dialogue["metadata"]["model"] == "small-1"
    shown = imports.messages(SESSION)
    assert shown[1]["id"] == "msg_2"
    assert shown[1]["content"][0] == {"type": "reasoning", "text": "Both are short."}
    assert shown[-1]["metadata"] == {"finish": "unknown"}
    failed = imports.window(SESSION, "anthropic")[2]["content"][1]
    assert (failed["tool_use_id"], failed["is_error"]) == ("call_2", True)


def test_a_session_that_has_gone_on_adds_what_is_new(imports):
    whole = session()
    first = copy.deepcopy(whole)
    del first["messages"][2:]
    state = first["messages"][1]["parts"][4]["state"]
    del state["error"]
    state["status"] = "running"
    assert imports.commands.at("import", imports.write("export.json", first))["messages"] == 5
    ended = imports.commands.run("import", imports.write("export.json", whole))
    assert (ended.code, ended.err) == (0, "")
    assert imports.talk(SESSION) == EXPECTED
