"""What is put right in messages of Anthropic."""

from collections.abc import Iterator

from dialoguedb.formats.dialects import OPENING
from dialoguedb.formats.provider_fixes.fix import Fix, Messages, begun_by_user, with_content
from dialoguedb.formats.provider_rules import anthropic, anthropic_content
from dialoguedb.formats.provider_rules.anthropic_blocks import THOUGHTS
from dialoguedb.formats.provider_rules.rule import Json, SentMessages, dicts, text_of
from dialoguedb.formats.writers.anthropic import user_message

_IMAGE = {"type": "text", "text": "[image]"}


def _with_turns(messages: Messages) -> Messages:
    """Return messages without empty ones, those of one role that come together then joined."""
    turns: Messages = []
    for one in messages:
        content = one.get("content")
        if not content:
            continue
        last = turns[-1] if turns else {}
        before = last.get("content")
        is_same = last.get("role") == one.get("role")
        if is_same and isinstance(before, list) and isinstance(content, list):
            turns[-1] = {**last, "content": [*before, *content]}
        else:
            turns.append(one)
    return turns


def _without_empty_texts(messages: Messages) -> Messages:
    return _with_turns(with_content(messages, _not_empty))


def _not_empty(block: Json) -> Iterator[Json]:
    if block.get("type") == "tool_result" and isinstance(block.get("content"), list):
        inside = [new for one in dicts(block["content"]) for new in _not_empty(one)]
        yield {**block, "content": inside}
    elif block.get("type") != "text" or text_of(block, "text").strip():
        yield block


def _readable_images(messages: Messages) -> Messages:
    return with_content(messages, _named_if_unreadable)


def _named_if_unreadable(block: Json) -> Iterator[Json]:
    inside = block.get("content")
    if block.get("type") == "tool_result" and isinstance(inside, list):
        named = [new for one in dicts(inside) for new in _named_if_unreadable(one)]
        yield {**block, "content": named}
    elif anthropic_content.image_problem_of(block):
        yield _IMAGE
    else:
        yield block


def _without_space_at_end(messages: Messages) -> Messages:
    if not any(anthropic_content.the_end_has_no_space(SentMessages(messages))):
        return messages
    last = messages[-1]
    if isinstance(last["content"], str):
        return [*messages[:-1], {**last, "content": last["content"].rstrip()}]
    *before, text = last["content"]
    trimmed = {**text, "text": text["text"].rstrip()}
    return [*messages[:-1], {**last, "content": [*before, trimmed]}]


def _few_images(messages: Messages) -> Messages:
    """Name the oldest images."""
    count = sum(len(anthropic_content.images_in(one)) for one in messages)
    left = [max(count - anthropic_content.IMAGES_MAX, 0)]

    def named(block: Json) -> Iterator[Json]:
        inside = block.get("content")
        if block.get("type") == "tool_result" and isinstance(inside, list):
            yield {**block, "content": [new for one in dicts(inside) for new in named(one)]}
        elif block.get("type") == "image" and left[0]:
            left[0] -= 1
            yield _IMAGE
        else:
            yield block

    return with_content(messages, named)


def _signed_thoughts(messages: Messages) -> Messages:
    def signed(block: Json) -> Iterator[Json]:
        is_broken = any(
            anthropic_content.thinking_is_signed(
                SentMessages([{"role": "assistant", "content": [block]}])
            )
        )
        if not is_broken:
            yield block

    return _with_turns(with_content(messages, signed))


def _no_thoughts_in_part(messages: Messages) -> Messages:
    if not any(anthropic.thinking_begins_the_turn(SentMessages(messages))):
        return messages

    def without(block: Json) -> Iterator[Json]:
        if text_of(block, "type") not in THOUGHTS:
            yield block

    return _with_turns(with_content(messages, without))


FIXES = (
    Fix(_without_empty_texts, "Empty texts are left out."),
    Fix(_readable_images, "Images that cannot be read are named."),
    Fix(_few_images, "Of more than 100 images, the oldest are named."),
    Fix(_signed_thoughts, "Thinking without a signature is left out."),
    Fix(
        _no_thoughts_in_part,
        "Thinking is left out, as the last turn uses tools and does not begin with it.",
    ),
    begun_by_user(user_message(OPENING)),
    Fix(_without_space_at_end, "White space at the end is left out."),
)
