"""Short ways to search over the wire."""

import json
from typing import Any

import httpx

from .checking import done, ids

MODES = ["hybrid", "semantic", "keyword"]
OBJECTS = ["message", "dialogue", "memory"]


def search(api: httpx.Client, query: str, of: str = "message", **fields: Any) -> Any:
    """Search and return the answer, checked to show the same objects in both places."""
    body = done(api.post("/search", json={"query": query, "object": of, **fields}))
    assert body.keys() == {"items", "results", "request"}
    assert body["items"] == [result["item"] for result in body["results"]]
    for result in body["results"]:
        assert result["object"] == of
        assert 0 <= result["relevance"] <= 1
    return body


def found(api: httpx.Client, query: str, of: str = "message", **fields: Any) -> list[str]:
    """Return the ids of what is found, in order."""
    return ids(search(api, query, of, **fields))


def found_by_query(api: httpx.Client, query: str, of: str = "message", **fields: Any) -> list[str]:
    """Return the ids of what a GET finds; objects become JSON text, as in a browser's query."""
    params = {
        name: json.dumps(value) if isinstance(value, dict) else value
        for name, value in fields.items()
    }
    return ids(done(api.get("/search", params={"query": query, "object": of, **params})))


def label(value: Any) -> str | None:
    """Name a case by its filter, not by the set of what it finds."""
    return json.dumps(value) if isinstance(value, dict | list | str) else None
