"""The filters of a search: metadata, tags, dates, images."""

from typing import Any
from urllib.parse import quote

from tools.recording.recorder import Client, Json, Recorder, compact
from tools.recording.topics.dialogues import HELLO
from tools.recording.topics.messages import IMAGE, LINK

_METADATA: dict[str, dict[str, Json]] = {
    "one": {"n": 1}, "text": {"n": "1"}, "true": {"n": True}, "half": {"n": 1.5}, "two": {"n": 2},
    "big": {"n": 12345678901234567890123}, "null": {"n": None}, "array": {"n": [1, "x"]},
    "object": {"n": {"a": 1}}, "none": {}, "x": {"n": "x", "a.b": "é"},
}  # fmt: skip
_CONDITIONS: tuple[Json, ...] = (
    1, 1.0, "1", True, False, None, "x", [2, "x"], {"$eq": 1}, {"$eq": None}, {"$ne": 1},
    {"$in": [1.5, 2]}, {"$nin": [1, "x"]}, {"$gt": 1}, {"$gte": 1}, {"$lt": 1.5}, {"$lte": 1.5},
    {"$gt": 1, "$lt": 2}, {"$gte": "1", "$lt": "2"}, {"$gt": 1e30},
)  # fmt: skip
_TAGS: tuple[Json, ...] = (
    ["a"], ["a", "c"], ["x"], {"$in": ["a", "c"]}, {"$all": ["a", "b"]}, {"$nin": ["a"]},
    {"$in": ["b"], "$nin": ["c"]}, {"$all": ["b"], "$in": ["a", "c"], "$nin": ["a"]}, ["A"], [""],
)  # fmt: skip
_DATES: tuple[Json, ...] = (
    "2020-03", "March 2020", "2020", "Q1 2020", "2020-03-01", "2020-03-31T23:59:59.999Z",
    {"gte": "2020-03-01"}, {"gt": "2020-03-01"}, {"lt": "2020-04-01"}, {"lte": "March 2020"},
    {"gt": "March 2020"}, {"gte": "2020-03-01T00:00:00Z", "lt": "2020-04-01T00:00:00Z"},
    {"gte": "2021", "lt": "2020"}, "since 2020-04-01", "between 2020-03-01 and 2020-03-31",
    "before March 2020", "today", "yesterday", "last hour", "last 3 days", "this week",
    "last week", "since yesterday", "3 months ago", "last year", {"gte": "last 3 days"},
)  # fmt: skip


def play(recorder: Recorder) -> None:
    """Search with filters."""
    api = recorder.project("filters")
    _fill(api)
    for condition in _CONDITIONS:
        _search(api, metadata={"n": condition})
    _search(api, metadata={"absent": {"$ne": 1}})
    _search(api, metadata={"n": "x", "a.b": {"$in": ["é"]}})
    for tags in _TAGS:
        _search(api, tags=tags)
    _search(api, filter={"tags": ["a"]})
    _search(api, filter={"tags": ["a"]}, tags=["a"])
    for date in _DATES:
        _search(api, filter={"created": date})
    _search(api, filter={"created": "March 2020"}, timezone="Europe/Berlin")
    _search(api, filter={"modified": "today"})
    _search(api, filter={"modified": "2020"})
    for has_image in (True, False, None):
        _search(api, filter={"hasImage": has_image})
    created = {"gte": "March 2020", "lt": "2020-05-01"}
    filters = {"created": created, "modified": "2020", "hasImage": False, "tags": ["t"]}
    _search(api, filter=filters, metadata={"n": 1}, role="user")
    _search(api, filter={}, metadata={}, tags=None)
    _by_query(api)
    for of in ("dialogue", "memory"):
        _search(api, object=of, tags=["a"])
        _search(api, object=of, metadata={"n": 1})
        _search(api, object=of, filter={"created": "2020-03"})
        _search(api, object=of, filter={"hasImage": True})


def _search(api: Client, **fields: Any) -> None:
    api.post("/search", {"query": "hello", "object": "message", "mode": "keyword", **fields})


def _fill(api: Client) -> None:
    messages: list[Json] = [
        {**HELLO, "id": name, "metadata": value} for name, value in _METADATA.items()
    ]
    tags = {"ab": ["a", "b"], "a": ["a"], "bc": ["b", "c"]}
    messages += [{**HELLO, "id": name, "tags": value} for name, value in tags.items()]
    text = {"type": "text", "text": "hello"}
    messages += [{**HELLO, "id": "inline", "content": [text, IMAGE]}]
    messages += [{**HELLO, "id": "link", "content": [text, LINK]}]
    for day in ("2020-02-29", "2020-03-01", "2020-03-31T23:59:59.999Z", "2020-04-01"):
        messages.append({**HELLO, "id": day[:10], "created": day})
        more = {"created": day, "tags": ["a"], "metadata": {"n": 1}}
        api.post("/dialogue", {"id": f"d-{day[:10]}", "label": "hello", **more})
        api.post("/memory", {"id": f"k-{day[:10]}", "value": "hello", **more})
    api.post("/dialogue", {"id": "d", "messages": messages})
    api.await_index()


def _by_query(api: Client) -> None:
    start = "/search?query=hello&object=message&mode=keyword"
    api.get(f"{start}&tags=a,c")
    api.get(f"{start}&tags=a&tags=c&limit=1")
    for name, value in (
        ("filter", {"created": "2020-03"}),
        ("filter", {"tags": {"$all": ["a", "b"]}}),
        ("filter", {"hasImage": True}),
        ("metadata", {"n": [1, "x"]}),
        ("metadata", {"n": {"$gt": 1}}),
    ):
        api.get(f"{start}&{name}={quote(compact(value))}")
