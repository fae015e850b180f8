"""What a spelling's table consists of: the types of parts that it has, and how each is read."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, Protocol

from msgspec import Struct

from dialoguedb.formats.json_text import string
from dialoguedb.formats.parts import Attachment, Native, Other, Part, Spelling, Text

Json = dict[str, Any]

Visible = Text | Attachment | Other

PartKind = Literal[
    "message",
    "text",
    "attachment",
    "call",
    "server call",
    "result",
    "server result",
    "reasoning",
    "opaque",
]
"""What a type is read as. `opaque` is what only its provider, or its program, can use."""


class PartReader(Protocol):
    """Reads what is inside of a part, in whichever spelling."""

    def parts(self, value: Any) -> Iterator[Part]:
        """Read a text, a part, a message, or an array of these."""
        ...

    def output(self, value: Any) -> tuple[Visible, ...]:
        """Read the output of a tool: parts, or any JSON."""
        ...


class Source(Struct, frozen=True):
    """An object that is to be read, and the spelling that it was found to be of."""

    spelling: Spelling
    value: Json
    reader: PartReader

    @property
    def native(self) -> Native:
        """The object itself, for its own provider."""
        return Native(self.spelling, self.value)

    def native_beyond(self, known: frozenset[str]) -> Native | None:
        """Return the object for its own provider, if it has members besides the known ones."""
        for key, item in self.value.items():
            if item is not None and key not in known and key not in _ALWAYS_KNOWN:
                return self.native
        return None

    def string(self, *keys: str) -> str:
        """Return the first of these members that is a non-empty string."""
        return string(self.value, *keys)

    def of(self, value: Json) -> "Source":
        """Return an inner object of the same spelling."""
        return Source(self.spelling, value, self.reader)


_ALWAYS_KNOWN = {"type", "index", "cache_control", "prompt_cache_breakpoint"}

Read = Callable[[Source], Iterable[Part]]


class PartType(Struct, frozen=True):
    """A type of part: how it is told from others, and how it is read."""

    name: str
    kind: PartKind
    read: Read
    keys: tuple[str, ...] = ()
    """Sets of members, separated by spaces; it has at least one of them all, unless its type is
    everything it has."""

    by: Literal["type", "part_kind", "kind", "prefix", "shape"] = "type"
    """The member that has its name; a `prefix` is the beginning of a `type`."""

    fits: Callable[[Json], bool] | None = None
    """Recognizes a `shape`, which has no type, of those that have its `keys`."""


def types(kind: PartKind, read: Read, *names: str, keys: tuple[str, ...] = ()) -> list[PartType]:
    """Return types that are read alike."""
    return [PartType(name, kind, read, keys) for name in names]


def shape(
    name: str,
    kind: PartKind,
    read: Read,
    keys: tuple[str, ...],
    fits: Callable[[Json], bool] | None = None,
) -> PartType:
    """Return a type of objects that are recognized by their members."""
    return PartType(name, kind, read, keys, "shape", fits)
