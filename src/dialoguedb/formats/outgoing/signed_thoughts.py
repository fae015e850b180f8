"""Leaves out thoughts whose signature no longer fits, as what stood before them has changed.

A signature covers all that stands before its block: the rest of its turn, and earlier turns.
"""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from dialoguedb.formats.outgoing.arrangement import Arranged
from dialoguedb.formats.outgoing.messages import Losses, OutgoingMessage
from dialoguedb.formats.parts import Part, Reasoning, ToolCall, ToolResult
from dialoguedb.formats.turns import Turn


def is_signed(part: Part) -> bool:
    """Tell whether a part is a thought that is signed, or encrypted."""
    return isinstance(part, Reasoning) and part.is_returnable


def without_unfit(
    turns: Sequence[Turn], arranged: Arranged, *, signed: bool, losses: Losses
) -> list[OutgoingMessage]:
    """Return the messages without the signed thoughts that a provider would refuse."""
    if signed and not arranged.broken:
        return arranged.messages
    start = _beginnings(turns)[arranged.broken[0]] if signed else 0
    why = (
        "a call of its turn, or of one before it, is left out"
        if signed
        else "what stands before it is not what it was signed for"
    )
    indexes = {turn.id: index for index, turn in enumerate(turns)}
    return without_thoughts(
        arranged.messages, lambda message_id: indexes[message_id] >= start, why, losses
    )


def without_thoughts(
    messages: Sequence[OutgoingMessage], is_unfit: Callable[[str], bool], why: str, losses: Losses
) -> list[OutgoingMessage]:
    """Return messages without the signed thoughts of some."""
    for message in messages:
        kept = []
        for outgoing in message.parts:
            if is_signed(outgoing.part) and is_unfit(outgoing.message_id):
                losses.add(outgoing, "signed-thought", why)
            else:
                kept.append(outgoing)
        message.parts = kept
    return [message for message in messages if message.parts]


def _beginnings(turns: Sequence[Turn]) -> list[int]:
    """Return for each turn where the answer begins that it is a part of."""
    found: list[int] = []
    for index, turn in enumerate(turns):
        goes_on = index and turn.speaker == "assistant" == turns[index - 1].speaker
        found.append(found[-1] if goes_on else index)
    return found


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
    why = "a call of its answer is left out"
    messages = without_thoughts(arranged.messages, lambda one: one in halves, why, losses)
    for message in messages:
        message.parts = [
            each.replaced(_foreign(each.part)) if each.message_id in halves else each
            for each in message.parts
        ]
    return messages


def _foreign(part: Part) -> Part:
    """Return a part as if it came from another API."""
    is_server = isinstance(part, ToolCall | ToolResult) and part.kind == "server"
    return part if is_server or isinstance(part, ToolResult) else replace(part, native=None)
