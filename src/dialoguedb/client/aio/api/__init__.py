"""The direct layer: one method for each call of the API, returning records."""

from typing import Any

from msgspec import Raw

from dialoguedb.client.aio.api.context import AsyncContextApi
from dialoguedb.client.aio.api.dialogues import AsyncDialogueApi
from dialoguedb.client.aio.api.erasures import AsyncErasureApi
from dialoguedb.client.aio.api.keys import AsyncKeyApi
from dialoguedb.client.aio.api.memories import AsyncMemoryApi
from dialoguedb.client.aio.api.messages import AsyncMessageApi
from dialoguedb.client.aio.api.projects import AsyncProjectApi, AsyncSettingsApi
from dialoguedb.client.aio.api.search import AsyncSearchApi
from dialoguedb.client.aio.api.state import AsyncStateApi
from dialoguedb.client.aio.api.summaries import AsyncSummaryApi, AsyncTemplateApi
from dialoguedb.client.aio.sender import AsyncSender
from dialoguedb.client.transport.requests import get_call


class AsyncApi:
    """Every call of the API, by noun: `await db.api.dialogue.create(label="Order 17")`."""

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender
        self.dialogue = AsyncDialogueApi(sender)
        self.state = AsyncStateApi(sender)
        self.message = AsyncMessageApi(sender)
        self.memory = AsyncMemoryApi(sender)
        self.search = AsyncSearchApi(sender)
        self.summary = AsyncSummaryApi(sender)
        self.context = AsyncContextApi(sender)
        self.key = AsyncKeyApi(sender)
        self.erasure = AsyncErasureApi(sender)
        self.project = AsyncProjectApi(sender)
        self.settings = AsyncSettingsApi(sender)
        self.template = AsyncTemplateApi(sender)

    async def read(self, *path: str, **query: Any) -> bytes:
        """Return the response to a GET, byte for byte: `read("dialogue", "d", messages=9)`.

        Numbers are then as they were sent, which Python's own cannot all be: 1.10, 1E400.
        """
        call = get_call(*path, query=self._sender.with_namespace(query))
        return bytes(await self._sender.send(call, Raw))
