"""What recording context windows needs of an engine."""

from typing import Protocol

from dialoguedb.model.projects import Project
from dialoguedb.model.receipts import NewReceipt, ReceiptContents
from dialoguedb.model.writes import WriteOptions


class ReceiptStore(Protocol):
    """Receipts, each (project, id); a namespace of None stands for whichever it has."""

    async def check_kept(self, project: Project, options: WriteOptions) -> None:
        """Raise IdempotencyHit when a receipt was stored with these options; else do nothing.

        So a window that was answered before is not chosen again, which may fail by now.
        """
        ...

    async def create(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        new: NewReceipt,
        options: WriteOptions,
    ) -> None:
        """Store a receipt of a dialogue's window; DialogueNotFound, DialogueImmutable."""
        ...

    async def get(
        self, project: Project, namespace: str | None, receipt_id: str
    ) -> ReceiptContents:
        """Return a receipt with all that is left of its window, as it is now; ContextNotFound.

        A deleted dialogue takes its receipts with it.
        """
        ...
