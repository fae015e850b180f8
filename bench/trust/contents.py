"""One of each kind of object, and every way to read them."""

import json
import time
from contextlib import closing
from http.client import IncompleteRead

from bench.client import Client
from bench.plan import BenchError
from bench.server import Server

_PICTURE = "iVBORw0KGgo" + "A" * 40_000
_SUMMARY_SECONDS_MAX = 60
DIALOGUES = 12
_LONG = 30

READS = (
    "/dialogue?limit=1000",
    *(
        f"/dialogue/d{number}{rest}"
        for number in range(DIALOGUES)
        for rest in ("", "/state", "/messages?limit=1000", "/context?maxTokens=100000", "/check")
    ),
    *(f"/dialogue/d{number}/message/m{number}.1" for number in range(DIALOGUES)),
    *(f"/summary?dialogueId=d{number}" for number in range(3)),
    *(f"/summary/s{number}?expand=true" for number in range(3)),
    "/memory?limit=1000",
    "/memory/k1",
    "/admin/settings",
    "/admin/summary-templates",
    "/search?object=message&query=harbour&limit=50",
    "/search?object=memory&query=harbour&limit=50",
    "/search?object=dialogue&query=gr%C3%BCn&limit=50",
)
"""Paths whose answers stay the same for as long as nothing is written."""


CUT_OFF = 0
"""The status of an answer that did not arrive whole."""


def fill(server: Server) -> None:
    """Write the objects."""
    with closing(server.client()) as client:
        client.call("POST", "/admin/summary-templates", {"name": "t", "prompt": "{messages}"})
        for number in range(DIALOGUES):
            _dialogue(client, number)
            client.call("POST", "/memory", {"id": f"k{number}", "value": _text(number, 3)})
        for number in range(3):
            client.call("POST", "/summary", {"id": f"s{number}", "dialogueId": f"d{number}"})
        for number in range(3):
            _until_made(client, f"/summary/s{number}")
        read(client)  # a search indexes what is written


def read(client: Client) -> dict[str, tuple[int, bytes]]:
    """Return the answer of every path."""
    return {path: _answer(client, path) for path in READS}


def _answer(client: Client, path: str) -> tuple[int, bytes]:
    try:
        return client.ask("GET", path)
    except IncompleteRead:  # of what is sent while it is read
        client.close()
        return CUT_OFF, b""


def _dialogue(client: Client, number: int) -> None:
    state = {"step": number, "notes": _text(number, 40)}
    client.call("POST", "/dialogue", {"id": f"d{number}", "state": state, "tags": ["boat"]})
    messages = [
        {"id": f"m{number}.{n}", "role": ("user", "assistant")[n % 2], "content": _text(n, n + 1)}
        for n in range(_LONG)
    ]
    client.call("POST", f"/dialogue/d{number}/messages", messages)
    url = f"data:image/png;base64,{_PICTURE}{'B' * 4 * number}"
    picture = [{"type": "image_url", "image_url": {"url": url}}]
    client.call("POST", f"/dialogue/d{number}/messages", {"role": "user", "content": picture})
    long = {"role": "assistant", "content": _text(number, 1_000)}
    client.call("POST", f"/dialogue/d{number}/messages", long)


def _text(number: int, sentences: int) -> str:
    return " ".join(
        f"Sentence {n} of {number}: das Boot im harbour war grün, 港の水は緑色だった."
        for n in range(sentences)
    )


def _until_made(client: Client, path: str) -> None:
    until = time.monotonic() + _SUMMARY_SECONDS_MAX
    while json.loads(client.raw("GET", path))["status"] == "processing":
        if time.monotonic() > until:
            raise BenchError(f"{path} was not made in time")
        time.sleep(0.05)
