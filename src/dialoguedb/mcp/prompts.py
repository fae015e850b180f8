"""Prompts that people start from in their host: recall a topic, resume, wrap up."""

from collections.abc import Mapping

import msgspec
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    GetPromptResult,
    Prompt,
    PromptArgument,
    PromptMessage,
    TextContent,
)

from dialoguedb.client.aio.database import AsyncDatabase
from dialoguedb.client.encoding import json_codec
from dialoguedb.errors import DialogueDBError
from dialoguedb.mcp import memories, sessions
from dialoguedb.mcp.arguments import ResumeArguments, SearchArguments, SearchMemoriesArguments
from dialoguedb.mcp.inline_files import without_files
from dialoguedb.mcp.responses import ToolResponse
from dialoguedb.mcp.tool_calls import protocol_safe
from dialoguedb.mcp.tools import OfferedTools

# Names of tools are in braces here; `OfferedTools` puts in those that agents call.

INSTRUCTIONS = """\
DialogueDB keeps conversations and memories for good.

At the beginning of a task, look for what is known already: {search_memories} for facts
and preferences, {search} for earlier conversations; {resume} returns one of them.
On the way, remember what will be of use later with {create_memory}: one thing each, said
so that it is understood alone. Correct what is no longer true with {update_memory};
{delete_memory} is for what should never have been stored.
At the end, store the conversation with {save}, or append to the one you resumed with
{add_message}; {update_state} keeps where a task stands.
What belongs to one user is kept apart by giving the same `namespace` in every call."""

_AFTER_RECALLING = (
    "Say in short what of this matters for the topic, and resume a conversation with {resume} where"
    " its messages are needed."
)

_RESUMING = (
    "Go on with this conversation where it stopped. Append what is said from now on to it with"
    " {add_message}."
)

_WRAPPING_UP = (
    "store this conversation with {save}, with a short label, or append what is new with"
    " {add_message} if it was resumed. Then remember with {create_memory} what will be of use"
    " beyond it - facts, preferences, decisions - one thing each, after looking with"
    " {search_memories} whether it is known."
)

_NAMESPACE = PromptArgument(name="namespace", description="Whose it is, such as a user's id")

PROMPTS = [
    Prompt(
        name="recall",
        title="Recall a topic",
        description="Begin with what is remembered, and was said before, about a topic",
        arguments=[
            PromptArgument(name="topic", description="What it is about", required=True),
            _NAMESPACE,
        ],
    ),
    Prompt(
        name="resume",
        title="Resume a conversation",
        description="Go on with a stored conversation",
        arguments=[
            PromptArgument(name="id", description="The conversation's id", required=True),
            _NAMESPACE,
        ],
    ),
    Prompt(
        name="wrap_up",
        title="Wrap up",
        description="Store this conversation, and remember what will be of use later",
        arguments=[_NAMESPACE],
    ),
]


async def fill(
    db: AsyncDatabase, tools: OfferedTools, name: str, arguments: Mapping[str, str]
) -> GetPromptResult:
    """Return a prompt, filled with stored content."""
    prompt = next((one for one in PROMPTS if one.name == name), None)
    if prompt is None:
        raise MCPError(INVALID_PARAMS, f"There is no prompt {name!r}")
    for argument in prompt.arguments or ():
        if argument.required and not arguments.get(argument.name):
            raise MCPError(INVALID_PARAMS, f"The prompt {name!r} needs {argument.name!r}")
    try:
        text = await _text(db, tools, name, arguments)
    except DialogueDBError as error:
        raise MCPError(INVALID_PARAMS, error.message, {"code": error.code}) from error
    return GetPromptResult(
        description=prompt.description,
        messages=[PromptMessage(role="user", content=TextContent(text=text))],
    )


async def _text(
    db: AsyncDatabase, tools: OfferedTools, name: str, arguments: Mapping[str, str]
) -> str:
    namespace = arguments.get("namespace")
    if name == "recall":
        recalled = await _recalled(db, arguments["topic"], namespace)
        return f"{recalled}\n\n{tools.named_in(_AFTER_RECALLING)}"
    if name == "resume":
        session = await sessions.resume(
            db, ResumeArguments(id=arguments["id"], namespace=namespace)
        )
        return f"{tools.named_in(_RESUMING)}\n\n{_json(session)}"
    kept = f" in the namespace {namespace!r}" if namespace else ""
    return f"Wrap up{kept}: {tools.named_in(_WRAPPING_UP)}"


async def _recalled(db: AsyncDatabase, topic: str, namespace: str | None) -> str:
    known = await memories.search_memories(
        db, SearchMemoriesArguments(query=topic, namespace=namespace)
    )
    conversations = await sessions.search(
        db, SearchArguments(query=topic, namespace=namespace, limit=5)
    )
    return (
        f"The topic is: {topic}\n\nWhat is remembered, the best fitting first:\n{_json(known)}\n\n"
        f"Earlier conversations, the best fitting first:\n{_json(conversations)}"
    )


def _json(response: ToolResponse) -> str:
    shown = without_files(protocol_safe(msgspec.to_builtins(response)))
    return json_codec.encode(shown).decode()
