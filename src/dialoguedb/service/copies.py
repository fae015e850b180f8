"""Copies all data of one engine to another, object by object, and verifies each.

An object is copied when its version differs: so what was broken off goes on, and a later pass
brings over what changed since. Whoever writes to the source meanwhile changes objects that a later
pass has to bring over; the last one runs while nobody writes. It verifies again what it need not
copy, unless the pass before was complete and nothing has changed since, and copies the responses
kept for idempotency keys, so that the copy answers a retry as the source would.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Protocol

from msgspec import Struct

from dialoguedb.errors import DataError, DialogueDBError, ProjectNotFound
from dialoguedb.ports.copies import (
    Copies,
    Head,
    Kind,
    ObjectRef,
    ResponsePosition,
    RowSink,
    Values,
)
from dialoguedb.ports.engine import Progress

_PAGE = 500
_RESPONSES = 200
_TOGETHER = 4
_KINDS: tuple[Kind, ...] = ("dialogue", "memory")


class Spool(RowSink, Protocol):
    """Keeps the rows of one object, however many."""

    def rows(self) -> Iterator[tuple[str, Values]]:
        """Give them with their tables, from the first on."""
        ...

    def checksum(self) -> bytes:
        """Return the checksum of all rows."""
        ...

    def close(self) -> None:
        """Let go of them."""
        ...


_Object = tuple[str, Kind, ObjectRef]
"""Of a project, by its id."""

_Work = Callable[[_Object, Spool], Awaitable[None]]


class CopyFailure(Struct, frozen=True):
    """Something that could not be copied."""

    what: str
    error: DialogueDBError


class CopyReport(Struct):
    """What one pass did."""

    copied: int = 0
    equal: int = 0
    """Objects that were there already."""

    verified: int = 0
    """Those of them that were compared again, row by row."""

    deleted: int = 0
    """Objects that are in the source no more."""

    responses: int = 0
    """Responses kept for idempotency keys."""

    failures: list[CopyFailure] = []
    differing: int = 0
    """What differs after the pass: it changed meanwhile."""

    counts: dict[str, int] = {}
    """Of the copy."""

    @property
    def is_complete(self) -> bool:
        """Whether the copy is as the source."""
        return not self.failures and not self.differing


class Copier:
    """Makes passes from a source to a target."""

    def __init__(
        self,
        source: Copies,
        target: Copies,
        new_spool: Callable[[], Spool],
        progress: Progress,
    ) -> None:
        self._source = source
        self._target = target
        self._new_spool = new_spool
        self._progress = progress
        self._done = 0
        self._total = 0
        self._report = CopyReport()
        self._slots = asyncio.Semaphore(_TOGETHER)
        self._verifies = False

    async def run(self) -> CopyReport:
        """Make one pass; DataError when the target holds anything but a copy of this source."""
        self._report = CopyReport()
        self._verifies = False
        await self._target.begin(await self._source.secret())
        await self._pass()
        if self._report.is_complete:
            await self._target.note_complete()
        return self._report

    async def run_last(self, responses_since: str) -> CopyReport:
        """Make the last pass, and let servers open the copy if it is complete; DataError.

        Responses kept until then are too old to be copied.
        """
        self._report = CopyReport()
        was_complete = await self._target.begin(await self._source.secret())
        self._verifies = not (was_complete and await self._is_unchanged())
        await self._pass()
        if self._report.is_complete:
            await self._copy_responses(responses_since)
        if self._report.is_complete:
            await self._target.finish()
        return self._report

    async def _is_unchanged(self) -> bool:
        names = [project.id for project in await self._source.projects() if project.id]
        return await self._count_differing(names) == 0

    async def _pass(self) -> None:
        await self._target.forget_responses()
        counts = await self._source.counts()
        self._done, self._total = 0, counts["dialogues"] + counts["memories"]
        names = await self._copy_projects()
        for name in names:
            for kind in _KINDS:
                await self._delete_strays(name, kind)
                await self._copy_objects(name, kind)
        await self._target.link_threads()
        self._report.differing = await self._count_differing(names)
        self._report.counts = await self._target.counts()

    async def _copy_responses(self, since: str) -> None:
        """Copy the responses kept since a time, which repeat objects that are copied."""
        after = ResponsePosition(since)
        try:
            while page := await self._source.responses(after, _RESPONSES):
                await self._target.store_responses(page)
                if await self._target.responses(after, len(page)) != page:
                    raise DataError("They are not the same after they were copied")
                self._report.responses += len(page)
                after = page[-1].position
        except DialogueDBError as error:
            kept = "responses kept for idempotency keys"
            self._report.failures.append(CopyFailure(kept, error))

    # --- Projects ---------------------------------------------------------------------------

    async def _copy_projects(self) -> list[str]:
        """Bring projects over; returns their ids."""
        projects = await self._source.projects()
        ids = [project.id for project in projects if project.id]
        for project in await self._target.projects():
            if project.id and project.id not in ids:
                await self._delete_project(project.id)
        for project in projects:
            await self._target.store_project(project)
        return ids

    async def _delete_project(self, project_id: str) -> None:
        for kind in _KINDS:
            async for page in _pages(self._target, project_id, kind):
                await self._delete(project_id, kind, [head.ref for head in page])
        await self._target.delete_project(project_id)

    # --- Objects ----------------------------------------------------------------------------

    async def _delete_strays(self, project_id: str, kind: Kind) -> None:
        """Delete what was deleted in the source, before a former thread is looked at."""
        async for page in _pages(self._target, project_id, kind):
            refs = [head.ref for head in page]
            found = await self._versions_of(self._source, project_id, kind, refs)
            await self._delete(project_id, kind, [ref for ref in refs if ref not in found])

    async def _delete(self, project_id: str, kind: Kind, refs: list[ObjectRef]) -> None:
        for ref in refs:
            await self._target.delete(project_id, kind, ref)
            self._report.deleted += 1

    async def _copy_objects(self, project_id: str, kind: Kind) -> None:
        async for page in _pages(self._source, project_id, kind):
            refs = [head.ref for head in page]
            found = await self._versions_of(self._target, project_id, kind, refs)
            changed = {head.ref for head in page if found.get(head.ref) != head.version}
            due = refs if self._verifies else [ref for ref in refs if ref in changed]
            self._report.equal += len(refs) - len(due)
            self._advance(len(refs) - len(due))
            async with asyncio.TaskGroup() as tasks:
                for ref in due:
                    await self._slots.acquire()
                    work = self._copy if ref in changed else self._verify
                    tasks.create_task(self._with_spool(work, (project_id, kind, ref)))

    async def _with_spool(self, work: _Work, of: _Object) -> None:
        _, kind, ref = of
        spool = self._new_spool()
        try:
            await work(of, spool)
        except DialogueDBError as error:
            where = f" in namespace {ref.namespace!r}" if ref.namespace else ""
            self._report.failures.append(CopyFailure(f"{kind} {ref.id!r}{where}", error))
        finally:
            spool.close()
            self._slots.release()
            self._advance(1)

    async def _copy(self, of: _Object, spool: Spool) -> None:
        if not await self._source.read(*of, spool):
            return  # it was just deleted
        await self._target.write(*of, spool.rows)
        checksum = spool.checksum()
        await self._target.read(*of, spool)
        if spool.checksum() != checksum:
            raise DataError("It is not the same after it was copied")
        self._report.copied += 1

    async def _verify(self, of: _Object, spool: Spool) -> None:
        """Compare an object with its copy of the same version; copy it again if they differ."""
        await self._target.read(*of, spool)
        checksum = spool.checksum()
        await self._source.read(*of, spool)
        if spool.checksum() != checksum:
            await self._copy(of, spool)
            return
        self._report.equal += 1
        self._report.verified += 1

    def _advance(self, count: int) -> None:
        self._done += count
        self._progress(min(self._done, self._total), self._total)

    # --- What differs -----------------------------------------------------------------------

    async def _count_differing(self, project_ids: list[str]) -> int:
        """Return how much of the source is not the same in the target now."""
        source, target = await self._source.projects(), await self._target.projects()
        differing = sum(one not in target for one in source)
        for project_id in project_ids:
            for kind in _KINDS:
                differing += await self._differing(project_id, kind)
        counts = await self._source.counts(), await self._target.counts()
        return differing or int(counts[0] != counts[1])

    async def _differing(self, project_id: str, kind: Kind) -> int:
        differing = 0
        async for page in _pages(self._source, project_id, kind):
            refs = [head.ref for head in page]
            found = await self._versions_of(self._target, project_id, kind, refs)
            differing += sum(found.get(head.ref) != head.version for head in page)
        return differing

    @staticmethod
    async def _versions_of(
        side: Copies, project_id: str, kind: Kind, refs: list[ObjectRef]
    ) -> dict[ObjectRef, bytes]:
        try:
            return await side.versions(project_id, kind, refs)
        except ProjectNotFound:  # it was just deleted, and all it held with it
            return {}


async def _pages(side: Copies, project_id: str, kind: Kind) -> AsyncIterator[list[Head]]:
    """Yield all objects that a project has now, a page at a time; what comes later is left out."""
    after, last = -1, await side.last_row_id(kind)
    while after < last:
        try:
            page = await side.heads(project_id, kind, after, _PAGE)
        except ProjectNotFound:  # it was just deleted
            return
        if not page:
            return
        yield [head for head in page if head.row_id <= last]
        after = page[-1].row_id
