"""What Anthropic's Messages API refuses of single blocks."""

from collections.abc import Iterator

from dialoguedb.formats.attachments.kinds import type_of_base64
from dialoguedb.formats.provider_rules.anthropic_blocks import (
    IN_RESULTS,
    OF_ASSISTANTS,
    OF_USERS,
    THOUGHTS,
    blocks_of,
    is_server_result,
)
from dialoguedb.formats.provider_rules.attachments import decoded_bytes, image_problem
from dialoguedb.formats.provider_rules.rule import (
    Finding,
    Json,
    Rule,
    SentMessages,
    Source,
    dicts,
    each,
    text_of,
)

IMAGES_MAX = 100
IMAGE_BYTES_MAX = 5 * 1024 * 1024


def content_is_there(sent: SentMessages) -> Iterator[Finding]:
    """A message has content, unless it is the last one and the assistant's."""
    for index, message in each(sent):
        is_last = index == len(sent.messages) - 1 and message.get("role") == "assistant"
        if not message.get("content") and not is_last:
            yield Finding(index, "has no content")


def texts_are_not_empty(sent: SentMessages) -> Iterator[Finding]:
    """A text holds more than white space."""
    for index, message in each(sent):
        texts = [one for block in blocks_of(message) for one in (block, *_inside(block))]
        is_empty = [not text_of(one, "text").strip() for one in texts if one.get("type") == "text"]
        if any(is_empty) and message.get("content"):
            yield Finding(index, "has a text of white space alone")


def the_end_has_no_space(sent: SentMessages) -> Iterator[Finding]:
    """A last message that is the assistant's does not end with white space."""
    for index, message in list(each(sent))[-1:]:
        for block in blocks_of(message)[-1:]:
            text = text_of(block, "text")
            if message.get("role") == "assistant" and text != text.rstrip():
                yield Finding(index, "ends with white space and is the last, the assistant's")


def blocks_are_known(sent: SentMessages) -> Iterator[Finding]:
    """Content is a string, or an array of blocks that its role may hold."""
    for index, message in each(sent):
        content = message.get("content")
        if isinstance(content, str) or content is None:
            continue
        if not isinstance(content, list) or len(dicts(content)) < len(content):
            yield Finding(index, "has content that is neither a string nor an array of blocks")
        for block in dicts(content):
            if not _may_hold(text_of(message, "role"), block):
                yield Finding(index, f"has a block of type {block.get('type')!r}")


def _may_hold(role: str, block: Json) -> bool:
    kind = text_of(block, "type")
    if role == "assistant":
        return kind in OF_ASSISTANTS or (kind != "tool_result" and is_server_result(block))
    return kind in (OF_USERS if role == "user" else {"text"})


def results_hold_blocks(sent: SentMessages) -> Iterator[Finding]:
    """The content of a `tool_result` is a string or blocks, of an error texts alone."""
    for index, message in each(sent):
        for block in blocks_of(message):
            content = block.get("content", "")
            if block.get("type") != "tool_result" or isinstance(content, str):
                continue
            allowed = {"text"} if block.get("is_error") is True else IN_RESULTS
            kinds = {text_of(one, "type") for one in dicts(content)}
            is_whole = isinstance(content, list) and len(dicts(content)) == len(content)
            if not is_whole or not kinds <= allowed:
                yield Finding(index, "has a result with blocks that it may not hold")


def input_is_an_object(sent: SentMessages) -> Iterator[Finding]:
    """The input of a tool use is a JSON object."""
    for index, message in each(sent):
        for block in blocks_of(message):
            if block.get("type") == "tool_use" and not isinstance(block.get("input"), dict):
                yield Finding(index, "uses a tool with an input that is no object")


def thinking_is_signed(sent: SentMessages) -> Iterator[Finding]:
    """A `thinking` block has its signature, a `redacted_thinking` block its data."""
    for index, message in each(sent):
        for block in blocks_of(message):
            kind = block.get("type")
            signed = isinstance(block.get("thinking"), str) and text_of(block, "signature")
            if (kind == "thinking" and not signed) or (
                kind == "redacted_thinking" and not text_of(block, "data")
            ):
                yield Finding(index, "has thinking without its signature")


