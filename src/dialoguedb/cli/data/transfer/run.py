"""An import of files: those that are unchanged are passed over, and the others are read."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Self

from msgspec import Struct

from dialoguedb.cli.data.transfer.batches import batches
from dialoguedb.cli.data.transfer.cursors import Cursors, Imported
from dialoguedb.cli.data.transfer.fingerprints import Fingerprint, fingerprint, with_log
from dialoguedb.cli.data.transfer.importer import Importer
from dialoguedb.cli.data.transfer.lines import InputFile
from dialoguedb.cli.data.transfer.programs import program_beside, this_machine
from dialoguedb.cli.data.transfer.reports import FileReport, ImportReport
from dialoguedb.cli.data.transfer.sent import Sent
from dialoguedb.cli.data.transfer.source_files import Source, format_of, lines_of, may_be
from dialoguedb.cli.data.transfer.stored_totals import are_stored, stored_now
from dialoguedb.cli.data.transfer.trees import Branches
from dialoguedb.errors import InvalidRequest
from dialoguedb.ports.engine import Progress

if TYPE_CHECKING:
    from dialoguedb.client.aio.database import AsyncDatabase

_FILES_NOTED_AT_ONCE = 256


class How(Struct, frozen=True):
    """How files are imported."""

    namespace: str | None = None
    update: bool = False
    is_dry: bool = False
    """Whether things are only counted."""

    branches: Branches = "threads"
    format: str | None = None
    """The format of the files, if it was chosen."""


class ImportRun:
    """Imports files into one database, which is opened when there is something to store."""

    def __init__(
        self,
        db: "AsyncDatabase",
        how: How,
        cursors: Cursors | None,
        progress: Progress = lambda _done, _total: None,
        sent: Sent | None = None,
    ) -> None:
        self._db = db
        self._how = how
        self._cursors = None if how.is_dry else cursors
        self._progress = progress
        self._offset = self._total = 0
        self._sent = sent
        self._importer = self._new_importer()
        self._opened = AsyncExitStack()
        self._is_open = how.is_dry
        self._imported: dict[Path, Imported] = {}
        self._formats: dict[Path, tuple[int | None, str]] = {}
        """The formats of files that were read, by inode, which a growing file keeps."""

    async def __aenter__(self) -> Self:
        """Begin; nothing is opened yet."""
        await self._opened.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        """Note what was imported, and close the database."""
        try:
            if error[0] is None or isinstance(error[1], InvalidRequest):
                await self._note()
        finally:
            await self._opened.aclose()

    async def store_several(self, files: Sequence[InputFile], report: ImportReport) -> None:
        """Import files of which each may fail, those that were changed since they were read."""
        report.skipped = report.skipped or []
        rest = await self._without_unchanged(files, report)
        sources = await asyncio.to_thread(self._sources, rest, report)
        self._begin_progress(sources)
        self._importer = self._new_importer()
        for source in sources:
            try:
                await self._store(source, report)
            except InvalidRequest as error:
                report.files[-1].fail(str(source.file), error)
            if report.files[-1].failures:  # perhaps it is of another format by now
                self._formats.pop(source.file.path, None)
            if len(self._imported) >= _FILES_NOTED_AT_ONCE:
                await self._note()

    async def store_one(self, source: Source, report: ImportReport) -> None:
        """Import one file, whatever was read before; InvalidRequest when it cannot be read."""
        self._begin_progress([source])
        await self._store(source, report)

    async def _without_unchanged(
        self, files: Sequence[InputFile], report: ImportReport
    ) -> list[InputFile]:
        """Return the files that have to be read; the others are reported as before."""
        if self._cursors is None:
            return list(files)
        by_path = [file.path for file in files]
        found = await asyncio.to_thread(self._cursors.unchanged, by_path)
        if not found:
            return list(files)
        known = {own: one for cursor in found.values() for own, one in cursor.stored.items()}
        stored = set[str]()
        if known:
            await self._open()
            stored = await are_stored(self._db, known, self._how.namespace)
        rest: list[InputFile] = []
        for file in files:
            cursor = found.get(file.path)
            if cursor and stored >= cursor.stored.keys():
                report.files.append(cursor.report(str(file)))
            else:
                rest.append(file)
        return rest

    def _sources(self, files: Sequence[InputFile], report: ImportReport) -> list[Source]:
        """Return those of several files whose format is known.

        One that cannot be read at all is a failure, and the others are imported. What a program
        keeps beside its conversations is neither, whatever it looks like.
        """
        known: list[Source] = []
        machine = this_machine()
        for file in files:
            inode = _inode(file.path)
            if self._formats.get(file.path, (-1, ""))[0] != inode:
                self._formats.pop(file.path, None)
                try:
                    name = self._format_of(file, program_beside(file.path, machine))
                except InvalidRequest as error:
                    report.fail(str(file), error)
                    continue
                if name is None:
                    assert report.skipped is not None
                    report.skipped.append(str(file))
                    continue
                self._formats[file.path] = (inode, name)
            known.append(Source(file, self._formats[file.path][1], self._how.branches))
        return known

    def _format_of(self, file: InputFile, program: str | None) -> str | None:
        """Return the format of a file that is a conversation; None of what is beside some."""
        chosen = self._how.format
        try:
            name = _format_of_one(file, chosen if program is None else None)
        except InvalidRequest:
            if program is None:
                raise
            return None
        return name if name == (chosen or program or name) else None

    async def _store(self, source: Source, report: ImportReport) -> None:
        """Import a file; the database is opened when there is a batch."""
        file, before = source.file, self._offset
        of_file = FileReport(str(file), source.format)
        report.files.append(of_file)
        began_ns, seen = time.time_ns(), _seen(file.path)

        def read(bytes_read: int) -> None:
            self._offset = before + bytes_read

        ready = batches(lines_of(source, read, of_file), self._how.namespace)
        first = await asyncio.to_thread(next, ready, None)
        if first:
            await self._open()
            every = chain([first], ready)
            is_dry = self._how.is_dry
            await (of_file.count(every) if is_dry else self._importer.store(every, of_file))
        self._offset = before + _size(file.path)
        self._imported[file.path] = Imported(file.path, began_ns, seen, of_file)

    async def _open(self) -> None:
        """Open the database, and make its directory, unless that was done."""
        if not self._is_open:
            await self._opened.enter_async_context(self._db)
            self._is_open = True

    async def _note(self) -> None:
        """Note the files that were imported by now, so that they are passed over later."""
        imported, self._imported = self._imported, {}
        settled = [one for one in imported.values() if one.is_settled()]
        if self._cursors and settled:
            dialogues = {own for one in settled for own in one.report.stored}
            stored = await stored_now(self._db, dialogues, self._how.namespace)
            self._cursors.add(settled, stored)

    def _new_importer(self) -> Importer:
        """Return an importer that knows nothing of what others changed meanwhile."""
        how = self._how
        return Importer(self._db, self._show_progress, update=how.update, sent=self._sent)

    def _begin_progress(self, sources: Sequence[Source]) -> None:
        self._offset = 0
        self._total = sum(_size(source.file.path) for source in sources)

    def _show_progress(self) -> None:
        self._progress(self._offset, self._total)


def _seen(path: Path) -> dict[str, Fingerprint | None]:
    """Return the file, and the log of a database, as they are."""
    return {str(one): fingerprint(one) for one in with_log(path.absolute())}


def _inode(path: Path) -> int | None:
    found = fingerprint(path)
    return found[3] if found else None


def _size(path: Path) -> int:
    found = fingerprint(path)
    return found[0] if found else 0


def _format_of_one(file: InputFile, chosen: str | None) -> str | None:
    """Return the format of one of several files: the chosen one, unless it cannot be that."""
    if chosen is None or not may_be(file, chosen):
        return format_of(file)
    return chosen
