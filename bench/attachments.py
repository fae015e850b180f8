"""A list of 1,000 messages that hold an attachment of 20 MB each, read over HTTP.

Four pictures are shared by all messages, so the engine keeps four; a list by reference reads none
of them, however many there are. Appends are of a fifth, new and again, with the client's encoding.
"""

import asyncio
import random
import time
from base64 import b64encode
from pathlib import Path
from statistics import median

import msgspec
from msgspec import Raw, structs

from bench.client import Client
from bench.findings import Finding, Goal
from bench.plan import BenchError, Plan
from bench.server import serving
from dialoguedb.formats.attachments.cutting import cut
from dialoguedb.model.messages import MessageInput, NewMessage
from dialoguedb.model.writes import WriteOptions
from dialoguedb.store.sqlite import SQLiteStore
from dialoguedb.values import timestamps
from dialoguedb.values.validation_errors import ValidationErrors

NAME = "attachments"
_MESSAGES = 1_000
_PICTURES = 4
_PICTURE_BYTES = 20_000_000
_READS = 50
_WHOLE_READS = 5
_GOAL = Goal(100, at_least=False, unit=" ms")
_PAGE = f"/dialogue/d/messages?limit={_MESSAGES}"


def method(_: Plan) -> str:
    """Say how attachments are measured."""
    return (
        f"{_MESSAGES:,} messages hold a picture of {_PICTURE_BYTES:,} random bytes each, one of"
        f" {_PICTURES}. They are written by the engine itself, and read by a server with default"
        f" settings on one connection, {_READS} times; figures are medians. The list by reference"
        " has all of them on one page; a page with the bytes ends after one message."
    )


def measure(plan: Plan) -> list[Finding]:
    """Fill a dialogue, and read it by reference and in full."""
    with plan.directory() as directory, serving(plan, directory / "data") as server:
        client = server.client()
        client.call("POST", "/dialogue", {"id": "d"})
        asyncio.run(_fill(directory / "data"))
        listed, size = _timed(client, f"{_PAGE}&attachments=reference", _READS)
        if size != _MESSAGES:
            raise BenchError(f"the page had {size} messages")
        whole, _ = _timed(client, _PAGE, _WHOLE_READS)
        first, again = (_appended(client, number) for number in (_PICTURES, _PICTURES))
        client.close()
        stored = sum(file.stat().st_size for file in (directory / "data").iterdir())
    return [
        Finding(NAME, f"list of {_MESSAGES:,} by reference", listed, " ms", _GOAL),
        Finding(NAME, "page with the bytes, one message", whole, " ms"),
        Finding(NAME, "append of a new picture", first, " ms"),
        Finding(NAME, "append of the same again", again, " ms"),
        Finding(NAME, "data on disk", stored / 1e6, " MB", detail=f"{_PICTURES + 1} pictures"),
    ]


async def _fill(data: Path) -> None:
    """Write the messages with the engine, as a program beside the server."""
    store = await SQLiteStore.open(data)
    project = await store.projects.get("default")
    options = WriteOptions(timestamps.now())
    pictures = [_message(number) for number in range(_PICTURES)]
    for number in range(_MESSAGES):
        new = structs.replace(pictures[number % _PICTURES], id=f"m{number}", named=True)
        await store.messages.create(project, "", "d", [new], options)
    await store.close()


def _message(number: int) -> NewMessage:
    body = MessageInput(role="user", content=Raw(msgspec.json.encode(_content(number))))
    new = body.validate("", ValidationErrors())
    new.cut = cut(new.content, new.attachments)
    return new


def _content(number: int) -> list[dict[str, object]]:
    picture = random.Random(number).randbytes(_PICTURE_BYTES)  # noqa: S311 - no secret
    source = {"type": "base64", "media_type": "image/png", "data": b64encode(picture).decode()}
    return [{"type": "text", "text": f"Look at {number}"}, {"type": "image", "source": source}]


def _timed(client: Client, path: str, count: int) -> tuple[float, int]:
    """Return the median of some reads in milliseconds, and the items of the page."""
    taken = []
    answer = b""
    for _ in range(count):
        began = time.perf_counter()
        answer = client.raw("GET", path)
        taken.append(time.perf_counter() - began)
    return 1_000 * median(taken), len(msgspec.json.decode(answer)["items"])


def _appended(client: Client, number: int) -> float:
    message = {"role": "user", "content": _content(number)}
    began = time.perf_counter()
    client.raw("POST", "/dialogue/d/messages", message)
    return 1_000 * (time.perf_counter() - began)
