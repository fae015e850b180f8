"""Leaves out thoughts whose signature no longer fits, as what stood before them has changed.

A signature covers all that stands before its block: the rest of its turn, and earlier turns.
"""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from dialoguedb.formats.outgoing.arrangement import Arranged
from dialoguedb.formats.outgoing.messages import Losses, OutgoingMessage
from dialoguedb.formats.parts import Native, Part, Reasoning, ToolCall, ToolResult
from dialoguedb.formats.turns import Turn

_SIGNED_FIELDS = ("thinking_blocks", "reasoning_details")
"""Fields of chat messages in which servers hand on the thoughts that another API signed."""

_CHANGED = "a call of its answer, or of one before it, is left out"
_UNLIKE = "what stands before it is not what it was signed for"


def without_unfit(
    turns: Sequence[Turn], arranged: Arranged, *, signed: bool, losses: Losses
) -> list[OutgoingMessage]:
    """Return the messages without the signed thoughts that a provider would refuse."""
    if signed and not arranged.broken:
        return arranged.messages
    start = _beginnings(turns)[arranged.broken[0]] if signed else 0
    unfit = {turn.id for turn in turns[start:]}
    return _changed(arranged.messages, unfit, _unsigned, _CHANGED if signed else _UNLIKE, losses)


def without_halves(
    turns: Sequence[Turn], arranged: Arranged, losses: Losses
) -> list[OutgoingMessage]:
    """Return messages without OpenAI's thoughts of answers that have lost a call.

    Its items demand one another by their ids, so the ids of what is left go, too.
    """
    if not arranged.broken:
        return arranged.messages
    beginnings = _beginnings(turns)
    broken = {beginnings[index] for index in arranged.broken}
    halves = {turn.id for turn, at in zip(turns, beginnings, strict=True) if at in broken}
    messages = _changed(arranged.messages, halves, lambda _: None, _CHANGED, losses)
    for message in messages:
        message.parts = [
            each.replaced(_foreign(each.part)) if each.message_id in halves else each
            for each in message.parts
        ]
    return messages


def _changed(
    messages: Sequence[OutgoingMessage],
    unfit: set[str],
    change: Callable[[Reasoning], Reasoning | None],
    why: str,
    losses: Losses,
) -> list[OutgoingMessage]:
    """Return messages with the thoughts of some changed, or without them."""
    for message in messages:
        if not any(type(outgoing.part) is Reasoning for outgoing in message.parts):
            continue
        kept = []
        for outgoing in message.parts:
            part = outgoing.part
            if isinstance(part, Reasoning) and outgoing.message_id in unfit:
                changed = change(part)
                if changed is not part:
                    losses.add(outgoing, "signed-thought", why)
                if changed is not None:
                    kept.append(outgoing.replaced(changed))
            else:
                kept.append(outgoing)
        message.parts = kept
    return [message for message in messages if message.parts]


def _unsigned(thought: Reasoning) -> Reasoning | None:
    """Return a thought as far as it is not signed: itself, or without fields, or nothing."""
    if thought.is_returnable:
        return None
    native = thought.native
    if native is None or not any(native.value.get(field) for field in _SIGNED_FIELDS):
        return thought
    left = {key: value for key, value in native.value.items() if key not in _SIGNED_FIELDS}
    return replace(thought, native=Native(native.spelling, left))


def _foreign(part: Part) -> Part:
    """Return a part as if it came from another API; an item of a call keeps all but its id."""
    if isinstance(part, ToolResult):
        return part
    if not isinstance(part, ToolCall) or part.native is None:
        return replace(part, native=None)
    item = {key: value for key, value in part.native.value.items() if key != "id"}
    native = Native(part.native.spelling, item)
    return part if part.kind == "server" else replace(part, native=native)


def _beginnings(turns: Sequence[Turn]) -> list[int]:
    """Return for each turn where the answer begins that it is a part of."""
    found: list[int] = []
    for index, turn in enumerate(turns):
        goes_on = index and turn.speaker == "assistant" == turns[index - 1].speaker
        found.append(found[-1] if goes_on else index)
    return found
