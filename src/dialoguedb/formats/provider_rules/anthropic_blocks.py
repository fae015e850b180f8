"""The content blocks of Anthropic's Messages API."""

from collections.abc import Sequence

from dialoguedb.formats.provider_rules.rule import Json, dicts, text_of

THOUGHTS = frozenset({"thinking", "redacted_thinking"})
SERVER_CALLS = frozenset({"server_tool_use", "mcp_tool_use"})
OF_USERS = frozenset(
    {"text", "image", "document", "search_result", "tool_result", "container_upload"}
)
"""What a user's message may hold."""

OF_ASSISTANTS = frozenset({"text", "tool_use", "compaction", *THOUGHTS, *SERVER_CALLS})
"""What a message of the assistant may hold, beside the results of server tools."""

IN_RESULTS = frozenset(
    {"text", "image", "search_result", "document", "tool_reference", "browser_state"}
)


def blocks_of(message: Json) -> list[Json]:
    """Return the blocks of a message; a text is one."""
    content = message.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return dicts(content)


def is_server_result(block: Json) -> bool:
    """Return whether a block is the result of a tool that the server ran."""
    kind = text_of(block, "type")
    return kind.endswith("_tool_result")


def first_of_turn(messages: Sequence[Json]) -> int | None:
    """Return where the assistant's turn begins that ends with results of tools or with their uses.

    None when the conversation does not end in the midst of using tools.
    """
    first = None
    for index in range(len(messages) - 1, -1, -1):
        blocks = blocks_of(messages[index])
        if messages[index].get("role") == "assistant":
            if first is None and not any(one.get("type") == "tool_use" for one in blocks):
                return None
            first = index
        elif not any(one.get("type") == "tool_result" for one in blocks):
            break
    return first
