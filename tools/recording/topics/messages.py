"""Messages: one or many, in each spelling, with all kinds of content, and what is refused."""

from tools.recording.recorder import Client, Json, Recorder
from tools.recording.topics.dialogues import HELLO, NOT_TEXT

PIXEL = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB"}
IMAGE = {"type": "image", "source": PIXEL}
LINK = {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}}
_PATHS = (
    "/message/{}?dialogueId=d",
    "/messages/{}?dialogueId=d",
    "/dialogue/d/message/{}",
    "/dialogue/d/messages/{}",
)


def play(recorder: Recorder) -> None:
    """Ask for everything about messages."""
    api = recorder.project("messages")
    api.post("/dialogue", {"id": "d"})
    _appended(api)
    _contents(api)
    _batches(api)
    _refused(api)
    _named(api)
    _changed(api)


def _appended(api: Client) -> None:
    api.post("/dialogue/d/messages", HELLO)
    api.post("/message", {**HELLO, "dialogueId": "d"})
    api.post("/messages", {**HELLO, "dialogueId": "d"})
    api.post("/message?dialogueId=d", HELLO)
    api.post("/messages?dialogueId=d&namespace=", HELLO)
    full = {"id": "full", "role": "assistant", "name": "Ada", "content": "Grüße 👋",
            "tags": ["a", "b"], "metadata": {"x": [1.50, {"y": None}]},
            "created": "2021-05-06T07:08:09.123Z"}  # fmt: skip
    api.posts("/dialogue/d/messages", full, full, {**full, "content": "other"})
    api.post("/dialogue/d/messages", {**full, "tags": ["a"]})
    api.post("/message", HELLO)
    api.post("/messages", {"messages": [HELLO]})
    api.post("/dialogue/d/messages", {**HELLO, "dialogueId": "e"})
    api.post("/message?dialogueId=d", {**HELLO, "dialogueId": "e", "namespace": "x"})
    api.post("/dialogue/absent/messages", HELLO)
    api.post("/dialogue/absent/messages", [])
    api.post("/dialogue/d/messages", dict.fromkeys(
        ("id", "namespace", "name", "created", "tags", "metadata", "dialogueId")
    ) | HELLO)  # fmt: skip
    api.get("/dialogue/d/messages")


def _contents(api: Client) -> None:
    tool = {"type": "tool_use", "id": "t1", "name": "track", "input": {"order": 17}}
    contents: tuple[Json, ...] = (
        " ", "\n", [{}], {"a": None}, {"": ""}, {"type": "text", "text": "hi"},
        [{"type": "text", "text": "see"}, IMAGE], [LINK], [tool],
        {"tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{}"}}]},
        "", None, [], {}, 0, 1.5, True, [1], ["a"], [{}, 1], [[]], [None],
        [{"type": "image", "source": {**PIXEL, "data": "data:image/png;base64,AAAA"}}],
        [{"type": "tool_result", "content": [{"type": "image", "source": {"data": "data:,"}}]}],
    )  # fmt: skip
    api.posts("/dialogue/d/messages", *({"role": "user", "content": each} for each in contents))
    for text in (
        '{"role":"u","content":{"n":12345678901234567890123,"f":1.0e5,"z":-0.0}}',
        '{"role":"u","content":"\\u0041\\ud83d\\ude00\\/"}',
        '{"role":"u","content":"\\ud800"}',
        '{"role":"u","content":{"a" : [ 1, 2 ],\n"b":"x  y"}}',
        '{"role":"u","content":{"a":1,"a":2}}',
        '{"role":"a","role":"b","content":"c"}',
        '{"role":"u","content":"<repeat x 1048576>"}',
        '{"role":"u","content":"<repeat x 1048577>"}',
        '[{"role":"u","content":"ok"},{"role":"u","content":"<repeat x 1048577>"}]',
        '{"role":"u","content":[{"type":"text","data":"<repeat x 1048577>"}]}',
    ):
        api.post("/dialogue/d/messages", text)


