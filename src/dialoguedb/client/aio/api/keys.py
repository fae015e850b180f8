"""Calls about keys; they need an admin key."""

from typing import Unpack

from msgspec import Struct

from dialoguedb.client.aio.sending import AsyncSender
from dialoguedb.client.inputs import KeyFields, Paging
from dialoguedb.client.keywords import known_only
from dialoguedb.client.records import KeyRecord, Page
from dialoguedb.client.requests import deleting, reading, writing


class _Deleted(Struct):
    success: bool = True


class AsyncKeyApi:
    """Calls about the keys of the key's own project."""

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender

    @known_only
    async def create(self, **fields: Unpack[KeyFields]) -> KeyRecord:
        """Create a key; its secret is in `key`, this once.

        Where the answer was lost on the way, another try tells the key without its secret.
        """
        return await self._sender.ask(writing("POST", "admin", "keys", fields=fields), KeyRecord)

    async def get(self, key_id: str) -> KeyRecord:
        """Return one key; KeyNotFound."""
        return await self._sender.ask(reading("admin", "keys", key_id, query={}), KeyRecord)

    @known_only
    async def list(self, **paging: Unpack[Paging]) -> Page[KeyRecord]:
        """Return a page of keys, newest first."""
        return await self._sender.ask(reading("admin", "keys", query=paging), Page[KeyRecord])

    async def revoke(self, key_id: str) -> None:
        """Revoke a key: it opens nothing from now on."""
        await self._sender.ask(deleting("admin", "keys", key_id, query={}), _Deleted)
