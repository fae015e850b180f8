"""Messages on their way to a writer: parts that know which message they are from."""

from collections.abc import Iterable
from typing import Any, TypeGuard

from msgspec import Struct

from dialoguedb.formats.outgoing.losses import Loss, LossKind
from dialoguedb.formats.parts import Attachment, Other, Part, Spelling, Text
from dialoguedb.formats.turns import Speaker

Json = dict[str, Any]


class OutgoingPart(Struct, frozen=True, gc=False):
    """A part, and the message that it is from."""

    part: Part
    message_id: str = ""
    """Empty for what no message holds."""

    index: int = 0

    def replaced(self, part: Part) -> "OutgoingPart":
        """Return another part in the position of this one."""
        return OutgoingPart(part, self.message_id, self.index)


class OutgoingMessage(Struct):
    """One message to write. All parts of a tool's are results; no other message has any."""

    speaker: Speaker
    name: str | None
    parts: list[OutgoingPart]
    turn: int = -1
    """The index of the turn that it begins with."""


class Losses:
    """Collects what is left out."""

    def __init__(self) -> None:
        self.found: list[Loss] = []

    def add(self, outgoing: OutgoingPart, kind: LossKind, why: str) -> None:
        """Note that a part, or a detail of it, is left out."""
        self.found.append(Loss(outgoing.message_id, outgoing.index, kind, why))


def text_message(speaker: Speaker, text: str) -> OutgoingMessage:
    """Return a message of a text that no stored message holds."""
    return OutgoingMessage(speaker, None, [OutgoingPart(Text(text))])


def native_of(part: Part, spelling: Spelling) -> Json | None:
    """Return what a part was read from, if that is of the spelling."""
    native = part.native
    return native.value if native is not None and native.spelling == spelling else None


def without_nulls(value: Json) -> Json:
    """Return an object without members that are null, which libraries add and APIs refuse."""
    return {key: item for key, item in value.items() if item is not None}


def visible(parts: Iterable[OutgoingPart]) -> list[Text | Attachment | Other]:
    """Return the texts, attachments and other parts, which have words or show something."""
    return [part for outgoing in parts if type(part := outgoing.part) is Text or _shows(part)]


def shows_something(parts: Iterable[Text | Attachment | Other]) -> bool:
    """Tell whether any of the parts shows something."""
    return any(map(_shows, parts))


def _shows(part: Part) -> TypeGuard[Text | Attachment | Other]:
    if type(part) is Other:
        return bool(part.text or part.is_unknown)
    return type(part) is Text or type(part) is Attachment
