"""What the service needs of an engine for dialogues."""

from typing import Protocol

from dialoguedb.model.dialogues import (
    Action,
    DeletedDialogue,
    Dialogue,
    DialogueFilter,
    DialogueUpdate,
    NewDialogue,
)
from dialoguedb.model.messages import AttachmentRead
from dialoguedb.model.projects import Project
from dialoguedb.model.writes import Versioned, WriteOptions
from dialoguedb.values.lists import Slice, Window


class DialogueStore(Protocol):
    """Dialogues and the tree of their threads."""

    async def create(
        self, project: Project, namespace: str, new: NewDialogue, options: WriteOptions
    ) -> Versioned[Dialogue]:
        """Store a dialogue with its first messages; DuplicateId, DialogueNotFound (parent)."""
        ...

    async def get(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        last_messages: int,
        attachments: AttachmentRead = "inline",
    ) -> Versioned[Dialogue]:
        """Return a dialogue with its last messages, oldest first; 0 leaves them out."""
        ...

    async def list(
        self, project: Project, filters: DialogueFilter, window: Window
    ) -> Slice[Dialogue]:
        """Return a window of dialogues, ties ordered by id."""
        ...

    async def update(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        update: DialogueUpdate,
        options: WriteOptions,
    ) -> Versioned[Dialogue]:
        """Change label, state and tags and append messages, all or nothing."""
        ...

    async def change_status(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        action: Action,
        options: WriteOptions,
    ) -> Versioned[Dialogue]:
        """End, archive or reopen; repeating changes nothing."""
        ...

    async def delete(
        self, project: Project, namespace: str, dialogue_id: str, options: WriteOptions
    ) -> DeletedDialogue:
        """Delete a dialogue, its messages and, recursively, its threads."""
        ...
