"""What copying data from one engine to another needs of both: rows, whatever keeps them.

A row has no row ids: what belongs together is told by ids and sequence numbers. Both engines give
the same values in the same order, so that a checksum of rows tells whether two are equal.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from msgspec import Struct

Values = Sequence[Any]
"""The columns of a row in the order of `TABLES`: texts, whole numbers, bytes or None."""

TABLES: dict[str, tuple[str, ...]] = {
    "dialogues": (
        *("request_id", "thread_of", "label", "status", "ended_at", "archived_at"),
        *("created", "modified", "revision", "total_messages", "thread_count", "last_seq"),
        *("last_server_created", "last_message_created", "appended_tokens"),
    ),
    "dialogue_bodies": ("tags", "metadata", "state"),
    "dialogue_tags": ("tag",),
    "compaction_room": ("tokens", "above_tokens"),
    "messages": (
        *("seq", "id", "role", "name", "content", "content_length", "tags", "metadata"),
        *("created", "modified", "tokens", "token_offset", "by_user", "attachments"),
    ),
    "message_tags": ("seq", "tag"),
    "message_attachments": ("seq", "sha256", "base64"),
    "summaries": (
        *("id", "status", "start_id", "end_id", "rebuild", "template", "prompt", "instructions"),
        *("provider", "model", "tags", "metadata", "from_created", "from_seq", "from_id"),
        *("to_created", "to_seq", "to_id", "last_seq", "messages", "seq_sum", "tokens"),
        *("content", "content_tokens", "summarized", "skipped", "chunks", "previous", "error"),
        *("input_tokens", "output_tokens", "calls", "created", "modified", "due", "attempts"),
        "completed_seq",
    ),
    "receipts": ("id", "settings", "parts", "plan", "sha256", "created"),
    "memories": (
        *("value", "label", "description", "tags", "metadata", "created", "modified", "details"),
        *("version", "written", "written_by", "supersedes", "superseded_by", "superseded_at"),
        *("starts", "ends"),
    ),
    "memory_tags": ("tag",),
    "memory_versions": (
        *("version", "value", "label", "description", "metadata", "details", "written"),
        *("written_by", "replaced", "replaced_by"),
    ),
}
"""The tables of a dialogue in the order in which they are read and written, and of a memory."""

PROJECT_TABLES: dict[str, tuple[str, ...]] = {
    "keys": (
        *("id", "digest", "prefix", "scope", "name", "namespace", "created", "expires"),
        *("last_used", "revoked"),
    ),
    "templates": ("name", "prompt", "description", "created", "modified"),
    "usage": ("month", "requests", "messages", "dialogues", "stored_bytes"),
}

Kind = Literal["dialogue", "memory"]


class ObjectRef(NamedTuple):
    """A dialogue or memory of a project."""

    namespace: str
    id: str


class Head(NamedTuple):
    """An object, and what changes whenever it or anything in it changes."""

    row_id: int
    ref: ObjectRef
    version: bytes


class CopiedResponse(NamedTuple):
    """A response kept for an idempotency key."""

    created: str
    key: bytes
    project_id: str
    """Empty for what operators did."""

    request: bytes
    answer: bytes
    namespace: str | None
    quoted: str | None
    """What it repeats beside its request, of the object that follows."""

    quoted_of: ObjectRef | None
    quoted_seq: int | None

    @property
    def position(self) -> "ResponsePosition":
        """Where others follow it."""
        return ResponsePosition(self.created, self.key)


class ResponsePosition(NamedTuple):
    """Between two kept responses in their order."""

    created: str
    key: bytes = b""


class CopiedProject(Struct, frozen=True):
    """A project with all that belongs to it directly; without an id, what operators have."""

    tables: dict[str, list[Values]]
    """By the names of `PROJECT_TABLES`."""

    id: str = ""
    name: str = ""
    settings: bytes = b""
    created: str = ""
    modified: str = ""


class RowSink(Protocol):
    """Takes the rows of one object."""

    def restart(self) -> None:
        """Forget what came: it is read again."""
        ...

    def add(self, table: str, values: Values) -> None:
        """Take a row."""
        ...


RowSource = Callable[[], Iterator[tuple[str, Values]]]
"""Gives rows with their tables, from the first on whenever it is called."""


class Copies(Protocol):
    """The rows of open data, to read and to write. Nobody else writes where they are written to."""

    async def secret(self) -> bytes:
        """Return the secret of the data: it signs page tokens and receipts of erasures."""
        ...

    async def check_finished(self) -> None:
        """Raise DataError when the data is a copy that is not finished."""
        ...

    async def begin(self, secret: bytes) -> bool:
        """Make new data the copy of the data with a secret, or go on; DataError if it is neither.

        Returns whether nothing was missing at the end of the last pass; until the end of this one
        something may be. No server opens it before `finish`.
        """
        ...

    async def note_complete(self) -> None:
        """Note that nothing is missing at the end of this pass."""
        ...

    async def finish(self) -> None:
        """Make the copy data like any other."""
        ...

    async def projects(self) -> list[CopiedProject]:
        """Return all projects by id, first what operators have."""
        ...

    async def store_project(self, project: CopiedProject) -> None:
        """Store a project as it is now."""
        ...

    async def delete_project(self, project_id: str) -> None:
        """Delete a project that holds nothing any more; ProjectNotFound."""
        ...

    async def last_row_id(self, kind: Kind) -> int:
        """Return the greatest row id of an object now; 0 when there is none."""
        ...

    async def heads(self, project_id: str, kind: Kind, after: int, limit: int) -> list[Head]:
        """Return objects after a row id, by row id; ProjectNotFound."""
        ...

    async def versions(
        self, project_id: str, kind: Kind, refs: Sequence[ObjectRef]
    ) -> dict[ObjectRef, bytes]:
        """Return the versions of those that there are; ProjectNotFound."""
        ...

    async def read(self, project_id: str, kind: Kind, ref: ObjectRef, sink: RowSink) -> bool:
        """Give all rows of an object, in one snapshot; False when it is not there."""
        ...

    async def write(self, project_id: str, kind: Kind, ref: ObjectRef, rows: RowSource) -> None:
        """Store an object with all its rows in the place of what is there."""
        ...

    async def delete(self, project_id: str, kind: Kind, ref: ObjectRef) -> None:
        """Delete an object; a dialogue goes with its threads."""
        ...

    async def link_threads(self) -> None:
        """Link dialogues that were written before what they are threads of."""
        ...

    async def responses(self, after: ResponsePosition, limit: int) -> list[CopiedResponse]:
        """Return kept responses in order, but those that repeat what is gone."""
        ...

    async def forget_responses(self) -> None:
        """Drop all kept responses."""
        ...

    async def store_responses(self, responses: Sequence[CopiedResponse]) -> None:
        """Keep responses, but those that repeat what is not there."""
        ...

    async def counts(self) -> dict[str, int]:
        """Return how many rows each kind of object has."""
        ...
