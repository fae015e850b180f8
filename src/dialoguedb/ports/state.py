"""What the service needs of an engine for the state of dialogues."""

from typing import Protocol

from msgspec import Raw

from dialoguedb.model.dialogues import StateUpdate
from dialoguedb.model.projects import Project
from dialoguedb.model.writes import Versioned, WriteOptions


class StateStore(Protocol):
    """The state of a dialogue, versioned with the dialogue itself."""

    async def get(self, project: Project, namespace: str, dialogue_id: str) -> Versioned[Raw]:
        """Return the state."""
        ...

    async def update(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        update: StateUpdate,
        options: WriteOptions,
    ) -> Versioned[Raw]:
        """Merge, replace or patch the state; returns it as it is then."""
        ...
