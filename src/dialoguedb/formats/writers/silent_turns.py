"""Messages that show nothing, and go back to the API that wrote them: reasoning, opaque items."""

from dialoguedb.formats.outgoing.messages import native_of
from dialoguedb.formats.parts import Other, Part, Reasoning
from dialoguedb.formats.turns import Turn
from dialoguedb.formats.writers.table import WRITERS
from dialoguedb.values.fields import Dialect

_WITHOUT_ITEMS = "openai"
"""Chat messages hold what belongs to them as their fields, and nothing beside them."""


def goes_back(turn: Turn, dialect: Dialect) -> bool:
    """Tell whether a writer sends any part of a silent turn, with the answer behind it."""
    return any(_goes_back(part, dialect) for part in turn.parts)


def stands_alone(turn: Turn, dialect: Dialect) -> bool:
    """Tell whether a writer sends any part of a silent turn whatever is behind it."""
    return dialect != _WITHOUT_ITEMS and any(
        isinstance(part, Other) and _goes_back(part, dialect) for part in turn.parts
    )


def may_need_reasoning(turn: Turn, dialect: Dialect) -> bool:
    """Tell whether an API refuses a turn without the reasoning that may stand before it."""
    return dialect == "responses" and any(native_of(part, "responses") for part in turn.parts)


def _goes_back(part: Part, dialect: Dialect) -> bool:
    if dialect == "anthropic" and isinstance(part, Reasoning):
        return part.is_returnable
    spelling = WRITERS[dialect].spelling
    return spelling is not None and native_of(part, spelling) is not None
