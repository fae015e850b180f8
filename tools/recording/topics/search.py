"""Searches: of every object in every mode, with what comes along, and in which order."""

from itertools import product

from tools.recording.recorder import Client, Json, Recorder
from tools.recording.topics.messages import IMAGE

MODES = ("hybrid", "semantic", "keyword")
OBJECTS = ("message", "dialogue", "memory")
_TALK: list[dict[str, Json]] = [
    {"id": "hi", "role": "user", "content": "Hello, is somebody there?"},
    {"id": "money", "role": "user", "content": "The invoice charges me twice for one lamp.",
     "tags": ["billing", "urgent"], "metadata": {"plan": "pro", "score": 4}},
    {"id": "sorry", "role": "assistant", "content": "Sorry! A refund is on its way to you."},
    {"id": "rain", "role": "user", "content": "It rains in Lisbon today, by the way."},
    {"id": "bye", "role": "assistant", "content": "Then stay inside. Goodbye!"},
    {"id": "image", "role": "user", "content": [{"type": "text", "text": "The lamp"}, IMAGE]},
]  # fmt: skip
_LANGUAGES = (
    ("Die Rechnung wurde doppelt abgebucht", "rechnung"),
    ("Je voudrais un café crème", "cafe"),
    ("счёт за электричество", "счёт"),
    ("東京タワーに行きたい", "東京"),
    ("أريد استرداد المال", "المال"),
    ("ฉันต้องการเงินคืน", "เงินคืน"),
)


def play(recorder: Recorder) -> None:
    """Search."""
    api = recorder.project("search")
    fill(api)
    for mode, of in product(MODES, OBJECTS):
        for query in ("invoice", "money back", "zeppelin", "the lamp in Lisbon"):
            api.post("/search", {"query": query, "object": of, "mode": mode})
        api.post("/search", {"query": "lamp", "object": of, "mode": mode, "explain": True})
        api.get(f"/search?query=refund&object={of}&mode={mode}&limit=1")
    _orders(api)
    _along(api)
    _scopes(api)
    _odd(api)
    _changes(api)
    _languages(api)


def fill(api: Client) -> None:
    """Store what is searched, and wait for its vectors."""
    api.post("/dialogue", {"id": "d", "label": "A lamp billed twice", "messages": _TALK,
                           "metadata": {"plan": "pro"}, "tags": ["billing"]})  # fmt: skip
    api.await_index()
    api.post("/dialogue", {"id": "e", "label": "Weather", "created": "2020-03-04",
                           "message": {**_TALK[3], "id": "wet"}})  # fmt: skip
    api.await_index()
    api.post("/dialogue", {"id": "d", "namespace": "ns", "messages": _TALK[:2]})
    api.await_index()
    for name, value in (("tea", "Prefers green tea"), ("bill", {"billing": "by invoice", "n": 3})):
        api.post("/memory", {"id": name, "value": value, "label": name, "tags": ["billing"]})
        api.await_index()


def _orders(api: Client) -> None:
    for by, order in product(("relevance", "created", "modified"), ("asc", "desc")):
        body = {"query": "lamp invoice", "object": "message", "orderBy": by, "order": order}
        api.post("/search", {**body, "limit": 3})
        api.get(f"/search?query=lamp&object=memory&orderBy={by}&order={order}")


def _along(api: Client) -> None:
    for context in (0, 1, 2, 10):
        api.post(
            "/search", {"query": "invoice", "object": "message", "context": context, "limit": 2}
        )
    api.get("/search?query=invoice&object=message&context=1&explain=true&limit=1")
    api.post("/search", {"query": "invoice", "object": "dialogue", "context": 3, "explain": True})
    api.post("/search", {"query": "invoice", "object": "memory", "context": 3, "explain": False})
    api.post("/search", {"query": "invoices of unicorns", "object": "message", "explain": True})


def _scopes(api: Client) -> None:
    body = {"query": "invoice", "object": "message"}
    for more in (
        {"namespace": "ns"}, {"namespace": ""}, {"namespace": "absent"}, {"dialogueId": "d"},
        {"dialogueId": "d", "namespace": "ns"}, {"dialogueId": "absent"}, {"role": "assistant"},
        {"role": "nobody"}, {"metadata": {"namespace": "ns"}},
        {"metadata": {"namespace": "ns", "plan": "pro"}},
        {"namespace": "ns", "metadata": {"namespace": 1}},
        {"limit": 1}, {"limit": 100}, {"dialogueId": "d", "object": "dialogue"},
        {"dialogueId": "d", "object": "memory"}, {"role": "user", "object": "dialogue"},
        dict.fromkeys(("limit", "namespace", "timezone", "tags", "filter", "metadata", "orderBy",
                       "order", "role", "dialogueId", "mode", "explain", "context")),
    ):  # fmt: skip
        api.post("/search", {**body, **more})
    api.post("/search?namespace=ns", body)
    api.post("/search?namespace=ns&dialogueId=d", {**body, "dialogueId": "d"})
    api.post("/search?dialogueId=d", {**body, "dialogueId": "e"})
    api.get("/search?query=invoice&object=message&namespace=ns&dialogueId=d&role=user")


def _odd(api: Client) -> None:
    for query in (
        '"', '"hello', "lamp*", "*", "NEAR(lamp twice)", "lamp AND", "NOT lamp", "words:lamp", "(",
        "'; DROP TABLE messages --", "%", "\\", "\u0000", "lamp\ninvoice", "🎉", "the",
        "what is it", "???", " ", "a", "<repeat a 8192>", "zp1",
    ):  # fmt: skip
        api.post("/search", {"query": query, "object": "message", "limit": 2})
    api.post("/search", '{"query":"x","query":"lamp","object":"memory","object":"message"}')


def _changes(api: Client) -> None:
    body = {"query": "zeppelin", "object": "message", "mode": "keyword"}
    api.post("/dialogue/e/messages", {"id": "z", "role": "user", "content": "A zeppelin!"})
    api.post("/search", body)
    api.put("/dialogue/e/messages/z", {"tags": ["new"]})
    api.post("/search", {**body, "tags": ["new"]})
    api.delete("/dialogue/e/messages/z")
    api.post("/search", body)
    api.put("/dialogue/e", {"label": "zeppelin"})
    api.post("/search", {**body, "object": "dialogue"})
    api.post("/dialogue/e/archive")
    api.post("/search", {**body, "object": "dialogue"})
    api.delete("/memory/tea")
    api.post("/search", {**body, "query": "tea", "object": "memory"})


def _languages(api: Client) -> None:
    for number, (content, query) in enumerate(_LANGUAGES):
        api.post("/dialogue/d/messages", {"id": f"l{number}", "role": "user", "content": content})
        api.await_index()
        for mode in MODES:
            api.post("/search", {"query": query, "object": "message", "mode": mode, "limit": 2})
