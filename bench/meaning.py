"""Search by meaning: questions that share no word with what answers them.

All texts of `meaning.toml`, the answers and those that answer nothing, are stored as messages of
one namespace, each in a dialogue of its own, so that none is helped by what stands beside it. A
hit is the one right answer among the first ten found.
"""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.client import Client
from bench.findings import Figures, Finding, Measurement
from bench.plan import Plan
from bench.searching import MODES, Embedding, await_index, embeddings, search

NAME = "meaning"
FILE = Path(__file__).with_suffix(".toml")
_NAMESPACE = "meaning"
_FIRST = 10
_PERCENT = 100
_COLUMNS = ("domain", "pairs", *(f"{mode} {at}" for mode in MODES for at in ("hit@10", "hit@1")))


@dataclass(frozen=True)
class Domain:
    """The texts of one domain."""

    name: str
    pairs: list[tuple[str, str]]
    """A query, and the text that answers it."""

    distractors: list[str]


def domains() -> list[Domain]:
    """Read the test set."""
    with FILE.open("rb") as file:
        read = tomllib.load(file)
    return [
        Domain(name, [(query, answer) for query, answer in one["pairs"]], one["distractors"])
        for name, one in read.items()
    ]


def measure(plan: Plan) -> list[Measurement]:
    """Load the texts and ask every query in every mode, with each embedder."""
    return [one for embedding in embeddings(plan) for one in _measured(plan, embedding)]


def _measured(plan: Plan, embedding: Embedding) -> Iterator[Measurement]:
    read = domains()
    with plan.directory() as directory, embedding.serving(plan, directory / "data") as server:
        client = server.client()
        _load(client, read)
        await_index(client)
        ranks = {
            (domain.name, mode): _ranks(client, domain, mode) for domain in read for mode in MODES
        }
        client.close()
    for mode in MODES:
        yield _finding(embedding, mode, [ranks[domain.name, mode] for domain in read])
    rows = [_row(domain, ranks) for domain in read]
    yield Figures(f"Meaning by domain, {embedding.name}", _COLUMNS, rows)


def _load(client: Client, read: Iterable[Domain]) -> None:
    for domain in read:
        for text in (*(answer for _, answer in domain.pairs), *domain.distractors):
            message = {"role": "user", "content": text}
            client.call("POST", "/dialogue", {"namespace": _NAMESPACE, "message": message})


def _ranks(client: Client, domain: Domain, mode: str) -> list[int | None]:
    """Give the rank, from 0, of each right answer among those found."""
    options = {"namespace": _NAMESPACE, "mode": mode, "limit": _FIRST}
    found = []
    for query, answer in domain.pairs:
        texts = [item["content"] for item in search(client, query, **options)]
        found.append(texts.index(answer) if answer in texts else None)
    return found


def _hits(ranks: list[int | None], first: int) -> float:
    return _PERCENT * sum(rank is not None and rank < first for rank in ranks) / len(ranks)


def _finding(embedding: Embedding, mode: str, by_domain: list[list[int | None]]) -> Finding:
    ranks = [rank for of_domain in by_domain for rank in of_domain]
    reciprocal = sum(1 / (rank + 1) for rank in ranks if rank is not None) / len(ranks)
    detail = f"hit@1 {_hits(ranks, 1):.1f} %, MRR@10 {reciprocal:.3f}, {len(ranks)} queries"
    what = f"hit@10, {mode}, {embedding.name}"
    return Finding(NAME, what, _hits(ranks, _FIRST), " %", detail=detail)


def _row(domain: Domain, ranks: dict[tuple[str, str], list[int | None]]) -> tuple[str, ...]:
    figures = (_hits(ranks[domain.name, mode], first) for mode in MODES for first in (_FIRST, 1))
    return domain.name, str(len(domain.pairs)), *(f"{figure:.0f} %" for figure in figures)
