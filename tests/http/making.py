"""Short ways to make things over the wire, and to read them back."""

import json
from typing import Any

import httpx

from .checking import done, eventually

HELLO = {"role": "user", "content": "hello"}
MADE_SECONDS_MAX = 60


def compact(value: Any) -> bytes:
    """Return the JSON of a value without insignificant white space, in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def new_dialogue(api: httpx.Client, **fields: Any) -> Any:
    """Create a dialogue."""
    return done(api.post("/dialogue", json=fields))


def new_message(api: httpx.Client, dialogue_id: str, **fields: Any) -> Any:
    """Append a message, by default a user's hello."""
    return done(api.post("/message", json={**HELLO, "dialogueId": dialogue_id, **fields}))


def new_messages(api: httpx.Client, dialogue_id: str, *messages: dict[str, Any]) -> Any:
    """Append a batch of messages, each by default a user's hello."""
    batch = [{**HELLO, **message} for message in messages]
    return done(api.post(f"/dialogue/{dialogue_id}/messages", json=batch))


def new_memory(api: httpx.Client, **fields: Any) -> Any:
    """Create a memory, by default of the value "v"."""
    return done(api.post("/memory", json={"value": "v", **fields}))


def new_summary(api: httpx.Client, dialogue_id: str, **fields: Any) -> Any:
    """Ask for a summary, of all that was said."""
    return done(api.post("/summary", json={"dialogueId": dialogue_id, **fields}), 202)


def summarized(api: httpx.Client, dialogue_id: str, **fields: Any) -> Any:
    """Have a summary made, and return it completed."""
    accepted = new_summary(api, dialogue_id, **fields)

    def ended() -> Any:
        summary = done(api.get(f"/summary/{accepted['id']}"))
        return summary if summary["status"] != "processing" else None

    made = eventually(ended, MADE_SECONDS_MAX)
    assert made["status"] == "completed", made
    return made


def new_key(api: httpx.Client, **fields: Any) -> Any:
    """Create a key of the client's own project."""
    return done(api.post("/admin/keys", json=fields))


def new_window(api: httpx.Client, dialogue_id: str, **fields: Any) -> Any:
    """Build a context window."""
    body = {"maxTokens": 4_000, **fields}
    return done(api.post(f"/dialogue/{dialogue_id}/context", json=body))


def get_dialogue(api: httpx.Client, dialogue_id: str, **params: Any) -> Any:
    """Read a dialogue."""
    return done(api.get(f"/dialogue/{dialogue_id}", params=params))


def contents(api: httpx.Client, dialogue_id: str, **params: Any) -> Any:
    """Read the contents of a dialogue's messages in listed order."""
    page = done(api.get(f"/dialogue/{dialogue_id}/messages", params=params))
    return [message["content"] for message in page["items"]]


def walk(api: httpx.Client, path: str, **params: Any) -> Any:
    """Read a list to its end, page by page, and return all items."""
    items = []
    while True:
        page = done(api.get(path, params=params))
        items += page["items"]
        if page["next"] is None:
            return items
        params["next"] = page["next"]


def post_bytes(api: httpx.Client, path: str, body: bytes, method: str = "POST") -> httpx.Response:
    """Send bytes as they are."""
    return api.request(method, path, content=body, headers={"Content-Type": "application/json"})
