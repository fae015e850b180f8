"""Runs a program in a situation, imports what it has kept, and compares."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from msgspec import Struct
from msgspec.structs import replace

from tests.transcripts.comparing import difference, given, imported
from tests.transcripts.model import Model, served
from tests.transcripts.programs.program import Program, Setup
from tests.transcripts.script import BEFORE, SUMMARY
from tests.transcripts.situations import SITUATIONS, Ask, Talk, expected_of

_RUN_S = 90
_NOWHERE = "http://127.0.0.1:9"


class Result(Struct, frozen=True):
    """What came of a situation."""

    program: str
    situation: str
    wrong: list[str]
    kept: list[str] = []
    """What is there of turns that were interrupted or cut."""

    missing: str = ""
    """Why there is no such situation."""

    is_partly: bool = False
    """Whether the situation ends where the session would be resumed, which cannot be done."""


def run(program: Program, situation: str, packages: Path, build: Path) -> Result:
    """Put a program through a situation, and import what it keeps after each of its runs."""
    asks = SITUATIONS[situation]
    folder = build / program.name / situation.replace(" ", "-").replace(",", "")
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("home", "work"):
        (folder / name).mkdir(parents=True)
    reached = folder / "work/reached"
    model = Model(program.tool, program.arguments, reached, folder / "requests.jsonl")
    with served(model), _ended(folder / "home"):
        setup = Setup(packages, folder / "home", model.url)
        environment = {**_environment(setup.home), **program.prepare(setup)}
        for index, ask in enumerate(asks):
            command = _command(program, setup, ask, folder)
            if command is None and any(one.is_broken for one in asks[:index]):
                asks = asks[:index]
                break
            if command is None:
                return Result(program.name, situation, [], missing=f"no way to {ask.how}")
            if command:
                _run(command, ask, folder, environment)
            wrong = _import(setup.home / program.kept, folder) if ask.how != "given" else []
            if wrong and not ask.is_interrupted:
                return Result(program.name, situation, wrong)
    result = _compared(program, situation, asks, imported(_export(folder)), model)
    return replace(result, is_partly=len(asks) < len(SITUATIONS[situation]))


def _compared(
    program: Program, situation: str, asks: list[Ask], found: list[Talk], model: Model
) -> Result:
    ways = {ask.how for ask in asks}
    if "compact" in ways and not model.was_sent(SUMMARY):
        return Result(program.name, situation, [], missing="nothing was compacted")
    wrong, kept = difference(expected_of(asks), found)
    if "take over" in ways and not model.was_sent(BEFORE):
        wrong.append("the model was not sent what was there")
    return Result(program.name, situation, wrong, kept)


def _command(program: Program, setup: Setup, ask: Ask, folder: Path) -> list[str] | None:
    """Return what is run for a question; nothing where only DialogueDB is."""
    if ask.how == "given":
        (folder / "given.json").write_text(json.dumps({"messages": given(expected_of([ask])[0])}))
        _import(folder / "given.json", folder)
        return []
    if ask.how == "take over":
        own_id = json.loads(_export(folder)[0])["id"]
        words = ("resume", own_id, "--in", program.name, "--cwd", str(folder / "work"))
        if _dialoguedb(*words, folder=folder).returncode:
            return None
        return program.command(setup, Ask("resume", ask.prompt))
    return program.command(setup, ask)


def _environment(home: Path) -> Mapping[str, str]:
    """Return variables with which nothing of the caller's is found, and nothing but loopback."""
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), _NOWHERE)
    direct = dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost")
    about = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "dumb"}
    return {**about, **proxies, **direct}


def _run(command: list[str], ask: Ask, folder: Path, environment: Mapping[str, str]) -> None:
    reached = folder / "work/reached"
    reached.unlink(missing_ok=True)
    with (folder / "output.log").open("ab") as log:
        log.write(f"\n$ {command}\n".encode())
        log.flush()
        process = _start(command, folder / "work", environment, log)
        if ask.is_interrupted:
            _await(reached)
            time.sleep(1)
            os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(20 if ask.is_interrupted else _RUN_S)
        except subprocess.TimeoutExpired:
            log.write(b"\nkilled\n")
        finally:
            _kill(process)


def _start(
    command: list[str], work: Path, environment: Mapping[str, str], log: IO[bytes]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        cwd=work,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


def _await(reached: Path) -> None:
    end = time.monotonic() + _RUN_S
    while not reached.exists() and time.monotonic() < end:
        time.sleep(0.1)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextlib.contextmanager
def _ended(home: Path) -> Iterator[None]:
    """End what a program has left running, such as Cline's daemon, by the home that it has."""
    yield
    for file in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"HOME={home}".encode() in file.read_bytes().split(b"\0"):
                os.kill(int(file.parent.name), signal.SIGKILL)


def _import(kept: Path, folder: Path) -> list[str]:
    ended = _dialoguedb("import", str(kept), folder=folder)
    return [] if ended.returncode == 0 else [f"the import failed: {ended.stderr.strip()}"]


def _export(folder: Path) -> list[str]:
    ended = _dialoguedb("export", "--format", "anthropic", folder=folder)
    return ended.stdout.splitlines()


def _dialoguedb(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dialoguedb", *arguments, "--data", str(folder / "data")]
    variables = {
        **_environment(folder / "home"),
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "DIALOGUEDB_EMBEDDER": "none",  # it would only take time
    }
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=variables)
    with (folder / "output.log").open("a") as log:
        log.write(f"\n$ dialoguedb {' '.join(arguments)}\n{ended.stdout}{ended.stderr}\n")
    return ended
