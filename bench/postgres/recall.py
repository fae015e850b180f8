"""Recall on real conversations, from PostgreSQL and from the embedded engine.

Both hold the same conversations with vectors of the same embedder, and are asked the same
questions in every way that `recall` asks, each of its own conversation. Then they are asked across
the project among many other messages: so many that neither compares all vectors, nor looks at all
that holds a common word. A search differs when its first 50 are not the same messages in the same
order.
"""

import asyncio
import json
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

import asyncpg

from bench.findings import Figures, Finding, Goal, Measurement
from bench.generator import request_bytes, send_all
from bench.locomo import VARIABLE, Conversation, conversations, named_file
from bench.plan import Plan
from bench.postgres.database import database
from bench.recall import ABLATIONS, FIRST, Response, load, means, responses_to
from bench.searching import await_index
from bench.server import Server, serving
from bench.texts import Texts
from dialoguedb.store.postgres.search_index.vectors import TAIL

NAME = "postgres_recall"
_GOAL = Goal(1, at_least=False, unit=" points")
_OTHERS = 30_000
_DIALOGUE = 250
_SEED = 7
_ACROSS = f"among {_OTHERS:,} others"
_WITHOUT_INDEX = "SELECT count(*) FROM message_vectors WHERE settled = 0"
_SETTLED_TOGETHER = 100
_COLUMNS = (
    *("ranking", "conversation", "questions"),
    *(f"R@{first} {engine}" for first in FIRST for engine in ("embedded", "PostgreSQL")),
    "searches that differ",
)

_Responses = dict[str, list[Response]]
"""By ranking."""


def measure(plan: Plan) -> list[Measurement]:
    """Load both engines, ask both in every way, and compare."""
    file = named_file()
    if not file:
        return [Finding(NAME, "skipped", None, detail=f"{VARIABLE} names no file")]
    read = conversations(file)
    with plan.directory() as directory, database() as server:
        url = server.new_database()
        with serving(plan, directory / "embedded") as one:
            embedded = _responses(one, read)
        with serving(plan, directory / "postgres", ("--database", url)) as one:
            postgres = _responses(one, read, url)
    return [*_findings(embedded, postgres), Figures("Recall", _COLUMNS, _rows(embedded, postgres))]


def _responses(server: Server, read: list[Conversation], url: str | None = None) -> _Responses:
    client = server.client()
    load(client, read)
    await_index(client)
    client.close()
    answers: _Responses = {}
    for options, ablations in groupby(ABLATIONS, attrgetter("options")):
        server.program.stop()
        server.start(options)
        client = server.client()
        for ablation in ablations:
            answers[ablation.name] = list(responses_to(client, ablation, read))
        client.close()
    send_all((server.host, server.port), _others(server), connections=2)
    if url:
        asyncio.run(_await_graph(url))
    client = server.client()
    await_index(client)
    for ablation in ABLATIONS:
        if not ablation.options:
            across = responses_to(client, ablation, read, across=True)
            answers[f"{ablation.name}, {_ACROSS}"] = list(across)
    client.close()
    return answers


def _others(server: Server) -> Iterator[bytes]:
    texts = Texts(_SEED)
    for start in range(0, _OTHERS, _DIALOGUE):
        messages = [{"role": "user", "content": texts.text()} for _ in range(_DIALOGUE)]
        body = {"namespace": f"other-{start}", "messages": messages}
        yield request_bytes("POST", "/dialogue", server.key, json.dumps(body).encode())


async def _await_graph(url: str) -> None:
    """Wait until all vectors but the newest are in their index."""
    connection = await asyncpg.connect(url)
    while await connection.fetchval(_WITHOUT_INDEX) > TAIL + _SETTLED_TOGETHER:  # noqa: ASYNC110 - the server makes it come true
        await asyncio.sleep(1)
    await connection.close()


def _findings(embedded: _Responses, postgres: _Responses) -> Iterator[Finding]:
    """Tell by how much a conversation's recall differs at most, in each way of ranking."""
    for ranking, answers in embedded.items():
        pairs = list(_by_conversation(answers, postgres[ranking]))
        apart = max(
            abs(ours - theirs)
            for _, one, other in pairs
            for ours, theirs in zip(means(one), means(other), strict=True)
        )
        differ = sum(_differing(one, other) for _, one, other in pairs)
        detail = f"{differ} of {len(answers)} searches differ in their first {max(FIRST)}"
        what = f"largest difference of a conversation's recall, {ranking}"
        yield Finding(NAME, what, apart, " points", _GOAL, detail)


def _rows(embedded: _Responses, postgres: _Responses) -> list[tuple[str, ...]]:
    return [
        _row(ranking, *of)
        for ranking, answers in embedded.items()
        for of in [
            ("all", answers, postgres[ranking]),
            *_by_conversation(answers, postgres[ranking]),
        ]
    ]


def _row(ranking: str, of: str, one: list[Response], other: list[Response]) -> tuple[str, ...]:
    figures = [
        f"{figure:.1f}" for pair in zip(means(one), means(other), strict=True) for figure in pair
    ]
    return ranking, of, str(len(one)), *figures, str(_differing(one, other))


def _by_conversation(
    one: list[Response], other: list[Response]
) -> Iterator[tuple[str, list[Response], list[Response]]]:
    for name in dict.fromkeys(answer.conversation for answer in one):
        ours, theirs = ([two for two in side if two.conversation == name] for side in (one, other))
        yield name, ours, theirs


def _differing(one: list[Response], other: list[Response]) -> int:
    return sum(ours.found != theirs.found for ours, theirs in zip(one, other, strict=True))
