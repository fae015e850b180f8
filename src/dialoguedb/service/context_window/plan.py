"""What a window holds, and the one function that renders it."""

from collections.abc import Iterable

from msgspec import UNSET, Struct

from dialoguedb.formats.dialects import RenderRequest, render
from dialoguedb.formats.parts import Text
from dialoguedb.formats.tool_links import Issue, ToolPairs
from dialoguedb.formats.turns import Turn
from dialoguedb.model.context import ContextTokens, ContextWindow, Included
from dialoguedb.values.fields import Dialect, Target, Unanswered


class ContextNote(Struct, frozen=True):
    """Context beside the conversation: a summary, or a memory."""

    id: str
    text: str


class WindowPlan(Struct, frozen=True, kw_only=True):
    """What a window holds, in order.

    The answer depends on nothing else, so a window can be rendered again from its plan. A receipt
    keeps the ids of what is in it and all the rest as it is.
    """

    dialect: Dialect
    target: Target = "any"
    unanswered: Unanswered = "drop"
    system: list[Turn]
    summary: ContextNote | None
    memories: list[ContextNote]
    turns: list[Turn]
    """Oldest first."""

    pairs: ToolPairs
    """The tool calls of the turns and their results; pairs of other turns do not matter."""

    opening_tokens: int
    """What the opening takes, should the dialect need one."""

    tokens: ContextTokens
    """Without the opening."""

    omitted: int
    issues: list[Issue]


def render_plan(plan: WindowPlan) -> ContextWindow:
    """Return a window."""
    request = RenderRequest(
        dialect=plan.dialect,
        system=_system_text(plan),
        target=plan.target,
        unanswered=plan.unanswered,
    )
    rendered = render(plan.turns, plan.pairs, request)
    opening = plan.opening_tokens if rendered.opened else 0
    return ContextWindow(
        messages=rendered.messages,
        system=rendered.system or UNSET,
        tokens=ContextTokens(
            total=plan.tokens.total + opening,
            system=plan.tokens.system,
            summary=plan.tokens.summary,
            memories=plan.tokens.memories,
            retrieved=plan.tokens.retrieved,
            recent=plan.tokens.recent + opening,
        ),
        included=Included(
            message_ids=[turn.id for turn in (*plan.system, *plan.turns)],
            summary_id=plan.summary.id if plan.summary else UNSET,
            memory_ids=[memory.id for memory in plan.memories],
        ),
        omitted=plan.omitted,
        issues=plan.issues,
    )


def text_of(turn: Turn) -> str:
    """Return what a message of the system says."""
    return "\n".join(part.text for part in turn.parts if isinstance(part, Text))


def _system_text(plan: WindowPlan) -> str:
    """Return what is the system's: its messages, the summary, and the memories."""
    texts = [text_of(turn) for turn in plan.system]
    if plan.summary:
        texts.append(summary_text(plan.summary))
    if plan.memories:
        texts.append(memories_text(plan.memories))
    return "\n\n".join(texts)


def summary_text(summary: ContextNote) -> str:
    """Return a summary under its heading."""
    return f"## Summary of the conversation so far\n\n{summary.text}"


def memories_text(memories: Iterable[ContextNote]) -> str:
    """Return memories as a list under their heading."""
    lines = [f"- {memory.text}".replace("\n", "\n  ") for memory in memories]
    return "\n".join(["## Remembered", "", *lines])
