"""Summaries: asked for, made by the built-in summarizer, listed, expanded and deleted."""

from tools.recording.recorder import Client, Json, Recorder
from tools.recording.topics.dialogues import HELLO

SENTENCE = "On Monday Ada ordered {} blue lamps in Lisbon. Nothing else was said."


def play(recorder: Recorder) -> None:
    """Ask for everything about summaries."""
    api = recorder.project("summaries")
    talk(api, "d")
    _made(api)
    _refused(api)
    _read(api)
    _elsewhere(recorder, api)
    _deleted(api)
    _by_itself(api)


def talk(api: Client, dialogue_id: str, count: int = 12, **fields: Json) -> None:
    """Make a dialogue of so many messages."""
    messages = [{**HELLO, "id": f"m{n}", "content": SENTENCE.format(n)} for n in range(count)]
    api.post("/dialogue", {"id": dialogue_id, "messages": messages, **fields})


def _ask(api: Client, body: Json, target: str = "/summary") -> str:
    """Ask for a summary and wait until it is made; returns its id."""
    made: str = api.post(target, body).json["id"]
    api.await_summary(made)
    return made


def _made(api: Client) -> None:
    first = _ask(api, {"dialogueId": "d"})
    api.post("/summary", {"dialogueId": "d"})
    full = {"id": "s", "instructions": "short", "metadata": {"n": 1.0, "é": None}, "tags": ["t"]}
    _ask(api, full, "/summary?dialogueId=d")
    api.post("/summary?dialogueId=d", full)
    api.post("/summary?dialogueId=d", {**full, "tags": []})
    _ask(api, {"id": "part", "startId": "m2", "endId": "m8"}, "/dialogue/d/compact")
    api.put("/dialogue/d/compact", {"startId": "m2", "endId": "m8"})
    api.post("/dialogue/d/messages", {**HELLO, "content": "Then Bob sold 77 chairs in Porto."})
    _ask(api, {"dialogueId": "d", "id": "later"})
    _ask(api, {"dialogueId": "d", "id": "again", "rebuild": True})
    _ask(api, {"dialogueId": "d", "id": "noted", "metadata": {"n": 2}})
    api.post("/dialogue", {"id": "empty"})
    api.post("/dialogue/empty/compact")
    api.post("/dialogue", {"id": "images", "message": {"role": "user", "content": [{"type": "x"}]}})
    _ask(api, {"dialogueId": "images"})
    twice = {"Idempotency-Key": "k"}
    body = {"dialogueId": "d", "id": "once", "endId": "m4", "template": None}
    api.post("/summary", body, twice)
    api.await_summary("once")
    api.post("/summary", body, twice)
    api.post("/summary", {**body, "endId": "m5"}, twice)
    api.get(f"/summary/{first}")


def _refused(api: Client) -> None:
    api.posts(
        "/summary",
        None,
        {"dialogueId": "absent"},
        {"dialogueId": "d", "namespace": "ns"},
        {"dialogueId": "d", "startId": "absent"},
        {"dialogueId": "d", "endId": "absent"},
        {"dialogueId": "d", "template": "absent"},
        {"dialogueId": "d", "startId": "m3", "endId": "m1"},
        {"dialogueId": "d", "instructions": 5},
        {"dialogueId": "d", "metadata": [], "tags": "t", "rebuild": "yes"},
        {"dialogueId": "d", "id": ""},
        {"dialogueId": "d", "id": "s", "endId": "m0"},
        {"dialogueId": "d", "instructions": "<repeat x 8193>"},
        {"dialogueId": "d", "template": "not a name"},
        {"dialogueId": "d", "metadata": {"a": "<repeat x 70000>"}},
        "{",
    )
    api.post("/dialogue/d/compact", {"dialogueId": "e"})
    api.post("/dialogue/d/compact", {"id": "x"}, {"If-Match": '"r99"'})
    api.post("/dialogue/d/compact", {"id": "x"}, {"If-Match": "nonsense"})
    api.put("/dialogue/absent/compact")


def _read(api: Client) -> None:
    api.calls(
        "GET /summary?dialogueId=d",
        "GET /summary?dialogueId=d&order=asc&limit=2",
        "GET /summary?dialogueId=d&status=completed&limit=1",
        "GET /summary?dialogueId=d&status=failed",
        "GET /summary?dialogueId=d&status=processing",
        "GET /summary?dialogueId=d&status=odd",
        "GET /summary?dialogueId=absent",
        "GET /summary",
        "GET /summary?dialogueId=d&foo=1",
        "GET /summary/part?expand=true",
        "GET /summary/part?expand=true&order=desc&limit=2",
        "GET /summary/part?expand=false",
        "GET /summary/part?expand=maybe",
        "GET /summary/part?next=AAAA",
        "GET /summary/absent",
        "GET /summary/absent?expand=true",
        "GET /summary/a%2Fb",
        "HEAD /summary/part",
    )
    for path in ("/summary/part?expand=true&limit=3", "/summary?dialogueId=d&limit=3"):
        page = api.get(path).json
        token = page.get("messages", page)["next"]
        api.get(f"{path}&next={token}")
        api.get(f"{path}&next={token}&order=asc")
        api.get(f"{path}&next={token}x")
    token = api.get("/summary/part?expand=true&limit=3").json["messages"]["next"]
    api.get(f"/summary/part?next={token}")
    api.get(f"/summary/s?next={token}")


def _elsewhere(recorder: Recorder, api: Client) -> None:
    for namespace in ("mine", "other"):
        talk(api, "d", 2, namespace=namespace)
        _ask(api, {"dialogueId": "d", "namespace": namespace, "id": f"s-{namespace}"})
    key = api.post("/admin/keys", {"namespace": "mine"}).json["key"]
    recorder.client(key).calls(
        "GET /summary/s-mine",
        "GET /summary/s-mine?expand=true",
        "GET /summary/s-other",
        "GET /summary?dialogueId=d",
        "DELETE /summary/s-other",
        "GET /summary/s-other?namespace=other",
    )
    api.calls("GET /summary/s-other", "GET /summary/s-other?namespace=")


def _deleted(api: Client) -> None:
    api.delete("/summary/s", {"id": "other"})
    api.delete("/summary/s", {"namespace": "other"})
    api.delete("/summary/s", {"id": "s", "namespace": ""})
    api.calls("GET /summary/s", "DELETE /summary/s", "DELETE /summary/s-other?namespace=mine")
    api.post("/dialogue/d/archive")
    api.delete("/summary/part")
    api.post("/summary", {"dialogueId": "d", "id": "archived"})
    api.post("/dialogue/d/reopen")
    api.delete("/summary/part")
    api.delete("/dialogue/d")
    api.get("/summary/later")


def _by_itself(api: Client) -> None:
    api.put("/admin/settings", {"autoCompact": {"aboveTokens": 100, "keepRecent": 2}})
    talk(api, "auto", 10)
    page = api.ask("GET", "/summary?dialogueId=auto", again_while='"status":"processing"')
    for summary in page.json["items"]:
        api.await_summary(summary["id"])
    api.post("/dialogue/auto/messages", HELLO)
    api.get("/summary?dialogueId=auto")
