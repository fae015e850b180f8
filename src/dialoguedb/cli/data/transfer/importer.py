"""Stores lines of the export format; reading them again stores nothing twice."""

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw, Struct, field, structs

from dialoguedb.cli.data.transfer.batches import BatchReader, ImportBatch, is_deep
from dialoguedb.cli.data.transfer.exporter import ObjectKey, key_of
from dialoguedb.cli.data.transfer.lines import DialogueLine, MemoryLine, read_one
from dialoguedb.cli.data.transfer.readers.openai import SPELLINGS
from dialoguedb.cli.data.transfer.reports import FileReport
from dialoguedb.cli.data.transfer.sent import Sent
from dialoguedb.cli.data.transfer.stored_totals import stored_of
from dialoguedb.cli.data.transfer.stored_trees import StoredTrees
from dialoguedb.cli.data.transfer.trees import FORKED_AFTER, TreeLine
from dialoguedb.client.encoding import json_codec
from dialoguedb.errors import (
    Conflict,
    DialogueDBError,
    DialogueImmutable,
    DialogueNotFound,
    DuplicateId,
    InvalidRequest,
    MemoryNotFound,
    NotFound,
)
from dialoguedb.values import timestamps

if TYPE_CHECKING:
    from dialoguedb.client.aio.database import AsyncDatabase

_CONCURRENT_MAX = 8
_VERSION_CHARS = 8


class Sending(Struct):
    """What is being stored of several files: no more at once than a server bears."""

    trees: StoredTrees
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_CONCURRENT_MAX))
    running: dict[ObjectKey, "asyncio.Task[None]"] = {}
    """The last batch of each object."""

    failed: set[ObjectKey] = field(default_factory=set)
    fatal: DialogueDBError | None = None


