"""The state of a dialogue."""

from msgspec import Raw

from dialoguedb.model.dialogues import StateUpdate
from dialoguedb.model.projects import Project
from dialoguedb.ports import StateStore, Versioned, WriteOptions


class StateService:
    """What can be done with a dialogue's state."""

    def __init__(self, store: StateStore) -> None:
        self._store = store

    async def get(self, project: Project, namespace: str, dialogue_id: str) -> Versioned[Raw]:
        """Return the state."""
        return await self._store.get(project, namespace, dialogue_id)

    async def update(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        update: StateUpdate,
        options: WriteOptions,
    ) -> Versioned[Raw]:
        """Merge, replace or patch the state; returns it as it is then."""
        return await self._store.update(project, namespace, dialogue_id, update, options)
