"""What is left out when parts are written in another spelling, part by part."""

from typing import Literal

from msgspec import Struct

LossKind = Literal[
    "signed-thought", "thought", "call", "result", "attachment", "id", "name", "error", "detail"
]


class Loss(Struct, frozen=True):
    """A part, or a detail of one, that what was written does not hold."""

    message_id: str
    part: int
    """Its index in the message."""

    kind: LossKind
    why: str
