"""Namespaces: the same ids side by side, and keys that are bound to one."""

from tools.recording.recorder import Client, Recorder
from tools.recording.topics.dialogues import HELLO


def play(recorder: Recorder) -> None:
    """Ask for what is in one namespace and not in the others."""
    api = recorder.project("namespaces")
    _side_by_side(api)
    _named(api)
    made = api.post("/admin/keys", {"scope": "write", "namespace": "mine", "name": "bound"})
    _bound(recorder.client(made.json["key"]))


def _side_by_side(api: Client) -> None:
    for namespace in ("", "mine", "other", "né/?&=%+ 😀"):
        body = {"id": "d", "namespace": namespace, "label": namespace or "none"}
        api.post("/dialogue", {**body, "message": {**HELLO, "id": "m"}})
        api.post("/memory", {"id": "k", "namespace": namespace, "value": namespace})
    api.calls(
        "GET /dialogue",
        "GET /dialogue?namespace=mine",
        "GET /dialogue?namespace=",
        "GET /dialogue?namespace=n%C3%A9%2F%3F%26%3D%25%2B%20%F0%9F%98%80",
        "GET /dialogue/d",
        "GET /dialogue/d?namespace=mine",
        "GET /dialogue/d?namespace=absent",
        "GET /dialogue/d/messages?namespace=mine",
        "GET /dialogue/d/messages/m?namespace=mine",
        "GET /dialogue/d/state?namespace=mine",
        "GET /memory/k?namespace=mine",
        "GET /memory",
        "GET /dialogue?namespace=%00",
        "GET /dialogue?namespace=<repeat n 257>",
    )


def _named(api: Client) -> None:
    path = "/dialogue/d/messages"
    api.post(path, {**HELLO, "namespace": "mine"})
    api.post(f"{path}?namespace=mine", [HELLO, {**HELLO, "namespace": "mine"}])
    api.post(f"{path}?namespace=mine", {**HELLO, "namespace": "other"})
    api.post(path, [{**HELLO, "namespace": "mine"}, {**HELLO, "namespace": "other"}])
    api.post(path, {"messages": [HELLO], "namespace": "mine"})
    api.put("/dialogue/d", {"namespace": "mine", "label": "changed"})
    api.put("/dialogue/d?namespace=mine", {"namespace": "other"})
    api.put("/dialogue/d/state?namespace=mine", {"namespace": "just data"})
    api.post("/dialogue/d/end", {"namespace": "mine"})
    api.delete("/memory/k", {"namespace": "other"})
    api.delete("/dialogue/d?namespace=other")
    api.get("/dialogue?order=asc")


def _bound(api: Client) -> None:
    api.calls(
        "GET /dialogue",
        "GET /dialogue?namespace=mine",
        "GET /dialogue?namespace=other",
        "GET /dialogue?namespace=",
        "GET /dialogue?namespace=mine&namespace=other",
        "GET /dialogue/d",
        "GET /dialogue/d?namespace=other&limit=0",
        "GET /dialogue/d/messages",
        "GET /dialogue/d/context?maxTokens=99",
        "GET /dialogue/d/check",
        "GET /memory",
        "GET /memory/k",
        "GET /memory/k?namespace=other",
        "GET /search?query=hello&object=message",
        "GET /search?query=hello&object=message&namespace=other",
        "GET /search?query=q&object=message&filter={&metadata=%7B%22namespace%22:%22other%22%7D",
        "GET /summary?dialogueId=d",
        "GET /admin/keys",
        "POST /dialogue/d/reopen",
    )
    api.post("/dialogue", {"id": "new"})
    api.post("/dialogue", {"id": "new2", "namespace": "mine"})
    api.post("/dialogue", {"id": "new3", "namespace": "other"})
    api.post("/dialogue", {"namespace": "other", "id": 5})
    api.post("/dialogue", {"message": {**HELLO, "namespace": "other"}, "label": 5})
    api.post("/dialogue", '{"namespace":"other",')
    api.post("/dialogue/d/messages", [HELLO, {**HELLO, "namespace": "other"}])
    api.post("/dialogue/d/messages", {"messages": [HELLO], "namespace": "mine"})
    api.put("/dialogue/d/state", {"namespace": "other"})
    api.put("/dialogue/d", {"namespace": "other"})
    api.post("/dialogue/d/context", {"maxTokens": 99, "namespace": "other"})
    api.post("/search", {"query": "hello", "object": "message", "namespace": "other"})
    api.post("/search", {"query": "q", "object": "memory", "metadata": {"namespace": "other"}})
    api.post("/summary", {"dialogueId": "d", "namespace": "other"})
    api.delete("/memory/k", {"namespace": "other"})
    api.delete("/memory/k")
