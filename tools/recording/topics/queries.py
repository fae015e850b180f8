"""Queries: parameters that each route refuses, and those that it does not mind."""

from tools.recording.recorder import Recorder
from tools.recording.topics.dialogues import HELLO

_STRICT = (
    "/dialogue", "/memory", "/dialogue/d/messages", "/messages?dialogueId=d",
    "/summary?dialogueId=d", "/admin/keys", "/admin/summary-templates",
)  # fmt: skip
_PARAMETERS = (
    "color=red", "Limit=1", "offset=1", "role=user", "status=active", "threadOf=d", "orderBy=x",
    "expand=true", "tags=a", "namespace=", "dialogueId=e", "query=q", "created=2020",
    "limit=0&order=up", "limit=1&limit=2", "limit=1&limit=1", "order=asc&order=desc",
)  # fmt: skip
_LENIENT = (
    "GET /dialogue/d", "PUT /dialogue/d", "POST /dialogue", "GET /dialogue/d/state",
    "PUT /dialogue/d/state", "PATCH /dialogue/d/state", "POST /dialogue/d/end",
    "POST /dialogue/d/reopen", "GET /dialogue/d/messages/m", "PUT /dialogue/d/messages/m",
    "POST /dialogue/d/messages", "POST /memory", "GET /memory/k", "PUT /memory/k",
    "GET /dialogue/d/check", "GET /dialogue/d/context", "GET /summary/absent",
    "GET /admin/settings", "GET /admin/usage", "GET /admin/keys/absent", "GET /health",
)  # fmt: skip
_ODD = (
    "=", "&", "&&&", "limit", "limit=", "%ff=%ff", "tags=%ff", "tags=%00", "tags=,", "limit=%31",
    "namespace=%ed%a0%80", "namespace=a%20b", "namespace=a+b", "tags=a=b", "#limit=0", "limit=1#",
    "limit=1;order=asc", "tags=%", "tags=%zz", "limit=<repeat 9 5000>", "order=asc%00",
)  # fmt: skip


def play(recorder: Recorder) -> None:
    """Send queries."""
    api = recorder.project("queries")
    api.post("/dialogue", {"id": "d", "message": {**HELLO, "id": "m"}})
    api.post("/memory", {"id": "k", "value": 1})
    api.get("/admin/usage")  # writes down that the key was used
    for path in _STRICT:
        sign = "&" if "?" in path else "?"
        for parameter in _PARAMETERS:
            api.get(f"{path}{sign}{parameter}")
    for call in _LENIENT:
        method, _, path = call.partition(" ")
        for query in ("color=red&limit=0", "namespace=%00", "dialogueId=a%2Fb&messages=x"):
            api.ask(method, f"{path}?{query}")
    for query in _ODD:
        api.get(f"/dialogue?{query}")
    api.get("/dialogue?" + "a=1&" * 1001)
    api.get("/dialogue?" + "&".join(f"p{n}=1" for n in range(120)))
    api.get("/dialogue/d?messages=<repeat 9 5000>")
    for query in ("merge=1", "merge=", "merge=TRUE", "merge=true&merge=false"):
        api.put(f"/dialogue/d/state?{query}", {})
