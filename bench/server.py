"""The server under test, started as an operator would."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.client import Client
from bench.plan import BenchError, Plan
from bench.processes import Program

_READY = r"ready on http://(?P<host>[^:]+):(?P<port>\d+)"
_KEY_FILE = re.compile(r"^API key for project .* is in (?P<path>/.+)$", re.MULTILINE)


class Server:
    """One `dialoguedb serve` on a data directory, which can be stopped and started again."""

    def __init__(
        self, command: tuple[str, ...], data: Path, options: Sequence[str] = (), key: str = ""
    ) -> None:
        self.data = data
        self._command = (*command, "serve", "--data", str(data), "--port", "0", *options)
        self.log_file = data.with_suffix(".log")
        self.key = key
        self.start()

    def start(self, options: Sequence[str] = ()) -> float:
        """Start the server and give the seconds from exec to its ready line."""
        self.program = Program((*self._command, *options), _READY, self.log_file)
        self.host = self.program.ready["host"]
        self.port = int(self.program.ready["port"])
        if not self.key:
            self.key = self._first_key()
        return self.program.start_seconds

    def _first_key(self) -> str:
        """Read the key from the file that a first start names, away from a terminal."""
        named = _KEY_FILE.search("\n".join(self.program.printed))
        if named is None:
            self.program.stop()
            raise BenchError("the server's first start named no file with a key")
        return Path(named["path"]).read_text().strip()

    def client(self) -> Client:
        """Open one connection for set-up and checks."""
        return Client(self.host, self.port, self.key)


@contextmanager
def serving(
    plan: Plan, data: Path, options: Sequence[str] = (), *, key: str = ""
) -> Iterator[Server]:
    """Run a server on a data directory for as long as the block lasts.

    Its first start makes a key; one that starts again is told the `key` it made.
    """
    server = Server(plan.command, data, options, key)
    try:
        yield server
    finally:
        server.program.stop()
