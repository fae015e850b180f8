"""A search within one snapshot of an engine: the candidates, the best of them, the items."""

from collections.abc import Callable
from dataclasses import dataclass

from dialoguedb.model.search import Search
from dialoguedb.ports.search import MessageHit, QueryVector, SearchHit, Weights
from dialoguedb.retrieval import large_scopes
from dialoguedb.retrieval.candidates import (
    FEW,
    ScoredCandidates,
    ScoringContext,
    compare_all,
    context_of,
)
from dialoguedb.retrieval.large_scopes import LargeScope
from dialoguedb.retrieval.room import Room
from dialoguedb.retrieval.snapshot import SearchScope, SearchSnapshot

_MATCHES = 3
"""The best messages of a dialogue that are shown with it."""


def find(
    snapshot: SearchSnapshot, search: Search, vector: "QueryVector | None", weights: Weights
) -> list[SearchHit]:
    """Return the most relevant objects, as many as asked for, the best first; blocks."""
    context = context_of(snapshot, search, vector, weights)
    if search.object == "dialogue":
        return _find_dialogues(snapshot, context)
    scored, _ = _candidates(context, snapshot.scope(search.object))
    best = scored.best_first()[: search.limit].tolist()
    keys = scored.rows.keys[best].tolist()
    room = Room()
    items = snapshot.items(search.object, keys, room)
    terms = context.query.terms
    hits = [scored.hit(at, items[key], terms) for at, key in zip(best, keys, strict=True)]
    if search.context and search.object == "message":
        around = snapshot.around(keys, search.context, room)
        for hit, key in zip(hits, keys, strict=True):
            hit.before, hit.after = around[key]
    return hits


def _candidates(
    context: ScoringContext, scope: SearchScope, *, spread: bool = False
) -> tuple[ScoredCandidates, LargeScope | None]:
    """Return the candidates that matter; the scope, too, unless all of it was compared."""
    rows = scope.rows(FEW + 1)
    if len(rows.keys) <= FEW:
        return compare_all(context, scope, rows), None
    return large_scopes.find(context, scope, spread=spread)


# --- Dialogues are found through their messages, the best of which counts, or by label and tags ---


@dataclass
class _FoundDialogue:
    key: int
    by: ScoredCandidates
    at: int
    """What it is found by: the candidates, and which of them."""

    matches: list[tuple[int, float]]
    """Its best messages, by key, with their relevance."""

    @property
    def relevance(self) -> float:
        return float(self.by.ranking.relevance[self.at])


def _find_dialogues(snapshot: SearchSnapshot, context: ScoringContext) -> list[SearchHit]:
    search = context.search
    found: dict[int, _FoundDialogue] = {}
    through, large = _candidates(context, snapshot.messages_of_dialogues(), spread=True)
    _add_messages(found, through)
    if search.filter.role is None and search.filter.has_image is None:  # those ask for messages
        own, _ = _candidates(context, snapshot.scope("dialogue"))
        _add_own(found, own)
    best = _best(list(found.values()), search.limit)
    if large:
        for dialogue in best:
            if not dialogue.matches:
                _look_into(dialogue, large.of_dialogue)
        best = _best(best, search.limit)
    return _hits(snapshot, context, best)


def _best(found: list[_FoundDialogue], limit: int) -> list[_FoundDialogue]:
    return sorted(found, key=lambda dialogue: (-dialogue.relevance, -dialogue.key))[:limit]


def _add_messages(found: dict[int, _FoundDialogue], scored: ScoredCandidates) -> None:
    best = scored.best_first()
    for at, dialogue, key, relevance in zip(
        best.tolist(),
        scored.rows.dialogues[best].tolist(),
        scored.rows.keys[best].tolist(),
        scored.ranking.relevance[best].tolist(),
        strict=True,
    ):
        one = found.setdefault(dialogue, _FoundDialogue(dialogue, scored, at, []))
        if relevance > 0 and len(one.matches) < _MATCHES:
            one.matches.append((key, relevance))


def _add_own(found: dict[int, _FoundDialogue], scored: ScoredCandidates) -> None:
    """Let a dialogue be found by its own words, if it is more relevant by them."""
    for at in scored.best_first().tolist():
        key = int(scored.rows.keys[at])
        one = found.setdefault(key, _FoundDialogue(key, scored, at, []))
        if scored.ranking.relevance[at] > one.relevance:
            one.by, one.at = scored, at


def _look_into(dialogue: _FoundDialogue, inside: Callable[[int], ScoredCandidates]) -> None:
    """Compare the messages of a dialogue that was found without them."""
    found: dict[int, _FoundDialogue] = {}
    _add_messages(found, inside(dialogue.key))
    for better in found.values():
        dialogue.matches = better.matches
        if better.relevance > dialogue.relevance:
            dialogue.by, dialogue.at = better.by, better.at


def _hits(
    snapshot: SearchSnapshot, context: ScoringContext, best: list[_FoundDialogue]
) -> list[SearchHit]:
    room = Room()
    items = snapshot.items("dialogue", [dialogue.key for dialogue in best], room)
    messages = snapshot.messages([key for dialogue in best for key, _ in dialogue.matches], room)
    hits = []
    for dialogue in best:
        hit = dialogue.by.hit(dialogue.at, items[dialogue.key], context.query.terms)
        hit.matches = [MessageHit(messages[key], value) for key, value in dialogue.matches]
        hits.append(hit)
    return hits
