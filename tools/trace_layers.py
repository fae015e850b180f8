"""Which files a request enters, and how often it returns to a higher layer.

`python -m tools.trace_layers [--files]` opens a new data directory, sends requests straight to the
ASGI application, and watches some of each kind with `sys.setprofile`; the shortest trace counts,
for background work may run beside a request. Counted are the files of the package in which a
function runs, and how often the running function changes from a file to another one and from a
lower layer to a higher one, on each thread by itself; a return counts like a call. The layers are
those of `pyproject.toml`.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import threading
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from starlette.types import ASGIApp, Message

import dialoguedb
from dialoguedb.bootstrap.server import applications
from dialoguedb.model.keys import new_secret
from dialoguedb.settings import Settings

_PACKAGE = Path(dialoguedb.__file__).parent
_PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"
_RUNS = 8
_APPEND = ("POST", "/dialogue/d/messages", {"role": "user", "content": "Is there any news?"})
_SEARCH = ("POST", "/search", {"query": "payment problem", "object": "message"})
_LIST = ("GET", "/dialogue/d/messages?limit=20", None)
_TRACED = {"append": _APPEND, "search": _SEARCH, "page of messages": _LIST}


@dataclass
class Trace:
    """What ran while a request was answered."""

    events: list[tuple[int, bool, str]] = field(default_factory=list)
    """Thread, whether it is a call (or a return), and the file."""

    is_on: bool = False

    def note(self, frame: FrameType, event: str, _argument: object) -> None:
        """Note a call or a return of a function of the package."""
        if self.is_on and event in {"call", "return"}:
            path = Path(frame.f_code.co_filename)
            if path.is_relative_to(_PACKAGE):
                name = str(path.relative_to(_PACKAGE))
                self.events.append((threading.get_ident(), event == "call", name))

    @property
    def files(self) -> list[str]:
        """The files entered."""
        return sorted({name for _, is_call, name in self.events if is_call})

    def changes(self) -> Iterable[tuple[str, str]]:
        """Return each change of the running file, thread by thread."""
        stacks: dict[int, list[str]] = defaultdict(list)
        running: dict[int, str] = {}
        for thread, is_call, name in self.events:
            stack = stacks[thread]
            if is_call:
                stack.append(name)
            elif stack:
                stack.pop()
            now = stack[-1] if stack else None
            before = running.get(thread)
            if now is not None and before is not None and now != before:
                yield before, now
            if now is not None:
                running[thread] = now


def layer_ranks() -> dict[str, int]:
    """Return the rank of each top-level module: the highest layer is 0."""
    config = tomllib.loads(_PYPROJECT.read_text())
    contracts = config["tool"]["importlinter"]["contracts"]
    layers = next(one["layers"] for one in contracts if one["type"] == "layers")
    return {
        name.strip(): rank for rank, layer in enumerate(layers) for name in layer.split("|")
    } | {"__init__": 0}


def rank_of(name: str, ranks: dict[str, int]) -> int:
    """Return the rank of a file's layer."""
    return ranks[name.split("/", maxsplit=1)[0].removesuffix(".py")]


async def send(app: ASGIApp, secret: str, request: tuple[str, str, Any]) -> int:
    """Send a request to the application; returns the status."""
    method, target, body = request
    path, _, query = target.partition("?")
    content = b"" if body is None else json.dumps(body).encode()
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    async def collect(message: Message) -> None:
        sent.append(message)

    headers = [
        (b"authorization", f"Bearer {secret}".encode()),
        (b"content-length", str(len(content)).encode()),
    ]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 0),
        "server": None,
    }
    await app(scope, receive, collect)
    status: int = sent[0]["status"]
    return status


async def traced(directory: Path) -> dict[str, Trace]:
    """Serve a few requests from a new data directory, then trace one of each kind."""
    trace = Trace()
    threading.setprofile(trace.note)
    secret = new_secret()
    traces = {}
    async with applications(Settings(data=directory), secret) as served:
        served.warm_up()
        await send(served.api, secret, ("POST", "/dialogue", {"id": "d"}))
        for text in ("I was charged twice", "We are sorry", "Thank you"):
            message = {"role": "user", "content": text}
            await send(served.api, secret, ("POST", "/dialogue/d/messages", message))
        await send(served.api, secret, _SEARCH)
        for name, request in _TRACED.items():
            runs = [await _trace(trace, served.api, secret, request) for _ in range(_RUNS)]
            traces[name] = Trace(min(runs, key=len))
    return traces


async def _trace(
    trace: Trace, app: ASGIApp, secret: str, request: tuple[str, str, Any]
) -> list[tuple[int, bool, str]]:
    trace.events = []
    trace.is_on = True
    sys.setprofile(trace.note)
    status = await send(app, secret, request)
    sys.setprofile(None)
    trace.is_on = False
    assert status == 200, (request, status)  # noqa: PLR2004 - OK
    return trace.events


def main() -> None:
    """Print what was traced."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", action="store_true", help="name each file and each return")
    with_files = parser.parse_args().files
    ranks = layer_ranks()
    with tempfile.TemporaryDirectory() as directory:
        traces = asyncio.run(traced(Path(directory) / "data"))
    for name, trace in traces.items():
        changes = list(trace.changes())
        returns = [one for one in changes if rank_of(one[1], ranks) < rank_of(one[0], ranks)]
        print(
            f"{name}: {len(trace.files)} files, {len(changes)} changes of file,"
            f" {len(returns)} returns to a higher layer"
        )
        if with_files:
            print("".join(f"  {one}\n" for one in trace.files), end="")
            print("".join(f"  {before} -> {after}\n" for before, after in returns), end="")


if __name__ == "__main__":
    main()
