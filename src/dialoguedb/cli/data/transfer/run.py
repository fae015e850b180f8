"""An import of files: those that are unchanged are passed over, and the others are read."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from msgspec import Struct

from dialoguedb.cli.data.transfer.batches import BatchReader, batches
from dialoguedb.cli.data.transfer.cursors import Cursors, Imported
from dialoguedb.cli.data.transfer.fingerprints import Fingerprint, fingerprint, with_log
from dialoguedb.cli.data.transfer.importer import Importer, Sending
from dialoguedb.cli.data.transfer.lines import InputFile
from dialoguedb.cli.data.transfer.programs import Beside, this_machine
from dialoguedb.cli.data.transfer.reports import FileReport, ImportReport
from dialoguedb.cli.data.transfer.sent import Sent
from dialoguedb.cli.data.transfer.source_files import Source, format_of, lines_of, may_be
from dialoguedb.cli.data.transfer.stored_totals import are_stored, stored_now
from dialoguedb.cli.data.transfer.stored_trees import StoredTrees
from dialoguedb.cli.data.transfer.trees import Branches
from dialoguedb.errors import InvalidRequest

if TYPE_CHECKING:
    from dialoguedb.client.aio.database import AsyncDatabase
    from dialoguedb.ports.engine import Progress

_FILES_NOTED_AT_ONCE = 256
_FEW = 32
"""Of so many files it takes longer to call a thread than to look at them."""


class How(Struct, frozen=True):
    """How files are imported."""

    namespace: str | None = None
    update: bool = False
    is_dry: bool = False
    """Whether things are only counted."""

    branches: Branches = "threads"
    format: str | None = None
    """The format of the files, if it was chosen."""


class _Begun(Struct):
    """A file that is being stored."""

    imported: Imported
    importer: Importer | None = None
    error: InvalidRequest | None = None
    """Why it could not be read to its end."""

    def is_read_and_stored(self) -> bool:
        """Tell whether everything that was read of it is stored."""
        return self.importer is None or self.importer.is_done


class ImportRun:
    """Imports files into one database, which is opened when there is something to store."""

    def __init__(
        self,
        db: "AsyncDatabase",
        how: How,
        cursors: Cursors | None,
        progress: "Progress" = lambda _done, _total: None,
        sent: Sent | None = None,
    ) -> None:
        self._db = db
        self._how = how
        self._cursors = None if how.is_dry else cursors
        self._progress = progress
        self._offset = self._total = 0
        self._sent = sent
        self._sending = self._new_sending()
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
        sources = await self._sources(rest, report)
        self._begin_progress(sources)
        self._sending = self._new_sending()
        waiting = deque[_Begun]()
        try:
            for source in sources:
                if self._sending.fatal:
                    break
                waiting.append(await self._begin(source, report))
                while waiting and waiting[0].is_read_and_stored():
                    await self._settle(waiting.popleft())
            while waiting:
                await self._settle(waiting.popleft())
        finally:
            await asyncio.gather(*self._sending.running.values())

    async def store_one(self, source: Source, report: ImportReport) -> None:
        """Import one file, whatever was read before; InvalidRequest when it cannot be read."""
        self._begin_progress([source])
        try:
            await self._complete(await self._begin(source, report))
        finally:
            await asyncio.gather(*self._sending.running.values())

    async def _settle(self, begun: "_Begun") -> None:
        """Complete one of several files, which may fail."""
        file, of_file = begun.imported.file, begun.imported.report
        try:
            await self._complete(begun)
        except InvalidRequest as error:
            of_file.fail(of_file.file, error)
        if of_file.failures:  # perhaps it is of another format by now
            self._formats.pop(file, None)
        if len(self._imported) >= _FILES_NOTED_AT_ONCE:
            await self._note()

    async def _without_unchanged(
        self, files: Sequence[InputFile], report: ImportReport
    ) -> list[InputFile]:
        """Return the files that have to be read; the others are reported as before."""
        if self._cursors is None:
            return list(files)
        look, is_few = self._cursors.unchanged, len(files) <= _FEW
        found = look(files) if is_few else await asyncio.to_thread(look, files)
        if not found:
            return list(files)
        known = {own: one for cursor in found.values() for own, one in cursor.stored.items()}
        stored = set[str]()
        if known:
            await self._open()
            stored = await are_stored(self._db, known, self._how.namespace)
        rest: list[InputFile] = []
        for file in files:
            cursor = found.get(file)
            if cursor and cursor.stored.keys() <= stored:
                report.files.append(cursor.report(str(file)))
            else:
                rest.append(file)
        return rest

    async def _sources(self, files: Sequence[InputFile], report: ImportReport) -> list[Source]:
        """Return those of several files whose format is known.

        One that cannot be read at all is a failure, and the others are imported. What a program
        keeps beside its conversations is neither, whatever it looks like.
        """
        unknown = [one for one in files if not self._knows_format(one.path)]
        if unknown:
            await asyncio.to_thread(self._find_formats, unknown, report)
        formats = ((one, self._formats.get(one.path)) for one in files)
        return [Source(one, found[1], self._how.branches) for one, found in formats if found]

    def _knows_format(self, path: Path) -> bool:
        known = self._formats.get(path)
        return known is not None and known[0] == _inode(path)

    def _find_formats(self, files: Sequence[InputFile], report: ImportReport) -> None:
        """Note the formats of files, by what they look like."""
        beside = Beside(this_machine())
        for file in files:
            self._formats.pop(file.path, None)
            try:
                name = self._format_of(file, beside.program(file.path))
            except InvalidRequest as error:
                report.fail(str(file), error)
                continue
            if name is None:
                assert report.skipped is not None
                report.skipped.append(str(file))
                continue
            self._formats[file.path] = (_inode(file.path), name)

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

    async def _begin(self, source: Source, report: ImportReport) -> "_Begun":
        """Read a file, and begin to store it; the database is opened when there is a batch."""
        file, before = source.file, self._offset
        of_file = FileReport(str(file), source.format)
        report.files.append(of_file)
        begun = _Begun(Imported(file.path, time.time_ns(), _seen(file.path), of_file))

        def read(bytes_read: int) -> None:
            self._offset = before + bytes_read

        ready = BatchReader(batches(lines_of(source, read, of_file), self._how.namespace))
        try:
            if self._how.is_dry:
                await of_file.count(ready)
            elif await ready.has_some():
                await self._open()
                begun.importer = self._importer_of(of_file)
                await begun.importer.begin(ready)
        except InvalidRequest as error:
            begun.error = error
        self._offset = before + _size(file.path)
        return begun

    async def _complete(self, begun: "_Begun") -> None:
        """Wait until a file is stored; InvalidRequest when it could not be read to its end."""
        if begun.importer:
            await begun.importer.finish()
        if begun.error:
            raise begun.error
        self._imported[begun.imported.file] = begun.imported

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
            known = {own: at for one in settled for own, at in one.report.stored.items()}
            unknown = [own for own, at in known.items() if at is None]
            stored = {own: at for own, at in known.items() if at is not None}
            stored |= await stored_now(self._db, unknown, self._how.namespace)
            self._cursors.add(settled, stored)

    def _new_sending(self) -> Sending:
        """Return what knows nothing of what others changed meanwhile."""
        return Sending(StoredTrees(self._db))

    def _importer_of(self, report: FileReport) -> Importer:
        return Importer(
            self._db,
            report,
            self._sending,
            self._show_progress,
            update=self._how.update,
            sent=self._sent,
        )

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
