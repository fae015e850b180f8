"""Lists: their filters, orders and dates."""

from itertools import product

from tools.recording.recorder import Client, Recorder
from tools.recording.topics.dialogues import HELLO

_DAYS = ("2019-12-31", "2020-01-01", "2020-01-31T23:59:59.999Z", "2020-02-01", "2021-01-01")
_DATES = (
    "created=2020", "created=2020-01", "created=2020-01-01", "created=2020-01-31T23",
    "created=2020-01-31T23:59:59.999Z", "created=2020-02-01T01:00:00%2B01:00",
    "startDate=2020-01-31", "endDate=2020-01-31", "startDate=2020-01-01&endDate=2020-01-31",
    "startDate=2020-01-31T23:59:59.999Z", "endDate=2020-01-31T23:59:59Z",
    "startDate=2021&endDate=2020", "created=2020&startDate=2021-01-01",
    "created=20", "created=2020-13", "created=last+week", "created=", "startDate=soon",
    "endDate=2025-02-30", "startDate=x&endDate=y", "startDate=2020-01-01T00:00:00",
)  # fmt: skip


def play(recorder: Recorder) -> None:
    """Ask for lists of everything."""
    api = recorder.project("lists")
    _fill(api)
    _dialogues(api)
    _messages(api)
    for path, dates in product(("/dialogue", "/memory", "/dialogue/e0/messages"), _DATES):
        api.get(f"{path}?{dates}&limit=2")


def _fill(api: Client) -> None:
    for number, day in enumerate(_DAYS):
        tags = ["t", f"t{number}"] if number else []
        messages = [{**HELLO, "created": day, "tags": tags, "role": ("user", "tool")[number % 2]}]
        api.post(
            "/dialogue", {"id": f"e{number}", "created": day, "tags": tags, "messages": messages}
        )
        api.post("/memory", {"id": f"k{number}", "created": day, "tags": tags, "value": number})
        api.post("/dialogue/e0/messages", {**messages[0], "id": f"m{number}"})
    api.post("/dialogue/e1/end")
    api.post("/dialogue/e2/archive")
    api.post("/dialogue", {"id": "child", "threadOf": "e0"})


def _dialogues(api: Client) -> None:
    orders = ("", "order=asc&", "order=desc&")
    for order, by in product(orders, ("created", "modified", "lastMessageCreated")):
        api.get(f"/dialogue?{order}orderBy={by}")
    api.calls(
        "GET /dialogue?status=active",
        "GET /dialogue?status=ended",
        "GET /dialogue?status=archived",
        "GET /dialogue?status=gone",
        "GET /dialogue?threadOf=e0",
        "GET /dialogue?threadOf=a%2Fb",
        "GET /dialogue?tags=t1",
        "GET /dialogue?tags=t1,t2",
        "GET /dialogue?tags=t1&tags=t3",
        "GET /dialogue?tags=",
        "GET /dialogue?tags=T1",
        "GET /dialogue?tags=t&status=active&created=2020",
        "GET /dialogue?namespace=",
        "GET /dialogue?namespace=absent",
        "GET /dialogue?namespace=a&namespace=a",
        "GET /dialogue?namespace=a&namespace=b",
        "GET /dialogue?order=up&orderBy=id&status=x&limit=0",
        "HEAD /dialogue?limit=1",
    )
    for limit in ("1", "1000", "0", "-1", "1001", "x", "1.5", "", "1e2", "99999999999", "%31"):
        api.get(f"/dialogue?status=ended&limit={limit}")


def _messages(api: Client) -> None:
    for path in ("/dialogue/e0/messages?", "/messages?dialogueId=e0&"):
        api.calls(
            f"GET {path}order=asc",
            f"GET {path}order=desc",
            f"GET {path}role=tool",
            f"GET {path}role=system",
            f"GET {path}role=",
            f"GET {path}tags=t1,t2&role=user",
            f"GET {path}namespace=other",
            f"GET {path}limit=2",
            f"GET {path}status=active",
            f"GET {path}orderBy=created",
        )
    api.calls("GET /dialogue/absent/messages", "GET /messages?dialogueId=absent")
