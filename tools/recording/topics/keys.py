"""Keys: made, shown, revoked; what each scope may do; addresses that are let in."""

from tools.recording.recorder import Client, Recorder
from tools.recording.topics.dialogues import HELLO, NOT_TEXT


def play(recorder: Recorder) -> None:
    """Ask for keys, and with them."""
    api = recorder.project("keys")
    _made(api)
    _unauthorized(recorder, api)
    _scopes(recorder, api)
    _revoked(recorder, api)
    _addresses(api)


def _made(api: Client) -> None:
    api.posts(
        "/admin/keys",
        None,
        {"name": "website", "scope": "read", "namespace": "user_789"},
        {"scope": "admin", "expires": "2101-01-01"},
        dict.fromkeys(("name", "scope", "namespace", "expires")),
        {"scope": "admin", "namespace": "ns"},
        {"scope": "operator"},
        {"scope": "root"},
        {"namespace": ""},
        {"expires": "2001-01-01"},
        {"expires": "tomorrow"},
        {"name": "<repeat n 257>"},
        {"name": 5, "scope": 5, "namespace": 5, "expires": 5},
        {"namespace": "a\u0000"},
        [],
        "{",
        *({"name": value} for value in NOT_TEXT),
    )
    api.get("/admin/usage")  # writes down which keys were used
    api.get("/admin/keys")
    api.get("/admin/keys?order=asc&limit=2")
    token = api.get("/admin/keys?limit=2").json["next"]
    api.get(f"/admin/keys?next={token}&limit=2")
    api.get(f"/admin/keys?next={token}&order=asc")
    api.calls(
        "GET /admin/keys?color=red",
        "GET /admin/keys?limit=0",
        "GET /admin/keys/absent",
        "DELETE /admin/keys/absent",
        "GET /admin/keys/a%2Fb",
    )


def _unauthorized(recorder: Recorder, api: Client) -> None:
    nobody = recorder.nobody
    for header in (
        "", "Bearer", "Bearer ", "Bearer x", "Basic abc", "Bearer ddb_<repeat A 43>",
        "Bearer <repeat A 200>", f"bearer {api.key}", f"Bearer  {api.key} ", f"{api.key}",
        f"Bearer {api.key}x", f"Token {api.key}", "Bearer clé",
    ):  # fmt: skip
        nobody.get("/dialogue", {"Authorization": header})
    nobody.calls("GET /dialogue", "HEAD /dialogue", "GET /dialogue?limit=0", "GET /admin/keys")
    nobody.post("/dialogue", "{")
    nobody.get("/dialogue", {"X-Request-Id": "mine"})


def _scopes(recorder: Recorder, api: Client) -> None:
    api.post("/dialogue", {"id": "d", "message": {**HELLO, "id": "m"}})
    reader, writer = (
        recorder.client(api.post("/admin/keys", {"scope": scope}).json["key"])
        for scope in ("read", "write")
    )
    for client in (reader, writer, api, recorder.operator):
        client.calls(
            "GET /dialogue/d",
            "POST /search",
            "GET /dialogue/d/check",
            "PUT /dialogue/d",
            "POST /dialogue/d/messages",
            "PATCH /dialogue/d/state",
            "DELETE /memory/absent",
            "POST /dialogue/d/end",
            "GET /admin/settings",
            "GET /admin/usage",
            "GET /admin/keys/absent",
            "GET /admin/summary-templates",
            "GET /admin/projects/absent",
        )


def _revoked(recorder: Recorder, api: Client) -> None:
    made = api.post("/admin/keys", {"scope": "read", "name": "short-lived"}).json
    client = recorder.client(made["key"])
    client.get("/dialogue/d")
    api.get("/admin/usage")
    api.get(f"/admin/keys/{made['id']}")
    api.delete(f"/admin/keys/{made['id']}")
    client.get("/dialogue/d")
    api.get(f"/admin/keys/{made['id']}")
    api.delete(f"/admin/keys/{made['id']}")
    stranger = recorder.project("keys-stranger")
    stranger.get(f"/admin/keys/{made['id']}")
    stranger.delete(f"/admin/keys/{made['id']}")


def _addresses(api: Client) -> None:
    for ranges in (["not an address"], ["10.0.0.0/8", "x", "300.1.1.1"], "10.0.0.0/8", [5]):
        api.put("/admin/settings", {"allowedIps": ranges})
    api.put("/admin/settings", {"allowedIps": ["127.0.0.0/8", "::1", "10.1.2.3"]})
    api.get("/dialogue/d")
    api.get("/dialogue/d", {"X-Forwarded-For": "203.0.113.9"})
    api.put("/admin/settings", {"allowedIps": ["203.0.113.0/24"]})
    api.get("/dialogue/d")
    api.get("/dialogue/d", {"X-Forwarded-For": "203.0.113.9"})
    api.put("/admin/settings", {"allowedIps": None})
