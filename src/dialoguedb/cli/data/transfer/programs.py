"""What programs keep on this machine: listed without reading a file, or imported by their names."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path

from msgspec import Struct

from dialoguedb.cli.data.transfer.conversions import time_of
from dialoguedb.cli.data.transfer.readers import (
    claude_code,
    cline,
    codex,
    gemini_cli,
    llm,
    llm_database,
    opencode,
    opencode_database,
    pi,
    qwen_code,
)
from dialoguedb.cli.data.transfer.readers.database import Held, opened
from dialoguedb.cli.data.transfer.readers.locations import Location, Locations, Machine
from dialoguedb.cli.data.transfer.source_files import DATABASES
from dialoguedb.errors import InvalidRequest

_LOCATIONS: Mapping[str, Locations] = {
    claude_code.NAME: claude_code.locations,
    codex.NAME: codex.locations,
    gemini_cli.NAME: gemini_cli.locations,
    qwen_code.NAME: qwen_code.locations,
    cline.NAME: cline.locations,
    pi.NAME: pi.locations,
    opencode.NAME: opencode_database.locations,
    llm.NAME: llm_database.locations,
}
PROGRAMS = tuple(_LOCATIONS)


def this_machine() -> Machine:
    """Return the machine as this process sees it."""
    return Machine(Path.home(), os.environ)


class Kept(Struct):
    """What a program keeps in one of its locations."""

    program: str
    location: Location
    files: list[Path]
    oldest: str | None
    newest: str | None
    """When the first and the last file was changed, or what the database says of itself."""

    unread: dict[Path, str]
    """What cannot be read, and why."""

    conversations: int | None = None
    """How many there are, where a database says it."""


def kept(machine: Machine, programs: Sequence[str]) -> list[Kept]:
    """Return what these programs keep; also where nothing is."""
    return [
        _kept_in(location, program)
        for program in programs
        for location in _LOCATIONS[program](machine)
    ]


class Beside:
    """Tells files that programs keep beside their conversations."""

    def __init__(self, machine: Machine) -> None:
        self._locations = [
            (program, location)
            for program, locations in _LOCATIONS.items()
            for location in locations(machine)
        ]
        self._above: dict[Path, list[tuple[str, Location]]] = {}
        """By folder: the programs in whose directories it is."""

    def program(self, file: Path) -> str | None:
        """Return the program in whose directory a file is that holds no conversation."""
        file = file.absolute()
        above = self._above.get(file.parent)
        if above is None:
            above = self._above[file.parent] = [
                (program, one) for program, one in self._locations if one.is_above(file)
            ]
        found = {one.holds(file): program for program, one in above}
        return None if True in found else found.get(False)


def _kept_in(location: Location, program: str) -> Kept:
    unread: dict[Path, str] = {}
    changed: dict[Path, float] = {}
    for pattern in location.patterns:
        found = _Search(Path(os.path.realpath(location.directory)), unread)
        changed |= found.files(location.directory, pattern.split("/"))
    oldest, newest = (time_of(by(changed.values(), default=None)) for by in (min, max))
    files = sorted(changed, key=lambda one: (one.parent, one.name))
    if program in DATABASES:
        return _kept_in_databases(program, location, files, unread)
    return Kept(program, location, files, oldest, newest, unread)


def _kept_in_databases(
    program: str, location: Location, files: Sequence[Path], unread: dict[Path, str]
) -> Kept:
    reader = DATABASES[program]
    held: dict[Path, Held] = {}
    for file in files:
        try:
            with opened(file) as database:
                if reader.recognises(database.tables()):
                    held[file] = reader.held(database)
        except InvalidRequest as error:
            unread[file] = error.message
    filled = {file: one for file, one in held.items() if one.conversations}
    times = [at for one in filled.values() for at in (one.oldest, one.newest) if at]
    oldest, newest = (by(times, default=None) for by in (min, max))
    count = sum(one.conversations for one in filled.values())
    return Kept(program, location, [*filled], oldest, newest, unread, count)


class _Search(Struct):
    """Finds files by their names, without leaving a directory."""

    within: Path
    unread: dict[Path, str]

    def files(self, folder: Path, pattern: Sequence[str]) -> dict[Path, float]:
        """Return the files that fit a pattern, with when they were changed."""
        found: dict[Path, float] = {}
        for entry in self._entries(folder, pattern[0]):
            path = Path(entry.path)
            if len(pattern) > 1 and entry.is_dir():
                found |= self.files(path, pattern[1:])
            elif len(pattern) == 1 and entry.is_file():
                with suppress(FileNotFoundError):  # deleted since
                    found[path] = entry.stat().st_mtime
        return found

    def _entries(self, folder: Path, pattern: str) -> Iterator[os.DirEntry[str]]:
        """Yield what is in a folder and is there to be read."""
        try:
            with os.scandir(folder) as entries:
                every = [one for one in entries if fnmatchcase(one.name, pattern)]
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            self.unread[folder] = f"It cannot be read: {error.strerror}"
            return
        for entry in every:
            if entry.is_symlink() and not self._is_within(entry.path):
                self.unread[Path(entry.path)] = "It is a link to somewhere else"
            elif not os.access(entry.path, os.R_OK):
                self.unread[Path(entry.path)] = "It must not be read"
            else:
                yield entry

    def _is_within(self, path: str) -> bool:
        return self.within in Path(os.path.realpath(path)).parents
