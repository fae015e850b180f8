"""Appends of many callers, gathered into one transaction, each with an outcome of its own.

A transaction costs its round trips and a wait for the disk, whatever it holds; so appends that come
while others are stored share the next one. Their dialogues are locked in one order, what a rule
refuses has written nothing yet, and whatever else goes wrong has each append run alone.
"""

from __future__ import annotations  # those of inner functions would be evaluated at each call

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial

from msgspec import Struct, structs

from dialoguedb.errors import DialogueDBError, defect
from dialoguedb.model.messages import Message, NewMessage
from dialoguedb.model.projects import Project
from dialoguedb.model.rules.messages import AppendPlan, StoredMessage, plan_append
from dialoguedb.model.rules.status import dialogue_not_found
from dialoguedb.model.rules.usage import NO_QUOTAS
from dialoguedb.ports import Versioned, WriteOptions
from dialoguedb.store.postgres.connection.errors import is_lost
from dialoguedb.store.postgres.connection.writer import Transaction, Writer
from dialoguedb.store.postgres.rows import idempotency, message_rows
from dialoguedb.store.postgres.rows.idempotency import NewResponse
from dialoguedb.store.postgres.rows.message_rows import HEAD, Appended, DialogueKey, HeadRow
from dialoguedb.store.postgres.search_index.index import Index

logger = logging.getLogger(__name__)

_LANES = 2
"""Transactions at a time: one is prepared while the other waits for the disk."""

_APPENDS_MAX = 256
_BYTES_MAX = 4 * 1024 * 1024
_SHORT_MESSAGES = 50
_SHORT_BYTES = 256 * 1024
"""What is larger has a transaction of its own."""

Result = Versioned[Sequence[Message]]


class Append(Struct, eq=False):
    """New messages of a dialogue."""

    project: Project
    project_row: int
    namespace: str
    dialogue_id: str
    new: Sequence[NewMessage]
    options: WriteOptions

    @property
    def dialogue(self) -> DialogueKey:
        """What names the dialogue."""
        return DialogueKey(self.project_row, self.namespace, self.dialogue_id)

    @property
    def size(self) -> int:
        """Bytes of what is stored."""
        return sum(len(one.content) + len(one.metadata) for one in self.new)

    def may_be_gathered(self, size: int) -> bool:
        """Whether it is short, and needs nothing but its dialogue."""
        options = self.options
        return (
            options.compaction is None
            and not options.over_request_quota
            and self.project.settings.quotas == NO_QUOTAS
            and len(self.new) <= _SHORT_MESSAGES
            and size <= _SHORT_BYTES
        )


class _Job(Struct, eq=False):
    """An append, and the future of its caller; None tells that caller to have it run alone."""

    append: Append
    size: int
    future: asyncio.Future[Result | None]

    def settle(self, outcome: Result | BaseException | None) -> None:
        """NewResponse the caller, unless it was cancelled."""
        if self.future.done():
            return
        if isinstance(outcome, BaseException):
            self.future.set_exception(outcome)
        else:
            self.future.set_result(outcome)


class _KeysTaken(Exception):
    """Others have used idempotency keys before; carries these."""

    def __init__(self, keys: set[bytes]) -> None:
        super().__init__("idempotency keys are taken")
        self.keys = keys


