"""What the service needs of an engine for messages."""

from collections.abc import Awaitable, Sequence
from typing import Protocol

from dialoguedb.formats.attachments.deferred import DeferredText
from dialoguedb.model.messages import AttachmentRead, Message, MessageFilter, NewMessage
from dialoguedb.model.projects import Project
from dialoguedb.model.refs import MessageRef
from dialoguedb.model.writes import Tags, Versioned, WriteOptions
from dialoguedb.values.lists import Slice, Window


class MessageStore(Protocol):
    """Messages, ordered by `created`, then `seq`."""

    def create(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        new: Sequence[NewMessage],
        options: WriteOptions,
    ) -> Awaitable[Versioned[Sequence[Message]]]:
        """Append all or none; a stored duplicate is answered in its place. Version: last `seq`."""
        ...

    async def list(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        filters: MessageFilter,
        window: Window,
    ) -> Versioned[Slice[Message]]:
        """Return a window of a dialogue's messages. Version: last `seq`.

        In a window in pieces, tokens stand for the attachments.
        """
        ...

    async def get(
        self,
        project: Project,
        namespace: str,
        ref: MessageRef,
        attachments: AttachmentRead = "inline",
    ) -> Message:
        """Return one message."""
        ...

    async def deferred_text(self, project: Project, text: DeferredText, start: int) -> bytes:
        """Return the next part of the base64 that a message holds a token for; MessageNotFound."""
        ...

    async def update(
        self,
        project: Project,
        namespace: str,
        ref: MessageRef,
        tags: Tags,
        options: WriteOptions,
    ) -> Message:
        """Replace the tags of a message; None changes nothing."""
        ...

    async def delete(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        message_id: str,
        options: WriteOptions,
    ) -> bool:
        """Delete one message, and what repeats it.

        Summaries that cover it are deleted or to be made again, as the project's settings say;
        tells whether any is to be made.
        """
        ...
