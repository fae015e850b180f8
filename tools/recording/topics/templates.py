"""Templates of summaries."""

from tools.recording.recorder import Client, Recorder
from tools.recording.topics.dialogues import HELLO

_PATH = "/admin/summary-templates"


def play(recorder: Recorder) -> None:
    """Ask for everything about templates."""
    api = recorder.project("templates")
    full = {"name": "t", "prompt": "In short, {tokens}: {messages}", "description": "For tests."}
    api.posts(
        _PATH,
        full,
        full,
        {**full, "prompt": "Other: {messages}"},
        {**full, "description": "Other."},
        {"name": "u", "prompt": "{previous}{instructions}{label}{tokens}{messages}{ not } {}"},
        {"name": "v", "prompt": "{messages}", "description": None},
        None,
        {"name": "w"},
        {"name": "no spaces", "prompt": "{messages}"},
        {"name": "w", "prompt": ""},
        {"name": "w", "prompt": "nothing"},
        {"name": "w", "prompt": "{messages} {other} {another}"},
        {"name": "w", "prompt": "{messages}<repeat p 32768>"},
        {"name": "w", "prompt": "{messages}", "description": "<repeat d 4097>"},
        {"name": 5, "prompt": 5, "description": 5},
        [],
    )
    _read(api)
    _changed(api)
    _used(api)
    reader = recorder.client(api.post("/admin/keys", {"scope": "write"}).json["key"])
    reader.calls(f"GET {_PATH}", f"POST {_PATH}")


def _read(api: Client) -> None:
    api.calls(
        f"GET {_PATH}",
        f"GET {_PATH}?order=asc",
        f"GET {_PATH}?color=red",
        f"GET {_PATH}?limit=1001",
        f"GET {_PATH}/t",
        f"GET {_PATH}/absent",
        f"GET {_PATH}/a%2Fb",
        f"HEAD {_PATH}/t",
        f"POST {_PATH}/t",
    )
    token = api.get(f"{_PATH}?limit=2").json["next"]
    api.get(f"{_PATH}?next={token}")
    api.get(f"{_PATH}?next={token}A")


def _changed(api: Client) -> None:
    api.puts(
        f"{_PATH}/t",
        None,
        {"prompt": "Changed: {messages}"},
        {"description": "Changed."},
        {"description": None, "prompt": None},
        {"name": "t"},
        {"name": "other"},
        {"prompt": "nothing"},
        {"prompt": "{messages} {odd}"},
        {"prompt": 5, "description": 5},
        {"description": "<repeat d 4097>", "prompt": ""},
    )
    api.put(f"{_PATH}/absent", {"prompt": "{messages}"})


def _used(api: Client) -> None:
    api.post("/dialogue", {"id": "d", "message": HELLO})
    api.post("/summary", {"dialogueId": "d", "template": "t", "id": "s"})
    api.post("/summary", {"dialogueId": "d", "template": "absent"})
    api.await_summary("s")
    api.calls(f"DELETE {_PATH}/t", f"DELETE {_PATH}/t", f"DELETE {_PATH}/a%2Fb", f"GET {_PATH}/t")
    api.get("/summary/s")
