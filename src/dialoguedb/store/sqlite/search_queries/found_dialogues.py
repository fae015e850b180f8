"""Dialogues are found through their messages, the best of which counts, or by label and tags."""

from dataclasses import dataclass

from dialoguedb.model.projects import Project
from dialoguedb.ports.search import Hit, MessageHit
from dialoguedb.store.sqlite.search_queries import scopes
from dialoguedb.store.sqlite.search_queries.candidates import Judge, Judged, Quest
from dialoguedb.store.sqlite.search_queries.found_items import read_dialogues, read_messages

_MATCHES = 3
"""The best messages of a dialogue that are shown with it."""


@dataclass
class _Found:
    """A dialogue, and what it is found by."""

    number: int
    by: Judged
    at: int
    matches: list[tuple[int, float]]
    """Its best messages, by number, with their relevance."""

    @property
    def relevance(self) -> float:
        return float(self.by.ranking.relevance[self.at])


def find(quest: Quest, project: Project, number: int) -> list[Hit]:
    """Return the most relevant dialogues."""
    db, search = quest.db, quest.search
    through = Judge(quest, scopes.of_messages_of_dialogues(db, number, search.filter), spread=True)
    found: dict[int, _Found] = {}
    _add_messages(found, through.judge())
    if search.filter.role is None and search.filter.has_image is None:  # those ask for messages
        itself = Judge(quest, scopes.of_objects(db, number, "dialogue", search.filter))
        _add_own(found, itself.judge())
    best = _best(list(found.values()), search.limit)
    if not through.small:
        for one in best:
            if not one.matches:
                _look_into(one, through)
        best = _best(best, search.limit)
    return _hits(quest, project, best, through)


def _best(found: list[_Found], limit: int) -> list[_Found]:
    return sorted(found, key=lambda one: (-one.relevance, -one.number))[:limit]


def _add_messages(found: dict[int, _Found], judged: Judged) -> None:
    best = judged.best_first()
    for at, dialogue, number, relevance in zip(
        best.tolist(),
        judged.rows.dialogues[best].tolist(),
        judged.rows.numbers[best].tolist(),
        judged.ranking.relevance[best].tolist(),
        strict=True,
    ):
        one = found.setdefault(dialogue, _Found(dialogue, judged, at, []))
        if relevance > 0 and len(one.matches) < _MATCHES:
            one.matches.append((number, relevance))


def _add_own(found: dict[int, _Found], judged: Judged) -> None:
    """Let a dialogue be found by what it says itself, if that is more."""
    for at in judged.best_first().tolist():
        number = int(judged.rows.numbers[at])
        one = found.setdefault(number, _Found(number, judged, at, []))
        if judged.ranking.relevance[at] > one.relevance:
            one.by, one.at = judged, at


def _look_into(one: _Found, through: Judge) -> None:
    """Compare the messages of a dialogue that was found without them."""
    inside: dict[int, _Found] = {}
    _add_messages(inside, through.of_dialogue(one.number))
    for better in inside.values():
        one.matches = better.matches
        if better.relevance > one.relevance:
            one.by, one.at = better.by, better.at


def _hits(quest: Quest, project: Project, best: list[_Found], judge: Judge) -> list[Hit]:
    items = read_dialogues(quest.db, project, [one.number for one in best])
    messages = read_messages(quest.db, [number for one in best for number, _ in one.matches])
    hits = []
    for one in best:
        hit = one.by.hit(one.at, items[one.number], judge.terms)
        hit.matches = [MessageHit(messages[number], value) for number, value in one.matches]
        hits.append(hit)
    return hits
