"""Keys: who may do what."""

import hashlib
import secrets
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from dialoguedb.model.projects import Project
from dialoguedb.values.fields import Id, Label, Namespace, Timestamp

Permission = Literal["read", "write", "admin"]
AnyPermission = Literal["read", "write", "admin", "operator"]

PERMISSION_RANK: dict[AnyPermission, int] = {"read": 1, "write": 2, "admin": 3, "operator": 0}
"""Each scope of a project's keys includes the lower ones; an operator's opens no data."""

KEY_PREFIX = "ddb_"
"""What every key begins with."""

_PREFIX_CHARS = 12


class Key(Struct, rename="camel"):
    """A key as it is answered; the secret itself is shown once, when it is created."""

    id: Id
    prefix: str
    scope: AnyPermission
    created: Timestamp
    project_id: Id | UnsetType = UNSET
    name: Label | UnsetType = UNSET
    namespace: Namespace | UnsetType = UNSET
    expires: Timestamp | UnsetType = UNSET
    last_used: Timestamp | UnsetType = UNSET
    revoked: Timestamp | UnsetType = UNSET


class KeyInput(Struct, rename="camel"):
    """A key as it is asked for."""

    name: Label | UnsetType | None = UNSET
    scope: Permission | UnsetType | None = UNSET
    namespace: Namespace | UnsetType | None = UNSET
    expires: Timestamp | UnsetType | None = UNSET


class NewKey(Struct):
    """A key on its way to the store, which sees only the hash of the secret."""

    id: str
    digest: bytes
    prefix: str
    scope: AnyPermission
    name: str | None
    namespace: str | None
    expires: str | None


class Caller(Struct, frozen=True):
    """Who sends a request: a key, and its project unless it is an operator's."""

    key_id: str
    scope: AnyPermission
    namespace: str | None
    expires: str | None
    project: Project | None


def new_secret() -> str:
    """Return a fresh secret of 256 random bits."""
    return KEY_PREFIX + secrets.token_urlsafe(32)


def key_prefix(secret: str) -> str:
    """Return the part of a secret by which people tell keys apart."""
    return secret[:_PREFIX_CHARS]


def key_digest(secret: str) -> bytes:
    """Return the hash under which a secret is stored; 256 random bits need no salt."""
    return hashlib.sha256(secret.encode()).digest()
