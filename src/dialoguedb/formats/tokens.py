"""How many tokens a message takes in a model's window: those of what the window shows of it.

The texts that a model reads are counted, and images by their dimensions. Ids, types and bytes are
not read by it. What providers put around each message is taken as a constant.
"""

from collections.abc import Callable, Iterable
from math import ceil

from dialoguedb.formats.images import dimensions
from dialoguedb.formats.parts import Image, Part, Reasoning, Text, ToolCall, ToolResult
from dialoguedb.formats.turns import parse_parts, replace_surrogates, text_if_plain

CountTokens = Callable[[str], int]

MESSAGE_TOKENS = 4
"""What a message takes beside what it says: its role, and the marks around it."""

TOOL_TOKENS = 4
"""What stands around a call of a tool, and around its result."""

IMAGE_TOKENS_MAX = 1_600
"""The most an image takes, for larger ones are made smaller; also one whose size is not known."""

IMAGE_TOKENS_MIN = 5
"""The least, for where an image cannot be shown words stand in its place."""

_PIXELS_PER_TOKEN = 750


def message_tokens(
    role: str, content: bytes, name: str | None, metadata: bytes, count: CountTokens
) -> int:
    """Return the tokens of a message; content and metadata are JSON."""
    text = text_if_plain(role, content, metadata)
    if text is None:
        _, parts = parse_parts(role, content, metadata)
        tokens = MESSAGE_TOKENS + _parts_tokens(parts, count)
    else:
        tokens = MESSAGE_TOKENS + count(text)
    return tokens + count(replace_surrogates(name)) if name else tokens


def _parts_tokens(parts: Iterable[Part], count: CountTokens) -> int:
    return sum(_part_tokens(part, count) for part in parts)


def _part_tokens(part: Part, count: CountTokens) -> int:
    match part:
        case Text():
            return count(part.text)
        case Image():
            return _image_tokens(part, count)
        case ToolCall():
            return TOOL_TOKENS + count(part.name) + count(part.arguments)
        case ToolResult():
            return TOOL_TOKENS + _parts_tokens(part.parts, count)
        case Reasoning():
            return count(part.text) + count(part.data)


def _image_tokens(image: Image, count: CountTokens) -> int:
    """Return what an image takes, which is named by its address where it cannot be shown."""
    size = dimensions(image.data)
    if size is None:
        return max(IMAGE_TOKENS_MAX, count(image.url))
    tokens = ceil(size[0] * size[1] / _PIXELS_PER_TOKEN)
    return min(max(tokens, IMAGE_TOKENS_MIN), IMAGE_TOKENS_MAX)
