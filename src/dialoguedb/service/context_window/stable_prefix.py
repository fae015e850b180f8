"""How much of a stable window the next one will begin with."""

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from dialoguedb.formats.parts import Part, Text, ToolCall, ToolResult
from dialoguedb.formats.rendered_tokens import RenderedTokens
from dialoguedb.formats.turns import Speaker, Turn
from dialoguedb.ports.tokens import TokenCounter
from dialoguedb.service.context_window.plan import WindowPlan, rendered_of

Json = dict[str, Any]

_USERS_TURNS = 2
_NEXT_CREATED = "9999-12-31T23:59:59.999Z"


def stable_prefix(plan: WindowPlan, count: TokenCounter, total: int) -> int:
    """Return the tokens that stay whatever is appended next: a user's turn, an answer, a call.

    The next turn may join the last message, and a result may bring its call back. `total` are those
    of the window without what stands behind the conversation.
    """
    if all(turn.speaker == "system" for turn in plan.turns):
        return 0  # another message of the system would join the first
    alone = replace(plan, memories=[], found=[])
    settled = _settled(plan)
    end = replace(alone, turns=plan.turns[settled:], system=[], summary=None) if settled else alone
    messages, kept = _kept(end)
    if settled and not kept:
        messages, kept = _kept(alone)
    return max(total - RenderedTokens(plan.dialect, count).of(messages[len(kept) :]), 0)


def _kept(plan: WindowPlan) -> tuple[list[Json], list[Json]]:
    """Return the messages of a window, and the first of them that stay as they are."""
    messages = rendered_of(plan).messages
    kept = messages
    for following in _following(plan):
        kept = _common(kept, rendered_of(following).messages)
    return messages, kept


def _settled(plan: WindowPlan) -> int:
    """Return how many of the first turns are rendered alike whatever comes next.

    These are the turns before the last but one that a user says, if no call is open across it.
    """
    by_user = [at for at, turn in enumerate(plan.turns) if turn.by_user]
    if len(by_user) < _USERS_TURNS:
        return 0
    start = by_user[-_USERS_TURNS]
    before = {turn.id for turn in plan.turns[:start]}
    is_parted = any(
        (call[0] in before) != (result[0] in before) for call, result in plan.pairs.items()
    )
    return 0 if is_parted else start


def _following(plan: WindowPlan) -> Iterator[WindowPlan]:
    """Yield the plan with each kind of turn that may come next."""
    call = ToolCall("next call", "next", "{}")
    yield _with(plan, _turn("user", Text("next")))
    if left := _without_waiting(plan):
        yield _with(left, _turn("user", Text("next")))
    yield _with(plan, _turn("assistant", Text("next")))
    called = _with(plan, _turn("assistant", call))
    result = _turn("tool", ToolResult(call.id, (Text("next"),)), turn_id="next result")
    yield replace(_with(called, result), pairs={**plan.pairs, ("next", 0): ("next result", 0)})
    open_calls = [*_open_calls(plan)]
    if open_calls:
        results: list[Part] = [ToolResult(one.id, (Text("next"),)) for _, one in open_calls]
        answered = {ref: ("next", at) for at, (ref, _) in enumerate(open_calls)}
        yield replace(_with(plan, _turn("tool", *results)), pairs={**plan.pairs, **answered})


def _without_waiting(plan: WindowPlan) -> WindowPlan | None:
    """Return the plan without the last turns that wait for a result or for what was thought of.

    When a user speaks instead, windows no longer show them. None when no turn waits.
    """
    count = len(plan.turns)
    while count and _waits(plan, plan.turns[count - 1]):
        count -= 1
    return replace(plan, turns=plan.turns[:count]) if count < len(plan.turns) else None


def _waits(plan: WindowPlan, turn: Turn) -> bool:
    is_open = plan.unanswered == "drop" and any(
        isinstance(part, ToolCall) and part.kind != "server" and (turn.id, at) not in plan.pairs
        for at, part in enumerate(turn.parts)
    )
    return turn.is_silent or (is_open and not turn.has_text)


def _open_calls(plan: WindowPlan) -> Iterator[tuple[tuple[str, int], ToolCall]]:
    """Yield the calls that no user has spoken after, and whose results may still come."""
    last = max((at for at, turn in enumerate(plan.turns) if turn.by_user), default=-1)
    for turn in plan.turns[last + 1 :]:
        for at, part in enumerate(turn.parts):
            if isinstance(part, ToolCall) and (turn.id, at) not in plan.pairs:
                yield (turn.id, at), part


def _with(plan: WindowPlan, turn: Turn) -> WindowPlan:
    return replace(plan, turns=[*plan.turns, turn])


def _turn(speaker: Speaker, *parts: Any, turn_id: str = "next") -> Turn:
    return Turn(
        id=turn_id,
        created=_NEXT_CREATED,
        seq=0,
        speaker=speaker,
        name=None,
        parts=parts,
        tokens=0,
    )


def _common(first: list[Json], second: list[Json]) -> list[Json]:
    for at, (one, two) in enumerate(zip(first, second, strict=False)):
        if one != two:
            return first[:at]
    return first[: len(second)]
