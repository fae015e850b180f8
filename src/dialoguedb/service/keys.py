"""Keys: secrets are made here, shown once, and looked up by their hash alone."""

from collections.abc import Callable

from msgspec import Struct

from dialoguedb.model.keys import (
    AnyPermission,
    Caller,
    Key,
    KeyInput,
    NewKey,
    key_digest,
    key_prefix,
    new_secret,
)
from dialoguedb.model.projects import Project
from dialoguedb.ports import KeyStore, WriteOptions
from dialoguedb.service.pages import NoFilter, PageRequest, PageTokens
from dialoguedb.values.lists import Page
from dialoguedb.values.validation_errors import ValidationErrors, invalid_request
from dialoguedb.values.validators import validate_timestamp, value_or_none


class IssuedKey(Struct, frozen=True):
    """A fresh key: its secret, shown once, and what the store keeps of it."""

    secret: str
    new: NewKey


class KeyService:
    """What can be done with keys; `project` is None for the operator's."""

    def __init__(self, store: KeyStore, new_id: Callable[[], str], pages: PageTokens) -> None:
        self._store = store
        self._new_id = new_id
        self._pages = pages

    def issue(self, sent: KeyInput, scope: AnyPermission | None = None) -> IssuedKey:
        """Make a key, which opens nothing until it is stored; `scope` replaces what was sent."""
        errors = ValidationErrors()
        secret = new_secret()
        new = NewKey(
            id=self._new_id(),
            digest=key_digest(secret),
            prefix=key_prefix(secret),
            scope=scope or value_or_none(sent.scope) or "write",  # type: ignore[arg-type] # a Scope is a str
            name=value_or_none(sent.name),
            namespace=value_or_none(sent.namespace),
            expires=validate_timestamp(sent.expires, "expires", errors),
        )
        if new.namespace == "":
            errors.invalid("namespace", "A key is bound to a namespace with a name, or to none")
        elif new.namespace and new.scope not in {"read", "write"}:
            errors.invalid("namespace", "Only a read or write key can be bound to a namespace")
        errors.raise_if_any()
        return IssuedKey(secret, new)

    async def create(self, project: Project | None, new: NewKey, options: WriteOptions) -> Key:
        """Store an issued key; InvalidRequest when it has expired by now."""
        if new.expires is not None and new.expires <= options.now:
            raise invalid_request("expires", "expires lies in the past: the key would open nothing")
        return await self._store.create(project, new, options)

    async def get(self, project: Project | None, key_id: str) -> Key:
        """Return one key."""
        return await self._store.get(project, key_id)

    async def list(self, project: Project | None, request: PageRequest[NoFilter]) -> Page[Key]:
        """Return a page of keys."""
        scope = f"keys {project.id if project else 'operator'}"
        listing = self._pages.resume(scope, request)
        found = await self._store.list(project, listing.window)
        return self._pages.page(scope, listing, found)

    async def revoke(self, project: Project | None, key_id: str, options: WriteOptions) -> Key:
        """Revoke a key from now on."""
        return await self._store.revoke(project, key_id, options)

    async def find(self, secret: str) -> Caller | None:
        """Return who holds a secret; None when it is unknown or revoked."""
        return await self._store.find(key_digest(secret))
