"""Every route under both prefixes, methods that are not allowed, and odd paths."""

from itertools import product

from tools.recording.recorder import Client, Json, Recorder, compact
from tools.recording.topics.dialogues import HELLO

_PREFIXES = ("", "/api/v1")
_MESSAGE = ("/message/{0}?dialogueId={0}", "/messages/{0}?dialogueId={0}",
            "/dialogue/{0}/message/{0}", "/dialogue/{0}/messages/{0}")  # fmt: skip
_ROUTES: tuple[tuple[str, str, Json], ...] = (
    ("GET", "/dialogue/{0}", None),
    ("PUT", "/dialogue/{0}/", {"label": "l"}),
    ("POST", "/dialogue/{0}/messages/", HELLO),
    ("POST", "/message", {**HELLO, "dialogueId": "{0}"}),
    ("POST", "/messages?dialogueId={0}", [HELLO]),
    ("GET", "/messages?dialogueId={0}", None),
    ("GET", "/dialogue/{0}/messages", None),
    ("GET", "/dialogue/{0}/state", None),
    ("PUT", "/dialogue/{0}/state", {"a": 1}),
    ("PATCH", "/dialogue/{0}/state/", {"a": 2}),
    ("GET", "/dialogue/{0}/check", None),
    ("GET", "/dialogue/{0}/context?maxTokens=99", None),
    ("POST", "/dialogue/{0}/context", {"maxTokens": 99}),
    ("GET", "/memory/{0}", None),
    ("PUT", "/memory/{0}", {"tags": ["t"]}),
    ("GET", "/search?query=hello&object=memory&mode=keyword", None),
    ("POST", "/search/", {"query": "hello", "object": "memory", "mode": "keyword"}),
    ("GET", "/summary?dialogueId={0}", None),
    ("GET", "/summary/{0}", None),
    *((method, path, {"tags": ["t"]} if method == "PUT" else None)
      for path in _MESSAGE for method in ("GET", "PUT")),
    ("POST", "/dialogue/{0}/end", {}),
    ("PUT", "/dialogue/{0}/reopen/", {}),
    ("DELETE", "/dialogue/{0}/messages/{0}", None),
    ("DELETE", "/memory/{0}", None),
    ("DELETE", "/dialogue/{0}/", None),
    ("GET", "/admin/settings/", None),
    ("PUT", "/admin/settings", {"deletionProtection": False}),
    ("GET", "/admin/summary-templates/", None),
    ("GET", "/admin/keys/absent", None),
)  # fmt: skip
_REFUSED = (
    "PATCH /dialogue", "PATCH /dialogue/x", "POST /dialogue/x", "POST /dialogue/x/state",
    "DELETE /dialogue/x/messages", "PUT /dialogue/x/messages", "POST /dialogue/x/message/y",
    "PATCH /messages/y", "PUT /messages", "PATCH /message", "PUT /memory", "POST /memory/x",
    "PUT /search", "PUT /summary", "PUT /summary/x", "DELETE /dialogue/x/context",
    "POST /dialogue/x/check", "DELETE /dialogue/x/compact", "GET /dialogue/x/compact",
    "GET /dialogue/x/end", "DELETE /admin/settings", "POST /admin/usage", "PUT /admin/keys",
    "PUT /admin/keys/x", "PUT /admin/projects", "PUT /admin/projects/x",
    "PUT /admin/summary-templates", "POST /admin/summary-templates/x", "POST /health",
    "DELETE /ready", "POST /metrics", "PUT /openapi.json", "POST /docs", "OPTIONS /dialogue",
    "OPTIONS /dialogue/x", "TRACE /dialogue", "HEAD /search", "HEAD /message",
)  # fmt: skip
_ABSENT = (
    "/", "/nothing", "/dialogues", "/api/v2/dialogue", "/api/v1", "/api/v1/", "/api", "/admin",
    "/memory/a/b", "/dialogue/a/b/c/d", "/dialogue/x/messages/y/z", "/DIALOGUE", "/dialogue;x=1",
    "/docs/absent", "/docs/../secret", "/docs/%2e%2e%2fetc%2fpasswd", "/../../etc/passwd",
    "/dialogue/..%2f..%2fadmin%2fkeys", "/favicon.ico", "/api/v1x/dialogue", "/é",
)  # fmt: skip
_IDS = (
    "user:42:chat", "a%20b%20%20c", "a+b", "a%2Bb", "a&b=c;d,e", "%22%5Bquoted%5D%22", "...",
    "state", "messages", "%64", "d;x=1", ".", "..", "%2e", "%2E%2e", "a%2Fb", "a%5Cb", "%00", "%3F",
    "%23", "%25", "%20", "a%20", "%20a", "%0A", "a%0A", "%7F", "%ff", "%E9t%E9", "%", "%zz", "a%",
    "<repeat a 256>", "<repeat a 257>",
)  # fmt: skip


