"""A key that is not stored: that of the process which has the data itself."""

from contextlib import suppress

from dialoguedb.bootstrap.default_project import default_project
from dialoguedb.bootstrap.services import services_of
from dialoguedb.errors import ProjectNotFound
from dialoguedb.model.keys import Caller, Key, NewKey, key_digest
from dialoguedb.model.projects import Project
from dialoguedb.ports import KeyStore, ProjectStore, Store, WriteOptions
from dialoguedb.values.lists import Slice, Window

_KEY_ID = "own"


class OwnKeys:
    """Keys as they are stored, and one more that is not: that of this process."""

    def __init__(self, store: Store, project_id: str, secret: str) -> None:
        self._keys: KeyStore = store.keys
        self._projects: ProjectStore = store.projects
        self._project_id = project_id
        self._digest = key_digest(secret)

    async def create(self, project: Project | None, new: NewKey, options: WriteOptions) -> Key:
        """Store a key."""
        return await self._keys.create(project, new, options)

    async def get(self, project: Project | None, key_id: str) -> Key:
        """Return one stored key."""
        return await self._keys.get(project, key_id)

    async def list(self, project: Project | None, window: Window) -> Slice[Key]:
        """Return a window of stored keys."""
        return await self._keys.list(project, window)

    async def revoke(self, project: Project | None, key_id: str, options: WriteOptions) -> Key:
        """Revoke a stored key."""
        return await self._keys.revoke(project, key_id, options)

    async def find(self, secret_digest: bytes) -> Caller | None:
        """Return who holds a secret: whoever has the process has the files, and all rights."""
        if secret_digest != self._digest:
            return await self._keys.find(secret_digest)
        with suppress(ProjectNotFound):  # it has been deleted meanwhile
            project = await self._projects.get(self._project_id)
            return Caller(_KEY_ID, "admin", namespace=None, expires=None, project=project)
        return None


async def admit(store: Store, secret: str) -> None:
    """Let this process in with a secret of its own, to the project that data begins with."""
    project = await default_project(services_of(store))
    store.keys = OwnKeys(store, project.id, secret)
