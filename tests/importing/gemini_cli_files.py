"""Lines as the Gemini CLI writes them, of a chat that is not."""

CHAT = "5eb1a000-0000-4000-8000-000000000001"
NAME = "session-2026-11-28T10-00-5eb1a000.jsonl"
_MINUTE = "2026-11-28T10:"


def header(at="00:00"):
    times = dict.fromkeys(("startTime", "lastUpdated"), stamp(at))
    return {"sessionId": CHAT, "projectHash": "c0ffee", "kind": "main", **times}


def stamp(at):
    return f"{_MINUTE}{at}.125Z"


def spoken(own_id, kind, content, at, **more):
    return {"id": own_id, "timestamp": stamp(at), "type": kind, "content": content, **more}


def typed(own_id, text, at):
    return spoken(own_id, "user", [{"text": text}], at)


def context(at="00:00"):
    return typed("same-in-all", "<session_context>\nThis is the Gemini CLI.", at)


def changed(*messages):
    return {"$set": {"messages": [*messages], "lastUpdated": stamp("09:00")}}


def response(call, output):
    inner = {"id": call, "name": "read_file", "response": {"output": output}}
    return {"functionResponse": inner}


def call(own_id, path, output):
    made = {"id": own_id, "name": "read_file", "args": {"path": path}, "status": "success"}
    return {**made, "result": [response(own_id, output)], "timestamp": stamp("00:04")}


THOUGHT = {"subject": "Reading", "description": "Both are short.", "timestamp": stamp("00:02")}
OUTPUTS = {"read_1": "Earl Grey", "read_2": "no such file"}


def first_turn():
    """A turn with a thought and two calls at once, whose message is written twice."""
    spoken_text = spoken("g1", "gemini", "I look.", "00:03", thoughts=[THOUGHT], model="gemini-3")
    calls = [call("read_1", "tea", "Earl Grey"), call("read_2", "milk", "no such file")]
    results = [response(*one) for one in OUTPUTS.items()]
    return [
        typed("u1", "Show both notes", "00:01"),
        {"$set": {"lastUpdated": stamp("00:01")}},
        spoken_text,
        {**spoken_text, "toolCalls": calls},
        spoken("r1", "user", results, "00:05"),
        spoken("i1", "info", "Update available", "00:05"),
        spoken("g2", "gemini", "One is there.", "00:06", thoughts=[], model="gemini-3"),
    ]


def resumed():
    """The list, written again: with other times, calls as parts, an id twice, results twice."""
    calls = [
        {"functionCall": {"id": own, "name": "read_file", "args": {"path": path}}}
        for own, path in (("read_1", "tea"), ("read_2", "milk"))
    ]
    results = [response(*one) for one in OUTPUTS.items()]
    return [
        header("05:00"),
        changed(context("05:00")),
        changed(
            context("05:00"),
            typed("u1", "Show both notes", "05:00"),
            spoken("g1", "gemini", [{"text": "I look."}, *calls], "05:00"),
            spoken("g1", "user", results, "05:00"),
            spoken("r1", "user", results, "05:00"),
            spoken("g2", "gemini", [{"text": "One is there."}], "05:00"),
        ),
        typed("u2", "Which?", "05:01"),
        spoken("g3", "gemini", "Tea.", "05:02"),
    ]


def whole():
    return [header(), changed(context()), *first_turn(), *resumed()]