class Importer:
    """Stores a file: several dialogues at once, the batches of one dialogue in order."""

    def __init__(
        self,
        db: "AsyncDatabase",
        report: FileReport,
        sending: Sending,
        stored: Callable[[], None],
        *,
        update: bool = False,
        sent: Sent | None = None,
    ) -> None:
        self._db = db
        self._report = report
        self._sending = sending
        self._trees = sending.trees
        self._stored = stored
        self._update = update
        self._sent = sent
        self._tasks: set[asyncio.Task[None]] = set()
        self._archived: list[DialogueLine] = []
        """Dialogues to archive at the end, because an archived one accepts no threads."""

        self._unlinked: list[MemoryLine] = []
        """Memories to store at the end, because what they superseded was not there."""

    async def begin(self, ready: BatchReader) -> None:
        """Begin to store the batches of the file; returns when all are read, not yet stored.

        What cannot be stored is reported, and the rest is stored. InvalidRequest when it cannot be
        read.
        """
        while some := await ready.some():
            for batch in some:
                await self._sending.slots.acquire()
                if self._sending.fatal:
                    return
                self._begin(batch)

    @property
    def is_done(self) -> bool:
        """Whether everything that was begun is stored, or failed."""
        return not self._tasks

    async def finish(self) -> None:
        """Return when the file is stored; what stops all files is raised."""
        await asyncio.gather(*self._tasks)
        if not self._sending.fatal:
            await self._link_memories()
        for dialogue in self._archived:
            await self._archive(dialogue)
        self._archived.clear()
        if self._sending.fatal:
            raise self._sending.fatal

    def _begin(self, batch: ImportBatch | MemoryLine) -> None:
        running = self._sending.running
        if isinstance(batch, MemoryLine):
            key, superseded = _memory_key(batch, batch.id), _memory_key(batch, batch.supersedes)
            after = [running[superseded]] if superseded in running else []
        else:
            key = key_of(batch.dialogue)
            parent = (key[0], batch.dialogue.thread_of or "")
            after = [running[one] for one in (key, parent) if one in running]
        task = asyncio.create_task(self._after(batch, key, after))
        running[key] = task
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._finish(key, done))

    def _finish(self, key: ObjectKey, task: "asyncio.Task[None]") -> None:
        self._sending.slots.release()
        self._tasks.discard(task)
        if self._sending.running.get(key) is task:
            del self._sending.running[key]

    async def _after(
        self, batch: ImportBatch | MemoryLine, key: ObjectKey, after: list[asyncio.Task[None]]
    ) -> None:
        await asyncio.gather(*after)
        if key in self._sending.failed or self._sending.fatal:
            return
        try:
            await self._store_one(batch)
            self._stored()
        except (InvalidRequest, Conflict, NotFound) as error:
            self._sending.failed.add(key)
            if self._sent is not None and isinstance(batch, ImportBatch):
                self._sent.forget(batch.dialogue)
            self._report.fail(_name_of(batch), error)
        except DialogueDBError as error:
            self._sending.fatal = error

    async def _store_one(self, batch: ImportBatch | MemoryLine) -> None:
        if isinstance(batch, MemoryLine):
            await self._store_memory(batch)
            return
        changed, dialogue = 0, batch.dialogue
        new = self._sent.rest_of(batch) if self._sent is not None else batch
        if new is None:
            self._report.stored[dialogue.id] = None
            self._report.add(batch)
            return
        whole, batch = batch, new
        is_new = batch.is_first and not self._trees.knows(dialogue)
        is_stored = is_new and await self._create(batch)
        if not is_stored and (is_new or not self._trees.knows(dialogue)):
            self._report.stored[dialogue.id] = None
        if batch.messages and not is_stored:
            changed = await self._append_where_it_belongs(batch)
        self._report.add(whole, changed)
        if self._sent is not None and not changed:
            self._sent.add(batch)
        if batch.is_last and dialogue.status != "active":
            await self._close(dialogue)

    async def _store_memory(self, line: MemoryLine) -> None:
        """Store a memory with its history, or at the end if what it superseded is not there yet."""
        if not await self._store_if_linked(line):
            self._unlinked.append(line)

    async def _store_if_linked(self, line: MemoryLine) -> bool:
        """Store a memory with its history, unless what it superseded is not there."""
        fields = structs.asdict(line)
        for name in ("version", "history"):
            del fields[name]
        memories = self._db.api.memory
        try:
            await memories.create(**_with_source(fields))
        except MemoryNotFound:
            return False
        for version in line.history:
            former = _with_source(structs.asdict(version))
            for name in ("version", "value", "written", "replaced"):
                del former[name]
            times = (version.written, version.replaced)
            of = (line.id, version.version, version.value, times)
            await memories.create_version(*of, namespace=line.namespace, **former)
        self._report.add(line)
        return True

    async def _link_memories(self) -> None:
        """Store what waits for memories that it superseded; without that where they are gone."""
        waiting, self._unlinked = self._unlinked, []
        while waiting:
            left = [line for line in waiting if not await self._is_settled(line)]
            if len(left) == len(waiting):
                there = {_memory_key(line, line.id) for line in left}
                gone = [one for one in left if _memory_key(one, one.supersedes) not in there]
                for line in gone or left[:1]:
                    line.supersedes = None
                    self._report.left_out["supersedes"] += 1
            waiting = left

    async def _is_settled(self, line: MemoryLine) -> bool:
        """Tell whether a memory is stored, or failed, and need not wait any more."""
        try:
            return await self._store_if_linked(line)
        except (InvalidRequest, Conflict, NotFound) as error:
            self._report.fail(_name_of(line), error)
            return True

    async def _append_where_it_belongs(self, batch: ImportBatch) -> int:
        """Append messages to their dialogue, and those of other branches to theirs."""
        if not self._trees.knows(batch.dialogue):
            return await self._append(batch)
        changed = 0
        for part in self._trees.parts_of(batch):
            self._report.stored[part.dialogue.id] = None
            if not (part.is_first and await self._create(part)):
                changed += await self._append(part)
        return changed

    async def _create(self, batch: ImportBatch) -> bool:
        """Create a dialogue unless it exists; returns whether its messages were stored with it."""
        line = batch.dialogue
        fields = structs.asdict(line)
        for name in ("status", "ended_at", "archived_at"):
            del fields[name]
        try:
            if batch.is_deep or is_deep(line.state):
                del fields["state"]
                await self._db.api.dialogue.create(**fields)
            else:
                made = await self._db.api.dialogue.create(
                    messages=_encoded(batch.messages), **fields
                )
                self._report.stored[line.id] = stored_of(made)
                return True
        except (DuplicateId, DialogueImmutable) as error:
            await self._check_same(line, error)
            await self._trees.add(line)
        else:
            await self._db.api.state.update(line.id, line.state, namespace=line.namespace)
        return False

    async def _check_same(self, line: DialogueLine, error: Conflict) -> None:
        """Raise DuplicateId unless the stored dialogue came from this line; `error` if none is."""
        try:
            stored = await self._stored_line(line)
        except DialogueNotFound:  # its messages repeat an id, or what it is a thread of is archived
            raise error from None
        if not _is_same(stored, line):
            raise DuplicateId(f"Another dialogue {line.id!r} is there already")

    async def _append(self, batch: ImportBatch) -> int:
        """Append messages; returns how many are stored already, with another content."""
        namespace, messages = batch.dialogue.namespace, self._db.api.message
        if not batch.is_deep:
            with suppress(DuplicateId):  # then one by one, to see which it is
                await messages.create_many(
                    batch.dialogue.id, _encoded(batch.messages), namespace=namespace
                )
                return 0
        changed = 0
        for position, message in enumerate(batch.messages):
            try:
                await messages.create(batch.dialogue.id, **message, namespace=namespace)
            except DuplicateId:
                changed += 1
                await self._keep_change(batch, position)
        return changed

    async def _keep_change(self, batch: ImportBatch, position: int) -> None:
        """Report a message that was changed since it was stored; keep it in a thread if asked."""
        message, dialogue = batch.messages[position], batch.dialogue
        self._report.changed.append(f"message {message['id']} of dialogue {dialogue.id}")
        if not self._update:
            return
        version = hashlib.sha256(bytes(message["content"])).hexdigest()[:_VERSION_CHARS]
        noted: dict[str, Any] = {"changed": message["id"]}
        if position:
            noted[FORKED_AFTER] = batch.messages[position - 1]["id"]
        with suppress(DuplicateId):  # this change was kept before
            await self._db.api.dialogue.create(
                id=f"{dialogue.id}-{message['id']}-{version}",
                namespace=dialogue.namespace,
                thread_of=dialogue.id,
                metadata=noted,
                messages=[message],
            )

    async def _close(self, dialogue: DialogueLine) -> None:
        """End or archive what was ended or archived when it was exported."""
        stored = await self._stored_line(dialogue)
        if stored.status == dialogue.status:
            return
        if dialogue.ended_at or dialogue.status == "ended":
            await self._db.api.dialogue.end(dialogue.id, namespace=dialogue.namespace)
        if dialogue.status == "archived":
            self._archived.append(dialogue)

    async def _archive(self, dialogue: DialogueLine) -> None:
        try:
            await self._db.api.dialogue.archive(dialogue.id, namespace=dialogue.namespace)
        except (Conflict, NotFound) as error:  # somebody else changed or deleted it in between
            self._report.fail(f"the end of dialogue {dialogue.id}", error)

    async def _stored_line(self, line: DialogueLine) -> DialogueLine:
        """Return the stored dialogue with the id of a line; DialogueNotFound."""
        response = await self._db.api.read("dialogue", line.id, namespace=line.namespace)
        return read_one(response, DialogueLine)


