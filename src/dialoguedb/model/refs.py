"""What names a dialogue or a message within a project."""

from typing import NamedTuple


class DialogueRef(NamedTuple):
    """Names a dialogue of a project."""

    namespace: str
    """Empty for the default one."""

    id: str


class MessageRef(NamedTuple):
    """Names a message of a namespace."""

    dialogue_id: str
    id: str