def play(recorder: Recorder) -> None:
    """Ask for every route."""
    api = recorder.project("routes")
    for number, prefix in enumerate(_PREFIXES):
        _all(api, prefix, f"r{number}")
    for call, prefix in product(_REFUSED, _PREFIXES):
        method, _, path = call.partition(" ")
        api.ask(method, f"{prefix}{path}")
    for path in _ABSENT:
        api.get(path)
        recorder.nobody.ask("POST", path, "{")
    recorder.nobody.calls("PATCH /dialogue", "PATCH /nothing", "OPTIONS /dialogue/x")
    _ids(api)
    _slashes(api)
    counted = recorder.project("routes-usage")
    for prefix in _PREFIXES:
        counted.get(f"{prefix}/admin/usage")
        recorder.operator.calls(
            f"GET {prefix}/admin/projects/absent",
            f"DELETE {prefix}/admin/projects/absent/",
            f"POST {prefix}/admin/projects/",
        )
    _named_in_bodies(recorder.project("routes-bodies"))


def _all(api: Client, prefix: str, name: str) -> None:
    """Ask for the routes of a project, with things of this name."""
    api.post(f"{prefix}/dialogue/", {"id": name})
    api.post(f"{prefix}/dialogue/{name}/messages", {**HELLO, "id": name})
    api.post(f"{prefix}/memory/", {"id": name, "value": "hello"})
    api.post(f"{prefix}/summary/", {"id": name, "dialogueId": name})
    api.await_summary(name)
    api.post(f"{prefix}/dialogue/{name}/compact/")
    api.put(f"{prefix}/dialogue/{name}/compact")
    for method, path, body in _ROUTES:
        sent = None if body is None else compact(body).replace("{0}", name)
        api.ask(method, f"{prefix}{path.format(name)}", sent)
    template = {"name": name, "prompt": "{messages}"}
    api.post(f"{prefix}/admin/summary-templates", template)
    path = f"{prefix}/admin/summary-templates/{name}"
    api.calls(f"GET {path}", f"PUT {path}", f"DELETE {path}", f"GET {prefix}/dialogue")
    key = api.post(f"{prefix}/admin/keys", {"name": name}).json["id"]
    api.calls(f"DELETE {prefix}/admin/keys/{key}", f"GET {prefix}/memory")


def _named_in_bodies(api: Client) -> None:
    """Name dialogues in the body, the query and the path of the same request."""
    for number, (prefix, method) in enumerate(product(_PREFIXES, ("PUT", "DELETE"))):
        name = f"b{number}"
        other = {"id": name, "namespace": "ns"}
        api.post("/dialogue", {"id": name})
        api.post("/dialogue", other)
        for path, body in (
            ("/dialogue", None),
            ("/dialogue/", {"id": None, "label": "l"}),
            ("/dialogue", {"id": ""}),
            ("/dialogue", {"id": "absent"}),
            ("/dialogue", {"id": name, "dialogueId": "other"}),
            ("/dialogue?dialogueId=other", {"id": name}),
            (f"/dialogue/{name}", {"dialogueId": "other"}),
            ("/dialogue?namespace=", other),
            ("/dialogue", {**other, "label": "l"}),
            (f"/dialogue/?dialogueId={name}", {"label": "l"}),
        ):
            api.ask(method, f"{prefix}{path}", body)
        api.calls(f"GET /dialogue/{name}", f"GET /dialogue/{name}?namespace=ns")


def _ids(api: Client) -> None:
    for name in ("user:42:chat", "a b  c", "a+b", "a&b=c;d,e", "...", "state", "messages", "d"):
        api.post("/dialogue", {"id": name, "message": {**HELLO, "id": name}})
    for written in _IDS:
        api.get(f"/dialogue/{written}")
        api.get(f"/dialogue/d/messages/{written}")
    api.calls("GET /messages?dialogueId=a+b++c", "GET /message/d?dialogueId=a%2Bb")


def _slashes(api: Client) -> None:
    api.calls(
        "GET //dialogue/d",
        "GET ///api/v1/dialogue/d",
        "GET /api/v1//dialogue/d",
        "GET /api/v1/api/v1/dialogue/d",
        "GET /dialogue//d",
        "GET /dialogue/d//",
        "GET /dialogue/d/messages///",
        "GET /./dialogue/d",
        "GET /dialogue/../admin/keys",
        "GET /%64ialogue/d",
        "GET /dialogue%2Fd",
        "GET http://localhost/dialogue/d",
        "GET http://elsewhere/dialogue/d?messages=1",
        "GET /dialogue/d?",
        "GET /dialogue/d#fragment",
        "GET /dialogue%00",
    )
