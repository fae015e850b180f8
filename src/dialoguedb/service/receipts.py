"""Receipts: windows that are recorded, and answered again as they were."""

import asyncio
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import UNSET, structs

from dialoguedb.formats.turns import parse_turn
from dialoguedb.model.context import ContextRequest, ContextWindow
from dialoguedb.model.projects import Project
from dialoguedb.model.receipts import (
    ContextReceipt,
    DeletedParts,
    NewReceipt,
    ReceiptContents,
    WindowSettings,
)
from dialoguedb.model.rules.receipts import parts_of
from dialoguedb.model.writes import WriteOptions
from dialoguedb.ports.receipts import ReceiptStore
from dialoguedb.service.context import ContextService, memory_note, summary_note
from dialoguedb.service.context_window.kept_plans import KeptPlan, PlanSources, keep, restore
from dialoguedb.service.context_window.plan import WindowPlan, render_plan


class ReceiptService:
    """Records windows, and answers them again."""

    def __init__(
        self, store: ReceiptStore, contexts: ContextService, new_id: Callable[[], str]
    ) -> None:
        self._store = store
        self._contexts = contexts
        self._new_id = new_id

    async def record(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        request: ContextRequest,
        options: WriteOptions,
    ) -> ContextWindow:
        """Return a context window with the id of its receipt, which is stored."""
        await self._store.check_kept(project, options)
        plan = await self._contexts.plan(project, namespace, dialogue_id, request)
        new, window = await asyncio.to_thread(_receipt_of, plan, request, self._new_id())
        recorded = structs.replace(window, id=new.id)
        if options.idempotency is not None:
            kept = options.idempotency.of_result(recorded)
            options = structs.replace(options, idempotency=kept)
        await self._store.create(project, namespace, dialogue_id, new, options)
        return recorded

    async def get(self, project: Project, namespace: str | None, receipt_id: str) -> ContextReceipt:
        """Return a window as it was answered, without what has been deleted since."""
        contents = await self._store.get(project, namespace, receipt_id)
        return await asyncio.to_thread(answered_again, contents)


def _receipt_of(
    plan: WindowPlan, request: ContextRequest, new_id: str
) -> tuple[NewReceipt, ContextWindow]:
    """Return the receipt of a window, and the window."""
    kept, window = keep(plan), render_plan(plan)
    new = NewReceipt(
        id=new_id,
        settings=msgspec.json.encode(settings_of(request)),
        parts=msgspec.json.encode(kept.parts),
        plan=kept.plan,
        sha256=digest_of(window),
    )
    return new, window


def settings_of(request: ContextRequest) -> WindowSettings:
    """Return how a window is asked for, with the hash of the query in place of its text."""
    fields: dict[str, Any] = structs.asdict(request)
    query = fields.pop("query")
    for name in ("as_of", "include"):
        fields[name] = fields[name] or UNSET
    hashed = sha256(query.encode("utf-8", "surrogatepass")).hexdigest() if query else UNSET
    return WindowSettings(**fields, query_sha256=hashed)


def digest_of(window: ContextWindow) -> str:
    """Return the hash of a window as it is answered, without an id."""
    return sha256(msgspec.json.encode(window)).hexdigest()


def answered_again(contents: ReceiptContents) -> ContextReceipt:
    """Return the window of a receipt, rendered again, and whether it is the same."""
    receipt = contents.receipt
    deleted = _deleted(contents)
    window = render_plan(_plan(contents, {*deleted.message_ids}))
    verified = digest_of(window) == receipt.sha256
    fields = {**structs.asdict(window), "id": receipt.id}
    return ContextReceipt(
        **fields,
        dialogue_id=contents.dialogue_id,
        namespace=contents.namespace or UNSET,
        created=contents.created,
        settings=msgspec.json.decode(receipt.settings, type=WindowSettings),
        sha256=receipt.sha256,
        verified=verified,
        differs=UNSET if verified else _why(deleted),
        deleted=deleted,
    )


def _why(deleted: DeletedParts) -> str:
    if deleted.message_ids or deleted.memory_ids or deleted.summary_id is not UNSET:
        return "Something that the window was made of is deleted."
    return "This version of the program, or what took an id since, writes the window differently."


def _plan(contents: ReceiptContents, deleted: set[str]) -> WindowPlan:
    turns = {message.id: parse_turn(message) for message in contents.messages}
    notes = [summary_note(contents.summary)] if contents.summary else []
    memories = map(memory_note, contents.memories)
    sources = PlanSources(
        turns, {note.id: note for note in notes if note}, {note.id: note for note in memories}
    )
    kept = KeptPlan(parts_of(contents.receipt), contents.receipt.plan)
    plan = restore(kept, sources)
    issues = [issue for issue in plan.issues if issue.message_id not in deleted]
    return structs.replace(plan, issues=issues)


def _deleted(contents: ReceiptContents) -> DeletedParts:
    parts = parts_of(contents.receipt)
    messages = {message.id for message in contents.messages}
    memories = {memory.id for memory in contents.memories}
    is_summary_gone = parts.summary is not None and contents.summary is None
    return DeletedParts(
        message_ids=[one.id for one in parts.messages if one.id not in messages],
        summary_id=parts.summary if is_summary_gone and parts.summary else UNSET,
        memory_ids=[one for one in parts.memories if one not in memories],
    )
