"""Calls about erasures; they need an admin key."""

from dialoguedb.client.aio.sender import AsyncSender
from dialoguedb.client.transport.requests import ApiCall, get_call
from dialoguedb.model.erasures import ErasureKey, ErasureReceipt


class AsyncErasureApi:
    """Calls that erase namespaces of the key's own project."""

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender

    async def create(self, namespace: str) -> ErasureReceipt:
        """Erase a namespace and return a signed receipt; DialogueImmutable."""
        call = ApiCall(method="POST", path=("admin", "erasures"), body={"namespace": namespace})
        return await self._sender.send(call, ErasureReceipt)

    async def key(self) -> ErasureKey:
        """Return the key that verifies receipts."""
        return await self._sender.send(get_call("admin", "erasures", "key", query={}), ErasureKey)
