"""Lines become batches: the messages of a dialogue that go in one request."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from msgspec import Raw, Struct

from dialoguedb.cli.data.transfer.lines import DialogueLine, Line, MemoryLine, MessageLine
from dialoguedb.errors import InvalidRequest
from dialoguedb.values import limits, rawjson

_READ_AT_ONCE = 2
"""Most files have one batch, and the look for a second one shows that it is the only one."""

_REQUEST_BYTES = 2 * 1024 * 1024
_OTHER_FIELDS_BYTES = 1024
_DEPTH_IN_LISTS = limits.JSON_DEPTH_MAX - len("{[{")
_QUOTE = ord('"')


class ImportBatch(Struct):
    """Messages of a dialogue that go in one request."""

    dialogue: DialogueLine
    messages: list[dict[str, Any]] = []
    is_deep: bool = False
    is_first: bool = True
    is_last: bool = True
    size: int = 0
    before: int = 0
    """Messages in the batches before."""

    @classmethod
    def of(cls, line: DialogueLine) -> "ImportBatch":
        """Return the first batch of a dialogue."""
        return cls(line, size=_bytes_of(line.state, line.metadata, line.tags))

    def following(self) -> "ImportBatch":
        """Return the next batch of the dialogue, which is empty."""
        return ImportBatch(self.dialogue, is_first=False, before=self.before + len(self.messages))

    def takes(self, line: MessageLine) -> bool:
        """Add a message if it fits into the batch; tells whether."""
        size = self.size + _bytes_of(line.content, line.metadata, line.tags)
        is_deep = _is_deep_in(line)
        is_full = len(self.messages) == limits.MESSAGES_PER_REQUEST_MAX
        if self.size and (is_full or self.is_deep or is_deep or size > _REQUEST_BYTES):
            return False
        position = self.before + len(self.messages) + 1
        self.is_deep = is_deep
        self.messages.append(_input(self.dialogue, line, position))
        self.size = size
        return True


def batches(lines: Iterable[Line], namespace: str | None) -> Iterator[ImportBatch | MemoryLine]:
    """Group messages into requests of a good size; each memory is one by itself.

    All are put into the namespace, unless it is None. When a line cannot be read, what was read
    before it comes first.
    """
    broken: list[InvalidRequest] = []
    current: ImportBatch | None = None
    for line in _until_broken(_with_namespace(lines, namespace), broken):
        if isinstance(line, MessageLine):
            assert current is not None
            if not current.takes(line):
                current.is_last = False
                yield current
                current = current.following()
                current.takes(line)
            continue
        if current is not None:
            yield current
        current = ImportBatch.of(line) if isinstance(line, DialogueLine) else None
        if isinstance(line, MemoryLine):
            yield line
    if current is not None:
        current.is_last = not broken
        yield current
    if broken:
        raise broken[0]


class BatchReader:
    """Reads batches on a thread, a few at once, so that others are sent meanwhile."""

    def __init__(self, ready: Iterator[ImportBatch | MemoryLine]) -> None:
        self._ready = ready
        self._held: list[ImportBatch | MemoryLine] = []
        self._error: InvalidRequest | None = None
        self._is_at_end = False

    async def has_some(self) -> bool:
        """Tell whether there is a batch, which `some` returns; InvalidRequest."""
        self._held = await self.some()
        return bool(self._held)

    async def some(self) -> list[ImportBatch | MemoryLine]:
        """Return the next batches, none at the end; InvalidRequest when one cannot be read."""
        held, self._held = self._held, []
        if not (held or self._is_at_end):
            held = await asyncio.to_thread(self._read)
        if self._error and not held:
            raise self._error
        return held

    def _read(self) -> list[ImportBatch | MemoryLine]:
        found: list[ImportBatch | MemoryLine] = []
        try:
            found.extend(islice(self._ready, _READ_AT_ONCE))
        except InvalidRequest as error:
            self._error = error
        self._is_at_end = len(found) < _READ_AT_ONCE
        return found


def _until_broken(lines: Iterable[Line], broken: list[InvalidRequest]) -> Iterator[Line]:
    """Yield lines until one cannot be read, or is a message without a dialogue; adds why."""
    is_in_dialogue = False
    try:
        for line in lines:
            if isinstance(line, MessageLine) and not is_in_dialogue:
                broken.append(InvalidRequest("A message has to stand behind its dialogue"))
                return
            is_in_dialogue = isinstance(line, DialogueLine | MessageLine)
            yield line
    except InvalidRequest as error:
        broken.append(error)


def _bytes_of(value: Raw, metadata: Raw, tags: Sequence[str]) -> int:
    """Return about how many bytes of a request an object takes."""
    large = len(memoryview(value)) + len(memoryview(metadata))
    return large + limits.TAG_CHARS_MAX * len(tags) + _OTHER_FIELDS_BYTES


def _is_deep_in(line: MessageLine) -> bool:
    return is_deep(line.content) or is_deep(line.metadata)


def is_deep(value: Raw) -> bool:
    """Tell whether a value is nested too deeply to be within a list, or below a name."""
    held = memoryview(value)
    if len(held) <= _DEPTH_IN_LISTS or held[0] == _QUOTE:
        return False
    raw = bytes(value)
    brackets = raw.count(b"[") + raw.count(b"{")
    return brackets > _DEPTH_IN_LISTS and rawjson.depth(raw) > _DEPTH_IN_LISTS


def _input(dialogue: DialogueLine, line: MessageLine, position: int) -> dict[str, Any]:
    """Return a message to store; one without an id gets the same id in every run."""
    own_id = f"{dialogue.id}-{position}"
    if len(own_id) > limits.NAME_CHARS_MAX:
        own_id = str(position)
    return {
        "id": line.id or own_id,
        "role": line.role,
        "name": line.name,
        "content": line.content,
        "tags": line.tags,
        "metadata": line.metadata,
        "created": line.created,
    }


def _with_namespace(lines: Iterable[Line], namespace: str | None) -> Iterator[Line]:
    for line in lines:
        if namespace is not None and isinstance(line, DialogueLine | MemoryLine):
            line.namespace = namespace
        yield line
