"""Dialogues: created, read, changed and deleted, with threads, and everything that is refused."""

from tools.recording.recorder import Client, Recorder

HELLO = {"role": "user", "content": "hello"}
NOT_TEXT = (1, True, ["a"], {"a": 1})


def play(recorder: Recorder) -> None:
    """Ask for everything about dialogues."""
    api = recorder.project("dialogues")
    _created(api)
    _threads(api)
    _changed(api)
    _refused(api)
    _deleted(api)


def _created(api: Client) -> None:
    api.posts(
        "/dialogue",
        None,
        {},
        {"id": "d"},
        {"id": "full", "label": "Order 17", "tags": ["vip", "vip", "new"], "state": {"step": 1},
         "metadata": {"plan": "pro", "n": 1.0, "é": None}, "created": "2021-03-04T05:06:07.089Z"},
        {"id": "one", "message": HELLO},
        {"id": "many", "messages": [HELLO, {**HELLO, "id": "m2", "role": "assistant"}]},
        {"id": "none", "messages": []},
        {"id": "né ☃ 😀", "label": "\u2028 İß", "namespace": ""},
        {"id": "repeats", "message": {**HELLO, "dialogueId": "repeats", "namespace": ""}},
        {"id": "ignored", "unknown": {"deep": [1]}, "totalMessages": 7, "status": "ended"},
        dict.fromkeys(("id", "namespace", "label", "threadOf", "created", "tags", "state",
                       "metadata", "message", "messages")),
        {"created": "2022-01-01"},
        {"created": "2022-01-01T12:00"},
        {"created": "2022-01-01T12:00:00+02:00"},
        {"created": "2022-01-01T12:00:00.123456789Z"},
    )  # fmt: skip
    api.post("/dialogue", {"id": "named"}, {"X-Request-Id": "req_1.a-b"})
    api.post("/dialogue", b' \r\n{ "id" :\n"spaced", "metadata": { "a" : [ 1,  2 ] } }\n')
    api.calls(
        "GET /dialogue/d",
        "GET /dialogue/full",
        "GET /dialogue/many?messages=1",
        "GET /dialogue/many?messages=0",
        "GET /dialogue/many?messages=1000",
        "GET /dialogue/many?messages=1001",
        "GET /dialogue/many?messages=-1",
        "GET /dialogue/many?messages=x",
        "GET /dialogue/n%C3%A9%20%E2%98%83%20%F0%9F%98%80",
        "GET /dialogue/named",
        "GET /dialogue/absent",
        "GET /dialogue/d?dialogueId=d",
        "GET /dialogue/d?dialogueId=e",
        "HEAD /dialogue/d",
        "HEAD /dialogue/absent",
    )


def _threads(api: Client) -> None:
    api.posts(
        "/dialogue",
        {"id": "thread", "threadOf": "d"},
        {"id": "deeper", "threadOf": "thread", "message": HELLO},
        {"id": "own", "threadOf": "own"},
        {"threadOf": "absent"},
        {"threadOf": "d", "namespace": "elsewhere"},
    )
    api.calls(
        "GET /dialogue/d",
        "GET /dialogue/thread",
        "GET /dialogue?threadOf=d",
        "GET /dialogue?threadOf=thread",
        "GET /dialogue?threadOf=absent",
    )


def _changed(api: Client) -> None:
    api.puts(
        "/dialogue/d",
        None,
        {"label": "l"},
        {"label": None},
        {"tags": ["t"], "state": {"a": {"b": 1}}},
        {"tags": None, "state": None},
        {"tags": []},
        {"message": HELLO},
        {"messages": [HELLO, {**HELLO, "id": "put"}], "label": "both"},
        {"message": {**HELLO, "id": "put"}},
        {"message": {"id": "put", "role": "user", "content": "other"}},
        {"messages": [HELLO, {"id": "put", "role": "user", "content": "other"}]},
        {"id": "d", "namespace": ""},
        {"id": "e"},
        {"metadata": {"a": 1}},
        {"metadata": None},
        {"message": HELLO, "messages": [HELLO]},
        {"label": 5, "tags": "x", "state": [], "messages": [{}]},
        {"message": {**HELLO, "dialogueId": "e"}},
    )
    api.put("/dialogue/absent", {"label": "l"})
    api.get("/dialogue/d?messages=10")


def _refused(api: Client) -> None:
    for name in ("id", "namespace", "threadOf", "label"):
        api.posts("/dialogue", *({name: value} for value in NOT_TEXT))
    api.posts(
        "/dialogue",
        {"id": "d"},
        {"id": ""},
        {"id": "a/b"},
        {"id": ".."},
        {"id": " a"},
        {"id": "a\u0000"},
        {"id": "<repeat x 257>"},
        {"label": "<repeat x 257>"},
        {"namespace": "a\u0007"},
        {"tags": "t"},
        {"tags": ["a", None]},
        {"tags": ["<repeat x 65>"]},
        {"tags": ["t"] * 51},
        {"state": []},
        {"state": "x"},
        {"state": {"a": "<repeat x 1048576>"}},
        {"metadata": [1]},
        {"metadata": {"a": "<repeat x 65536>"}},
        {"metadata": {"a": "<repeat x 65528>"}},
        {"created": "soon"},
        {"created": "2022-02-30"},
        {"created": 1700000000},
        {"created": "2022-01-01 12:00:00"},
        {"created": "9999-12-31T23:59:59-01:00"},
    )
    _refused_inside(api)


def _refused_inside(api: Client) -> None:
    api.posts(
        "/dialogue",
        {"message": HELLO, "messages": [HELLO]},
        {"message": {"role": "user"}},
        {"message": {"role": "user", "content": ""}},
        {"message": []},
        {"messages": {}},
        {"messages": [HELLO] * 1001},
        {"messages": [{**HELLO, "id": "x"}, HELLO, {**HELLO, "id": "x"}]},
        {"message": {**HELLO, "dialogueId": "other"}},
        {"id": "n", "messages": [{**HELLO, "dialogueId": "other"}]},
        {"namespace": "a", "message": {**HELLO, "namespace": "b"}},
        {"label": 5, "messages": [{"role": "user"}], "tags": [1]},
        {"id": 1, "created": "x", "state": 1, "metadata": 1, "message": {"content": ""}},
        '{"label":"a","label":5}',
        '{"id":"\\ud800"}',
        '{"label":"a\\ud83d"}',
        '{"tags":["\\udfff"]}',
        '{"metadata":{"kept":"\\ud800"}}',
    )


def _deleted(api: Client) -> None:
    api.delete("/dialogue/d", {"id": "other"})
    api.delete("/dialogue/d", {"namespace": "other"})
    api.delete("/dialogue/d", {"id": "d", "dialogueId": "d", "namespace": ""})
    api.calls(
        "GET /dialogue/d",
        "GET /dialogue/thread",
        "GET /dialogue/deeper",
        "DELETE /dialogue/d",
        "DELETE /dialogue/many?dialogueId=many",
        "DELETE /dialogue/one?namespace=elsewhere",
        "DELETE /dialogue/a%2Fb",
        "GET /dialogue?order=asc",
    )
    api.post("/dialogue", {"id": "d"})