class AppendBatcher:
    """Stores appends, those that wait at the same time in one transaction."""

    def __init__(
        self, writer: Writer, index: Index, alone: Callable[[Append], Awaitable[Result]]
    ) -> None:
        self._writer = writer
        self._index = index
        self._alone = alone
        self._waiting: deque[_Job] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._locked: set[DialogueKey] = set()
        """The dialogues of running transactions: another would wait for them with all it holds."""

        self._is_due = False

    async def append(self, append: Append) -> Result:
        """Append all or none."""
        size = append.size
        if not append.may_be_gathered(size):
            return await self._alone(append)
        with self._writer.admitted():
            loop = asyncio.get_running_loop()
            job = _Job(append, size, loop.create_future())
            self._waiting.append(job)
            if not self._is_due:
                self._is_due = True
                loop.call_soon(self._turn)
            result = await job.future
        return result if result is not None else await self._alone(append)

    def _turn(self) -> None:
        self._is_due = False
        while self._waiting and len(self._running) < _LANES:
            batch = self._take()
            if not batch:
                return
            dialogues = {job.append.dialogue for job in batch}
            self._locked |= dialogues
            task = asyncio.get_running_loop().create_task(self._run(batch))
            self._running.add(task)
            task.add_done_callback(partial(self._settled, dialogues))

    def _settled(self, dialogues: set[DialogueKey], task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._locked -= dialogues
        self._turn()

    def _take(self) -> list[_Job]:
        """Take the appends that need not wait for others; of one idempotency key, the first.

        What is left is later than what it waits for, so appends to a dialogue keep their order.
        """
        batch: list[_Job] = []
        left: list[_Job] = []
        keys: set[bytes] = set()
        locked = set(self._locked)
        room = _BYTES_MAX
        while self._waiting and len(batch) + len(left) < _APPENDS_MAX and room > 0:
            job = self._waiting.popleft()
            record = job.append.options.idempotency
            if job.append.dialogue in locked or (record and record.key in keys):
                locked.add(job.append.dialogue)
                left.append(job)
                continue
            if record:
                keys.add(record.key)
            room -= job.size
            batch.append(job)
        self._waiting.extendleft(reversed(left))
        return batch

    async def _run(self, batch: list[_Job]) -> None:
        try:
            while batch:
                try:
                    outcomes = await self._store(batch)
                except _KeysTaken as taken:
                    batch = _without(batch, taken.keys)
                else:
                    for job, outcome in zip(batch, outcomes, strict=True):
                        job.settle(outcome)
                    return
        except BaseException as error:
            logger.warning("Appends are stored one by one: %s", error, exc_info=defect(error))
            for job in batch:
                job.settle(_meaning_for(job.append, error))
            if not isinstance(error, Exception):
                raise

    async def _store(self, batch: Sequence[_Job]) -> Sequence[Result | DialogueDBError | None]:
        appends = [job.append for job in batch]
        work = partial(_append_all, self._index, appends)
        return await self._writer.run(work, repeatable=False, operations=len(batch))


def _without(batch: Iterable[_Job], keys: set[bytes]) -> list[_Job]:
    """Return the appends whose keys are not taken; the others, run alone, meet what took them."""
    left = []
    for job in batch:
        record = job.append.options.idempotency
        if record and record.key in keys:
            job.settle(None)
        else:
            left.append(job)
    return left


def _meaning_for(append: Append, error: BaseException) -> BaseException | None:
    """Return the error of a transaction for one of its appends; None where it may run alone."""
    cause = error.__cause__ or error
    if not isinstance(error, Exception) or isinstance(cause, DialogueDBError):
        return error  # it was cancelled, or not even begun
    if is_lost(cause) and append.options.idempotency is None:
        return error  # nobody knows whether it is stored
    return None


class _Plans:
    """What appends come to, one after the other, on dialogues that are locked."""

    def __init__(self, heads: dict[DialogueKey, HeadRow]) -> None:
        self._heads = heads
        self._stored: dict[DialogueKey, dict[str, StoredMessage]] = {}
        self.made: list[Appended] = []

    async def read_stored(self, db: Transaction, appends: Iterable[Append]) -> None:
        """Read the stored messages whose ids senders chose."""
        sent = [
            (self._heads[one.dialogue].ref, one.new)
            for one in appends
            if one.dialogue in self._heads
        ]
        found = await message_rows.find_all_stored(db, sent)
        for key, head in self._heads.items():
            if stored := found.get(head.ref):
                whole = await message_rows.as_received(db, key.project, head.ref, stored)
                self._stored[key] = whole

    def add(self, append: Append) -> AppendPlan:
        """Plan the next append; DialogueNotFound and what `plan_append` raises."""
        key = append.dialogue
        head = self._heads.get(key)
        if head is None:
            raise dialogue_not_found(append.dialogue_id)
        stored = self._stored.setdefault(key, {})
        plan = plan_append(head, append.new, stored, append.options)
        if plan.new:
            self.made.append(Appended(append.project_row, head.namespace, head.ref, plan))
            changed = {name: getattr(plan, name) for name in HEAD}
            self._heads[key] = structs.replace(head, **changed)
            named = zip(plan.new, plan.sent, strict=True)
            stored.update({one.id: one for one, sent in named if sent.named})
        return plan


async def _append_all(
    index: Index, appends: Sequence[Append], db: Transaction
) -> Sequence[Result | DialogueDBError | None]:
    """Store appends; returns for each its result, why it is refused, or None to run it alone."""
    plans = _Plans(await message_rows.lock_heads(db, {one.dialogue for one in appends}))
    await plans.read_stored(db, appends)
    outcomes: list[Result | DialogueDBError | None] = []
    kept: list[NewResponse] = []
    for one in appends:
        try:
            plan = plans.add(one)
        except DialogueDBError as error:  # one with a key may have been stored before
            outcomes.append(None if one.options.idempotency else error)
            continue
        result: Result = Versioned(plan.messages, plan.last_seq)
        outcomes.append(result)
        if plan.new:
            of = (one.project, one.project_row)
            await db.usage.record(db, of, plan.usage, one.options)
        if one.options.idempotency:
            record, now = one.options.idempotency, one.options.now
            kept.append(NewResponse(one.project_row, record, result, now))
    if kept:
        taken = await idempotency.keep_new(db, kept)
        if taken:
            raise _KeysTaken(taken)
    if plans.made:
        await index.add_new(db, "message", await message_rows.append(db, plans.made))
    return outcomes
