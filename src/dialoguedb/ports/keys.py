"""What the service needs of an engine for keys."""

from typing import Protocol

from dialoguedb.model.keys import Caller, Key, NewKey
from dialoguedb.model.projects import Project
from dialoguedb.model.writes import WriteOptions
from dialoguedb.values.lists import Slice, Window


class KeyStore(Protocol):
    """Keys; `project` is None for the operator's."""

    async def create(self, project: Project | None, new: NewKey, options: WriteOptions) -> Key:
        """Store a key."""
        ...

    async def get(self, project: Project | None, key_id: str) -> Key:
        """Return one key."""
        ...

    async def list(self, project: Project | None, window: Window) -> Slice[Key]:
        """Return a window of keys by `created`, ties ordered by id."""
        ...

    async def revoke(self, project: Project | None, key_id: str, options: WriteOptions) -> Key:
        """Revoke a key from now on; repeating changes nothing."""
        ...

    async def find(self, digest: bytes) -> Caller | None:
        """Return who holds a secret, None when unknown or revoked."""
        ...
