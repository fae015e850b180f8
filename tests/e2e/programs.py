"""The program as an operator runs it: commands that end, and servers that do not."""

import json
import os
import pty
import re
import signal
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.http.server import COMMAND_SECONDS_MAX, NO_AUTHORITIES, program, quiet_environment

SECONDS_MAX = 60
READY = re.compile(r"^DialogueDB ready on (?P<url>https?://\S+:(?P<port>\d+))$", re.MULTILINE)
KEY = re.compile(r"ddb_[A-Za-z0-9_-]{43}")
KEY_FILE = re.compile(r'^API key for project "default" is in (?P<path>/.+)$', re.MULTILINE)


@dataclass
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def records(self):
        """Read the JSON lines it printed."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def record(self):
        """Read the one JSON line it printed."""
        (record,) = self.records
        return record

    @property
    def error(self):
        """Return its one line of complaint."""
        assert self.out == ""
        *usage, line = self.err.splitlines()
        assert not usage or usage[0].startswith("Usage: "), self.err
        return line.removeprefix("Error: ")


@dataclass
class Serving:
    """A server that runs."""

    process: subprocess.Popen[str]
    log_file: Path
    out: str
    url: str
    port: int
    closing: ExitStack

    @property
    def first_key(self):
        """Return the key that a first start has shown, or written to the file that it names."""
        found = KEY.search(self.out) or KEY.search(self.first_key_file.read_text())
        assert found, self.out
        return found[0]

    @property
    def first_key_file(self):
        """Return the file that a first start away from a terminal names."""
        named = KEY_FILE.search(self.out)
        assert named, self.out
        return Path(named["path"])

    def client(self, key=None, verify: ssl.SSLContext = NO_AUTHORITIES) -> httpx.Client:
        """Return a client that carries this key, or none."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        client = httpx.Client(
            base_url=self.url, headers=headers, timeout=SECONDS_MAX, verify=verify
        )
        return self.closing.enter_context(client)

    def stop(self, number=signal.SIGTERM):
        """Ask it to stop; returns its exit code."""
        self.process.send_signal(number)
        return self.process.wait(SECONDS_MAX)

    def log(self):
        """Read what it has logged so far."""
        return [json.loads(line) for line in self.log_file.read_text().splitlines()]

    def messages(self):
        """Return the messages of the log."""
        return [line["message"] for line in self.log()]


class Room:
    """A directory to run commands in."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.data = directory / "dialoguedb-data"
        self.umask = -1
        """That of the programs it runs; -1 for that of the tests."""

    def run(self, *words: object, stdout: Any = subprocess.PIPE, **variables: str) -> Ended:
        """Run a command to its end."""
        return self._run([program(), *map(str, words)], variables, stdout)

    def run_on_full_disk(self, kib: int, *words: object) -> Ended:
        """Run a command that cannot write files larger than this."""
        limited = f'ulimit -f {kib}; exec "$@"'
        return self._run(["bash", "-c", limited, "bash", program(), *map(str, words)], {})

    def _run(
        self, command: list[str], variables: dict[str, str], stdout: Any = subprocess.PIPE
    ) -> Ended:
        done = subprocess.run(
            command,
            check=False,
            cwd=self.directory,
            env=quiet_environment() | variables,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            text=True,
            timeout=COMMAND_SECONDS_MAX,
            umask=self.umask,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def serving(
        self, *words: object, log: str = "log", at_terminal: bool = False, **variables: str
    ) -> Iterator[Serving]:
        """Run a server on a free port until the block ends."""
        log_file = self.directory / log
        screen, out = pty.openpty() if at_terminal else (None, subprocess.PIPE)
        with log_file.open("w") as errors:
            process = subprocess.Popen(
                [program(), "serve", "--port", "0", *map(str, words)],
                cwd=self.directory,
                env=quiet_environment() | variables,
                stderr=errors,
                stdin=subprocess.DEVNULL,
                stdout=out,
                text=True,
                umask=self.umask,
            )
        if screen is not None:
            os.close(out)
            process.stdout = os.fdopen(screen, encoding="utf-8")
        with process, ExitStack() as closing:
            closing.callback(process.kill)
            lines = _until_ready(process)
            ready = READY.search(lines)
            assert ready, lines + log_file.read_text()
            yield Serving(process, log_file, lines, ready["url"], int(ready["port"]), closing)


def _until_ready(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    lines = ""
    killer = threading.Timer(SECONDS_MAX, process.kill)
    killer.start()
    try:
        for line in process.stdout:
            lines += line
            if READY.search(lines):
                break
    finally:
        killer.cancel()
    return lines
