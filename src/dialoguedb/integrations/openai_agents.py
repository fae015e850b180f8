"""A session for the OpenAI Agents SDK; the extra is `openai-agents`."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from dialoguedb.client.aio.database import AsyncDatabase
from dialoguedb.client.aio.pagination import every_item
from dialoguedb.client.inputs import MessageDict
from dialoguedb.client.records import MessageRecord
from dialoguedb.errors import DialogueNotFound, DuplicateId, MessageNotFound
from dialoguedb.integrations.batches import batches
from dialoguedb.integrations.content import is_plain
from dialoguedb.values.limits import PAGE_ITEMS_MAX

_ROLES = {
    "function_call_output": "tool",
    "computer_call_output": "tool",
    "local_shell_call_output": "tool",
    "shell_call_output": "tool",
    "apply_patch_call_output": "tool",
    "custom_tool_call_output": "tool",
}
"""The role of items that have none; all others come from the model."""


class DialogueDBSession:
    """The history of one conversation: a dialogue, created when the first items are added.

    It is a `Session` of the Agents SDK: `Runner.run(agent, "Hello", session=session)`. Items that
    are added together are stored together, all or none, up to 1,000 and 35 MB.

    With `max_tokens` it answers a window of the conversation instead of all of it: one that begins
    as the one before it, so that the provider's cache hits.
    """

    def __init__(
        self,
        session_id: str,
        db: AsyncDatabase,
        *,
        namespace: str | None = None,
        session_settings: Any = None,
        max_tokens: int | None = None,
    ) -> None:
        self.session_id = session_id
        self.session_settings = session_settings
        """Settings of the Agents SDK; only `limit` has an effect."""

        self._db = db
        self._namespace = namespace
        self._max_tokens = max_tokens

    async def get_items(self, limit: int | None = None) -> list[Any]:
        """Return the last items, or all or a window of all, oldest first."""
        most = self._limit(limit)
        try:
            if most is None and self._max_tokens is not None:
                return await self._window(self._max_tokens)
            if most is None:
                return [_item(record) async for record in self._records("asc", PAGE_ITEMS_MAX)]
            newest: list[Any] = []
            if most > 0:
                async for record in self._records("desc", min(most, PAGE_ITEMS_MAX)):
                    newest.append(_item(record))
                    if len(newest) == most:
                        break
        except DialogueNotFound:
            return []
        return newest[::-1]

    async def add_items(self, items: list[Any]) -> None:
        """Append items in their order."""
        messages = [_message(item) for item in items]
        for batch in batches(messages):
            await self._append(batch)

    async def pop_item(self) -> Any | None:
        """Remove and return the last item; programs that do so at once get different items."""
        while True:
            try:
                async for record in self._records("desc", 1):
                    await self._db.api.message.delete(
                        self.session_id, record.id, namespace=self._namespace
                    )
                    return _item(record)
            except MessageNotFound:  # somebody else was quicker
                continue
            except DialogueNotFound:
                pass
            return None

    async def clear_session(self) -> None:
        """Delete the dialogue for good."""
        with suppress(DialogueNotFound):
            await self._db.delete_dialogue(self.session_id, namespace=self._namespace)

    # --- Internals --------------------------------------------------------------------------

    def _limit(self, limit: int | None) -> int | None:
        """Return how many items to return; as in the SDK's own sessions, below 0 is all."""
        if limit is None:
            limit = getattr(self.session_settings, "limit", None)
        return None if limit is None or limit < 0 else limit

    async def _window(self, max_tokens: int) -> list[Any]:
        window = await self._db.api.context.get(
            self.session_id,
            max_tokens,
            format="responses",
            stable=True,
            namespace=self._namespace,
        )
        system = [{"role": "system", "content": window.system}] if window.system else []
        return [*system, *window.messages]

    def _records(self, order: Any, page_size: int) -> AsyncIterator[MessageRecord]:
        fetch = partial(self._db.api.message.list, self.session_id)
        return every_item(fetch, page_size, {"order": order, "namespace": self._namespace})

    async def _append(self, messages: Sequence[MessageDict]) -> None:
        try:
            await self._add(messages)
        except DialogueNotFound:
            try:
                await self._db.api.dialogue.create(
                    id=self.session_id, namespace=self._namespace, messages=messages
                )
            except DuplicateId:  # somebody else created it in between
                await self._add(messages)

    async def _add(self, messages: Sequence[MessageDict]) -> None:
        await self._db.api.message.create_many(self.session_id, messages, namespace=self._namespace)


def _message(item: Mapping[str, Any]) -> MessageDict:
    """Return the message that an item is stored as: itself, or whole as the content of one."""
    role, content = item.get("role"), item.get("content")
    if item.keys() == {"role", "content"} and is_plain(content):
        return {"role": str(role), "content": content}
    kind = str(item.get("type"))
    return {"role": str(role or _ROLES.get(kind, "assistant")), "content": dict(item)}


def _item(record: MessageRecord) -> Any:
    if isinstance(record.content, dict):
        return record.content
    return {"role": record.role, "content": record.content}
