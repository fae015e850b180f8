"""What the tools do with conversations."""

from typing import Any

import msgspec

from dialoguedb.client.aio.database import AsyncDatabase
from dialoguedb.mcp.answers import (
    Added,
    FoundMessage,
    FoundSessions,
    Messages,
    Outline,
    Resumed,
    Said,
    Saved,
    Session,
    Sessions,
    StateUpdated,
    ThreadCreated,
)
from dialoguedb.mcp.wanted import (
    AddMessage,
    CreateThread,
    ListMessages,
    ListSessions,
    MessageGiven,
    Resume,
    Save,
    Search,
    UpdateState,
)
from dialoguedb.values.limits import PAGE_ITEMS_MAX


async def save(db: AsyncDatabase, wanted: Save) -> Saved:
    """Store a conversation, all or nothing."""
    stored = await db.api.dialogue.create(
        id=wanted.id,
        namespace=wanted.namespace,
        label=wanted.label,
        messages=[_fields(message) for message in wanted.messages] or None,
        state=wanted.state,
        tags=wanted.tags,
        metadata=wanted.metadata,
    )
    return Saved(
        session_id=stored.id,
        message_count=stored.total_messages,
        label=stored.label,
        message=f"Saved the conversation with {_counted(stored.total_messages)}",
    )


async def resume(db: AsyncDatabase, wanted: Resume) -> Resumed:
    """Return a conversation with its last messages."""
    record = await db.api.dialogue.get(
        wanted.id,
        namespace=wanted.namespace,
        messages=PAGE_ITEMS_MAX if wanted.load_messages else None,
    )
    return Resumed(session=Session.of(record))


async def search(db: AsyncDatabase, wanted: Search) -> FoundSessions:
    """Find conversations, and single messages if they are wanted."""
    found = await db.api.search.dialogues(
        wanted.query, limit=wanted.limit, namespace=wanted.namespace
    )
    answer = FoundSessions(dialogues=[Outline.found(hit) for hit in found.hits], messages=[])
    if wanted.search_messages:
        said = await db.api.search.messages(
            wanted.query, limit=wanted.limit, namespace=wanted.namespace
        )
        answer.messages = [FoundMessage.of(hit.item, hit.relevance) for hit in said.hits]
    return answer


async def list_sessions(db: AsyncDatabase, wanted: ListSessions) -> Sessions:
    """Return a page of conversations."""
    page = await db.api.dialogue.list(
        limit=wanted.limit,
        order=wanted.order,
        start_date=wanted.start_date,
        end_date=wanted.end_date,
        next=wanted.next,
        namespace=wanted.namespace,
    )
    return Sessions(dialogues=[Outline.of(record) for record in page], next=page.next)


async def add_message(db: AsyncDatabase, wanted: AddMessage) -> Added:
    """Append a message."""
    stored = await db.api.message.create(
        wanted.session_id,
        wanted.role,
        wanted.content,
        name=wanted.name,
        namespace=wanted.namespace,
    )
    return Added(
        session_id=stored.dialogue_id,
        message_id=stored.id,
        message=f"Added message {stored.seq} of the conversation",
    )


async def list_messages(db: AsyncDatabase, wanted: ListMessages) -> Messages:
    """Return a page of a conversation's messages."""
    page = await db.api.message.list(
        wanted.session_id,
        limit=wanted.limit,
        order=wanted.order,
        next=wanted.next,
        namespace=wanted.namespace,
    )
    return Messages(
        session_id=wanted.session_id,
        messages=[Said.of(record) for record in page],
        next=page.next,
    )


async def update_state(db: AsyncDatabase, wanted: UpdateState) -> StateUpdated:
    """Merge into a conversation's state, or replace it."""
    stored = await db.api.state.update(
        wanted.session_id, wanted.state, merge=wanted.merge, namespace=wanted.namespace
    )
    return StateUpdated(
        session_id=wanted.session_id,
        state=stored.value,
        message="Merged into the state" if wanted.merge else "Replaced the state",
    )


async def create_thread(db: AsyncDatabase, wanted: CreateThread) -> ThreadCreated:
    """Create a conversation that belongs to another."""
    thread = await db.api.dialogue.create(
        thread_of=wanted.parent_id,
        label=wanted.label,
        tags=wanted.tags,
        namespace=wanted.namespace,
    )
    return ThreadCreated(
        thread_id=thread.id,
        parent_id=wanted.parent_id,
        message=f"Created a thread of {wanted.parent_id}",
    )


def _fields(message: MessageGiven) -> Any:
    return msgspec.structs.asdict(message)


def _counted(messages: int) -> str:
    return "1 message" if messages == 1 else f"{messages} messages"
