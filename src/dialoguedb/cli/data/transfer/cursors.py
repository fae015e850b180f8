"""What imports have read before: an unchanged file that is stored as it was is not read again.

A cursor is a note that costs nothing to lose. It holds as long as the file and those it depends on
are what they were, the import is the same one, by the same program, and the database still has
every dialogue of the file with as many messages.
"""

import hashlib
import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import click
import msgspec
from msgspec import Struct

from dialoguedb import __version__, private_files
from dialoguedb.cli.data.transfer.fingerprints import Fingerprint, changed_ns, fingerprint
from dialoguedb.cli.data.transfer.left_out import Kind
from dialoguedb.cli.data.transfer.lines import FORMAT, InputFile
from dialoguedb.cli.data.transfer.reports import FileReport
from dialoguedb.cli.data.transfer.stored_totals import Stored

_STATE_VARIABLE = "XDG_STATE_HOME"
_SETTLED_NS = 2_000_000_000
"""How long ago a file must have been changed: a change at once could leave its time as it is."""

_LINES_PER_FILE_MAX = 3


class Cursor(Struct, array_like=True):
    """What was read of a file, and what of it was stored."""

    file: str
    how: str
    """How it was imported, and by which program."""

    seen: dict[str, Fingerprint | None]
    """The file and all that it depends on, as they were before they were read."""

    format: str
    stored: dict[str, Stored]
    """The dialogues that it is in, by id, as they were afterwards."""

    dialogues: int
    messages: int
    left_out: dict[str, int] = {}

    def report(self, name: str) -> FileReport:
        """Return what the import of the file reported."""
        return FileReport(
            name,
            self.format,
            self.dialogues,
            self.messages,
            left_out=Counter(self.left_out),
            is_unchanged=True,
        )

    def is_current(self) -> bool:
        """Tell whether the files are what they were."""
        return all(fingerprint(path) == seen for path, seen in self.seen.items())


class Imported(Struct):
    """A file that was imported to its end."""

    file: Path
    began_ns: int
    seen: dict[str, Fingerprint | None]
    """The file, and the log of a database, before it was read."""

    report: FileReport

    def is_settled(self) -> bool:
        """Tell whether reading it again would neither change nor report anything."""
        report, latest_ns = self.report, self.began_ns - _SETTLED_NS
        seen = (*self.seen.values(), *self.report.beside.values())
        is_old = all(changed_ns(one) < latest_ns for one in seen if one)
        is_whole = not (report.unread or report.failures or report.changed)
        is_of_program = report.format != FORMAT
        return is_old and is_whole and is_of_program and Kind.MISSING not in report.left_out


class Cursors:
    """The cursors of a database; lost ones cost time and nothing else."""

    def __init__(self, database: str, how: object) -> None:
        """Read the cursors: of a database, by its address and key, for imports of one kind."""
        self._path = state_directory() / "imports" / f"{_digest(database.encode())}.jsonl"
        self._how = _digest(_program().encode(), repr(how).encode())
        self._known: dict[str, Cursor] = {}
        with suppress(OSError):
            self._read()

    def unchanged(self, files: Iterable[InputFile]) -> dict[InputFile, Cursor]:
        """Return the cursors of the files that are as they were when they were imported."""
        here = str(Path.cwd())
        own = ((file, os.path.join(here, file.location)) for file in files)  # noqa: PTH118 - of thousands of files
        found = ((file, self._known.get(path)) for file, path in own)
        return {file: one for file, one in found if one and one.is_current()}

    def add(self, imported: Iterable[Imported], stored: Mapping[str, Stored]) -> None:
        """Note files that were imported, and what is stored now of their dialogues."""
        new = [
            self._cursor(one, stored)
            for one in imported
            if one.is_settled() and one.report.stored.keys() <= stored.keys()
        ]
        lines: list[bytes] = []
        for one in new:
            with suppress(UnicodeEncodeError):  # the name of a file may be no text
                lines.append(msgspec.json.encode(one) + b"\n")
                self._known[one.file] = one
        if not lines:
            return
        with suppress(OSError):  # a home that must not be written to
            private_files.make_directory(self._path.parent)
            with private_files.open_file(self._path, "ab") as file:
                file.write(b"".join(lines))

    def _cursor(self, one: Imported, stored: Mapping[str, Stored]) -> Cursor:
        beside = {str(path.absolute()): seen for path, seen in one.report.beside.items()}
        return Cursor(
            file=str(one.file.absolute()),
            how=self._how,
            seen={**beside, **one.seen},
            format=one.report.format,
            stored={each: stored[each] for each in one.report.stored},
            dialogues=one.report.dialogues,
            messages=one.report.messages,
            left_out=dict(one.report.left_out),
        )

    def _read(self) -> None:
        content = self._path.read_bytes()
        every = {cursor.file: cursor for cursor in _decoded(content)}
        is_cut = not content.endswith(b"\n")  # what is added would continue the line
        if is_cut or content.count(b"\n") > _LINES_PER_FILE_MAX * len(every):
            lines = (msgspec.json.encode(one) + b"\n" for one in every.values())
            private_files.replace(self._path, b"".join(lines))
        self._known = {file: one for file, one in every.items() if one.how == self._how}


def _decoded(lines: bytes) -> list[Cursor]:
    """Decode lines; one that was cut off by a kill is left out."""
    decoder = msgspec.json.Decoder(Cursor)
    with suppress(msgspec.MsgspecError, UnicodeDecodeError):
        return decoder.decode_lines(lines)
    found: list[Cursor] = []
    for line in lines.splitlines():
        with suppress(msgspec.MsgspecError, UnicodeDecodeError):
            found.append(decoder.decode(line))
    return found


def state_directory() -> Path:
    """Return where programs of this user keep what they may lose."""
    if os.name == "nt" or sys.platform == "darwin":
        return Path(click.get_app_dir("DialogueDB"))
    named = os.environ.get(_STATE_VARIABLE, "")
    return Path(named or Path.home() / ".local" / "state") / "dialoguedb"


def _program() -> str:
    """Return what changes whenever a reader does."""
    sources = sorted(Path(__file__).parent.rglob("*.py"))
    return _digest(__version__.encode(), *(path.read_bytes() for path in sources))


def _digest(*values: bytes) -> str:
    return hashlib.sha256(b"\0".join(values)).hexdigest()[:32]
