"""What building a window needs of an engine."""

from typing import Protocol

from msgspec import Struct

from dialoguedb.model.messages import Message
from dialoguedb.model.projects import Project


class Ending(Struct):
    """The end of a dialogue, and what it begins with for a model, as they are at one time."""

    messages: list[Message]
    """The last messages, oldest first."""

    offsets: list[int]
    """The tokens that were appended to the dialogue before each of these."""

    system: list[Message]
    """The first messages of the system, oldest first."""

    task: Message | None
    """The last message before these in which a user says something, however far back."""

    total_messages: int
    whole: bool
    """Whether these are all messages of the dialogue."""


class ContextStore(Protocol):
    """Reads the end of dialogues, as much as fits in a window."""

    async def read(
        self, project: Project, namespace: str, dialogue_id: str, tokens_max: int
    ) -> Ending:
        """Return the last messages till they have more tokens than that, and those of the system.

        There are some of each in any case, if there are any. The cost follows `tokens_max`, not
        how far back the task stands.
        """
        ...
