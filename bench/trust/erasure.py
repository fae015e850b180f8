"""What is left in raw files of a person whose objects were all deleted, and of one who was erased.

Each field of each kind of object holds a word of its own, in one namespace and, as different words,
in another. All files are searched for them as they lie while the server still runs.
"""

import json
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bench.client import Client
from bench.findings import Finding, Goal
from bench.plan import BenchError, Plan
from bench.server import Server, serving

NAME = "erasure"
_NONE = Goal(0, at_least=False, unit="")
_DELETED, _ERASED, _KEPT = "deleted", "erased", "kept"
_MESSAGES = 40
_MADE_SECONDS_MAX = 30
_FIELDS = (
    *("label", "tag", "state", "metadata", "content", "name", "attachment", "value", "description"),
    *("instructions", "answer", "id"),
)


def word(namespace: str, field: str) -> str:
    """Return the word that a field holds in a namespace."""
    return f"zq{namespace}{field}vx7"


def words_of(namespace: str) -> list[str]:
    """Return all words of a namespace, as they may lie in a file."""
    words = [word(namespace, field) for field in _FIELDS if field != "attachment"]
    return [*words, _attachment(namespace)[40:80], f"zq{namespace}name"]


def measure(plan: Plan) -> list[Finding]:
    """Delete all objects of one namespace, and erase another."""
    with plan.directory() as directory, serving(plan, directory / "data") as server:
        with closing(server.client()) as client:
            for namespace in (_DELETED, _ERASED, _KEPT):
                fill(client, namespace)
            missing = [one for one in words_of(_KEPT) if not found(server, one)]
            if missing:
                raise BenchError(f"the files do not even hold what is stored: {missing}")
            delete(client, _DELETED)
        left = {_DELETED: left_of(server, _DELETED)}
        erased = _erase(plan, server.data)
        if erased:
            left[_ERASED] = left_of(server, _ERASED)
        kept = left_of(server, _KEPT)
    return list(_findings(left, kept))


def _findings(left: dict[str, list[str]], kept: list[str]) -> Iterator[Finding]:
    of = len(words_of(_KEPT))
    titles = {
        _DELETED: "words left in files after all objects were deleted",
        _ERASED: "words left in files after an erasure",
    }
    for namespace, title in titles.items():
        words = left.get(namespace)
        goal = _NONE if namespace == _ERASED else None
        detail = "not offered" if words is None else f"of {of}; {', '.join(words) or 'none'}"
        yield Finding(NAME, title, None if words is None else len(words), goal=goal, detail=detail)
    yield Finding(NAME, "words of another namespace that are gone", of - len(kept), goal=_NONE)


def fill(client: Client, namespace: str) -> None:
    """Write one of each kind of object."""
    name = f"zq{namespace}name"
    of = {field: word(namespace, field) for field in _FIELDS}
    dialogue = {
        "id": of["id"],
        "namespace": name,
        "label": of["label"],
        "tags": [of["tag"]],
        "state": {"a": of["state"]},
        "metadata": {"a": of["metadata"]},
    }
    client.call("POST", "/dialogue", dialogue)
    path = f"/dialogue/{of['id']}/messages?namespace={name}"
    url = f"data:application/octet-stream;base64,{_attachment(namespace)}"
    file = [{"type": "image_url", "image_url": {"url": url}}]
    text = {"role": "user", "content": f"I said {of['content']}.", "name": of["name"]}
    client.call("POST", path, [text] * _MESSAGES)
    client.call("POST", path, {"role": "user", "content": file})
    client.call("POST", path, {"role": "user", "content": of["answer"]}, {"Idempotency-Key": name})
    memory = {"value": of["value"], "description": of["description"], "namespace": name}
    client.call("POST", "/memory", {"id": of["id"], **memory})
    summary = {"dialogueId": of["id"], "namespace": name, "instructions": of["instructions"]}
    made = client.call("POST", "/summary", summary)
    until = time.monotonic() + _MADE_SECONDS_MAX
    path = f"/summary/{made['id']}?namespace={name}"
    while client.call("GET", path)["status"] == "processing" and time.monotonic() < until:
        time.sleep(0.05)
    window = {"maxTokens": 4_000, "record": True, "namespace": name}
    client.call("POST", f"/dialogue/{of['id']}/context", window)
    search = {"object": "message", "query": of["content"], "namespace": name}
    client.call("POST", "/search", search)  # which indexes what is written


def delete(client: Client, namespace: str) -> None:
    """Delete every object, as a caller can."""
    name = f"zq{namespace}name"
    client.call("DELETE", f"/dialogue/{word(namespace, 'id')}?namespace={name}")
    client.call("DELETE", f"/memory/{word(namespace, 'id')}?namespace={name}")


def _erase(plan: Plan, data: Path) -> bool:
    """Erase a namespace; returns whether the program can."""
    words = [*plan.command, "erase", "--namespace", f"zq{_ERASED}name", "--yes", "--json"]
    # The command is this package's own, never input.
    done = subprocess.run(  # noqa: S603
        [*words, "--data", str(data)], check=False, capture_output=True, text=True
    )
    if "No such command" in done.stderr:
        return False
    if done.returncode:
        raise BenchError(f"erase failed: {done.stderr}")
    json.loads(done.stdout)
    return True


def left_of(server: Server, namespace: str) -> list[str]:
    """Return the words of a namespace that are in any file, and in which."""
    return [
        f"{one} ({', '.join(files)})"
        for one in words_of(namespace)
        if (files := found(server, one))
    ]


def found(server: Server, text: str) -> list[str]:
    """Return the names of the files that hold some text: the data's and the log."""
    files = [file for file in server.data.rglob("*") if file.is_file()]
    return [
        file.name
        for file in (*files, server.log_file)
        if text.encode() in file.read_bytes().lower()
    ]


def _attachment(namespace: str) -> str:
    return b64encode(f"{namespace} ".encode() * 2_000).decode().lower()
