"""Keeps texts behind the calls that they follow, for APIs whose messages have all calls last."""

from collections.abc import Iterator, Sequence

from dialoguedb.formats.outgoing.messages import Losses, OutgoingMessage, OutgoingPart, visible
from dialoguedb.formats.parts import ToolCall, ToolResult

_WHY = "it stands before the call that it followed, as that has no result"


def with_texts_behind_calls(
    messages: Sequence[OutgoingMessage], losses: Losses
) -> Iterator[OutgoingMessage]:
    """Yield messages in which no text follows a call: it follows the call's result.

    Behind a call without a result it cannot be a message of its own, as that would part them.
    """
    results: OutgoingMessage | None = None
    for index, message in enumerate(messages):
        if message is results:
            continue
        if not any(type(one.part) is ToolCall for one in message.parts):
            yield message
            continue
        follows = messages[index + 1 : index + 2]
        results = follows[0] if follows and follows[0].speaker == "tool" else None
        yield from _in_order(message, results, losses)


def _in_order(
    message: OutgoingMessage, results: OutgoingMessage | None, losses: Losses
) -> Iterator[OutgoingMessage]:
    steps = _steps(message.parts)
    answers = {
        one.part.call_id: one
        for one in (results.parts if results else ())
        if isinstance(one.part, ToolResult)
    }
    called = [[one.part.id for one in step if isinstance(one.part, ToolCall)] for step in steps]
    if len(steps) > 1 and answers.keys() >= {own_id for ids in called[:-1] for own_id in ids}:
        for step, ids in zip(steps, called, strict=True):
            yield OutgoingMessage(message.speaker, message.name, step, message.turn)
            own = [answers.pop(own_id) for own_id in ids if own_id in answers]
            if step is steps[-1]:
                own += answers.values()
            if own:
                yield OutgoingMessage("tool", None, own)
        return
    for step in steps[1:]:
        losses.add(step[0], "detail", _WHY)
    yield message
    if results:
        yield results


def _steps(parts: Sequence[OutgoingPart]) -> list[list[OutgoingPart]]:
    """Part what an assistant did before each text that follows a call."""
    steps: list[list[OutgoingPart]] = [[]]
    for one in parts:
        if visible([one]) and any(isinstance(each.part, ToolCall) for each in steps[-1]):
            steps.append([])
        steps[-1].append(one)
    return steps
