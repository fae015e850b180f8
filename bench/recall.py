"""Recall on real conversations: how much of what answers a question is among the first found.

One namespace per conversation, one dialogue per session, searched in that namespace. Recall@k is
the share of a question's evidence that is among the first k, averaged over the questions of
categories 1 to 4 whose evidence is there. Nothing is searched before everything is indexed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from statistics import mean

from bench.client import Client
from bench.findings import Figures, Finding, Goal, Measurement
from bench.locomo import CATEGORIES, VARIABLE, Conversation, Question, conversations, named_file
from bench.plan import BATCH, Plan
from bench.searching import (
    DEFAULT,
    MINILM,
    WITHOUT_NEIGHBOURS,
    Embedding,
    await_index,
    embeddings,
    search,
)

NAME = "recall"
FIRST = (5, 10, 50)
_PERCENT = 100
_COLUMNS = ("ranking", "of", "questions", *(f"R@{first}" for first in FIRST))
_GOALS = {(DEFAULT, 5): 64.0, (DEFAULT, 10): 74.0, (DEFAULT, 50): 88.0, (MINILM, 10): 77.0}
_WHOLE = "hybrid, with neighbours"


@dataclass(frozen=True)
class Ablation:
    """One way to rank: a mode, on a server with these options."""

    name: str
    mode: str
    options: tuple[str, ...] = ()


ABLATIONS = (
    Ablation("keyword", "keyword", WITHOUT_NEIGHBOURS),
    Ablation("semantic", "semantic", WITHOUT_NEIGHBOURS),
    Ablation("hybrid", "hybrid", WITHOUT_NEIGHBOURS),
    Ablation("keyword, with neighbours", "keyword"),
    Ablation("semantic, with neighbours", "semantic"),
    Ablation(_WHOLE, "hybrid"),
)


@dataclass(frozen=True)
class Response:
    """What came of one question: the ids found, and the recall at each of the depths."""

    conversation: str
    category: int
    found: tuple[str, ...]
    recalls: tuple[float, ...]


def measure(plan: Plan) -> list[Measurement]:
    """Load the conversations and ask their questions in every way, with each embedder."""
    file = named_file()
    if not file:
        return [Finding(NAME, "skipped", None, detail=f"{VARIABLE} names no file")]
    read = conversations(file)
    return [one for embedding in embeddings(plan) for one in _measured(plan, embedding, read)]


def _measured(plan: Plan, embedding: Embedding, read: list[Conversation]) -> Iterator[Measurement]:
    answers: dict[str, list[Response]] = {}
    with plan.directory() as directory, embedding.serving(plan, directory / "data") as server:
        client = server.client()
        load(client, read)
        await_index(client)
        client.close()
        for options, ablations in groupby(ABLATIONS, attrgetter("options")):
            server.program.stop()
            server.start(options)
            client = server.client()
            for ablation in ablations:
                answers[ablation.name] = list(responses_to(client, ablation, read))
            client.close()
    yield from _findings(embedding, answers[_WHOLE])
    yield Figures(f"Recall, {embedding.name}", _COLUMNS, list(_rows(answers)))


def load(client: Client, read: list[Conversation]) -> None:
    """Store the conversations, each in a namespace of its own."""
    for conversation in read:
        for session in conversation.sessions:
            directory = {"namespace": conversation.name}
            client.call("POST", "/dialogue", {"id": session.dialogue, **directory})
            for batch in session.batches(BATCH):
                path = f"/dialogue/{session.dialogue}/messages"
                client.call("POST", path, {"messages": batch, **directory})


def responses_to(
    client: Client, ablation: Ablation, read: list[Conversation], *, across: bool = False
) -> Iterator[Response]:
    """Ask every question in one way, of its conversation or across the project."""
    for conversation in read:
        filters: dict[str, object] = {"mode": ablation.mode, "limit": max(FIRST)}
        if not across:
            filters["namespace"] = conversation.name
        for question in conversation.questions:
            found = tuple(item["id"] for item in search(client, question.text, **filters))
            recalls = tuple(_recall(question, found[:first]) for first in FIRST)
            yield Response(conversation.name, question.category, found, recalls)


def _recall(question: Question, found: tuple[str, ...]) -> float:
    return _PERCENT * len(question.answer_ids.intersection(found)) / len(question.answer_ids)


def means(answers: list[Response]) -> list[float]:
    """Return the mean recall at each of the depths."""
    return [mean(recalls) for recalls in zip(*(one.recalls for one in answers), strict=True)]


def _findings(embedding: Embedding, answers: list[Response]) -> Iterator[Finding]:
    for first, figure in zip(FIRST, means(answers), strict=True):
        bound = _GOALS.get((embedding.name, first))
        goal = Goal(bound, at_least=True, unit="") if bound else None
        what = f"R@{first}, {_WHOLE}, {embedding.name}"
        yield Finding(NAME, what, figure, goal=goal, detail=f"{len(answers)} questions")


def _rows(answers: dict[str, list[Response]]) -> Iterator[tuple[str, ...]]:
    for name, given in answers.items():
        yield _row(name, "all", given)
        for category, of in CATEGORIES.items():
            yield _row(name, of, [one for one in given if one.category == category])
        for conversation in dict.fromkeys(one.conversation for one in given):
            of_it = [one for one in given if one.conversation == conversation]
            yield _row(name, f"conversation {conversation}", of_it)


def _row(name: str, of: str, answers: list[Response]) -> tuple[str, ...]:
    figures = means(answers) if answers else []
    return name, of, str(len(answers)), *(f"{figure:.1f}" for figure in figures)
