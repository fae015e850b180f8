"""What a message needs before it is stored: an id, the count of its tokens, no large attachment."""

import asyncio
from collections.abc import Callable, Sequence

from dialoguedb.formats.attachments.cutting import cut, with_beginnings
from dialoguedb.formats.tokens import measure_message
from dialoguedb.model.messages import NewMessage
from dialoguedb.ports.tokens import TokenCounter
from dialoguedb.values.long_values import LONG_BYTES

_COUNTED_AT_ONCE_BYTES = 16 * 1024
"""More than this may take milliseconds when its words are new."""


class MessagePreparation:
    """Gets messages ready to be stored: named, counted, and their attachments cut out."""

    def __init__(self, new_id: Callable[[], str], count: TokenCounter) -> None:
        self._new_id = new_id
        self._count = count

    async def prepare(self, new: Sequence[NewMessage]) -> None:
        """Give ids to those without one and count tokens; on a thread when that takes long."""
        if not self.prepare_short(new):
            self._give_ids(new)
            await asyncio.to_thread(self._measure_all, new)

    def prepare_short(self, new: Sequence[NewMessage]) -> bool:
        """Prepare messages that take no time to count; False when they are too long for that."""
        if sum(len(message.content) for message in new) > _COUNTED_AT_ONCE_BYTES:
            return False
        self._give_ids(new)
        self._measure_all(new)
        return True

    def _give_ids(self, new: Sequence[NewMessage]) -> None:
        for message in new:
            if not message.named:
                message.id = self._new_id()

    def _measure_all(self, new: Sequence[NewMessage]) -> None:
        for message in new:
            content = message.content
            if message.attachments:
                message.cut = cut(content, message.attachments)
                if message.cut is not None and len(content) > LONG_BYTES:
                    content = with_beginnings(content, message.cut.attachments)
            message.tokens, message.by_user = measure_message(
                message.role, content, message.name, message.metadata, self._count
            )
