"""Takes the plan of a window apart into ids and numbers, and puts it together again.

Each field of a plan is treated by its type, so a new field is kept without a change here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, get_type_hints

import msgspec
from msgspec import Struct

from dialoguedb.formats.tool_links import ToolPairs
from dialoguedb.formats.turns import Turn
from dialoguedb.model.receipts import UsedMessage, UsedParts
from dialoguedb.service.context_window.plan import ContextNote, WindowPlan


class KeptPlan(Struct, frozen=True):
    """A plan, taken apart."""

    parts: UsedParts
    plan: bytes
    """JSON; a message is named by its index in the parts."""


class PlanSources(Struct, frozen=True):
    """What a plan is put together from: all that is left, by id."""

    turns: Mapping[str, Turn]
    summaries: Mapping[str, ContextNote]
    memories: Mapping[str, ContextNote]


def keep(plan: WindowPlan) -> KeptPlan:
    """Take a plan apart."""
    turns = dict.fromkeys(
        UsedMessage(turn.id, turn.seq)
        for name, hint in _hints().items()
        if hint == list[Turn]
        for turn in getattr(plan, name)
    )
    parts = UsedParts(
        messages=list(turns),
        summary=plan.summary.id if plan.summary else None,
        memories=[memory.id for memory in plan.memories],
        corrected={one.id: one.version for one in plan.memories if one.version > 1},
    )
    indexes = {used.id: index for index, used in enumerate(parts.messages)}
    fields = {name: _keep(hint)(getattr(plan, name), indexes) for name, hint in _hints().items()}
    return KeptPlan(parts, msgspec.json.encode(fields))


def restore(kept: KeptPlan, sources: PlanSources) -> WindowPlan:
    """Put a plan together again, without what is not left."""
    fields = msgspec.json.decode(kept.plan)
    turns = [sources.turns.get(used.id) for used in kept.parts.messages]
    hints = _hints()
    restored = {
        name: _restore(hints[name], value, turns, sources)
        for name, value in fields.items()
        if name in hints
    }
    return WindowPlan(**restored)


@cache
def _hints() -> dict[str, Any]:
    return get_type_hints(WindowPlan)


def _keep(hint: Any) -> Callable[[Any, Mapping[str, int]], Any]:
    if hint == list[Turn]:
        return lambda turns, indexes: [indexes[turn.id] for turn in turns]
    if hint == list[ContextNote]:
        return lambda notes, _: [note.id for note in notes]
    if hint == ContextNote | None:
        return lambda note, _: note.id if note else None
    if hint == ToolPairs:
        return _kept_pairs
    return lambda value, _: msgspec.to_builtins(value)


def _kept_pairs(pairs: ToolPairs, indexes: Mapping[str, int]) -> list[list[int]]:
    return [
        [indexes[call], part, indexes[result], at]
        for (call, part), (result, at) in pairs.items()
        if call in indexes and result in indexes
    ]


def _restore(hint: Any, value: Any, turns: Sequence[Turn | None], sources: PlanSources) -> Any:
    if hint == list[Turn]:
        return [turn for index in value if (turn := turns[index])]
    if hint == list[ContextNote]:
        return _notes(value, sources.memories)
    if hint == ContextNote | None:
        return sources.summaries.get(value)
    if hint == ToolPairs:
        return _pairs(value, turns)
    return msgspec.convert(value, hint)


def _notes(ids: Iterable[str], notes: Mapping[str, ContextNote]) -> list[ContextNote]:
    return [notes[one] for one in ids if one in notes]


def _pairs(kept: Iterable[Sequence[int]], turns: Sequence[Turn | None]) -> ToolPairs:
    return {
        (call.id, part): (result.id, at)
        for call_index, part, result_index, at in kept
        if (call := turns[call_index]) and (result := turns[result_index])
    }
