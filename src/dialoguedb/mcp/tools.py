"""Every tool: its name, what it is for, what it takes and answers, and the function behind it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct

from dialoguedb.client.aio.database import AsyncDatabase
from dialoguedb.errors import InvalidSetting
from dialoguedb.mcp import answers, memories, sessions, wanted

W = TypeVar("W", bound=wanted.Wanted)
A = TypeVar("A", bound=answers.Answer)

PREFIX = "dialoguedb_"


class Tool(Struct, Generic[W, A], kw_only=True, frozen=True):
    """One tool, and what hosts may tell people about it before it runs."""

    name: str
    title: str
    purpose: str
    takes: type[W]
    answers: type[A]
    act: Callable[[AsyncDatabase, W], Awaitable[A]]
    reads: bool = False
    """Whether it changes nothing."""

    destroys: bool = False
    """Whether what was there may be gone afterwards."""

    repeatable: bool = False
    """Whether doing it twice leaves what doing it once does."""


_ALL: Sequence[Tool[Any, Any]] = (
    Tool(
        name="save",
        title="Save a conversation",
        purpose="Store a conversation for good, with its messages, a label to recognize it by, and"
        " a state to go on with. Answers its sessionId. To append to one that is stored already,"
        " use dialoguedb_add_message.",
        takes=wanted.Save,
        answers=answers.Saved,
        act=sessions.save,
    ),
    Tool(
        name="resume",
        title="Resume a conversation",
        purpose="Return a stored conversation to go on with: its label, state, tags and its last"
        " 1,000 messages, oldest first. earlierMessages tells how many come before them;"
        " dialoguedb_list_messages reads those.",
        takes=wanted.Resume,
        answers=answers.Resumed,
        act=sessions.resume,
        reads=True,
        repeatable=True,
    ),
    Tool(
        name="search",
        title="Search conversations",
        purpose="Find stored conversations by what was said in them, by meaning and by words. With"
        " searchMessages, the single messages that fit best are returned, too.",
        takes=wanted.Search,
        answers=answers.FoundSessions,
        act=sessions.search,
        reads=True,
        repeatable=True,
    ),
    Tool(
        name="list",
        title="List conversations",
        purpose="List stored conversations by when they were created, the newest first. `next` of"
        " the answer gets the page after it.",
        takes=wanted.ListSessions,
        answers=answers.Sessions,
        act=sessions.list_sessions,
        reads=True,
        repeatable=True,
    ),
    Tool(
        name="add_message",
        title="Add a message",
        purpose="Append a message to a stored conversation.",
        takes=wanted.AddMessage,
        answers=answers.Added,
        act=sessions.add_message,
    ),
    Tool(
        name="list_messages",
        title="List messages",
        purpose="List the messages of a stored conversation, the oldest first. `next` of the answer"
        " gets the page after it.",
        takes=wanted.ListMessages,
        answers=answers.Messages,
        act=sessions.list_messages,
        reads=True,
        repeatable=True,
    ),
    Tool(
        name="update_state",
        title="Update the state",
        purpose="Store members of a conversation's state, an object that is kept beside the"
        " messages: where a task stands, what was chosen. merge=false replaces the whole state."
        " Answers the state as it is then.",
        takes=wanted.UpdateState,
        answers=answers.StateUpdated,
        act=sessions.update_state,
        destroys=True,
        repeatable=True,
    ),
    Tool(
        name="create_thread",
        title="Create a thread",
        purpose="Create a conversation that belongs to another, such as a side question or the work"
        " of a sub-agent. Its threadId is a sessionId for the other tools.",
        takes=wanted.CreateThread,
        answers=answers.ThreadCreated,
        act=sessions.create_thread,
    ),
    Tool(
        name="create_memory",
        title="Remember",
        purpose="Remember something beyond this conversation: a fact, a preference, a decision."
        " Say it so that it is understood alone; one thing in each memory.",
        takes=wanted.CreateMemory,
        answers=answers.MemoryCreated,
        act=memories.create_memory,
    ),
    Tool(
        name="search_memories",
        title="Search memories",
        purpose="Find what is remembered, by meaning and by words.",
        takes=wanted.SearchMemories,
        answers=answers.FoundMemories,
        act=memories.search_memories,
        reads=True,
        repeatable=True,
    ),
    Tool(
        name="list_memories",
        title="List memories",
        purpose="List what is remembered, the newest first. `next` of the answer gets the page"
        " after it.",
        takes=wanted.ListMemories,
        answers=answers.Memories,
        act=memories.list_memories,
        reads=True,
        repeatable=True,
    ),
    Tool(
        name="get_memory",
        title="Get a memory",
        purpose="Return one memory by its id.",
        takes=wanted.OneMemory,
        answers=answers.OneRemembered,
        act=memories.get_memory,
        reads=True,
        repeatable=True,
    ),
    Tool(
        name="delete_memory",
        title="Delete a memory",
        purpose="Forget one memory for good, such as one that is no longer true.",
        takes=wanted.OneMemory,
        answers=answers.MemoryDeleted,
        act=memories.delete_memory,
        destroys=True,
        repeatable=True,
    ),
    Tool(
        name="update_memory_tags",
        title="Tag a memory",
        purpose="Replace the tags of a memory; the rest of it cannot be changed.",
        takes=wanted.UpdateMemoryTags,
        answers=answers.MemoryTagged,
        act=memories.update_memory_tags,
        destroys=True,
        repeatable=True,
    ),
)

TOOLS: Mapping[str, Tool[Any, Any]] = {PREFIX + tool.name: tool for tool in _ALL}
"""The tools by the names that agents call them by."""


def allowed(names: str | None) -> dict[str, Tool[Any, Any]]:
    """Return the tools of a list of names, with or without their prefix; all, without a list."""
    if names is None:
        return {**TOOLS}
    asked = [
        PREFIX + name.strip().removeprefix(PREFIX) for name in names.split(",") if name.strip()
    ]
    unknown = [name for name in asked if name not in TOOLS]
    if unknown:
        raise InvalidSetting(f"There is no tool {unknown[0]!r}; there are {', '.join(TOOLS)}")
    if not asked:
        raise InvalidSetting("The list of allowed tools names none")
    return {name: tool for name, tool in TOOLS.items() if name in asked}
