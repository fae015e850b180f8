"""Turns as a model reads them."""

from collections.abc import Sequence

from dialoguedb.ports.summaries import SummaryTurn

_DAY_CHARACTERS = len("2026-11-22")
_SHORTEST_CHARACTERS = 256
"""A turn is parted when a model cannot read it whole; but never below this."""


def transcript(turns: Sequence[SummaryTurn]) -> list[str]:
    """Write each turn with who speaks, and before the first of a day which day it is."""
    written, today = [], ""
    for turn in turns:
        day = turn.created[:_DAY_CHARACTERS]
        heading = f"[{day}]\n" if day != today else ""
        written.append(f"{heading}{turn.name or turn.role}: {turn.text}")
        today = day
    return written


def split_in_half(texts: Sequence[str]) -> tuple[list[str], list[str]] | None:
    """Part texts, or the text that is there alone, into two halves; None when it is too short."""
    if len(texts) > 1:
        middle = len(texts) // 2
        return list(texts[:middle]), list(texts[middle:])
    [text] = texts
    if len(text) < 2 * _SHORTEST_CHARACTERS:
        return None
    half = len(text) // 2
    space = text.rfind(" ", half // 2, half)
    at = space if space > 0 else half
    return [text[:at]], [text[at:].lstrip()]
