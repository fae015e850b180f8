# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""Calls about erasures; they need an admin key."""

from dialoguedb.client.sync.sender import Sender
from dialoguedb.client.transport.requests import ApiCall, get_call
from dialoguedb.model.erasures import ErasureKey, ErasureReceipt


class ErasureApi:
    """Calls that erase namespaces of the key's own project."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def create(self, namespace: str) -> ErasureReceipt:
        """Erase a namespace and return a signed receipt; DialogueImmutable."""
        call = ApiCall(method="POST", path=("admin", "erasures"), body={"namespace": namespace})
        return self._sender.send(call, ErasureReceipt)

    def key(self) -> ErasureKey:
        """Return the key that verifies receipts."""
        return self._sender.send(get_call("admin", "erasures", "key", query={}), ErasureKey)
