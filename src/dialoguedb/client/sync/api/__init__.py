# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""The direct layer: one method for each call of the API, returning records."""

from typing import Any

from msgspec import Raw

from dialoguedb.client.sync.api.context import ContextApi
from dialoguedb.client.sync.api.dialogues import DialogueApi
from dialoguedb.client.sync.api.erasures import ErasureApi
from dialoguedb.client.sync.api.keys import KeyApi
from dialoguedb.client.sync.api.memories import MemoryApi
from dialoguedb.client.sync.api.messages import MessageApi
from dialoguedb.client.sync.api.projects import ProjectApi, SettingsApi
from dialoguedb.client.sync.api.search import SearchApi
from dialoguedb.client.sync.api.state import StateApi
from dialoguedb.client.sync.api.summaries import SummaryApi, TemplateApi
from dialoguedb.client.sync.sender import Sender
from dialoguedb.client.transport.requests import get_call


class Api:
    """Every call of the API, by noun: `db.api.dialogue.create(label="Order 17")`."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self.dialogue = DialogueApi(sender)
        self.state = StateApi(sender)
        self.message = MessageApi(sender)
        self.memory = MemoryApi(sender)
        self.search = SearchApi(sender)
        self.summary = SummaryApi(sender)
        self.context = ContextApi(sender)
        self.key = KeyApi(sender)
        self.erasure = ErasureApi(sender)
        self.project = ProjectApi(sender)
        self.settings = SettingsApi(sender)
        self.template = TemplateApi(sender)

    def read(self, *path: str, **query: Any) -> bytes:
        """Return the response to a GET, byte for byte: `read("dialogue", "d", messages=9)`.

        Numbers are then as they were sent, which Python's own cannot all be: 1.10, 1E400.
        """
        call = get_call(*path, query=self._sender.with_namespace(query))
        return bytes(self._sender.send(call, Raw))
