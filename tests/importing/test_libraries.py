"""Histories that libraries write: pydantic-ai, the AI SDK, OpenTelemetry, ShareGPT."""

import json

BEGUN = "2026-11-28T10:00:00.125000Z"


# --- pydantic-ai --------------------------------------------------------------------------------


def request(*parts, **more):
    return {"kind": "request", "parts": [*parts], "timestamp": BEGUN, **more}


def response(*parts, **more):
    named = {"model_name": "small-1", "timestamp": BEGUN}
    return {"kind": "response", "parts": [*parts], **named, **more}


def part(kind, **members):
    return {"part_kind": kind, **members}


def returned(number, content, outcome="success"):
    about = {"tool_call_id": f"c{number}", "tool_name": "read", "content": content}
    return part("tool-return", outcome=outcome, timestamp=BEGUN, **about)


def called(number, path):
    args = {"path": path} if number == 1 else json.dumps({"path": path})
    return part("tool-call", tool_name="read", args=args, tool_call_id=f"c{number}", id=None)


def history():
    typed = ["Show both", {"kind": "binary", "data": "iVBORw0KGgo=", "media_type": "image/png"}]
    question = part("user-prompt", content=typed, timestamp=BEGUN)
    thought = part("thinking", content="Both are short.", signature=None)
    answered = response(part("text", content="One is there."))
    return [
        request(part("system-prompt", content="Be kind."), question, instructions="Be terse."),
        response(thought, part("text", content="I look."), called(1, "tea"), called(2, "milk")),
        request(returned(1, "Earl Grey"), returned(2, "no such file", "retried")),
        answered,
        request(part("user-prompt", content="Which?", timestamp=BEGUN), instructions="Be terse."),
        response(part("text", content="Tea.")),
    ]


TALK = [
    ("user", "image_url"),
    ("assistant", "I look."),
    ("call", "read", {"path": "tea"}),
    ("call", "read", {"path": "milk"}),
    ("tool", "Earl Grey"),
    ("tool", "no such file"),
    ("assistant", "One is there."),
    ("user", "Which?"),
    ("assistant", "Tea."),
]


def test_a_history_of_pydantic_ai_has_its_instructions_once_and_grows(imports):
    messages = [{**one, "conversation_id": "talk-1"} for one in history()]
    imports.commands.at("import", imports.write("history.json", messages[:3]))
    assert imports.read(imports.write("history.json", messages))["messages"] == 9
    system = ("system", "Be terse.\n\nBe kind.")
    assert imports.talk("talk-1") == [system, ("user", "Show both"), *TALK]
    about = imports.dialogue("talk-1")
    assert about["metadata"] == {"source": "pydantic-ai", "model": "small-1"}
    assert about["created"] == "2026-11-28T10:00:00.125Z"
    results = imports.window("talk-1", "anthropic")[2]["content"]
    assert [one.get("is_error") for one in results] == [None, True]
    thought = imports.messages("talk-1")[3]["content"]["parts"][0]
    assert thought == {"part_kind": "thinking", "content": "Both are short."}


def test_a_history_that_goes_on_from_another_is_a_conversation_of_its_own(imports):
    before = [{**one, "conversation_id": "talk-1"} for one in history()[:4]]
    after = [{**one, "conversation_id": "talk-2"} for one in history()[4:]]
    imports.read(imports.write("one.json", before))
    imports.read(imports.write("other.json", [*before, *after]))
    whole = [("system", "Be terse.\n\nBe kind."), ("user", "Show both"), *TALK]
    assert imports.talk("talk-1") == whole[:-2]
    assert imports.talk("talk-2") == whole


def test_histories_without_a_conversation_are_known_by_their_files(imports):
    imports.read(imports.write("a.json", history()[:2]))
    imports.read(imports.write("a.json", history()))
    (found,) = imports.commands.at("dialogue", "list")["items"]
    assert found["totalMessages"] == 9


# --- the AI SDK ---------------------------------------------------------------------------------


def ui(own_id, role, *parts, **more):
    return {"id": own_id, "role": role, "parts": [*parts], **more}


def text(content):
    return {"type": "text", "text": content}


def ui_messages():
    done = {"toolCallId": "c1", "state": "output-available", "input": {"path": "tea"}}
    failed = {"toolCallId": "c2", "state": "output-error", "input": {"path": "milk"}}
    thought = {"type": "reasoning", "text": "Both are short.", "state": "done"}
    image = {"type": "file", "mediaType": "image/png", "url": "data:image/png;base64,iVBORw0KGgo="}
    calls = [
        {"type": "tool-read", **done, "output": "Earl Grey"},
        {"type": "tool-read", **failed, "errorText": "no such file"},
    ]
    start = {"type": "step-start"}
    answer = [start, thought, text("I look."), *calls, start, text("One is there.")]
    later = [ui("u2", "user", text("Which?")), ui("a2", "assistant", start, text("Tea."))]
    return [ui("u1", "user", text("Show both"), image), ui("a1", "assistant", *answer), *later]


def test_messages_of_the_ai_sdk_keep_calls_and_results_and_grow(imports):
    imports.read(imports.write("chat.json", ui_messages()[:2]))
    assert imports.read(imports.write("chat.json", ui_messages()))["messages"] == 4
    (found,) = imports.commands.at("dialogue", "list")["items"]
    assert imports.talk(found["id"]) == [("user", "Show both"), *TALK]
    shown = imports.messages(found["id"])
    assert [one["id"] for one in shown] == ["u1", "a1", "u2", "a2"]
    assert shown[3]["content"] == "Tea."
    assert shown[1]["content"]["parts"][1]["text"] == "Both are short."