def _memory_key(line: MemoryLine, memory_id: str | None) -> ObjectKey:
    return "memory", f"{line.namespace} {memory_id}"


def _with_source(fields: dict[str, Any]) -> dict[str, Any]:
    """Return fields of a memory with its source as the client takes it."""
    source = fields["source"]
    return {**fields, "source": source and structs.asdict(source)}


def _encoded(messages: list[dict[str, Any]]) -> Any:
    """Return messages as a request has them, encoded at once; as they are if that cannot be."""
    present = [
        {name: value for name, value in one.items() if value is not None} for one in messages
    ]
    try:
        return Raw(msgspec.json.encode(present))
    except (UnicodeEncodeError, OverflowError):  # what has only an escaped form, or is no text
        return messages


def _is_same(stored: DialogueLine, line: DialogueLine) -> bool:
    """Tell whether a stored dialogue came from this line, whatever was changed since."""
    own, other = _source_of(line), _source_of(stored)
    is_of_program = own is not None and (own == other or {own, other} <= SPELLINGS)
    is_of_same = stored.metadata == line.metadata or is_of_program
    is_branch = bool(line.thread_of and is_of_same)  # its time may have been raised
    is_tree = isinstance(line, TreeLine)  # whose first message may be on another branch
    is_as_old = line.created is None or stored.created == timestamps.parse(line.created)
    return stored.thread_of == line.thread_of and is_of_same and (is_as_old or is_branch or is_tree)


def _source_of(line: DialogueLine) -> Any:
    """Return the program that a dialogue came from; what else it notes changes there."""
    return json_codec.decode(bytes(line.metadata), dict).get("source")


def _name_of(batch: ImportBatch | MemoryLine) -> str:
    if isinstance(batch, MemoryLine):
        return f"memory {batch.id}"
    return f"dialogue {batch.dialogue.id}"
