"""Keys: secrets are made here, shown once, and looked up by their hash alone."""

from collections.abc import Callable

from msgspec import Struct

from dialoguedb.model.keys import (
    AnyScope,
    Caller,
    Key,
    KeyInput,
    NewKey,
    digest,
    new_secret,
    prefix,
)
from dialoguedb.model.projects import Project
from dialoguedb.ports import KeyStore, WriteOptions
from dialoguedb.service.pages import Everything, PageRequest, Pages
from dialoguedb.values.checks import accept_time, given
from dialoguedb.values.lists import Page
from dialoguedb.values.validation import ValidationErrors, refuse


class Issued(Struct, frozen=True):
    """A fresh key: its secret, shown once, and what the store keeps of it."""

    secret: str
    new: NewKey


class Keys:
    """What can be done with keys; `project` is None for the operator's."""

    def __init__(self, store: KeyStore, new_id: Callable[[], str], pages: Pages) -> None:
        self._store = store
        self._new_id = new_id
        self._pages = pages

    def issue(self, asked: KeyInput, scope: AnyScope | None = None) -> Issued:
        """Make a key as asked for, or of another scope; it opens nothing until it is stored."""
        errors = ValidationErrors()
        secret = new_secret()
        new = NewKey(
            id=self._new_id(),
            digest=digest(secret),
            prefix=prefix(secret),
            scope=scope or given(asked.scope) or "write",  # type: ignore[arg-type] # a Scope is a str
            name=given(asked.name),
            namespace=given(asked.namespace),
            expires=accept_time(asked.expires, "expires", errors),
        )
        if new.namespace == "":
            errors.invalid("namespace", "A key is bound to a namespace with a name, or to none")
        elif new.namespace and new.scope not in {"read", "write"}:
            errors.invalid("namespace", "Only a read or write key can be bound to a namespace")
        errors.refuse()
        return Issued(secret, new)

    async def create(self, project: Project | None, new: NewKey, options: WriteOptions) -> Key:
        """Store an issued key; InvalidRequest when it has expired by now."""
        if new.expires is not None and new.expires <= options.now:
            raise refuse("expires", "expires lies in the past: the key would open nothing")
        return await self._store.create(project, new, options)

    async def get(self, project: Project | None, key_id: str) -> Key:
        """Return one key."""
        return await self._store.get(project, key_id)

    async def list(self, project: Project | None, request: PageRequest[Everything]) -> Page[Key]:
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
        return await self._store.find(digest(secret))
