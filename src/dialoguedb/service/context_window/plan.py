"""What a window holds, and how it is rendered."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import UNSET, Struct
from msgspec.structs import replace

from dialoguedb.formats.dialects import Rendered, RenderRequest, render
from dialoguedb.formats.issues import Issue
from dialoguedb.formats.parts import Text
from dialoguedb.formats.tool_links import ToolPairs
from dialoguedb.formats.turns import Turn
from dialoguedb.model.context import ContextTokens, ContextWindow, Included
from dialoguedb.values.fields import Dialect, Target, Unanswered

OF_SYSTEM = "[System message]"
"""The first line of a system message that came after a stable window's beginning."""


class ContextNote(Struct, frozen=True):
    """Context beside the conversation: a summary, or a memory."""

    id: str
    text: str
    version: int = 1
    """Of a memory: one that was corrected has a higher one."""


class WindowPlan(Struct, frozen=True, kw_only=True):
    """What a window holds, in order.

    The answer depends on nothing else, so a window can be rendered again from its plan. A receipt
    keeps the ids of what is in it and all the rest as it is.
    """

    dialect: Dialect
    target: Target = "any"
    unanswered: Unanswered = "drop"
    signed: bool = True
    """Whether all stands there that signed thoughts were made behind, and nothing else."""

    is_stable: bool = False
    """Whether memories and found messages stand behind the conversation, not in front of it."""

    system: list[Turn]
    summary: ContextNote | None
    memories: list[ContextNote]
    turns: list[Turn]
    """Oldest first."""

    found: list[Turn] = []
    """Of a stable window: older messages about the query."""

    pairs: ToolPairs
    """The tool calls of the turns and their results; pairs of other turns do not matter."""

    tokens: ContextTokens
    stable_prefix_tokens: int | None = None
    omitted: int
    issues: list[Issue]


def render_plan(plan: WindowPlan) -> ContextWindow:
    """Return a window."""
    return window_of(plan, rendered_of(plan))


def rendered_of(plan: WindowPlan) -> Rendered:
    """Return the messages of a window."""
    return render(
        as_spoken(plan.turns),
        plan.pairs,
        RenderRequest(
            dialect=plan.dialect,
            system="\n\n".join(text for _, text in system_texts(plan)),
            target=plan.target,
            unanswered=plan.unanswered,
            signed=plan.signed,
            trailing=tuple(text for _, text in trailing_texts(plan)),
        ),
    )


def without_unsent(plan: WindowPlan, rendered: Rendered) -> WindowPlan:
    """Return a plan without the silent turns of which nothing is sent after all."""
    lost = {(loss.message_id, loss.part) for loss in rendered.losses}
    if not lost:
        return plan
    turns = [
        turn
        for turn in plan.turns
        if not turn.is_silent or any((turn.id, at) not in lost for at in range(len(turn.parts)))
    ]
    return replace(plan, turns=turns, omitted=plan.omitted + len(plan.turns) - len(turns))


def window_of(plan: WindowPlan, rendered: Rendered) -> ContextWindow:
    """Return a window that is rendered."""
    prefix = plan.stable_prefix_tokens
    return ContextWindow(
        messages=rendered.messages,
        system=rendered.system or UNSET,
        tokens=plan.tokens,
        stable_prefix_tokens=UNSET if prefix is None else prefix,
        included=Included(
            message_ids=[turn.id for turn in (*plan.system, *plan.turns, *plan.found)],
            summary_id=plan.summary.id if plan.summary else UNSET,
            memory_ids=[memory.id for memory in plan.memories],
        ),
        omitted=plan.omitted,
        issues=plan.issues,
    )


def as_spoken(turns: Sequence[Turn]) -> list[Turn]:
    """Return turns as the conversation shows them: a window has one message of the system."""
    return [_as_users(turn) if turn.speaker == "system" else turn for turn in turns]


def _as_users(turn: Turn) -> Turn:
    text = Text(f"{OF_SYSTEM}\n{text_of(turn)}")
    return replace(turn, speaker="user", name=None, parts=(text,))


def text_of(turn: Turn) -> str:
    """Return what a message of the system says."""
    return "\n".join(part.text for part in turn.parts if isinstance(part, Text))


def system_texts(plan: WindowPlan) -> Iterator[tuple[str, str]]:
    """Yield what is the system's, each with the part of the budget that it belongs to."""
    for turn in plan.system:
        yield "system", text_of(turn)
    if plan.summary:
        yield "summary", summary_text(plan.summary)
    if plan.memories and not plan.is_stable:
        yield "memories", memories_text(plan.memories)


def trailing_texts(plan: WindowPlan) -> Iterator[tuple[str, str]]:
    """Yield what stands behind the conversation of a stable window."""
    if plan.memories and plan.is_stable:
        yield "memories", memories_text(plan.memories)
    if plan.found:
        yield "retrieved", found_text(plan.found, plan.pairs)


def summary_text(summary: ContextNote) -> str:
    """Return a summary under its heading."""
    return f"## Summary of the conversation so far\n\n{summary.text}"


def memories_text(memories: Iterable[ContextNote]) -> str:
    """Return memories as a list under their heading."""
    lines = [f"- {memory.text}".replace("\n", "\n  ") for memory in memories]
    return "\n".join(["## Remembered", "", *lines])


def found_text(turns: Sequence[Turn], pairs: ToolPairs) -> str:
    """Return older messages as text under their heading."""
    rendered = render(turns, pairs, RenderRequest(dialect="plain"))
    messages = rendered.messages[rendered.opened :]
    lines = [f"{one.get('name') or one['role']}: {one['content']}" for one in messages]
    return "\n\n".join(["## Earlier in this conversation", *lines])
