"""Idempotency keys: the same answer again, and what is refused."""

from tools.recording.recorder import Client, Json, Recorder
from tools.recording.topics.dialogues import HELLO

KEY = {"Idempotency-Key": "k"}


def play(recorder: Recorder) -> None:
    """Ask twice."""
    api = recorder.project("once")
    _twice(api)
    _reused(api)
    _administration(recorder, api)


def _twice(api: Client) -> None:
    requests: tuple[tuple[str, str, Json], ...] = (
        ("POST", "/dialogue", {"id": "d"}),
        ("POST", "/dialogue/d/messages", HELLO),
        ("POST", "/messages?dialogueId=d", [HELLO, HELLO]),
        ("POST", "/message", {"dialogueId": "d", "messages": [HELLO]}),
        ("PUT", "/dialogue/d", {"label": "l"}),
        ("PUT", "/dialogue/d/state", {"a": 1}),
        ("PATCH", "/dialogue/d/state", {"b": 2}),
        ("POST", "/dialogue/d/end", {}),
        ("PUT", "/dialogue/d/reopen", {}),
        ("POST", "/memory", {"value": 1, "id": "m"}),
        ("PUT", "/memory/m", {"tags": ["t"]}),
        ("POST", "/summary", {"dialogueId": "d", "rebuild": True, "endId": "none"}),
    )
    for method, target, body in requests:
        first = api.ask(method, target, body, KEY)
        if method == "PUT" and target == "/dialogue/d":
            api.put("/dialogue/d", {"label": "changed meanwhile"})
        api.ask(method, target, body, KEY)
        api.ask(method, f"/api/v1{target}", body, KEY)
        if target == "/dialogue":
            api.ask(method, target, body, {**KEY, "If-Match": first.etag})
    api.delete("/dialogue/d/messages/absent", None, KEY)
    api.get("/dialogue/d/messages?limit=100", KEY)


def _reused(api: Client) -> None:
    path = "/dialogue/d/messages"
    other = {"role": "user", "content": "other"}
    api.post(path, other, KEY)
    api.post(path, '{"role": "user", "content": "hello"}', KEY)
    api.post(f"{path}?namespace=", HELLO, KEY)
    api.post(f"{path}?namespace=other", HELLO, KEY)
    api.post(f"{path}?dialogueId=d", HELLO, KEY)
    api.put("/dialogue/d", {"label": "x"}, KEY)
    api.post(path, {"role": "user"}, {"Idempotency-Key": "refused"})
    api.post(path, HELLO, {"Idempotency-Key": "refused"})
    for key in ("a b", "'; --", "{}", "<repeat k 256>", "<repeat k 257>", ""):
        api.post("/memory", {"value": key[:4]}, {"Idempotency-Key": key})
        api.post("/memory", {"value": key[:4]}, {"Idempotency-Key": key})
    api.get("/memory?order=asc")
    etag = api.get("/dialogue/d").etag
    both = {"Idempotency-Key": "both", "If-Match": etag}
    api.put("/dialogue/d", {"label": "m"}, both)
    api.put("/dialogue/d", {"label": "n"})
    api.put("/dialogue/d", {"label": "m"}, both)
    api.delete("/dialogue/d")
    api.post(path, HELLO, KEY)


def _administration(recorder: Recorder, api: Client) -> None:
    for target, body in (
        ("/admin/keys", {"name": "n"}),
        ("/admin/summary-templates", {"name": "t", "prompt": "{messages}"}),
    ):
        api.post(target, body, KEY)
        api.post(target, body, KEY)
        api.post(target, {**body, "name": "other"}, KEY)
    api.put("/admin/settings", {"deletionProtection": True}, KEY)
    api.put("/admin/settings", {"deletionProtection": True}, KEY)
    api.put("/admin/settings", {"deletionProtection": False}, KEY)
    for _ in range(2):
        recorder.operator.post("/admin/projects", {"name": "made-once"}, KEY)
    recorder.operator.post("/admin/projects", {"name": "made-twice"}, KEY)