def thinking_does_not_end(sent: SentMessages) -> Iterator[Finding]:
    """The last block of an assistant's message is no thinking."""
    for index, message in each(sent, "assistant"):
        if any(text_of(block, "type") in THOUGHTS for block in blocks_of(message)[-1:]):
            yield Finding(index, "ends with thinking")


def compactions_are_whole(sent: SentMessages) -> Iterator[Finding]:
    """The content of a `compaction` block is a text, or null; never an empty text."""
    for index, message in each(sent):
        for block in blocks_of(message):
            content = block.get("content")
            is_right = content is None or (isinstance(content, str) and content)
            if block.get("type") == "compaction" and not is_right:
                yield Finding(index, "has a compaction without its text")


def images_are_readable(sent: SentMessages) -> Iterator[Finding]:
    """An image is at an HTTP address, a file, or inline as JPEG, PNG, GIF or WebP of 5 MB at most,
    and its bytes are of the type that it states.

    The 5 MB are of the text in base64, decoded.
    """
    for index, message in each(sent):
        for image in images_in(message):
            if problem := image_problem_of(image):
                yield Finding(index, problem)


def image_problem_of(block: Json) -> str | None:
    """Return what is wrong with a block if it is an image; None when nothing is."""
    if block.get("type") != "image":
        return None
    source = block.get("source")
    source = source if isinstance(source, dict) else {}
    return _source_problem(source)


def _source_problem(source: Json) -> str | None:
    match source.get("type"):
        case "base64":
            data = text_of(source, "data")
            is_large = decoded_bytes(data) > IMAGE_BYTES_MAX
            large = "has an image of more than 5 MB"
            return large if is_large else _inline_problem(source.get("media_type"), data)
        case "url":
            is_read = text_of(source, "url").startswith(("https://", "http://"))
            return None if is_read else "has an image at an address that no provider can read"
        case "file":
            return None if text_of(source, "file_id") else "has an image of a file without its id"
    return "has an image without a source"


def _inline_problem(media_type: object, data: str) -> str | None:
    shown = type_of_base64(data)
    if problem := image_problem(media_type, data):
        return problem
    is_true = shown in ("", media_type)
    return None if is_true else f"has an image of the type {media_type!r} that is {shown!r}"


def images_are_few(sent: SentMessages) -> Iterator[Finding]:
    """A request has 100 images at most; of models with more than 200,000 tokens, 600."""
    count = sum(len(images_in(message)) for _, message in each(sent))
    if count > IMAGES_MAX:
        yield Finding(None, f"hold {count} images, of which {IMAGES_MAX} are taken")


def images_in(message: Json) -> list[Json]:
    """Return the images of a message, those in results of tools too."""
    found = [one for block in blocks_of(message) for one in (block, *_inside(block))]
    return [one for one in found if one.get("type") == "image"]


def _inside(block: Json) -> list[Json]:
    return dicts(block.get("content")) if block.get("type") == "tool_result" else []


_TYPES = Source("the types of `anthropic` 2.14.0", "2026-11-29")
_MESSAGES = Source(
    "https://platform.claude.com/docs/en/build-with-claude/working-with-messages", "2026-11-29"
)
_THINKING = Source(
    "https://platform.claude.com/docs/en/build-with-claude/extended-thinking", "2026-11-29"
)
_TOOLS = Source(
    "https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use", "2026-11-29"
)
_VISION = Source("https://platform.claude.com/docs/en/build-with-claude/vision", "2026-11-29")

CONTENT_RULES = (
    Rule("EMPTY_TURN", content_is_there, _MESSAGES),
    Rule("EMPTY_TURN", texts_are_not_empty, _MESSAGES),
    Rule("INVALID_CONTENT", the_end_has_no_space, _MESSAGES),
    Rule("INVALID_CONTENT", blocks_are_known, _TYPES),
    Rule("INVALID_CONTENT", results_hold_blocks, _TOOLS),
    Rule("INVALID_CONTENT", input_is_an_object, _TYPES),
    Rule("INVALID_REASONING", thinking_is_signed, _TYPES),
    Rule("INVALID_REASONING", thinking_does_not_end, _THINKING),
    Rule("INVALID_CONTENT", compactions_are_whole, _TYPES),
    Rule("INVALID_ATTACHMENT", images_are_readable, _VISION),
    Rule("INVALID_ATTACHMENT", images_are_few, _VISION),
)
