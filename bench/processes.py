"""Programs run beside the measurement: those that answer and end, and those that serve."""

import os
import re
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from signal import SIGKILL, SIGTERM

from bench.plan import BenchError

START_SECONDS_MAX = 120.0
STOP_SECONDS_MAX = 60.0


def output_of(command: Sequence[str], given: str = "") -> str:
    """Run a program to its end on some input and give what it printed."""
    try:
        # The commands are this package's own, never input.
        done = subprocess.run(  # noqa: S603
            command, input=given, capture_output=True, text=True, check=True
        )
    except OSError as error:
        raise BenchError(f"{command[0]}: {error}") from error
    except subprocess.CalledProcessError as error:
        message = (error.stderr or error.stdout).strip().splitlines()[-1:]
        raise BenchError(f"{Path(command[0]).name} failed: {' '.join(message)}") from error
    return done.stdout


def processor_seconds(process: int) -> float:
    """Give the processor time that a process has used so far, with threads that have ended."""
    user, system = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class Program:
    """A program that serves, ready once it has printed a line that matches."""

    def __init__(self, command: Sequence[str], ready: str, log: Path) -> None:
        self.printed: list[str] = []
        self._log = log
        began = time.perf_counter()
        with log.open("ab") as errors:
            # The commands are this package's own, never input.
            self._process = subprocess.Popen(  # noqa: S603
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        self.ready = self._await_line(re.compile(ready))
        self.start_seconds = time.perf_counter() - began

    def _await_line(self, ready: re.Pattern[str]) -> re.Match[str]:
        deadline = threading.Timer(START_SECONDS_MAX, self._process.kill)
        deadline.start()
        try:
            while line := self.next_line():
                self.printed.append(line.rstrip())
                if found := ready.search(line):
                    return found
        finally:
            deadline.cancel()
        self._process.communicate()  # which closes its pipes as well
        last = self._log.read_text(errors="replace").strip().splitlines()[-1:]
        raise BenchError(f"{self._process.args!r} did not become ready: {' '.join(last)}")

    def next_line(self) -> str:
        """Give the next line printed, empty once the program has ended."""
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def tell(self, line: str) -> None:
        """Write one line to the program."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def stop(self) -> float:
        """Ask the program to end and give the seconds it took."""
        return self._end(SIGTERM)

    def kill(self) -> None:
        """End the program as a power cut would."""
        self._end(SIGKILL)

    def _end(self, signal: int) -> float:
        began = time.perf_counter()
        if self._process.poll() is None:
            self._process.send_signal(signal)
        try:
            self._process.communicate(timeout=STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired as error:
            self._process.kill()
            raise BenchError(f"{self._process.args!r} did not stop when asked") from error
        return time.perf_counter() - began

    def resident_bytes(self) -> int | None:
        """Give the memory the program holds in RAM, where the system tells."""
        return self._reported_bytes("VmRSS")

    def peak_bytes(self) -> int | None:
        """Give the most memory that the program ever held in RAM, where the system tells."""
        return self._reported_bytes("VmHWM")

    def descriptors(self) -> int | None:
        """Give how many files and sockets the program has open, where the system tells."""
        opened = Path(f"/proc/{self._process.pid}/fd")
        return len(list(opened.iterdir())) if opened.exists() else None

    def own_bytes(self) -> int | None:
        """Give as much of it as is no page of a file, which the system could take back."""
        return self._reported_bytes("RssAnon")

    def _reported_bytes(self, name: str) -> int | None:
        status = Path(f"/proc/{self._process.pid}/status")
        if not status.exists():
            return None
        found = re.search(rf"{name}:\s+(\d+) kB", status.read_text())
        return int(found[1]) * 1024 if found else None

    def cpu_seconds(self) -> dict[str, float]:
        """Give the processor time used so far by the main thread and by all others."""
        used = {"main": 0.0, "others": 0.0}
        for stat in Path(f"/proc/{self._process.pid}/task").glob("*/stat"):
            user, system = stat.read_text().rpartition(")")[2].split()[11:13]
            whose = "main" if stat.parent.name == str(self._process.pid) else "others"
            used[whose] += (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
        return used
