"""What is wrong with a history, as the answers name it."""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from dialoguedb.values.fields import Id

IssueCode = Literal[
    "ORPHANED_TOOL_CALL",
    "ORPHANED_TOOL_RESULT",
    "DUPLICATE_TOOL_RESULT",
    "ROLE_ORDER",
    "EMPTY_TURN",
    "RECENT_CUT",
    "TASK_CUT",
    "UNKNOWN_PART",
    "THOUGHT_DROPPED",
    "WINDOW_JUMPED",
]


class Issue(Struct, rename="camel", frozen=True, kw_only=True):
    """Something in a history that a model's provider would refuse."""

    code: IssueCode
    message_id: Id | UnsetType = UNSET
    message: str
