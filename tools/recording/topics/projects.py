"""Projects: made and deleted by an operator; settings, usage, quotas and rates."""

from tools.recording.recorder import Client, Json, Recorder
from tools.recording.topics.dialogues import HELLO

_SETTINGS: tuple[Json, ...] = (
    {},
    {"rateLimit": {"perSecond": 1_000_000_000, "burst": 200}},  # whole again at once
    {"rateLimit": {"burst": 300}},
    {"rateLimit": {"enabled": False}},
    {"rateLimit": {"enabled": None, "burst": 20_000}},
    {"rateLimit": None},
    {"quotas": {"messages": 1_000_000, "requests": None}},
    {"quotas": None, "deletionProtection": True},
    {"deletionProtection": None},
    {"autoCompact": {}},
    {"autoCompact": {"aboveTokens": 300}},
    {"autoCompact": {"keepRecent": None}},
    {"autoCompact": None},
    {"rateLimit": {"perSecond": 0}},
    {"rateLimit": {"burst": "many"}},
    {"rateLimit": {"perMinute": 5}},
    {"rateLimit": 5},
    {"quotas": {"messages": -1, "bytes": 5, "storedBytes": 1.5}},
    {"autoCompact": {"aboveTokens": 0, "keepRecent": 1001, "x": 1}},
    {"deletionProtection": "yes"},
    {"color": "red", "immutable": 1},
    {"allowedIps": ["10.0.0.0/8", "::/0", "1.2.3.4"]},
    [],
)


def play(recorder: Recorder) -> None:
    """Ask for projects, and of them."""
    operator = recorder.operator
    operator.get("/admin/projects")
    _made(operator)
    _settings(recorder)
    _quotas(recorder)
    _rates(recorder)
    _deleted(recorder)


def _made(operator: Client) -> None:
    operator.posts(
        "/admin/projects",
        {"name": "support-bot"},
        {"name": "with-settings", "settings": {"quotas": {"requests": 5}, "immutable": True}},
        {"name": "with-null", "settings": None},
        {"name": "support-bot"},
        None,
        {"name": ""},
        {"name": "no spaces"},
        {"name": "-x"},
        {"name": 5},
        {"name": "<repeat n 257>"},
        {"name": "01ARZ3NDEKTSV4RRFFQ69G5FAV"},
        {"name": "x", "settings": {"color": 1, "rateLimit": {"burst": 0}}},
        {"name": "x", "settings": {"allowedIps": ["nowhere"]}},
        {"name": "x", "settings": []},
        {"name": "default"},
        "[",
    )
    operator.calls(
        "GET /admin/projects?order=asc",
        "GET /admin/projects?limit=0",
        "GET /admin/projects?name=x",
        "GET /admin/projects/support-bot",
        "GET /admin/projects/default",
        "GET /admin/projects/absent",
        "GET /admin/projects/a%2Fb",
        "HEAD /admin/projects/support-bot",
    )
    page = operator.get("/admin/projects?limit=2").json
    operator.get(f"/admin/projects?limit=2&next={page['next']}")
    operator.get(f"/admin/projects?order=asc&next={page['next']}")
    operator.get(f"/admin/projects/{page['items'][0]['id']}")
    operator.calls("GET /dialogue", "POST /search", "GET /admin/settings", "GET /admin/keys")


def _settings(recorder: Recorder) -> None:
    api = recorder.project("settings")
    api.get("/admin/settings")
    for body in _SETTINGS:
        api.put("/admin/settings", body)
    api.put("/admin/settings", None)
    api.put("/admin/settings", {"allowedIps": []})
    api.calls("GET /admin/settings", "GET /admin/settings?x=1", "GET /admin/usage?x=1")
    api.post("/dialogue", {"message": HELLO, "state": {"a": 1}})
    api.post("/memory", {"value": "abc", "metadata": {"b": 2}})
    api.get("/admin/usage")
    api.calls("GET /admin/projects", "POST /admin/projects", "DELETE /admin/projects/settings")


def _quotas(recorder: Recorder) -> None:
    api = recorder.project("quotas", quotas={"messages": 3, "dialogues": 2, "storedBytes": 100})
    api.post("/dialogue", {"id": "d", "messages": [HELLO, HELLO]})
    api.post("/dialogue/d/messages", [HELLO, HELLO])
    api.post("/dialogue/d/messages", {**HELLO, "id": "m"})
    api.post("/dialogue/d/messages", {**HELLO, "id": "m"})
    api.post("/dialogue/d/messages", HELLO)
    api.post("/dialogue", {"id": "e"})
    api.post("/dialogue", {"id": "f"})
    api.post("/memory", {"value": "<repeat v 90>"})
    api.put("/dialogue/d/state", {"a": "<repeat v 90>"})
    api.put("/dialogue/d", {"message": HELLO, "state": {"a": "<repeat v 90>"}})
    api.delete("/dialogue/d/messages/m")
    api.post("/dialogue/d/messages", HELLO)
    api.get("/admin/usage")
    api.put("/admin/settings", {"quotas": {"messages": 10, "dialogues": None, "storedBytes": None}})
    api.post("/dialogue", {"id": "f", "message": HELLO})
    used = api.get("/admin/usage").json["requests"]
    api.put("/admin/settings", {"quotas": {"requests": used + 4}})
    api.calls("GET /dialogue/d", "GET /dialogue/d", "GET /dialogue/d", "GET /dialogue/absent")
    for method, target in (
        ("POST", "/dialogue"), ("POST", "/memory"), ("DELETE", "/dialogue/d"),
        ("GET", "/dialogue?limit=0"), ("GET", "/search?query=q&object=memory"),
        ("GET", "/dialogue/d/context?maxTokens=9"), ("GET", "/admin/usage"),
    ):  # fmt: skip
        api.ask(method, target)
    api.post("/search", {"query": "q", "object": "memory"})
    api.post("/dialogue/d/context", {"maxTokens": 99})
    api.put("/admin/settings", {"quotas": None})
    api.get("/dialogue/d")


def _rates(recorder: Recorder) -> None:
    api = recorder.project("rates")
    api.put("/admin/settings", {"rateLimit": {"perSecond": 1, "burst": 1}})
    api.get("/dialogue")
    for method, target, served in (
        ("GET", "/dialogue", '"items"'), ("POST", "/dialogue?x", '"projectId"'),
        ("GET", "/admin/settings", '"perSecond"'),
    ):  # fmt: skip
        api.ask(method, target, again_while=served)  # a request may have come back meanwhile
    api.calls("GET /nothing", "PATCH /dialogue", "GET /health")


def _deleted(recorder: Recorder) -> None:
    api = recorder.project("doomed", deletionProtection=True)
    api.post("/dialogue", {"id": "d", "messages": [HELLO, HELLO]})
    api.post("/memory", {"value": 1})
    operator = recorder.operator
    operator.delete("/admin/projects/doomed")
    operator.delete("/admin/projects/absent")
    api.put("/admin/settings", {"deletionProtection": False})
    operator.delete("/admin/projects/doomed")
    operator.delete("/admin/projects/doomed")
    api.get("/dialogue/d")
    identity = operator.get("/admin/projects/support-bot").json["id"]
    operator.delete(f"/admin/projects/{identity}")
    operator.get("/admin/projects")