def test_a_chat_that_holds_its_messages_has_its_own_id(imports):
    chat = {"id": "chat-1", "title": "Tea", "messages": ui_messages()}
    chat["messages"][0]["createdAt"] = BEGUN
    imports.read(imports.write("chats.jsonl", [chat]))
    assert imports.dialogue("chat-1")["label"] == "Tea"
    assert imports.messages("chat-1")[0]["created"] == "2026-11-28T10:00:00.125Z"


# --- OpenTelemetry ------------------------------------------------------------------------------


def telling(role, *parts):
    return {"role": role, "parts": [*parts]}


def spoken(role, content):
    return telling(role, {"type": "text", "content": content})


def telemetry():
    image = {"type": "blob", "modality": "image", "mime_type": "image/png"}
    calls = [
        {"type": "tool_call", "id": "c1", "name": "read", "arguments": {"path": "tea"}},
        {"type": "tool_call", "id": "c2", "name": "read", "arguments": {"path": "milk"}},
    ]
    results = [
        {"type": "tool_call_response", "id": "c1", "name": "read", "result": "Earl Grey"},
        {"type": "tool_call_response", "id": "c2", "name": "read", "result": "no such file"},
    ]
    texts = [{"type": "text", "content": "Show both"}, {**image, "content": "iVBORw0KGgo="}]
    return [
        telling("user", *texts),
        telling("assistant", {"type": "text", "content": "I look."}, *calls),
        telling("user", *results),
        spoken("assistant", "One is there."),
        spoken("user", "Which?"),
        spoken("assistant", "Tea."),
    ]


def test_messages_of_telemetry_are_imported_alone(imports):
    imports.read(imports.write("messages.json", telemetry()[:2]))
    imports.read(imports.write("messages.json", telemetry()))
    (found,) = imports.commands.at("dialogue", "list")["items"]
    assert imports.talk(found["id"]) == [("user", "Show both"), *TALK]


def attributes(sent, answered, **more):
    names = {"gen_ai.input.messages": sent, "gen_ai.output.messages": answered, **more}
    texts = {name: json.dumps(value) for name, value in names.items()}
    return texts | {"gen_ai.conversation.id": "talk-1", "gen_ai.request.model": "small-1"}


def spans():
    """One for each request to the model, and each repeats what was before it."""
    every = telemetry()
    system = {"gen_ai.system_instructions": [{"type": "text", "content": "Be kind."}]}
    return [
        {"attributes": attributes(every[:end], every[end : end + 1], **system)} for end in (1, 3, 5)
    ]


def test_spans_repeat_what_was_before_and_it_is_there_once(imports):
    lines = [{"context": {"trace_id": "0x1"}, "start_time": BEGUN, **span} for span in spans()]
    imports.read(imports.write("spans.jsonl", lines[:2]))
    assert imports.read(imports.write("spans.jsonl", lines))["dialogues"] == 1
    assert imports.talk("talk-1") == [("system", "Be kind."), ("user", "Show both"), *TALK]
    about = {"source": "opentelemetry", "model": "small-1"}
    assert imports.dialogue("talk-1")["metadata"] == about


def test_results_and_a_question_that_a_request_joins_are_what_they_are_apart(imports):
    whole = telemetry()
    results = whole[2]["parts"]
    joined = [*whole[:2], telling("user", *results, *spoken("user", "Now?")["parts"])]
    apart = [*whole[:2], *(telling("user", one) for one in results), spoken("user", "Now?")]
    kept = [
        {"attributes": attributes(sent, [spoken("assistant", "Later.")]), "start_time": BEGUN}
        for sent in (joined, apart)
    ]
    assert imports.read(imports.write("spans.jsonl", kept))["dialogues"] == 1
    spoken_text = [("user", "Show both"), *TALK[:6], ("user", "Now?"), ("assistant", "Later.")]
    assert imports.talk("talk-1") == spoken_text


def test_spans_of_the_protocol_and_what_another_agent_said(imports):
    other = {"attributes": attributes([spoken("user", "Aside")], [spoken("assistant", "Yes")])}
    listed = [
        {
            "traceId": "1",
            "startTimeUnixNano": "1795860000125000000",
            "attributes": [
                {"key": key, "value": {"stringValue": value}}
                for key, value in span["attributes"].items()
            ],
        }
        for span in (*spans(), other)
    ]
    exported = {"resourceSpans": [{"scopeSpans": [{"spans": listed}]}]}
    assert imports.read(imports.write("traces.json", exported))["dialogues"] == 2
    assert imports.talk("talk-1")[-1] == ("assistant", "Tea.")
    (thread,) = imports.commands.at("dialogue", "get-threads", "talk-1")["items"]
    assert imports.talk(thread["id"]) == [("user", "Aside"), ("assistant", "Yes")]


# --- ShareGPT -----------------------------------------------------------------------------------


def test_conversations_in_the_form_of_sharegpt_have_their_calls_tied(imports):
    calls = [{"name": "read", "arguments": {"path": path}} for path in ("tea", "milk")]
    turns = [
        ("human", "Show both"),
        ("function_call", json.dumps(calls)),
        ("observation", "Earl Grey"),
        ("observation", "no such file"),
        ("gpt", "One is there."),
    ]
    talk = {"conversations": [{"from": who, "value": texts} for who, texts in turns]}
    path = imports.write("data.json", [{"id": "s1", "system": "Be kind.", **talk}, talk])
    assert imports.read(path)["dialogues"] == 2
    expected = [("user", "Show both"), *TALK[2:7]]
    assert imports.talk("s1") == [("system", "Be kind."), *expected]
