"""How many tokens a message takes in a context window.

Text is counted by a tokenizer, images by their dimensions; ids, types and bytes are not counted, as
a model does not read them. What a chat template adds around each message is a constant.
"""

from collections.abc import Callable, Iterable
from math import ceil
from typing import NamedTuple

from dialoguedb.formats.images import dimensions
from dialoguedb.formats.json_text import replace_surrogates
from dialoguedb.formats.parts import Attachment, Part, ToolCall, ToolResult
from dialoguedb.formats.shown import attachment_text, shown_texts
from dialoguedb.formats.turns import is_by_user, parse_parts, speaker_of, text_if_plain

CountTokens = Callable[[str], int]

MESSAGE_TOKENS = 4
"""The overhead of a message: its role, and the special tokens around it."""

TOOL_TOKENS = 4
"""The overhead of a tool call, and of its result."""

IMAGE_TOKENS_MAX = 1_600
"""The most an image takes, as APIs scale larger ones down; also for one of unknown size."""

IMAGE_TOKENS_MIN = 5
"""The least: where an image cannot be shown, a placeholder text stands for it."""

_PIXELS_PER_TOKEN = 750
"""Of Anthropic's vision documentation; close enough for others."""


class MessageMeasure(NamedTuple):
    """What is stored of a message so that windows need not parse it to find it."""

    tokens: int
    by_user: bool
    """Whether it is what a user says: a text or an attachment, not just results of tools."""


def measure_message(
    role: str, content: bytes, name: str | None, metadata: bytes, count: CountTokens
) -> MessageMeasure:
    """Return the tokens of a message, and whether it is a user's; both JSON values are bytes."""
    text = text_if_plain(role, content, metadata)
    if text is None:
        speaker, parts = parse_parts(role, content, metadata)
        tokens = MESSAGE_TOKENS + _parts_tokens(parts, count)
        by_user = is_by_user(speaker, parts)
    else:
        tokens = MESSAGE_TOKENS + count(text)
        by_user = speaker_of(role) == "user"
    return MessageMeasure(tokens + count(replace_surrogates(name)) if name else tokens, by_user)


def _parts_tokens(parts: Iterable[Part], count: CountTokens) -> int:
    return sum(_part_tokens(part, count) for part in parts)


def _part_tokens(part: Part, count: CountTokens) -> int:
    """Count what is shown of a part, with the overhead of a call or a result; images by size."""
    if isinstance(part, ToolResult):
        return TOOL_TOKENS + _parts_tokens(part.parts, count)
    if isinstance(part, Attachment):
        is_image = part.kind == "image"
        return _image_tokens(part, count) if is_image else count(attachment_text(part))
    shown = sum(map(count, shown_texts(part)))
    return TOOL_TOKENS + shown if isinstance(part, ToolCall) else shown


def _image_tokens(image: Attachment, count: CountTokens) -> int:
    """Return the tokens of an image; those of its URL count when they are more."""
    size = dimensions(image.data)
    if size is None:
        return max(IMAGE_TOKENS_MAX, count(image.url))
    tokens = ceil(size[0] * size[1] / _PIXELS_PER_TOKEN)
    return min(max(tokens, IMAGE_TOKENS_MIN), IMAGE_TOKENS_MAX)
