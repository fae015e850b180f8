"""Token buckets that several servers share."""

from typing import Protocol

from msgspec import Struct

from dialoguedb.model.projects import Project


class TokensTaken(Struct, gc=False):
    """What a project's bucket gave."""

    count: int
    """How many tokens, one for each request that may be served."""

    left: float
    """What is in the bucket after that."""


class RateLimitStore(Protocol):
    """The buckets of all projects, wherever they are; what is lost there begins as a full one."""

    async def take(self, project: Project, requests: int) -> TokensTaken:
        """Take a token for each request out of a project's bucket, as far as it has them.

        ServiceUnavailable when nobody can tell; ProjectNotFound.
        """
        ...
