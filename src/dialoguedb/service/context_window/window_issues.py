"""What windows report of themselves, beside what is broken in the history."""

from collections.abc import Iterable, Sequence

from dialoguedb.formats.dialects import Rendered
from dialoguedb.formats.issues import Issue
from dialoguedb.formats.turns import Turn


def task_cut(task: Sequence[Turn]) -> Issue:
    """Return the issue of a window without what the user says last."""
    problem = f"What the user says last, message '{task[-1].id}', has no room"
    return Issue(code="TASK_CUT", message_id=task[-1].id, message=problem)


def recent_cut(shown: int, requested: int) -> Issue:
    """Return the issue of a window with fewer of the last turns than it was asked for."""
    problem = f"Only {shown} of the last {requested} turns have room"
    return Issue(code="RECENT_CUT", message=problem)


def window_jumped(jump: Turn, first: Turn) -> Issue:
    """Return the issue of a stable window that begins later than the one before."""
    problem = (
        "The conversation has outgrown its share of the budget: the window begins later,"
        f" with message '{first.id}'"
    )
    return Issue(code="WINDOW_JUMPED", message_id=jump.id, message=problem)


def thought_issues(rendered: Rendered) -> Iterable[Issue]:
    """Yield an issue when signed thoughts were left out."""
    dropped = [loss for loss in rendered.losses if loss.kind == "signed-thought"]
    if dropped:
        messages = {loss.message_id for loss in dropped}
        problem = (
            f"The signed thoughts of {len(messages)} messages are left out, the first of message"
            f" '{dropped[0].message_id}': {dropped[0].why}"
        )
        yield Issue(code="THOUGHT_DROPPED", message_id=dropped[0].message_id, message=problem)
