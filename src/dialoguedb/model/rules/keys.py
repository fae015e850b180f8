"""Keys as they are stored, and whom a secret lets in."""

import hmac

from msgspec import UNSET, Struct, structs

from dialoguedb.errors import KeyNotFound
from dialoguedb.model.keys import AnyPermission, Caller, Key, NewKey
from dialoguedb.model.projects import Project


class StoredKey(Struct, gc=False):
    """A key as an engine keeps it, with the hash of its secret."""

    id: str
    digest: bytes
    prefix: str
    scope: AnyPermission
    name: str | None
    namespace: str | None
    created: str
    expires: str | None
    last_used: str | None
    revoked: str | None

    def to_key(self, project: Project | None) -> Key:
        """Return the key for a response; one without a project is an operator's."""
        return Key(
            id=self.id,
            prefix=self.prefix,
            scope=self.scope,
            created=self.created,
            project_id=UNSET if project is None else project.id,
            name=UNSET if self.name is None else self.name,
            namespace=UNSET if self.namespace is None else self.namespace,
            expires=UNSET if self.expires is None else self.expires,
            last_used=UNSET if self.last_used is None else self.last_used,
            revoked=UNSET if self.revoked is None else self.revoked,
        )

    def to_caller(self, project: Project | None) -> Caller:
        """Return who holds the key."""
        return Caller(self.id, self.scope, self.namespace, self.expires, project)


def key_bytes(_key: StoredKey) -> int:
    """Return what a key adds to a page, beside its names."""
    return 0


def new_key(new: NewKey, now: str) -> StoredKey:
    """Return the key to store."""
    return StoredKey(
        id=new.id,
        digest=new.digest,
        prefix=new.prefix,
        scope=new.scope,
        name=new.name,
        namespace=new.namespace,
        created=now,
        expires=new.expires,
        last_used=None,
        revoked=None,
    )


def plan_revocation(key: StoredKey, now: str) -> StoredKey:
    """Return the key as it is revoked; one that was revoked before stays as it is."""
    return key if key.revoked else structs.replace(key, revoked=now)


def opened_by(digest: bytes, key: StoredKey | None) -> StoredKey | None:
    """Return the key that a secret opens, None when it is unknown or revoked.

    The hash is compared in constant time: an index has found it byte by byte, which tells no more
    than a guess of the whole hash would.
    """
    if key is None or key.revoked or not hmac.compare_digest(key.digest, digest):
        return None
    return key


def key_not_found(key_id: str) -> KeyNotFound:
    """Return the error for a key that does not exist."""
    return KeyNotFound(f"Key '{key_id}' not found")
