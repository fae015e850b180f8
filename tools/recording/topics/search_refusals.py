"""Searches that are refused."""

from urllib.parse import quote

from tools.recording.recorder import Client, Json, Recorder, compact

_LEAST = {"query": "hello", "object": "message"}
_WRONG: tuple[dict[str, Json], ...] = (
    {"query": ""}, {"query": None}, {"object": None}, {"query": 5, "object": 5},
    {"query": "<repeat x 8193>"}, {"limit": 0}, {"limit": 101}, {"limit": 1.5}, {"limit": "1"},
    {"limit": True}, {"context": 11}, {"context": -1}, {"tags": []}, {"tags": {}},
    {"tags": {"$in": []}}, {"tags": {"$all": "x"}}, {"tags": "vip"}, {"tags": ["a", 1]},
    {"tags": ["<repeat x 65>"]}, {"tags": {"$or": ["a"]}}, {"filter": {"tags": []}},
    {"tags": ["a"], "filter": {"tags": ["b"]}}, {"filter": {"created": {}}},
    {"filter": {"created": ""}}, {"filter": {"created": 1700000000}},
    {"filter": {"created": "when I was young"}}, {"filter": {"created": {"gte": "soon"}}},
    {"filter": {"created": "whenever", "modified": {"lt": "then", "gt": "2020"}}},
    {"filter": {"created": {"since": "2020"}}}, {"filter": {"modified": "2020-13"}},
    {"filter": {"created": "<repeat x 101>"}}, {"filter": {"hasImage": "true"}}, {"filter": []},
    {"filter": {"size": 1}}, {"metadata": []}, {"metadata": {"k": []}}, {"metadata": {"k": {}}},
    {"metadata": {"k": {"a": 1}}}, {"metadata": {"k": {"$in": []}}},
    {"metadata": {"k": {"$eq": {"a": 1}}}}, {"metadata": {"k": {"$gt": True}}},
    {"metadata": {"k": {"$gt": None}}}, {"metadata": {"k": {"$in": [[], {}]}}},
    {"metadata": {"namespace": "a\u0000b"}}, {"metadata": {f"k{n}": n for n in range(101)}},
    {"metadata": {"k": list(range(1001))}}, {"tags": [f"t{n}" for n in range(1001)]},
    {"timezone": "Mars/Olympus"}, {"timezone": ""}, {"timezone": "../../../etc/passwd"},
    {"object": "summary"}, {"mode": "exact"}, {"orderBy": "lastMessageCreated"}, {"order": "up"},
    {"explain": "yes"}, {"role": ""}, {"dialogueId": "a/b"}, {"namespace": "a\u0000b"},
    {"topK": 5}, {"next": "x"}, {"createdYear": 2020}, {"modifiedTimestamp": 1},
    {"filter": {"createdMonth": 3, "modifiedDay": 1}},
    {"limit": 0, "mode": "x", "order": "y", "tags": [], "filter": {"x": 1}, "metadata": 5},
)  # fmt: skip


def play(recorder: Recorder) -> None:
    """Search wrongly."""
    api = recorder.project("refusals")
    api.calls("POST /search", "GET /search", "PUT /search", "HEAD /search?query=q&object=memory")
    api.posts("/search", {"query": "q"}, {"object": "memory"})
    for wrong in _WRONG:
        api.post("/search", {**_LEAST, **wrong})
    _by_query(api)
    for body in ("{", "[", "nope", '{"query":NaN}', '{"a":1}x', b"\xff", "[]", "1", '"q"', "null"):
        api.post("/search", body)
    for name in ("query", "namespace", "role"):
        api.post(
            "/search", '{"object":"message","query":"x","NAME":"\\ud83d"}'.replace("NAME", name)
        )
    api.post("/search?top=1", '{"limit":0')
    for query in ("limit=1", "tags=1", "mode=1", "topK=1", "namespace=%00"):
        api.post(f"/search?{query}", _LEAST)


def _by_query(api: Client) -> None:
    start = "/search?query=hello&object=message"
    for query in (
        "limit=0", "limit=x", "limit=101", "context=11", "context=1.5", "explain=yes", "mode=x",
        "order=up", "orderBy=x", "topK=5", "startDate=2020", "createdYear=2020", "role=",
        "timezone=Mars", "tags=<repeat x 65>", "dialogueId=a%2Fb", "namespace=a&namespace=b",
        "query=other", "color=red&size=1&limit=0",
    ):  # fmt: skip
        api.get(f"{start}&{query}")
    texts: tuple[Json, ...] = (
        "", "{", "x", "null,", '{"a":NaN}', "[]", "1", '"x"', "{'a':1}", '{"\\ud800":1}',
        {"createdYear": 1}, {"k": {"$x": 1}}, {"created": "soon"},
    )  # fmt: skip
    for name in ("filter", "metadata"):
        for text in texts:
            written = text if isinstance(text, str) else compact(text)
            api.get(f"{start}&{name}={quote(written)}")
        api.get(f"{start}&{name}=<repeat [ 500>")
