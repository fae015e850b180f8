"""What a receipt needs to be stored, and what it finds again."""

from collections.abc import Iterable

import msgspec

from dialoguedb.errors import ContextNotFound
from dialoguedb.model.projects import Usage
from dialoguedb.model.receipts import NewReceipt, UsedParts
from dialoguedb.model.rules.messages import StoredMessage
from dialoguedb.model.rules.status import DialogueHead, check_changeable
from dialoguedb.model.rules.usage import usage_of
from dialoguedb.model.writes import WriteOptions


def plan_receipt(dialogue: DialogueHead, new: NewReceipt, options: WriteOptions) -> Usage:
    """Return what storing a receipt uses; DialogueImmutable in an archived dialogue."""
    check_changeable(dialogue.id, dialogue.status)
    return usage_of(options, stored_bytes=new.stored_bytes)


def parts_of(receipt: NewReceipt) -> UsedParts:
    """Return what the window of a receipt is made of."""
    return msgspec.json.decode(receipt.parts, type=UsedParts)


def still_there(parts: UsedParts, found: Iterable[StoredMessage]) -> list[StoredMessage]:
    """Return the messages that a window is made of, not others that have taken their ids."""
    seqs = {one.id: one.seq for one in parts.messages}
    return [one for one in found if seqs.get(one.id) == one.seq]


def check_receipt_found(receipt_id: str, of: str, namespace: str | None) -> None:
    """Refuse to show a receipt of another namespace; None means any. ContextNotFound."""
    if namespace not in {None, of}:
        raise context_not_found(receipt_id)


def context_not_found(receipt_id: str) -> ContextNotFound:
    """Return the error for a receipt that does not exist."""
    return ContextNotFound(f"Context '{receipt_id}' not found")
