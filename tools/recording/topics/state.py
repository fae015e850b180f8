"""The state of a dialogue: merged, replaced and patched."""

from tools.recording.recorder import Client, Recorder


def play(recorder: Recorder) -> None:
    """Ask for everything about states."""
    api = recorder.project("state")
    api.post("/dialogue", {"id": "d", "state": {"a": 1, "b": {"c": 2}}})
    api.get("/dialogue/d/state")
    api.ask("HEAD", "/dialogue/d/state")
    odd = {"e": None, "z": [1, {"y": 2.50}]}
    api.puts("/dialogue/d/state", None, {}, {"b": {"d": 3}}, odd, '{ "s" :  1 }')
    api.puts("/dialogue/d/state?merge=false", {"only": 1}, {}, {"n": 12345678901234567890})
    api.put("/dialogue/d/state?merge=true", {"x": {"y": {"z": 1, "w": 2}}, "namespace": "data"})
    api.patches(
        "/dialogue/d/state",
        None,
        {"x": {"y": {"z": None}}},
        {"x": {"y": {"v": {"deep": 1}}}},
        {"x": 5, "gone": None},
        {"x": {"a": [1, None]}},
        {"n": None, "namespace": None},
    )
    _refused(api)
    _large(api)
    api.get("/dialogue/d")


def _refused(api: Client) -> None:
    for broken in ("[]", "1", '"x"', "null", "true", "{", '{"a":}', '{"a":1}x', b'{"a":"\xff"}'):
        api.put("/dialogue/d/state", broken)
        api.patch("/dialogue/d/state", broken)
    api.put("/dialogue/d/state", '{"a":1,"a":2}')
    api.patch("/dialogue/d/state", '{"a":1,"a":{"b":1},"\\u0061":3}')
    api.put("/dialogue/d/state", '{"s":"\\ud800","t":"\\ud83d\\ude00"}')
    api.patch("/dialogue/d/state", '{"s":null}')


def _large(api: Client) -> None:
    api.put("/dialogue/d/state", {"big": "<repeat x 1048560>"})
    api.put("/dialogue/d/state?merge=false", {"big": "<repeat x 1048566>"})
    api.patch("/dialogue/d/state", {"more": "<repeat y 20>"})
    api.put("/dialogue/d/state?merge=false", {"big": "<repeat x 1048567>"})
    api.put("/dialogue/d/state?merge=perhaps", [])
    api.put("/dialogue/d/state?merge=perhaps", {})
    api.put("/dialogue/d/state?dialogueId=d&namespace=", {"ok": 1})
    api.put("/dialogue/d/state?dialogueId=e", {})
    api.patch("/dialogue/d/state?namespace=other", {})
    api.calls(
        "GET /dialogue/absent/state",
        "PUT /dialogue/absent/state",
        "PATCH /dialogue/absent/state",
        "GET /dialogue/d/state?namespace=other",
        "POST /dialogue/d/state",
        "DELETE /dialogue/d/state",
    )
