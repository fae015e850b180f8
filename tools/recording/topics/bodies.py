"""Bodies: whatever their media type, JSON or refused."""

from itertools import product

from tools.recording.recorder import Client, Recorder

_NOT_JSON = (
    b"{", b"{]", b"nonsense", b'{"a":1} x', b'{"a":1}{"a":1}', b"{'a':1}", b'{"a":1,}',
    b'{"a":01}', b'{"a":.5}', b'{"a":+1}', b'{"a":NaN}', b'{"a":-Infinity}', b'{"a":"\n"}',
    b'{"a":"\\x41"}', b'{"a":"\\u12"}', b'{"a":"\xff"}', b'{"a":"\xed\xa0\x80"}', b'{"\xff":1}',
    b"\x00", b"// comment\n{}", "{}".encode("utf-16"), b"\xef\xbb\xbf{}",
)  # fmt: skip
_CALLS = ("POST /dialogue", "PUT /dialogue/d", "PUT /dialogue/d/state", "POST /memory",
          "POST /dialogue/d/messages", "POST /search", "PUT /admin/settings")  # fmt: skip


def play(recorder: Recorder) -> None:
    """Send bodies of all kinds."""
    api = recorder.project("bodies")
    api.post("/dialogue", {"id": "d", "state": {"kept": 1}})
    _media_types(api)
    for number, body in enumerate(_NOT_JSON):
        for call in _CALLS if number in {0, 10, 15} else _CALLS[:2]:
            method, _, path = call.partition(" ")
            api.ask(method, path, body)
    for call, text in product(_CALLS, ("1", '"text"', "true", "null", "[]", "[{}]", "")):
        method, _, path = call.partition(" ")
        api.ask(method, path, text)
    _deep(api)
    _carried(api)
    api.get("/dialogue/d?messages=100")


def _media_types(api: Client) -> None:
    for media_type in (
        "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "nonsense", "",
        "multipart/form-data; boundary=x",
    ):  # fmt: skip
        api.post("/dialogue", {"label": "l"}, {"Content-Type": media_type})
    api.get("/dialogue/d", {"Accept": "text/html", "Accept-Encoding": "gzip, br"})
    api.ask("GET", "/dialogue/d", {"a": "body"})
    api.post("/dialogue", {"label": "x" * 64}, {"Content-Encoding": "gzip"})


def _deep(api: Client) -> None:
    for depth in (126, 127, 128, 129, 5000):
        arrays = "[" * depth + "]" * depth
        api.post("/memory", f'{{"value":{arrays}}}')
        api.put("/dialogue/d/state", f'{{"a":{arrays}}}')
        api.post("/dialogue/d/messages", arrays)
    api.post("/dialogue", "<repeat [ 100000>")
    api.post("/dialogue", '{"unknown":"\\"[[[[{{{{"}')


def _carried(api: Client) -> None:
    """Put what is broken, and what no machine holds, where values are kept as they came."""
    carriers = (
        ("POST", "/dialogue", '{"metadata":%s}'),
        ("POST", "/dialogue", '{"message":{"role":"u","content":%s}}'),
        ("POST", "/dialogue", '{"ignored":%s}'),
        ("PATCH", "/dialogue/d/state", "%s"),
        ("POST", "/messages", '{"dialogueId":"d","messages":[{"role":"u","content":%s}]}'),
        ("POST", "/memory", '{"value":%s}'),
    )
    values = (b'"\xff"', b'{"a":NaN}', b'{"a":', b'{"n":1e400}', b'{"n":<repeat 9 300>}', b'{"":0}')
    for (method, path, carrier), value in product(carriers, values):
        api.ask(method, path, carrier.encode() % value)
    for body in (
        '{"limit":1e400}',
        '{"label":1e400}',
        '{"tags":[1e400]}',
        '{"label":5,"state":{"n":1e400}}',
    ):
        api.post("/dialogue", body)
    api.put("/admin/settings", '{"quotas":{"messages":1e400}}')
    api.put("/admin/settings", '{"rateLimit":{"burst":<repeat 9 300>}}')
