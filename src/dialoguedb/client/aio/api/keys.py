"""Calls about keys; they need an admin key."""

from typing import Any, Unpack

from dialoguedb.client.aio.sender import AsyncSender
from dialoguedb.client.inputs import KeyFields, PageOptions
from dialoguedb.client.keyword_arguments import known_only
from dialoguedb.client.records import DeletionResponse, KeyRecord
from dialoguedb.client.transport.requests import delete_call, get_call, write_call
from dialoguedb.values.lists import Page


class AsyncKeyApi:
    """Calls about the keys of the key's own project."""

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender

    @known_only
    async def create(self, **fields: Unpack[KeyFields]) -> KeyRecord:
        """Create a key; its secret is in `key`, this once.

        Where the answer was lost on the way, another try tells the key without its secret.
        """
        return await self._sender.send(
            write_call("POST", "admin", "keys", fields=fields), KeyRecord
        )

    async def get(self, key_id: str) -> KeyRecord:
        """Return one key; KeyNotFound."""
        return await self._sender.send(get_call("admin", "keys", key_id, query={}), KeyRecord)

    @known_only
    async def list(self, **options: Unpack[PageOptions]) -> Page[KeyRecord]:
        """Return a page of keys, newest first."""
        return await self._sender.send(get_call("admin", "keys", query=options), Page[KeyRecord])

    async def revoke(self, key_id: str) -> None:
        """Revoke a key: it opens nothing from now on."""
        await self._sender.send(
            delete_call("admin", "keys", key_id, query={}), DeletionResponse[Any]
        )
