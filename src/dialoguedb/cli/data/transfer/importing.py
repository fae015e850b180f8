"""Imports: lines of the export format, stored once however often they are read."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Raw, Struct, structs

from dialoguedb.cli.data.transfer.exporting import Named, named
from dialoguedb.cli.data.transfer.lines import Dialogue, Line, Memory, Message, read_one
from dialoguedb.errors import (
    Conflict,
    DialogueDBError,
    DialogueImmutable,
    DialogueNotFound,
    DuplicateId,
    InvalidRequest,
    NotFound,
)
from dialoguedb.values import limits, rawjson, timestamps

if TYPE_CHECKING:
    from dialoguedb.embedded import AsyncDialogueDB

_REQUEST_BYTES = 2 * 1024 * 1024
_REST_BYTES = 1024
_AT_ONCE = 8
_DEPTH_IN_LISTS = limits.JSON_DEPTH_MAX - len("{[{")


class Portion(Struct):
    """Some messages of a dialogue, in one request."""

    dialogue: Dialogue
    messages: list[dict[str, Any]] = []
    is_deep: bool = False
    is_first: bool = True
    is_last: bool = True
    size: int = 0
    before: int = 0
    """Messages in the portions before."""

    @classmethod
    def of(cls, line: Dialogue) -> "Portion":
        """Begin a dialogue."""
        return cls(line, size=_bytes_of(line.state, line.metadata, line.tags))

    def following(self) -> "Portion":
        """Return the next portion of the dialogue, which is empty."""
        return Portion(self.dialogue, is_first=False, before=self.before + len(self.messages))

    def has_room(self, line: Message) -> bool:
        """Tell whether a message goes along with what is there already."""
        if not self.size:
            return True
        is_full = len(self.messages) == limits.MESSAGES_PER_REQUEST_MAX
        size = self.size + _bytes_of(line.content, line.metadata, line.tags)
        return not (is_full or self.is_deep or _is_deep_in(line)) and size <= _REQUEST_BYTES

    def add(self, line: Message) -> None:
        """Take a message."""
        number = self.before + len(self.messages) + 1
        self.is_deep = _is_deep_in(line)
        self.messages.append(_input(self.dialogue, line, number))
        self.size += _bytes_of(line.content, line.metadata, line.tags)


class Failure(Struct):
    """Something that could not be imported."""

    what: str
    error: DialogueDBError


class Tally(Struct):
    """What was read, and what of it could not be stored."""

    dialogues: int = 0
    messages: int = 0
    memories: int = 0
    failures: list[Failure] = []

    def fail(self, what: str, error: DialogueDBError) -> None:
        """Note something that could not be imported."""
        self.failures.append(Failure(what, error))


class Importer:
    """Stores portions, several dialogues at once, those of one dialogue in their order."""

    def __init__(self, db: "AsyncDialogueDB", tally: Tally, stored: Callable[[], None]) -> None:
        self._db = db
        self._tally = tally
        self._stored = stored
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._under_way: dict[Named, asyncio.Task[None]] = {}
        self._failed: set[Named] = set()
        self._archived: list[Dialogue] = []
        """Those to archive in the end, for an archived one takes no threads."""

        self._fatal: DialogueDBError | None = None

    async def store(self, lines: Iterable[Line], namespace: str | None) -> None:
        """Store lines; what cannot be stored is told in the tally, and the rest goes on."""
        ready = portions(_placed(lines, namespace))
        try:
            # Read on a thread, so that what was read is on its way meanwhile.
            while portion := await asyncio.to_thread(next, ready, None):
                await self._slots.acquire()
                if self._fatal:
                    break
                self._begin(portion)
        finally:
            await asyncio.gather(*self._under_way.values())
        for dialogue in self._archived:
            await self._archive(dialogue)
        self._archived.clear()
        if self._fatal:
            raise self._fatal

    def _begin(self, portion: Portion | Memory) -> None:
        if isinstance(portion, Memory):
            key, after = ("memory", f"{portion.namespace} {portion.id}"), []
        else:
            key = named(portion.dialogue)
            parent = (key[0], portion.dialogue.thread_of or "")
            after = [self._under_way[one] for one in (key, parent) if one in self._under_way]
        task = asyncio.create_task(self._in_turn(portion, key, after))
        self._under_way[key] = task
        task.add_done_callback(lambda done: self._finish(key, done))

    def _finish(self, key: Named, task: asyncio.Task[None]) -> None:
        self._slots.release()
        if self._under_way.get(key) is task:
            del self._under_way[key]

    async def _in_turn(
        self, portion: Portion | Memory, key: Named, after: list[asyncio.Task[None]]
    ) -> None:
        await asyncio.gather(*after)
        if key in self._failed or self._fatal:
            return
        try:
            await self._store_one(portion)
            self._stored()
        except (InvalidRequest, Conflict, NotFound) as error:
            self._failed.add(key)
            self._tally.fail(_name_of(portion), error)
        except DialogueDBError as error:
            self._fatal = error

    async def _store_one(self, portion: Portion | Memory) -> None:
        if isinstance(portion, Memory):
            await self._db.api.memory.create(**structs.asdict(portion))
            self._tally.memories += 1
            return
        dialogue = portion.dialogue
        is_stored = portion.is_first and await self._create(portion)
        if portion.messages and not is_stored:
            await self._append(portion)
        self._tally.dialogues += portion.is_first
        self._tally.messages += len(portion.messages)
        if portion.is_last and dialogue.status != "active":
            await self._close(dialogue)

    async def _create(self, portion: Portion) -> bool:
        """Create a dialogue unless it is there; tells whether its messages were stored with it."""
        line = portion.dialogue
        fields = structs.asdict(line)
        for name in ("status", "ended_at", "archived_at"):
            del fields[name]
        try:
            if portion.is_deep or _is_deep(line.state):
                del fields["state"]
                await self._db.api.dialogue.create(**fields)
            else:
                await self._db.api.dialogue.create(messages=portion.messages, **fields)
                return True
        except (DuplicateId, DialogueImmutable) as error:
            await self._check_same(line, error)
        else:
            await self._db.api.state.update(line.id, line.state, namespace=line.namespace)
        return False

    async def _check_same(self, line: Dialogue, error: Conflict) -> None:
        """Raise DuplicateId unless what is there came of this line; the error, if nothing is."""
        try:
            there = await self._there(line)
        except DialogueNotFound:  # its messages repeat an id, or what it is a thread of is archived
            raise error from None
        if not _is_same(there, line):
            raise DuplicateId(f"Another dialogue {line.id!r} is there already")

    async def _append(self, portion: Portion) -> None:
        namespace, found = portion.dialogue.namespace, self._db.api.message
        if not portion.is_deep:
            await found.create_many(portion.dialogue.id, portion.messages, namespace=namespace)
            return
        for message in portion.messages:
            await found.create(portion.dialogue.id, **message, namespace=namespace)

    async def _close(self, dialogue: Dialogue) -> None:
        """End or archive what was ended or archived when it was exported."""
        there = await self._there(dialogue)
        if there.status == dialogue.status:
            return
        if dialogue.ended_at or dialogue.status == "ended":
            await self._db.api.dialogue.end(dialogue.id, namespace=dialogue.namespace)
        if dialogue.status == "archived":
            self._archived.append(dialogue)

    async def _archive(self, dialogue: Dialogue) -> None:
        try:
            await self._db.api.dialogue.archive(dialogue.id, namespace=dialogue.namespace)
        except (Conflict, NotFound) as error:  # somebody else has changed or deleted it meanwhile
            self._tally.fail(f"the end of dialogue {dialogue.id}", error)

    async def _there(self, line: Dialogue) -> Dialogue:
        """Return what is stored under a dialogue's id; DialogueNotFound."""
        answer = await self._db.api.read("dialogue", line.id, namespace=line.namespace)
        return read_one(answer, Dialogue)


