"""Lines become batches: the messages of a dialogue that go in one request."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Raw, Struct

from dialoguedb.cli.data.transfer.lines import DialogueLine, Line, MemoryLine, MessageLine
from dialoguedb.errors import InvalidRequest
from dialoguedb.values import limits, rawjson

_REQUEST_BYTES = 2 * 1024 * 1024
_OTHER_FIELDS_BYTES = 1024
_DEPTH_IN_LISTS = limits.JSON_DEPTH_MAX - len("{[{")


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

    def has_room(self, line: MessageLine) -> bool:
        """Tell whether a message fits into the batch."""
        if not self.size:
            return True
        is_full = len(self.messages) == limits.MESSAGES_PER_REQUEST_MAX
        size = self.size + _bytes_of(line.content, line.metadata, line.tags)
        return not (is_full or self.is_deep or _is_deep_in(line)) and size <= _REQUEST_BYTES

    def add(self, line: MessageLine) -> None:
        """Add a message."""
        position = self.before + len(self.messages) + 1
        self.is_deep = _is_deep_in(line)
        self.messages.append(_input(self.dialogue, line, position))
        self.size += _bytes_of(line.content, line.metadata, line.tags)


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
            if not current.has_room(line):
                current.is_last = False
                yield current
                current = current.following()
            current.add(line)
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
    large = sum(len(memoryview(raw)) for raw in (value, metadata))
    return large + limits.TAG_CHARS_MAX * len(tags) + _OTHER_FIELDS_BYTES


def _is_deep_in(line: MessageLine) -> bool:
    return is_deep(line.content) or is_deep(line.metadata)


def is_deep(value: Raw) -> bool:
    """Tell whether a value is nested too deeply to be within a list, or below a name."""
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
