"""What erasing a namespace needs of an engine."""

from typing import Protocol

from dialoguedb.model.erasures import ErasureProgress
from dialoguedb.model.projects import Project


class ErasureStore(Protocol):
    """Erases namespaces, a portion at a time."""

    async def advance(
        self, project: Project, namespace: str, digest: bytes, now: str
    ) -> ErasureProgress:
        """Delete a portion of what a namespace holds, of every kind of object.

        The counts are of all portions since the erasure began, also before a crash: they are kept
        under the digest until it is finished. It is complete when a portion finds nothing left.
        """
        ...

    async def finish(self, project: Project, digest: bytes) -> None:
        """Forget the counts of an erasure."""
        ...

    async def clean(self) -> bool:
        """Overwrite what deleted objects have left in the files.

        False when a long read of others keeps some of it for now, or the files are not the
        engine's to overwrite.
        """
        ...
