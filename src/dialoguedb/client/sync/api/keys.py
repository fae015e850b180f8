# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""Calls about keys; they need an admin key."""

from typing import Unpack

from msgspec import Struct

from dialoguedb.client.inputs import KeyFields, Paging
from dialoguedb.client.keywords import known_only
from dialoguedb.client.records import KeyRecord, Page
from dialoguedb.client.requests import deleting, reading, writing
from dialoguedb.client.sync.sending import Sender


class _Deleted(Struct):
    success: bool = True


class KeyApi:
    """Calls about the keys of the key's own project."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    @known_only
    def create(self, **fields: Unpack[KeyFields]) -> KeyRecord:
        """Create a key; its secret is in `key`, this once.

        Where the answer was lost on the way, another try tells the key without its secret.
        """
        return self._sender.ask(writing("POST", "admin", "keys", fields=fields), KeyRecord)

    def get(self, key_id: str) -> KeyRecord:
        """Return one key; KeyNotFound."""
        return self._sender.ask(reading("admin", "keys", key_id, query={}), KeyRecord)

    @known_only
    def list(self, **paging: Unpack[Paging]) -> Page[KeyRecord]:
        """Return a page of keys, newest first."""
        return self._sender.ask(reading("admin", "keys", query=paging), Page[KeyRecord])

    def revoke(self, key_id: str) -> None:
        """Revoke a key: it opens nothing from now on."""
        self._sender.ask(deleting("admin", "keys", key_id, query={}), _Deleted)
