"""Context windows in every format, and the check of broken histories."""

from typing import Any

from tools.recording.recorder import Client, Recorder
from tools.recording.topics.dialogues import HELLO
from tools.recording.topics.messages import IMAGE, LINK
from tools.recording.topics.summaries import talk

_FORMATS = ("openai", "anthropic", "plain")
_TOOL_RESULT = [{"type": "tool_result", "tool_use_id": "t1", "content": "left on Monday"}]
_BOUGHT: list[dict[str, Any]] = [
    {"id": "s", "role": "system", "content": "You help with orders."},
    {"id": "u1", "role": "user", "content": "Where is order 17?", "name": "Ada"},
    {
        "id": "c",
        "role": "assistant",
        "content": [{"type": "tool_use", "id": "t1", "name": "track", "input": {"order": 17}}],
    },
    {"id": "r", "role": "tool", "content": _TOOL_RESULT},
    {"id": "a1", "role": "assistant", "content": "It left on Monday."},
    {"id": "i", "role": "user", "content": [{"type": "text", "text": "This one?"}, IMAGE, LINK]},
]


def play(recorder: Recorder) -> None:
    """Ask for windows."""
    api = recorder.project("context")
    api.post("/dialogue", {"id": "order-17", "messages": _BOUGHT})
    _windows(api)
    _broken(api)
    _remembered(api)
    _summarized(api)
    _refused(api)


def _windows(api: Client) -> None:
    path = "/dialogue/order-17/context"
    for of in _FORMATS:
        api.post(path, {"maxTokens": 4000, "format": of})
        api.get(f"{path}?maxTokens=4000&format={of}")
    for budget in (1, 1_625, 2_000_000):
        api.post(path, {"maxTokens": budget, "recent": 3})
    api.post("/dialogue", {"id": "text", "messages": _BOUGHT[:5]})
    for budget in (1, 18, 22, 30, 40, 50, 60):
        for recent in (1, 4):
            body = {"maxTokens": budget, "recent": recent}
            api.post("/dialogue/text/context", body)
    api.post(path, {"maxTokens": 4000, "dialogueId": "order-17", "namespace": ""})
    nothing = dict.fromkeys(("query", "format", "recent", "summary", "memories", "namespace"))
    api.post(path, {"maxTokens": 4000, **nothing})
    api.get("/dialogue/order-17/check")
    api.post("/dialogue", {"id": "empty"})
    api.post("/dialogue/empty/context", {"maxTokens": 1})
    api.get("/dialogue/empty/check")


def _broken(api: Client) -> None:
    cancelled = [{"type": "tool_use", "id": "t2", "name": "track", "input": {}}]
    broken = [
        *_BOUGHT,
        {"id": "r2", "role": "tool", "content": _TOOL_RESULT},
        {"id": "e", "role": "user", "content": "   "},
        {
            "id": "r9",
            "role": "tool",
            "content": {"role": "tool", "content": "x", "tool_call_id": "9"},
        },
        {"id": "c2", "role": "assistant", "content": cancelled},
        {"id": "u2", "role": "user", "content": "Never mind."},
    ]
    api.post("/dialogue", {"id": "broken", "messages": broken})
    swapped = [_BOUGHT[2], {**HELLO, "content": "Hello?"}, _BOUGHT[3]]
    api.post("/dialogue", {"id": "swapped", "messages": swapped})
    for name in ("broken", "swapped"):
        api.get(f"/dialogue/{name}/check")
        for of in _FORMATS:
            api.post(f"/dialogue/{name}/context", {"maxTokens": 4000, "format": of})


def _remembered(api: Client) -> None:
    api.post("/memory", {"id": "k1", "value": "Likes deliveries in the morning"})
    api.post("/memory", {"id": "k2", "value": {"dog": "Rex"}, "label": "pets"})
    chat = [
        {**HELLO, "content": f"Chatter about nothing, part {n}", "id": f"n{n}"} for n in range(40)
    ]
    chat[7]["content"] = "My violin is at the repair shop"
    api.post("/dialogue", {"id": "long", "messages": chat})
    api.await_index()
    for path, body in (
        ("order-17", {"maxTokens": 4000, "query": "When does the parcel come?", "memories": 1}),
        ("order-17", {"maxTokens": 4000, "query": "dog"}),
        ("order-17", {"maxTokens": 4000, "query": "dog", "memories": 0}),
        ("order-17", {"maxTokens": 4000, "memories": 5, "format": "anthropic"}),
        ("long", {"maxTokens": 150}),
        ("long", {"maxTokens": 150, "query": "violin repair", "recent": 2}),
        ("long", {"maxTokens": 150, "query": "violin", "recent": 2, "format": "plain"}),
    ):
        api.post(f"/dialogue/{path}/context", body)
    api.get("/dialogue/long/context?maxTokens=150&query=violin+repair&recent=2&memories=0")


def _summarized(api: Client) -> None:
    talk(api, "sum", 60)
    made = api.post("/summary", {"dialogueId": "sum", "id": "made"}).json["id"]
    api.await_summary(made)
    path = "/dialogue/sum/context"
    for of in _FORMATS:
        api.post(path, {"maxTokens": 900, "recent": 2, "format": of})
    api.post(path, {"maxTokens": 900, "recent": 2, "summary": False})
    api.get(f"{path}?maxTokens=900&recent=2&summary=false")
    api.get(f"{path}?maxTokens=900&recent=2&summary=true&query=lamps")


def _refused(api: Client) -> None:
    path = "/dialogue/order-17/context"
    api.posts(
        path,
        None,
        {"maxTokens": 0},
        {"maxTokens": 2_000_001},
        {"maxTokens": "many"},
        {"maxTokens": 9, "format": "xml"},
        {"maxTokens": 9, "recent": 0},
        {"maxTokens": 9, "recent": 1001, "memories": 101, "summary": "no", "query": ""},
        {"maxTokens": 9, "memories": -1},
        {"maxTokens": 9, "query": "<repeat q 8193>"},
        {"maxTokens": 9, "dialogueId": "other"},
        {"maxTokens": 99, "namespace": "other"},
        [],
        "{",
    )
    for query in ("", "?maxTokens=0", "?maxTokens=x&recent=0", "?maxTokens=99&summary=1",
                  "?maxTokens=99&dialogueId=e", "?maxTokens=99&namespace=other"):  # fmt: skip
        api.get(f"{path}{query}")
    api.calls(
        "GET /dialogue/absent/context?maxTokens=9",
        "GET /dialogue/absent/check",
        "GET /dialogue/order-17/check?dialogueId=e",
        "PUT /dialogue/order-17/context",
        "POST /dialogue/order-17/check",
    )
