"""Servers with options of their own: other origins, no embedder, one that is out of reach."""

from tools.recording.recorder import Client, Recorder
from tools.recording.topics.dialogues import HELLO
from tools.recording.topics.search import MODES, OBJECTS

IN_FRONT = ("--cors-origin", "https://app.example.com", "--trusted-proxy", "127.0.0.0/8")
WORDS_ALONE = ("--cors-origin", "*", "--embedder", "none")
UNAVAILABLE = (
    *("--embedder", "openai", "--embedder-model", "m", "--embedder-url", "http://127.0.0.1:1/v1"),
    *("--embedder-dimensions", "8", "--no-rate-limits"),
)


def one_origin(recorder: Recorder) -> None:
    """Ask as web pages do, where one origin is let in."""
    _as_pages(recorder)


def any_origin(recorder: Recorder) -> None:
    """Ask as web pages do, where every origin is let in."""
    _as_pages(recorder)


def _as_pages(recorder: Recorder) -> None:
    api = recorder.project("pages")
    for origin in ("https://app.example.com", "https://other.example.com", "null"):
        preflight = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
        for headers in (
            preflight,
            {
                **preflight,
                "Access-Control-Request-Headers": "authorization, if-match, x-request-id",
            },
            {**preflight, "Access-Control-Request-Headers": "x-other"},
            {**preflight, "Access-Control-Request-Method": "BREW"},
            {"Origin": origin},
        ):
            api.ask("OPTIONS", "/dialogue", None, headers)
        api.get("/dialogue", {"Origin": origin})
        api.post("/dialogue", {"id": "d"}, {"Origin": origin, "Cookie": "a=b"})
        recorder.nobody.get("/dialogue", {"Origin": origin})
        api.get("/nothing", {"Origin": origin})
    api.ask("OPTIONS", "/dialogue")
    api.ask("OPTIONS", "/nothing", None, {"Access-Control-Request-Method": "GET"})
    api.get("/dialogue")


def _search_all(api: Client, passing: str | None = None) -> None:
    api.post("/dialogue", {"id": "d", "label": "hello", "messages": [{**HELLO, "id": "m"}]})
    api.post("/memory", {"id": "k", "value": "hello"})
    for mode in MODES:
        for of in OBJECTS:
            body = {"query": "hello", "object": of, "mode": mode, "explain": True}
            api.ask("POST", "/search", body, again_while=passing)
        target = f"/search?query=hello&object=message&mode={mode}"
        api.ask("GET", target, again_while=passing)
    api.post("/dialogue/d/context", {"maxTokens": 99, "query": "hello"})


def no_embedder(recorder: Recorder) -> None:
    """Search where texts have no vectors."""
    _search_all(recorder.project("words"))


def unavailable(recorder: Recorder) -> None:
    """Search where the embedder is out of reach.

    One that was slow to fail, as on a busy machine, is not asked again for some seconds.
    """
    _search_all(recorder.project("unavailable"), passing="failed a moment ago")
    recorder.nobody.calls("GET /ready", "GET /health")


def no_rate_limits(recorder: Recorder) -> None:
    """Ask faster than the rate of a project that nobody keeps."""
    api = recorder.project("rates", rateLimit={"perSecond": 1, "burst": 1})
    api.calls("GET /dialogue", "GET /dialogue", "GET /dialogue", "GET /admin/settings")


def proxy(recorder: Recorder) -> None:
    """Ask through a proxy that is believed."""
    api = recorder.project("proxy", allowedIps=["203.0.113.0/24", "2001:db8::/32"])
    api.get("/dialogue")
    for forwarded in (
        "203.0.113.9", "198.51.100.1", "198.51.100.1, 203.0.113.9", "203.0.113.9, 198.51.100.1",
        "203.0.113.9, 127.0.0.1", "2001:db8::1", "::ffff:203.0.113.9", "unknown", "", ",",
    ):  # fmt: skip
        api.get("/dialogue", {"X-Forwarded-For": forwarded})
