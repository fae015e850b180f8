"""Erasing a namespace, such as one person, and the receipt of it."""

from typing import Annotated

from msgspec import Meta, Struct, field
from msgspec.structs import replace

from dialoguedb.values.fields import Id, Namespace, Timestamp


class ErasureInput(Struct):
    """A request to erase a namespace."""

    namespace: Annotated[Namespace, Meta(description='`""` is the default namespace.')]


class DeletedObjects(Struct, rename="camel", kw_only=True):
    """How many objects of each kind an erasure has deleted."""

    dialogues: int = 0
    messages: int = 0
    attachments: int = 0
    """Those that no message of another namespace has as well."""

    memories: int = 0
    summaries: int = 0
    recorded_windows: int = 0
    kept_responses: int = 0
    """Responses kept for idempotency keys."""

    keys: int = 0
    """Keys bound to the namespace."""

    def plus(self, kind: str, count: int) -> "DeletedObjects":
        """Return the counts after more of a kind."""
        return replace(self, **{kind: getattr(self, kind) + count})


class ErasureProgress(Struct, frozen=True):
    """How far an erasure is."""

    started: str
    deleted: DeletedObjects
    is_complete: bool
    """Whether nothing of the namespace was left."""


class ErasureFacts(Struct, rename="camel", kw_only=True):
    """What a receipt says; the name of the namespace is not in it."""

    id: Id
    project_id: Id
    salt: str
    namespace_sha256: str = field(name="namespaceSHA256")
    """The hash of the salt and the name, so that who knows the name can recognize it."""

    started: Timestamp
    completed: Timestamp
    """When nothing of the namespace was left."""

    deleted: DeletedObjects
    files_cleaned: Timestamp | None
    """When nothing of it was left in the files either; null when a long read of another process
    kept the log from being emptied, and always on PostgreSQL, whose files are its own."""


class ErasureReceipt(ErasureFacts, rename="camel", kw_only=True):
    """A signed receipt of an erasure."""

    public_key: str
    """The key that verifies the signature, Ed25519 in base64; it belongs to the data directory."""

    signature: str
    """Of the JSON of all other fields, with sorted keys and no white space, in UTF-8."""


class ErasureKey(Struct, rename="camel"):
    """The key that verifies receipts."""

    public_key: str
    algorithm: str = "Ed25519"
