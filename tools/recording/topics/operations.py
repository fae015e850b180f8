"""Operations: health, metrics, the OpenAPI document and its page; request ids of all answers."""

from itertools import product

from tools.recording.recorder import Recorder

_ASSETS = (
    "docs.js", "favicon-32x32.png", "swagger-ui-bundle.js", "swagger-ui-bundle.js.LICENSE.txt",
    "swagger-ui.LICENSE.txt", "swagger-ui.NOTICE.txt", "swagger-ui.css", "docs.html", "absent",
)  # fmt: skip
_REQUEST_IDS = (
    "a", "req_xyz-789.0", "_", "..", "<repeat A 128>", "<repeat A 129>", "", "a b", "a/b", "a,b",
    "12345678-1234-1234-1234-123456789012", "é",
)  # fmt: skip


def play(recorder: Recorder) -> None:
    """Ask for what needs no key."""
    nobody = recorder.nobody
    for method, path in product(
        ("GET", "HEAD"), ("/health", "/ready", "/openapi.json", "/docs", "/docs/", "/api/v1/docs")
    ):
        nobody.ask(method, path)
    for asset in _ASSETS:
        nobody.calls(f"GET /docs/{asset}", f"HEAD /docs/{asset}")
    nobody.calls(
        "GET /api/v1/health/", "GET /api/v1/ready", "GET /health?x=1", "POST /docs/docs.js"
    )
    nobody.get("/health", {"Authorization": "Bearer wrong", "Connection": "close"})
    api = recorder.project("operations")
    for request_id in _REQUEST_IDS:
        nobody.get("/health", {"X-Request-Id": request_id})
        api.get("/dialogue?limit=0", {"X-Request-Id": request_id})
    api.post("/dialogue", {"id": "d"}, {"X-Request-Id": "first"})
    api.put("/dialogue/d", {"label": "l"}, {"X-Request-Id": "second"})
    for of in ("message", "dialogue", "memory"):
        api.post("/search", {"query": "q", "object": of, "mode": "keyword"})
    api.calls("GET /nothing", "PATCH /dialogue", "GET /dialogue/absent", "DELETE /dialogue/d")
    nobody.calls("GET /metrics", "HEAD /metrics", "GET /api/v1/metrics/")
