"""Keeps up with files while programs write them: whatever has changed is imported again."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from dialoguedb.cli.data.transfer.fingerprints import (
    Fingerprint,
    changed_ns,
    fingerprint,
    with_log,
)
from dialoguedb.cli.data.transfer.lines import InputFile
from dialoguedb.cli.data.transfer.reports import FileReport, ImportReport
from dialoguedb.cli.data.transfer.run import ImportRun
from dialoguedb.cli.data.transfer.source_files import files_below
from dialoguedb.cli.signals import handled
from dialoguedb.errors import LimitExceeded, ServiceUnavailable, Unreachable

_LOOK_S = 1.0
_SEARCH_S = 1.0
"""How often all directories are searched, unless that takes long."""

_REST_PER_WORK = 100
"""A search that takes long is followed by so many times as much of rest."""

_RECENT_NS = 3_600 * 1_000_000_000
"""Files that were changed in this time are looked at between searches, too."""

_AT_ONCE = 32
_RETRY_S = 5.0
_QUIET_S = 5.0
"""What fails of a file is told when it has not changed for so long: it may not be whole yet."""

_PASSING = (Unreachable, ServiceUnavailable, LimitExceeded)
"""Errors of a server after which the same may go well a little later."""

Find = Callable[[], Iterable[InputFile]]
"""Finds the files that are there now."""

_State = tuple[Fingerprint | None, ...]


class Watch:
    """Which files have changed since they were looked at."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._files: dict[Path, InputFile] = {}
        self._seen: dict[Path, _State] = {}
        self._search_at = 0.0

    def changed(self) -> list[InputFile]:
        """Return the files that are new, or not what they were."""
        if time.monotonic() < self._search_at:
            return self._changed_of(self._recent())
        began = time.thread_time()
        self._files = {file.path: file for file in self._find()}
        self._seen = {path: seen for path, seen in self._seen.items() if path in self._files}
        found = self._changed_of(self._files.values())
        rest_s = _REST_PER_WORK * (time.thread_time() - began)
        self._search_at = time.monotonic() + max(_SEARCH_S, rest_s)
        return found

    def forget(self, files: Iterable[InputFile]) -> None:
        """Have files count as changed."""
        for file in files:
            self._seen.pop(file.path, None)

    def _recent(self) -> list[InputFile]:
        since_ns = time.time_ns() - _RECENT_NS
        return [
            self._files[path]
            for path, seen in self._seen.items()
            if any(one and changed_ns(one) > since_ns for one in seen)
        ]

    def _changed_of(self, files: Iterable[InputFile]) -> list[InputFile]:
        found: list[InputFile] = []
        for file in files:
            state = tuple(map(fingerprint, with_log(file.path)))
            if self._seen.get(file.path) != state:
                self._seen[file.path] = state
                found.append(file)
        return found


class Follower:
    """Imports what changes, until it is told to stop."""

    def __init__(
        self,
        run: ImportRun,
        find: Find,
        tell: Callable[[str], None],
        quiet_s: float = _QUIET_S,
    ) -> None:
        self._run = run
        self._watch = Watch(find)
        self._tell = tell
        self._of_files: dict[str, FileReport] = {}
        self._skipped: dict[str, None] = {}
        self._quiet_s = quiet_s
        self._tell_at: dict[str, float] = {}
        self._printed: dict[str, list[str]] = {}

    async def until(self, stop: asyncio.Event) -> None:
        """Follow the files; what cannot be read or stored is told, and tried when it changes."""
        while not stop.is_set():
            wait_s = _LOOK_S
            files = await asyncio.to_thread(self._watch.changed)
            while files and not stop.is_set():
                now, files = files[:_AT_ONCE], files[_AT_ONCE:]
                try:
                    await self._import(now)
                except _PASSING as error:
                    self._tell(f"{error.message}; trying again")
                    self._watch.forget([*now, *files])
                    wait_s, files = _RETRY_S, []
            self._tell_failures()
            await _stopped_within(stop, wait_s)

    def report(self) -> ImportReport:
        """Return what was done by now: of each file, the last that is known of it."""
        return ImportReport(files=[*self._of_files.values()], skipped=[*self._skipped])

    async def _import(self, files: Sequence[InputFile]) -> None:
        passed = ImportReport()
        try:
            await self._run.store_several(files, passed)
        finally:
            self._add(passed)

    def _add(self, passed: ImportReport) -> None:
        """Put what is known now of files in the place of what was."""
        for name in passed.skipped or ():
            self._of_files.pop(name, None)
            self._skipped[name] = None
        for failure in passed.unreadable:
            passed.files.append(FileReport(failure.what, "", failures=[failure]))
        for one in passed.files:
            self._skipped.pop(one.file, None)
            self._of_files[one.file] = one
            self._tell_at[one.file] = time.monotonic() + self._quiet_s

    def _tell_failures(self) -> None:
        """Tell what fails of files that have not changed for a while, each failure once."""
        now = time.monotonic()
        for file in [file for file, at in self._tell_at.items() if at <= now]:
            del self._tell_at[file]
            before, found = self._printed.pop(file, []), _sentences(self._of_files.get(file))
            for sentence in found:
                if sentence not in before:
                    self._tell(sentence)
            if found:
                self._printed[file] = found


def _sentences(report: FileReport | None) -> list[str]:
    failures = report.failures if report else []
    return [f"Not imported: {one}" for one in failures]


async def _stopped_within(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


def found_now(path: InputFile) -> list[InputFile]:
    """Return a file, or those of a directory, that are there now."""
    if path.path.is_dir():
        return files_below(path)
    return [path] if path.path.is_file() else []


@contextmanager
def stopped_by_signals(*signals: int) -> Iterator[asyncio.Event]:
    """Yield what these signals set; a second one does what it did before."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def end(signal_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop.set)
        signal.signal(signal_number, before[signal_number])

    with handled(signals, end) as before:
        yield stop
