"""Data put into a server over HTTP before something is measured on it."""

import json
from collections.abc import Iterator

from bench.generator import request_bytes, send_all
from bench.plan import BATCH, CONNECTIONS, TEXT
from bench.server import Server

RARE = 20
RARE_TAG = "rare"
PARENT = "parent"


def create_dialogue(server: Server) -> str:
    """Create an empty dialogue and give its id."""
    client = server.client()
    created = client.call("POST", "/dialogue", {})
    client.close()
    return str(created["id"])


def create_dialogues(server: Server, count: int) -> None:
    """Create many dialogues of one message each.

    A few of them, spread evenly, share a tag and are threads of the same dialogue.
    """
    client = server.client()
    client.call("POST", "/dialogue", {"id": PARENT})
    client.close()
    requests = (_creation(server, number, count) for number in range(count))
    send_all((server.host, server.port), requests, CONNECTIONS)


def fill_dialogue(server: Server, dialogue: str, count: int) -> None:
    """Append many messages to one dialogue in batches."""
    path = f"/dialogue/{dialogue}/messages"
    requests = (request_bytes("POST", path, server.key, body) for body in _batches(count))
    send_all((server.host, server.port), requests, connections=2)


def filled_dialogue(server: Server, count: int) -> str:
    """Create a dialogue of as many messages and give its id."""
    dialogue = create_dialogue(server)
    fill_dialogue(server, dialogue, count)
    return dialogue


def _creation(server: Server, number: int, count: int) -> bytes:
    message = {"role": "user", "content": TEXT.replace("{n}", str(number))}
    body: dict[str, object] = {"label": f"dialogue {number}", "message": message}
    if number % (count // RARE) == 0:
        body |= {"tags": [RARE_TAG], "threadOf": PARENT}
    return request_bytes("POST", "/dialogue", server.key, json.dumps(body).encode())


def _batches(count: int) -> Iterator[bytes]:
    for first in range(0, count, BATCH):
        numbers = range(first, min(first + BATCH, count))
        messages = [{"role": "user", "content": TEXT.replace("{n}", str(n))} for n in numbers]
        yield json.dumps({"messages": messages}).encode()
