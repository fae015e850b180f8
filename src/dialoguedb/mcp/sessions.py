"""Tools for conversations."""

from typing import Any

import msgspec
from msgspec import UNSET

from dialoguedb.client.aio.database import AsyncDatabase
from dialoguedb.mcp.arguments import (
    AddMessageArguments,
    CreateThreadArguments,
    ListMessagesArguments,
    ListSessionsArguments,
    MessageGiven,
    ResumeArguments,
    SaveArguments,
    SearchArguments,
    UpdateStateArguments,
)
from dialoguedb.mcp.responses import (
    AddedResponse,
    FoundMessage,
    FoundSessionsResponse,
    MessagesResponse,
    Outline,
    ResumedResponse,
    SavedResponse,
    Session,
    SessionMessage,
    SessionsResponse,
    StateUpdatedResponse,
    ThreadCreatedResponse,
)
from dialoguedb.values.limits import PAGE_ITEMS_MAX


async def save(db: AsyncDatabase, arguments: SaveArguments) -> SavedResponse:
    """Store a conversation, all or nothing."""
    stored = await db.api.dialogue.create(
        id=arguments.id,
        namespace=arguments.namespace,
        label=arguments.label,
        messages=[_fields(message) for message in arguments.messages] or None,
        state=arguments.state,
        tags=arguments.tags,
        metadata=arguments.metadata,
    )
    return SavedResponse(
        session_id=stored.id,
        message_count=stored.total_messages,
        label=stored.label,
        message=f"Saved the conversation with {_count_of(stored.total_messages)}",
    )


async def resume(db: AsyncDatabase, arguments: ResumeArguments) -> ResumedResponse:
    """Return a conversation with its last messages."""
    record = await db.api.dialogue.get(
        arguments.id,
        namespace=arguments.namespace,
        messages=PAGE_ITEMS_MAX if arguments.load_messages else None,
    )
    return ResumedResponse(session=Session.of(record))


async def search(db: AsyncDatabase, arguments: SearchArguments) -> FoundSessionsResponse:
    """Find conversations, and single messages on request."""
    found = await db.api.search.dialogues(
        arguments.query, limit=arguments.limit, namespace=arguments.namespace
    )
    response = FoundSessionsResponse(
        dialogues=[Outline.found(hit) for hit in found.hits],
        messages=[],
        indexing=found.indexing or UNSET,
        omitted=found.omitted or UNSET,
    )
    if arguments.search_messages:
        messages = await db.api.search.messages(
            arguments.query, limit=arguments.limit, namespace=arguments.namespace
        )
        response.messages = [FoundMessage.of(hit.item, hit.relevance) for hit in messages.hits]
        response.omitted = [*(found.omitted or ()), *(messages.omitted or ())] or UNSET
    return response


async def list_sessions(db: AsyncDatabase, arguments: ListSessionsArguments) -> SessionsResponse:
    """Return a page of conversations."""
    page = await db.api.dialogue.list(
        limit=arguments.limit,
        order=arguments.order,
        start_date=arguments.start_date,
        end_date=arguments.end_date,
        next=arguments.next,
        namespace=arguments.namespace,
    )
    return SessionsResponse(dialogues=[Outline.of(record) for record in page], next=page.next)


async def add_message(db: AsyncDatabase, arguments: AddMessageArguments) -> AddedResponse:
    """Append a message."""
    stored = await db.api.message.create(
        arguments.session_id,
        arguments.role,
        arguments.content,
        name=arguments.name,
        namespace=arguments.namespace,
    )
    return AddedResponse(
        session_id=stored.dialogue_id,
        message_id=stored.id,
        message=f"Added message {stored.seq} of the conversation",
    )


async def list_messages(db: AsyncDatabase, arguments: ListMessagesArguments) -> MessagesResponse:
    """Return a page of a conversation's messages."""
    page = await db.api.message.list(
        arguments.session_id,
        limit=arguments.limit,
        order=arguments.order,
        next=arguments.next,
        namespace=arguments.namespace,
    )
    return MessagesResponse(
        session_id=arguments.session_id,
        messages=[SessionMessage.of(record) for record in page],
        next=page.next,
    )


async def update_state(db: AsyncDatabase, arguments: UpdateStateArguments) -> StateUpdatedResponse:
    """Merge into a conversation's state, or replace it."""
    stored = await db.api.state.update(
        arguments.session_id, arguments.state, merge=arguments.merge, namespace=arguments.namespace
    )
    return StateUpdatedResponse(
        session_id=arguments.session_id,
        state=stored.value,
        message="Merged into the state" if arguments.merge else "Replaced the state",
    )


async def create_thread(
    db: AsyncDatabase, arguments: CreateThreadArguments
) -> ThreadCreatedResponse:
    """Create a conversation that belongs to another."""
    thread = await db.api.dialogue.create(
        thread_of=arguments.parent_id,
        label=arguments.label,
        tags=arguments.tags,
        namespace=arguments.namespace,
    )
    return ThreadCreatedResponse(
        thread_id=thread.id,
        parent_id=arguments.parent_id,
        message=f"Created a thread of {arguments.parent_id}",
    )


def _fields(message: MessageGiven) -> Any:
    return msgspec.structs.asdict(message)


def _count_of(messages: int) -> str:
    return "1 message" if messages == 1 else f"{messages} messages"
