"""Every tool: its name, its purpose, its arguments and response, and the function behind it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from dialoguedb.client.aio.database import AsyncDatabase
from dialoguedb.errors import InvalidSetting
from dialoguedb.mcp import arguments, memories, responses, sessions

W = TypeVar("W", bound=arguments.ToolArguments)
A = TypeVar("A", bound=responses.ToolResponse)

PREFIX = "dialoguedb_"
PREFIXES = {"prefixed": PREFIX, "short": ""}
"""What stands before the names of tools, by the choice of `--tool-names`."""


class Tool(Struct, Generic[W, A], kw_only=True, frozen=True):
    """One tool, and what hosts may show people before it runs."""

    name: str
    """Its short name."""

    title: str
    purpose: str
    """What it is for; other tools are named in braces."""

    arguments: type[W]
    response: type[A]
    run: Callable[[AsyncDatabase, W], Awaitable[A]]
    read_only: bool = False
    """Whether it changes nothing."""

    destructive: bool = False
    """Whether it may replace or delete what is stored."""

    idempotent: bool = False
    """Whether it is idempotent."""


_ALL: Sequence[Tool[Any, Any]] = (
    Tool(
        name="save",
        title="Save a conversation",
        purpose="Store a conversation for good, with its messages, a label to recognize it by, and"
        " a state to go on with. Answers its sessionId. To append to one that is stored already,"
        " use {add_message}.",
        arguments=arguments.SaveArguments,
        response=responses.SavedResponse,
        run=sessions.save,
    ),
    Tool(
        name="resume",
        title="Resume a conversation",
        purpose="Return a stored conversation to go on with: its label, state, tags and its last"
        " 1,000 messages, oldest first. earlierMessages tells how many come before them;"
        " {list_messages} reads those.",
        arguments=arguments.ResumeArguments,
        response=responses.ResumedResponse,
        run=sessions.resume,
        read_only=True,
        idempotent=True,
    ),
    Tool(
        name="search",
        title="Search conversations",
        purpose="Find stored conversations by what was said in them, by meaning and by words. With"
        " searchMessages, the single messages that fit best are returned, too.",
        arguments=arguments.SearchArguments,
        response=responses.FoundSessionsResponse,
        run=sessions.search,
        read_only=True,
        idempotent=True,
    ),
    Tool(
        name="list",
        title="List conversations",
        purpose="List stored conversations by when they were created, the newest first. `next` of"
        " the answer gets the page after it.",
        arguments=arguments.ListSessionsArguments,
        response=responses.SessionsResponse,
        run=sessions.list_sessions,
        read_only=True,
        idempotent=True,
    ),
    Tool(
        name="add_message",
        title="Add a message",
        purpose="Append a message to a stored conversation.",
        arguments=arguments.AddMessageArguments,
        response=responses.AddedResponse,
        run=sessions.add_message,
    ),
    Tool(
        name="list_messages",
        title="List messages",
        purpose="List the messages of a stored conversation, the oldest first. `next` of the answer"
        " gets the page after it.",
        arguments=arguments.ListMessagesArguments,
        response=responses.MessagesResponse,
        run=sessions.list_messages,
        read_only=True,
        idempotent=True,
    ),
    Tool(
        name="update_state",
        title="Update the state",
        purpose="Store members of a conversation's state, an object that is kept beside the"
        " messages: where a task stands, what was chosen. merge=false replaces the whole state."
        " Answers the state as it is then.",
        arguments=arguments.UpdateStateArguments,
        response=responses.StateUpdatedResponse,
        run=sessions.update_state,
        destructive=True,
        idempotent=True,
    ),
    Tool(
        name="create_thread",
        title="Create a thread",
        purpose="Create a conversation that belongs to another, such as a side question or the work"
        " of a sub-agent. Its threadId is a sessionId for the other tools.",
        arguments=arguments.CreateThreadArguments,
        response=responses.ThreadCreatedResponse,
        run=sessions.create_thread,
    ),
    Tool(
        name="create_memory",
        title="Remember",
        purpose="Remember something beyond this conversation: a fact, a preference, a decision."
        " Say it so that it is understood alone; one thing in each memory. What says the"
        " same as a memory is not stored again; one that is alike is shown: if it is no longer"
        " true, correct it with {update_memory}, and delete this one.",
        arguments=arguments.CreateMemoryArguments,
        response=responses.MemoryCreatedResponse,
        run=memories.create_memory,
    ),
    Tool(
        name="search_memories",
        title="Search memories",
        purpose="Find what is remembered, by meaning and by words.",
        arguments=arguments.SearchMemoriesArguments,
        response=responses.FoundMemoriesResponse,
        run=memories.search_memories,
        read_only=True,
        idempotent=True,
    ),
    Tool(
        name="list_memories",
        title="List memories",
        purpose="List what is remembered, the newest first. `next` of the answer gets the page"
        " after it.",
        arguments=arguments.ListMemoriesArguments,
        response=responses.MemoriesResponse,
        run=memories.list_memories,
        read_only=True,
        idempotent=True,
    ),
    Tool(
        name="get_memory",
        title="Get a memory",
        purpose="Return one memory by its id.",
        arguments=arguments.OneMemoryArguments,
        response=responses.OneRememberedResponse,
        run=memories.get_memory,
        read_only=True,
        idempotent=True,
    ),
    Tool(
        name="delete_memory",
        title="Delete a memory",
        purpose="Forget one memory for good, with its history. To correct one, use"
        " {update_memory}.",
        arguments=arguments.OneMemoryArguments,
        response=responses.MemoryDeletedResponse,
        run=memories.delete_memory,
        destructive=True,
        idempotent=True,
    ),
    Tool(
        name="update_memory",
        title="Correct a memory",
        purpose="Correct a memory that is no longer true, or not quite: what you give replaces what"
        " it says, the rest stays. What it said before is kept in its history.",
        arguments=arguments.UpdateMemoryArguments,
        response=responses.MemoryUpdatedResponse,
        run=memories.update_memory,
        destructive=True,
        idempotent=True,
    ),
    Tool(
        name="update_memory_tags",
        title="Tag a memory",
        purpose="Replace the tags of a memory.",
        arguments=arguments.UpdateMemoryTagsArguments,
        response=responses.MemoryTaggedResponse,
        run=memories.update_memory_tags,
        destructive=True,
        idempotent=True,
    ),
)


class OfferedTools(Struct, frozen=True):
    """The tools that agents are offered."""

    by_name: Mapping[str, Tool[Any, Any]]
    """Each by the name that agents call."""

    prefix: str

    def named_in(self, text: str) -> str:
        """Return a text with the names that agents call in the place of those in braces."""
        return _named_in(text, self.prefix)


def offered(names: str | None, prefix: str = PREFIX) -> OfferedTools:
    """Return the tools of a comma-separated list of names, with or without prefix; None is all."""
    selected = {tool.name for tool in _ALL} if names is None else _selected(names, prefix)
    return OfferedTools(
        {
            prefix + tool.name: replace(tool, purpose=_named_in(tool.purpose, prefix))
            for tool in _ALL
            if tool.name in selected
        },
        prefix,
    )


def _selected(names: str, prefix: str) -> set[str]:
    selected = [name.strip().removeprefix(PREFIX) for name in names.split(",") if name.strip()]
    known = [tool.name for tool in _ALL]
    for name in selected:
        if name not in known:
            there = ", ".join(prefix + one for one in known)
            raise InvalidSetting(f"There is no tool {prefix + name!r}; there are {there}")
    if not selected:
        raise InvalidSetting("The list of allowed tools names none")
    return {*selected}


def _named_in(text: str, prefix: str) -> str:
    return text.format_map({tool.name: prefix + tool.name for tool in _ALL})
