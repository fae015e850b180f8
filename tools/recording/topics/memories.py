"""Memories: created, read, tagged, listed and deleted, and what is refused."""

from tools.recording.recorder import Client, Json, Recorder
from tools.recording.topics.dialogues import NOT_TEXT


def play(recorder: Recorder) -> None:
    """Ask for everything about memories."""
    api = recorder.project("memories")
    _created(api)
    _refused(api)
    _changed(api)
    _listed(api)


def _created(api: Client) -> None:
    full = {"id": "full", "value": {"likes": ["tea", 1.50, None]}, "label": "Taste",
            "description": "What to serve", "tags": ["a"], "metadata": {"n": 1},
            "namespace": "", "created": "2021-02-03T04:05:06.007Z"}  # fmt: skip
    values: tuple[Json, ...] = (
        "v",
        "",
        0,
        1.25,
        True,
        False,
        None,
        [],
        {},
        [1, "x", {"y": None}],
        "Grüße 👋",
    )
    api.posts("/memory", *({"value": value} for value in values), full, full)
    api.posts(
        "/memory",
        {**full, "value": "other"},
        {**full, "tags": []},
        {"value": 1, "unknown": 2},
        {"value": None} | dict.fromkeys(
            ("id", "namespace", "label", "description", "tags", "metadata", "created")
        ),
        '{"value":{"a" : 1.0e3, "b":[ ] }}',
        '{"value":12345678901234567890123}',
        '{"value":"\\ud800"}',
        '{"value":"<repeat x 1048576>"}',
    )  # fmt: skip
    api.calls(
        "GET /memory/full",
        "GET /memory/absent",
        "GET /memory/full?namespace=",
        "GET /memory/full?namespace=other",
        "GET /memory/a%2Fb",
        "HEAD /memory/full",
    )


def _refused(api: Client) -> None:
    for name in ("id", "namespace", "label", "description"):
        api.posts("/memory", *({"value": 1, name: value} for value in NOT_TEXT))
    api.posts(
        "/memory",
        None,
        {"label": "l"},
        {"value": 1, "id": ""},
        {"value": 1, "tags": "t"},
        {"value": 1, "tags": ["t"] * 51},
        {"value": 1, "metadata": "x"},
        {"value": 1, "metadata": {"a": "<repeat x 65536>"}},
        {"value": 1, "description": "<repeat x 4097>"},
        {"value": 1, "label": "<repeat x 257>"},
        {"value": 1, "created": "someday"},
        {"value": "<repeat x 1048577>"},
        {"value": {"a": "<repeat x 1048577>"}},
        {"id": 1, "tags": [1], "created": "x"},
    )


def _changed(api: Client) -> None:
    api.puts(
        "/memory/full",
        None,
        {"tags": ["b", "c"]},
        {"tags": None},
        {"tags": []},
        {"tags": 5},
        {"id": "full", "namespace": ""},
        {"id": "other"},
        {"namespace": "other"},
        {"value": 1, "label": "x", "description": "y", "metadata": {}},
        {"value": None, "tags": ["kept"]},
    )
    api.put("/memory/absent", {"tags": []})


def _listed(api: Client) -> None:
    for number, created in enumerate(("2020-01-01", "2020-02-01", "2021-01-01")):
        body = {"id": f"k{number}", "value": number, "namespace": "ns", "created": created}
        api.post("/memory", {**body, "tags": ["t", f"t{number}"]})
    api.calls(
        "GET /memory?limit=3",
        "GET /memory?namespace=ns",
        "GET /memory?namespace=ns&order=asc",
        "GET /memory?namespace=ns&tags=t0,t2",
        "GET /memory?namespace=ns&tags=t0&tags=t1",
        "GET /memory?namespace=ns&created=2020",
        "GET /memory?namespace=ns&startDate=2020-02-01",
        "GET /memory?namespace=ns&endDate=2020-02-01",
        "GET /memory?namespace=none",
        "DELETE /memory/k0",
        "DELETE /memory/k0?namespace=ns",
        "DELETE /memory/k0?namespace=ns",
    )
    api.put("/memory/k1?namespace=ns", {"tags": ["changed"]})
    api.calls("GET /memory?namespace=ns&orderBy=modified", "GET /memory?orderBy=label")
    api.delete("/memory/k1", {"id": "k1", "namespace": "ns"})
    api.delete("/memory/k2", {"id": "k1"})
    api.delete("/memory/full")
