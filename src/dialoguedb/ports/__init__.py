"""What the service needs of an engine; each method is one atomic operation, durable on return.

The project is the first argument, then the namespace (`""` is the default one); what belongs to
another project or namespace does not exist. Writes take their `WriteOptions`. What an operation
decides is a rule of `model.rules`, which an engine calls with what it has stored.

A list returns a window: in order, at most its limit, and where to go on when more follow. It ends
early at `limits.PAGE_BYTES_MAX`, with at least one item; `model.rules.pages` has the rule.
"""

from typing import Protocol

from dialoguedb.model.writes import (
    IdempotencyHit,
    IdempotencyRecord,
    Tags,
    Versioned,
    WriteOptions,
)
from dialoguedb.ports.context import ContextStore
from dialoguedb.ports.dialogues import DialogueStore
from dialoguedb.ports.erasures import ErasureStore
from dialoguedb.ports.keys import KeyStore
from dialoguedb.ports.memories import MemoryStore
from dialoguedb.ports.messages import MessageStore
from dialoguedb.ports.projects import ProjectStore
from dialoguedb.ports.rate_limits import RateLimitStore
from dialoguedb.ports.receipts import ReceiptStore
from dialoguedb.ports.search import IndexStore, SearchStore
from dialoguedb.ports.state import StateStore
from dialoguedb.ports.summaries import SummaryJobs, SummaryStore, TemplateStore

__all__ = [
    "DialogueStore",
    "IdempotencyHit",
    "IdempotencyRecord",
    "KeyStore",
    "MemoryStore",
    "MessageStore",
    "ProjectStore",
    "StateStore",
    "Store",
    "Tags",
    "Versioned",
    "WriteOptions",
]


class Store(Protocol):
    """The open data of an engine."""

    dialogues: DialogueStore
    state: StateStore
    messages: MessageStore
    memories: MemoryStore
    summaries: SummaryStore
    templates: TemplateStore
    context: ContextStore
    receipts: ReceiptStore
    jobs: SummaryJobs
    projects: ProjectStore
    keys: KeyStore
    search: SearchStore
    index: IndexStore
    erasures: ErasureStore
    rate_limits: RateLimitStore | None
    """Buckets that all who open the data share, where an engine has them."""

    async def ready(self) -> None:
        """Return when a write would be durable now; ServiceUnavailable otherwise."""
        ...

    async def forget_answers(self, before: str) -> None:
        """Drop the responses kept for idempotency keys that were used before a time."""
        ...

    def page_token_secret(self) -> bytes:
        """Return the secret that signs page tokens; it belongs to the data."""
        ...

    async def close(self) -> None:
        """Finish the writes that wait, then release everything."""
        ...
