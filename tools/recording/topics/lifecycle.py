"""The life of a dialogue: ended, archived, reopened; versions; projects that are immutable."""

from tools.recording.recorder import Client, Recorder
from tools.recording.topics.dialogues import HELLO

ACCEPTED = 202


def play(recorder: Recorder) -> None:
    """Ask for everything about the lives and versions of dialogues."""
    api = recorder.project("lifecycle")
    _actions(api)
    _ended_and_archived(api)
    _versions(api)
    _sequences(api)
    _immutable(recorder)


def _actions(api: Client) -> None:
    api.post("/dialogue", {"id": "d", "message": {**HELLO, "id": "m"}})
    for action in ("end", "end", "reopen", "reopen", "archive", "archive", "end", "reopen"):
        api.post(f"/dialogue/d/{action}")
    for action in ("end", "archive", "reopen"):
        api.put(f"/dialogue/d/{action}", {"id": "d", "dialogueId": "d", "namespace": ""})
        api.post(f"/dialogue/absent/{action}")
    for action in ("frobnicate", "END", "end2", "message"):
        api.post(f"/dialogue/d/{action}")
        api.put(f"/dialogue/absent/{action}")
    api.post("/dialogue/d/end", {"id": "e"})
    api.post("/dialogue/d/end?namespace=other")
    api.post("/dialogue/d/end", [])


def _writes(api: Client) -> None:
    """Try to change a dialogue in every way there is."""
    api.post("/dialogue/d/messages", HELLO)
    api.post("/dialogue/d/messages", [])
    api.post("/dialogue/d/messages", {**HELLO, "id": "m"})
    api.put("/dialogue/d", {"message": HELLO})
    api.put("/dialogue/d", {"label": "l"})
    api.put("/dialogue/d")
    api.put("/dialogue/d/state", {"a": 1})
    api.patch("/dialogue/d/state", {"a": None})
    api.put("/dialogue/d/messages/m", {"tags": ["t"]})
    api.post("/dialogue", {"threadOf": "d"})
    if api.post("/dialogue/d/compact", {"id": "s"}).response.status == ACCEPTED:
        api.await_summary("s")
    api.delete("/dialogue/d/messages/m")


def _ended_and_archived(api: Client) -> None:
    api.post("/dialogue/d/end")
    _writes(api)
    api.post("/dialogue/d/reopen")
    api.post("/dialogue/d/messages", {**HELLO, "id": "m"})
    api.post("/dialogue/d/archive")
    _writes(api)
    api.delete("/dialogue/d")
    api.calls("GET /dialogue/d", "GET /dialogue?status=archived", "GET /dialogue?status=ended")
    api.post("/dialogue/d/reopen")
    api.delete("/dialogue/d")


def _versions(api: Client) -> None:
    etag = api.post("/dialogue", {"id": "v"}).etag
    etag = api.put("/dialogue/v", {"label": "1"}, {"If-Match": etag}).etag
    api.put("/dialogue/v", {"label": "2"}, {"If-Match": '"r1"'})
    api.put("/dialogue/v", {"label": "2"}, {"If-Match": etag.strip('"')})
    for nonsense in (
        "*",
        "r",
        '"3"',
        "W/" + etag,
        '"r1", "r2"',
        "",
        '"r-1"',
        '"r9999999999999999999"',
    ):
        api.put("/dialogue/v", {"label": "3"}, {"If-Match": nonsense})
    api.put("/dialogue/v/state", {"a": 1}, {"If-Match": '"r9"'})
    api.patch("/dialogue/v/state", {"a": 1}, {"If-Match": '"r9"'})
    api.put("/dialogue/v/state", {"a": 1}, {"If-Match": '"r3"'})
    api.post("/dialogue/v/end", None, {"If-Match": '"r1"'})
    api.post("/dialogue/v/compact", {"id": "x"}, {"If-Match": '"r1"'})
    api.put("/dialogue/absent", {"label": "l"}, {"If-Match": '"r1"'})
    matched = {"If-Match": '"r4"'}
    api.get("/dialogue/v", matched)
    api.delete("/dialogue/v", None, matched)
    api.post("/dialogue", {"id": "w"}, matched)
    api.post("/memory", {"value": 1}, matched)
    api.post("/search", {"query": "x", "object": "message"}, matched)
    api.get("/admin/settings", matched)
    api.get("/health", matched)
    api.get("/dialogue/v")
    api.get("/dialogue/v", {"If-None-Match": '"r4"'})


def _sequences(api: Client) -> None:
    path = "/dialogue/v/messages"
    api.post("/dialogue/v/reopen")
    api.get(path)
    api.post(path, HELLO, {"If-Match": '"0"'})
    api.post(path, HELLO, {"If-Match": '"0"'})
    api.post(path, [HELLO, HELLO], {"If-Match": "1"})
    api.post("/messages?dialogueId=v", {"messages": [HELLO]}, {"If-Match": '"3"'})
    api.post("/message", {**HELLO, "dialogueId": "v"}, {"If-Match": '"r4"'})
    api.post(path, HELLO, {"If-Match": "*"})
    api.get(path + "?limit=1")
    api.put(path + "/x", {"tags": []}, {"If-Match": '"4"'})


def _immutable(recorder: Recorder) -> None:
    api = recorder.project("immutable", immutable=True)
    api.post("/dialogue", {"id": "d", "message": {**HELLO, "id": "m"}, "state": {"a": 1}})
    api.post("/dialogue", {"id": "t", "threadOf": "d"})
    _writes(api)
    for action in ("end", "reopen", "archive", "reopen"):
        api.post(f"/dialogue/d/{action}")
    api.delete("/dialogue/d")
    api.post("/memory", {"id": "k", "value": 1})
    api.put("/memory/k", {"tags": ["t"]})
    api.delete("/memory/k")
    for settings in ({"immutable": False}, {"immutable": None}, {"immutable": True}):
        api.put("/admin/settings", settings)
    api.calls("GET /dialogue/d?messages=9", "GET /memory/k", "GET /admin/settings")