def _batches(api: Client) -> None:
    api.post("/dialogue", {"id": "b"})
    duplicate = {**HELLO, "id": "twin"}
    api.posts(
        "/dialogue/b/messages",
        [],
        [HELLO],
        [HELLO, {"role": "assistant", "content": "hi", "id": "m2"}],
        {"messages": []},
        {"messages": [HELLO, HELLO], "dialogueId": "b", "namespace": ""},
        {"messages": [{**HELLO, "dialogueId": "b"}]},
        [duplicate, HELLO],
        [HELLO, duplicate],
        [HELLO, {**duplicate, "content": "other"}],
        {"messages": [{**duplicate, "content": "other"}]},
        {**duplicate, "content": "other"},
        [{**HELLO, "id": "x"}, HELLO, {**HELLO, "id": "x"}],
        {"messages": [HELLO], "dialogueId": "other"},
        {"messages": [HELLO, {**HELLO, "dialogueId": "other", "namespace": "n"}]},
        {"messages": [HELLO], "role": "user", "content": "beside"},
        {"messages": None, **HELLO},
        {"messages": "x"},
        {"messages": {"role": "user"}},
        [HELLO] * 1001,
        [HELLO, {"role": "user"}, HELLO, {"role": "", "content": ""}, {"content": "x"}],
        [{"role": 5, "content": 5, "id": 5, "name": 5, "tags": 5}] * 150,
        [1],
        [None],
        [HELLO, "x"],
    )
    api.get("/dialogue/b/messages?limit=100")


def _refused(api: Client) -> None:
    for name in ("id", "role", "name", "namespace", "dialogueId"):
        api.posts("/message", *({**HELLO, "dialogueId": "d", name: value} for value in NOT_TEXT))
    api.posts(
        "/dialogue/d/messages",
        {},
        {"role": "user"},
        {"content": "c"},
        {**HELLO, "role": None},
        {**HELLO, "role": ""},
        {**HELLO, "id": ""},
        {**HELLO, "id": "a?b"},
        {**HELLO, "name": "<repeat x 257>"},
        {**HELLO, "tags": "t"},
        {**HELLO, "tags": [1]},
        {**HELLO, "metadata": "x"},
        {**HELLO, "metadata": []},
        {**HELLO, "metadata": {"a": "<repeat x 70000>"}},
        {**HELLO, "created": "later"},
        {"content": "", "name": 5},
        {"content": "", "role": "user", "created": "x", "tags": [2], "metadata": 1},
    )


def _named(api: Client) -> None:
    api.post("/dialogue/d/messages", {**HELLO, "id": "m"})
    for path in _PATHS:
        api.get(path.format("m"))
        api.get(path.format("absent"))
        api.ask("HEAD", path.format("m"))
    api.calls(
        "GET /message/m",
        "PUT /message/m",
        "DELETE /messages/m",
        "GET /messages",
        "GET /message/m?dialogueId=absent",
        "GET /dialogue/d/messages/m?dialogueId=e",
        "GET /dialogue/d/messages/m?namespace=other",
        "GET /dialogue/d/messages/a%2Fb",
        "GET /message?dialogueId=d",
        "PUT /message/?dialogueId=d",
        "DELETE /message/?dialogueId=d",
    )


def _changed(api: Client) -> None:
    for path in _PATHS:
        api.put(path.format("m"), {"tags": [path[:12]]})
        api.put(path.format("absent"), {"tags": []})
    api.puts(
        "/dialogue/d/messages/m",
        None,
        {"tags": None},
        {"tags": []},
        {"tags": "t"},
        {"tags": ["<repeat x 65>"]},
        {"id": "m", "dialogueId": "d", "namespace": ""},
        {"id": "n"},
        {"dialogueId": "e"},
        {"namespace": "x"},
        {"content": "new", "role": "x", "name": "n", "created": "2021-01-01", "metadata": {}},
        {"content": None, "tags": ["kept"]},
    )
    api.delete("/dialogue/d/message/m", {"id": "other"})
    api.delete("/dialogue/d/message/m", {"dialogueId": "other"})
    for number, path in enumerate(_PATHS):
        api.post("/dialogue/d/messages", {**HELLO, "id": f"gone{number}"})
        api.delete(path.format(f"gone{number}"))
        api.delete(path.format(f"gone{number}"))
    api.delete("/dialogue/d/messages/m", {"id": "m", "dialogueId": "d", "namespace": ""})
    api.calls("GET /dialogue/d", "GET /dialogue/d/messages?order=desc&limit=3")
