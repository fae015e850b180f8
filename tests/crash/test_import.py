"""Imports killed half-way and run again: exactly one copy of everything, in its order."""

import json
import subprocess
import time

import pytest

from tests.databases.engines import storage_flags
from tests.e2e.programs import Room
from tests.http.server import program, quiet_environment

SIZES = [
    (3, 60, 20),
    pytest.param((25, 2_000, 50), marks=[pytest.mark.slow, pytest.mark.timeout(1_800)]),
]
SECONDS_MAX = 60


def written(path, dialogues, size):
    """Write an export of many dialogues, a long one and some threads."""
    lines = [{"format": "dialoguedb", "version": 1}]
    for number in range(dialogues):
        lines.append({"dialogue": {"id": f"d{number}", "namespace": "n", "tags": ["t"]}})
        lines += [{"message": {"role": "user", "content": f"{number} {n}"}} for n in range(size)]
        lines.append({"dialogue": {"id": f"t{number}", "namespace": "n", "threadOf": f"d{number}"}})
    lines.append({"dialogue": {"id": "long", "status": "ended"}})
    lines += [{"message": {"role": "user", "content": f"{n}"}} for n in range(dialogues * size)]
    lines += [{"memory": {"id": f"m{n}", "value": n}} for n in range(dialogues)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def contents(room, there):
    """Read what an export of the data holds: per dialogue its messages, and the memories."""
    dialogues: dict[str, list[str]] = {}
    memories: list[int] = []
    open_one: list[str] = []
    for line in map(json.loads, room.run("export", *there).out.splitlines()):
        if "dialogue" in line:
            open_one = dialogues.setdefault(line["dialogue"]["id"], [])
        elif "message" in line:
            open_one.append(line["message"]["content"])
        elif "memory" in line:
            memories.append(line["memory"]["value"])
    return dialogues, sorted(memories)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_an_import_that_is_killed_again_and_again_leaves_one_copy(engine, tmp_path, size):
    rounds, dialogues, messages = size
    room = Room(tmp_path)
    written(tmp_path / "in.jsonl", dialogues, messages)
    there = storage_flags(engine, tmp_path / "there")
    words = [program(), "import", "in.jsonl", *there]
    began = time.monotonic()
    fresh = [*words[:3], *storage_flags(engine, tmp_path / "timed")]
    subprocess.run(fresh, cwd=tmp_path, check=True, env=quiet_environment(), capture_output=True)
    seconds = time.monotonic() - began
    for round_number in range(rounds):
        process = subprocess.Popen(words, cwd=tmp_path, env=quiet_environment())
        try:
            process.wait(seconds * (round_number + 1) / (rounds + 1))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(SECONDS_MAX)
    done = room.run("import", "in.jsonl", *there)
    assert done.code == 0, done.err
    found, memories = contents(room, there)
    assert memories == list(range(dialogues))
    assert found.pop("long") == [f"{n}" for n in range(dialogues * messages)]
    for number in range(dialogues):
        assert found.pop(f"d{number}") == [f"{number} {n}" for n in range(messages)]
        assert found.pop(f"t{number}") == []
    assert found == {}
    assert room.run("check", *there).code == 0
