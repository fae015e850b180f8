"""Pages: walked in both orders, and tokens that are forged, foreign or misused."""

from itertools import product

from tools.recording.recorder import Client, Recorder
from tools.recording.topics.dialogues import HELLO

_LISTS = ("/dialogue", "/memory", "/dialogue/i0/messages", "/messages?dialogueId=i0")


def play(recorder: Recorder) -> None:
    """Walk through lists."""
    api = recorder.project("pages")
    for number in range(7):
        api.post("/dialogue", {"id": f"i{number}", "tags": ["t"]})
        api.post("/memory", {"id": f"i{number}", "tags": ["t"], "value": number})
        api.post("/dialogue/i0/messages", {**HELLO, "id": f"i{number}", "tags": ["t"]})
    for path, order in product(_LISTS, ("asc", "desc")):
        _walk(api, path, f"order={order}&limit=3")
    _walk(api, "/dialogue", "orderBy=modified&limit=3&tags=t")
    _walk(api, "/dialogue", "orderBy=lastMessageCreated&limit=4")
    _walk(api, "/dialogue", "limit=7")
    _deleted_meanwhile(api)
    _misused(api)
    _foreign(recorder, api)


def _target(path: str, query: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}{query}"


def _walk(api: Client, path: str, query: str) -> None:
    """Read a list to its end: with its parameters, then with the token alone."""
    token = api.get(_target(path, query)).json["next"]
    while token:
        api.get(_target(path, f"{query}&next={token}"))
        token = api.get(_target(path, f"limit=3&next={token}")).json["next"]


def _deleted_meanwhile(api: Client) -> None:
    token = api.get("/memory?limit=2&order=asc").json["next"]
    api.delete("/memory/i1")
    api.post("/memory", {"id": "past", "value": 1, "created": "2001-01-01"})
    api.get(f"/memory?next={token}")


def _misused(api: Client) -> None:
    first = "order=asc&orderBy=created&tags=t&limit=2"
    token = api.get(f"/dialogue?{first}").json["next"]
    for other in (
        "order=desc", "orderBy=modified", "tags=other", "tags=t,u", "namespace=ns",
        "status=ended", "threadOf=d", "created=2020", "startDate=2020-01-01",
        "endDate=2020-01-01", "limit=0", "limit=5", "tags=t", "order=desc&tags=x&status=ended",
    ):  # fmt: skip
        api.get(f"/dialogue?next={token}&{other}")
    for forged in (
        f"{token}A", f"A{token}", f"{token}=", f"{token},{token}", "A", "-", "null", "",
        "%C3%A9", "a+b", "<repeat x 5000>", "..%2F..", "%27+OR+1%3D1",
    ):  # fmt: skip
        api.get(f"/dialogue?next={forged}")


def _foreign(recorder: Recorder, api: Client) -> None:
    api.posts("/dialogue/i1/messages", [HELLO] * 3)
    tokens = [api.get(_target(path, "limit=1")).json["next"] for path in _LISTS[:3]]
    paths = (*_LISTS[:3], "/dialogue/i1/messages", "/admin/keys", "/summary?dialogueId=i0")
    for path, token in product(paths, tokens):
        api.get(_target(path, f"next={token}"))
    stranger = recorder.project("pages-stranger")
    stranger.get(f"/dialogue?next={tokens[0]}")
    for namespace in ("mine", "mine", "other", "other"):
        api.post("/dialogue", {"namespace": namespace})
    key = api.post("/admin/keys", {"scope": "read", "namespace": "mine"}).json["key"]
    bound = recorder.client(key)
    for namespace in ("?namespace=mine&", "?namespace=other&", "?"):
        token = api.get(f"/dialogue{namespace}limit=1").json["next"]
        bound.get(f"/dialogue?next={token}")
    reader = recorder.client(api.post("/admin/keys", {"scope": "read"}).json["key"])
    reader.get(f"/memory?next={tokens[1]}")