def portions(lines: Iterable[Line]) -> Iterator[Portion | Memory]:
    """Gather messages into requests of a good size; memories go each by itself.

    When the lines break off, what was read before goes first.
    """
    broken: list[InvalidRequest] = []
    open_one: Portion | None = None
    for line in _until_broken(lines, broken):
        if isinstance(line, Message):
            assert open_one is not None
            if not open_one.has_room(line):
                open_one.is_last = False
                yield open_one
                open_one = open_one.following()
            open_one.add(line)
            continue
        if open_one is not None:
            yield open_one
        open_one = Portion.of(line) if isinstance(line, Dialogue) else None
        if isinstance(line, Memory):
            yield line
    if open_one is not None:
        open_one.is_last = not broken
        yield open_one
    if broken:
        raise broken[0]


def _until_broken(lines: Iterable[Line], broken: list[InvalidRequest]) -> Iterator[Line]:
    """Yield lines till one cannot be read, or is a message of no dialogue; notes why."""
    is_in_dialogue = False
    try:
        for line in lines:
            if isinstance(line, Message) and not is_in_dialogue:
                broken.append(InvalidRequest("A message has to stand behind its dialogue"))
                return
            is_in_dialogue = isinstance(line, Dialogue | Message)
            yield line
    except InvalidRequest as error:
        broken.append(error)


def _bytes_of(value: Raw, metadata: Raw, tags: Sequence[str]) -> int:
    """Return about how many bytes of a request something takes."""
    large = sum(len(memoryview(raw)) for raw in (value, metadata))
    return large + limits.TAG_CHARS_MAX * len(tags) + _REST_BYTES


def _is_deep_in(line: Message) -> bool:
    return _is_deep(line.content) or _is_deep(line.metadata)


def _is_deep(value: Raw) -> bool:
    """Tell whether a value is nested too deeply to be within a list, or below a name."""
    raw = bytes(value)
    brackets = raw.count(b"[") + raw.count(b"{")
    return brackets > _DEPTH_IN_LISTS and rawjson.depth(raw) > _DEPTH_IN_LISTS


def _input(dialogue: Dialogue, line: Message, number: int) -> dict[str, Any]:
    """Return a message to store; one without an id gets the same one in every run."""
    own_id = f"{dialogue.id}-{number}"
    if len(own_id) > limits.NAME_CHARS_MAX:
        own_id = str(number)
    return {
        "id": line.id or own_id,
        "role": line.role,
        "name": line.name,
        "content": line.content,
        "tags": line.tags,
        "metadata": line.metadata,
        "created": line.created,
    }


def _placed(lines: Iterable[Line], namespace: str | None) -> Iterator[Line]:
    for line in lines:
        if namespace is not None and isinstance(line, Dialogue | Memory):
            line.namespace = namespace
        yield line


def _is_same(there: Dialogue, line: Dialogue) -> bool:
    """Tell whether what is there came of this line, whatever of it was changed since."""
    return (there.thread_of, there.metadata) == (line.thread_of, line.metadata) and (
        line.created is None or there.created == timestamps.parse(line.created)
    )


def _name_of(portion: Portion | Memory) -> str:
    if isinstance(portion, Memory):
        return f"memory {portion.id}"
    return f"dialogue {portion.dialogue.id}"
