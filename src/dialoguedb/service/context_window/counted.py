"""Counts a window that is rendered."""

from dialoguedb.formats.dialects import Rendered
from dialoguedb.formats.rendered_tokens import RenderedTokens
from dialoguedb.formats.tokens import MESSAGE_TOKENS
from dialoguedb.model.context import ContextTokens
from dialoguedb.ports.tokens import TokenCounter
from dialoguedb.service.context_window.plan import WindowPlan, system_texts, trailing_texts


def counted(
    plan: WindowPlan, rendered: Rendered, count: TokenCounter, retrieved: int = 0
) -> ContextTokens:
    """Return what a window takes, and what of it each part; `retrieved` turns take that much."""
    total = RenderedTokens(plan.dialect, count).of(rendered.messages)
    if rendered.system:
        total += MESSAGE_TOKENS + count(rendered.system)
    sizes = dict.fromkeys(("system", "summary", "memories", "retrieved"), 0)
    text, before = "", 0
    for kind, more in system_texts(plan):
        text = f"{text}\n\n{more}" if text else more
        now = MESSAGE_TOKENS + count(text)
        sizes[kind] += now - before
        before = now
    for kind, more in trailing_texts(plan):
        sizes[kind] += MESSAGE_TOKENS + count(more)
    sizes["retrieved"] += min(retrieved, max(total - sum(sizes.values()), 0))
    _shrink(sizes, sum(sizes.values()) - total)
    return ContextTokens(total=total, recent=total - sum(sizes.values()), **sizes)


def _shrink(sizes: dict[str, int], excess: int) -> None:
    """Take an excess off the parts, where joined texts are one message and not several."""
    for kind, size in sizes.items():
        taken = max(min(excess, size), 0)
        sizes[kind] -= taken
        excess -= taken
