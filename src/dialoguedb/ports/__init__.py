"""What the service needs of an engine; each method is one atomic act, durable when it returns.

The project is the first argument, then the namespace (`""` is the default one); what belongs to
another project or namespace does not exist. Writes take their `Terms`.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Raw

from dialoguedb.model.dialogues import (
    Action,
    DeletedDialogue,
    Dialogue,
    DialogueFilter,
    DialogueUpdate,
    NewDialogue,
    StateUpdate,
)
from dialoguedb.model.keys import Caller, Key, NewKey
from dialoguedb.model.memories import Memory, MemoryFilter, NewMemory
from dialoguedb.model.messages import Message, MessageFilter, NewMessage
from dialoguedb.model.projects import DeletedProject, Project, SettingsChange, Usage
from dialoguedb.ports.context import ContextStore
from dialoguedb.ports.search import IndexStore, SearchStore
from dialoguedb.ports.summaries import SummaryJobs, SummaryStore, TemplateStore
from dialoguedb.ports.writes import IdempotencyHit, IdempotencyRecord, Tags, Versioned, WriteOptions
from dialoguedb.values.lists import Slice, Window

__all__ = ["IdempotencyHit", "IdempotencyRecord", "Tags", "Versioned", "WriteOptions"]


class DialogueStore(Protocol):
    """Dialogues and the tree of their threads."""

    async def create(
        self, project: Project, namespace: str, new: NewDialogue, options: WriteOptions
    ) -> Versioned[Dialogue]:
        """Store a dialogue with its first messages; DuplicateId, DialogueNotFound (parent)."""
        ...

    async def get(
        self, project: Project, namespace: str, dialogue_id: str, last_messages: int
    ) -> Versioned[Dialogue]:
        """Return a dialogue with its last messages, oldest first; 0 leaves them out."""
        ...

    async def list(
        self, project: Project, wanted: DialogueFilter, window: Window
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

    async def act(
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


class StateStore(Protocol):
    """The state of a dialogue, versioned with the dialogue itself."""

    async def get(self, project: Project, namespace: str, dialogue_id: str) -> Versioned[Raw]:
        """Return the state."""
        ...

    async def update(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        update: StateUpdate,
        options: WriteOptions,
    ) -> Versioned[Raw]:
        """Merge, replace or patch the state; returns it as it is then."""
        ...


class MessageStore(Protocol):
    """Messages, ordered by `created`, then `seq`."""

    async def create(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        new: Sequence[NewMessage],
        options: WriteOptions,
    ) -> Versioned[Sequence[Message]]:
        """Append all or none; stored twins are answered in their place. Version: last `seq`."""
        ...

    async def list(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        wanted: MessageFilter,
        window: Window,
    ) -> Versioned[Slice[Message]]:
        """Return a window of a dialogue's messages. Version: last `seq`."""
        ...

    async def get(
        self, project: Project, namespace: str, dialogue_id: str, message_id: str
    ) -> Message:
        """Return one message."""
        ...

    async def update(
        self,
        project: Project,
        namespace: str,
        place: tuple[str, str],
        tags: Tags,
        options: WriteOptions,
    ) -> Message:
        """Replace the tags of the message at `(dialogue id, message id)`; None changes nothing."""
        ...

    async def delete(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        message_id: str,
        options: WriteOptions,
    ) -> None:
        """Delete one message."""
        ...


class MemoryStore(Protocol):
    """Memories, each (project, namespace, id)."""

    async def create(
        self, project: Project, namespace: str, new: NewMemory, options: WriteOptions
    ) -> Memory:
        """Store a memory; an equal twin is answered, an unequal one is a DuplicateId."""
        ...

    async def get(self, project: Project, namespace: str, memory_id: str) -> Memory:
        """Return one memory."""
        ...

    async def list(self, project: Project, wanted: MemoryFilter, window: Window) -> Slice[Memory]:
        """Return a window of memories, ties ordered by id."""
        ...

    async def update(
        self, project: Project, namespace: str, memory_id: str, tags: Tags, options: WriteOptions
    ) -> Memory:
        """Replace the tags; None changes nothing."""
        ...

    async def delete(
        self, project: Project, namespace: str, memory_id: str, options: WriteOptions
    ) -> None:
        """Delete one memory."""
        ...


class ProjectStore(Protocol):
    """Projects, their settings and usage."""

    async def create(self, project: Project, key: NewKey | None, options: WriteOptions) -> Project:
        """Store a project with its first key; DuplicateId when the name is taken."""
        ...

    async def get(self, id_or_name: str) -> Project:
        """Return one project."""
        ...

    async def list(self, window: Window) -> Slice[Project]:
        """Return a window of projects by `created`, ties ordered by id."""
        ...

    async def update(
        self, project: Project, change: SettingsChange, options: WriteOptions
    ) -> Project:
        """Change settings as they are then."""
        ...

    async def delete(self, project_id: str, options: WriteOptions) -> DeletedProject:
        """Delete a project and all it holds; ProjectProtected."""
        ...

    async def usage(self, project: Project, month: str) -> Usage:
        """Return what was used in a month such as `2026-11`."""
        ...

    async def count_request(self, project: Project, month: str) -> int:
        """Count one request now; returns how many the month has."""
        ...

    async def record_activity(
        self, month: str, requests: Mapping[str, int], last_used: Mapping[str, str]
    ) -> None:
        """Add requests by project id, and note when each key id was last used."""
        ...


class KeyStore(Protocol):
    """Keys; `project` is None for the operator's."""

    async def create(self, project: Project | None, new: NewKey, options: WriteOptions) -> Key:
        """Store a key."""
        ...

    async def get(self, project: Project | None, key_id: str) -> Key:
        """Return one key."""
        ...

    async def list(self, project: Project | None, window: Window) -> Slice[Key]:
        """Return a window of keys by `created`, ties ordered by id."""
        ...

    async def revoke(self, project: Project | None, key_id: str, options: WriteOptions) -> Key:
        """Revoke a key from now on; repeating changes nothing."""
        ...

    async def find(self, digest: bytes) -> Caller | None:
        """Return who holds a secret, None when unknown or revoked."""
        ...


class Store(Protocol):
    """The open data of an engine."""

    dialogues: DialogueStore
    state: StateStore
    messages: MessageStore
    memories: MemoryStore
    summaries: SummaryStore
    templates: TemplateStore
    context: ContextStore
    jobs: SummaryJobs
    projects: ProjectStore
    keys: KeyStore
    search: SearchStore
    index: IndexStore

    async def ready(self) -> None:
        """Return when a write would be durable now; ServiceUnavailable otherwise."""
        ...

    async def forget_answers(self, before: str) -> None:
        """Drop the recorded answers of idempotency keys used before a moment."""
        ...

    def page_token_secret(self) -> bytes:
        """Return the secret that signs page tokens; it belongs to the data."""
        ...

    async def close(self) -> None:
        """Finish the writes that wait, then release everything."""
        ...


class Meter(Protocol):
    """What an engine tells about its work."""

    def batch(self, acts: int, seconds: float, waiting: int) -> None:
        """Note a commit: how many acts, how long, how many wait behind it."""
        ...
