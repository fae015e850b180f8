"""Context windows: how much of what answers a question is in them, and what they cost.

Of each conversation one dialogue is made, all its sessions one after another. For each question
whose evidence is there a window of 4,000 tokens is asked for, with the question as `query`; beside
it stand the last messages of 4,000 tokens, and the best that a search of the dialogue finds, the
best first, until 4,000 tokens are full. Memories and summaries are not among them. Then windows are
asked for of dialogues of 1,000 and 100,000 messages, each time for something else.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from statistics import mean, quantiles
from typing import Any

import msgspec

from bench.findings import Figures, Finding, Goal, Measurement
from bench.locomo import VARIABLE, Conversation, Question, conversations, named_file
from bench.plan import BATCH, SMALL, Plan
from bench.searching import await_index
from bench.server import Server, serving
from bench.texts import Texts
from dialoguedb.bootstrap.embedders import known
from dialoguedb.bootstrap.services import opened_store, services_of
from dialoguedb.model.context import ContextInput
from dialoguedb.model.dialogues import DialogueInput
from dialoguedb.model.messages import Message
from dialoguedb.model.projects import ProjectInput
from dialoguedb.model.search import Search, SearchFilter
from dialoguedb.model.search_request import FilterInput, SearchRequest
from dialoguedb.service import Services
from dialoguedb.service.messages import MessageListFilter
from dialoguedb.service.pages import ListRequest, PageRequest
from dialoguedb.settings import Settings
from dialoguedb.values import limits

NAME = "context"
BUDGET = 4_000
_BUDGETS = (1_000, BUDGET, 32_000)
_SIZES = (SMALL, 100_000)
_SEED = 11
_WARM_UP = 20
_FOUND_MAX = 400
_DIALOGUE = "all sessions"
_PERCENT = 100
_MILLISECONDS = 1e3
_GOAL_MS = 50.0
_CONTENT = ("last", "search", "context")
_SHARES = ("conversation", "questions", *(f"{way} %" for way in _CONTENT))
_COSTS = ("messages", "budget", "query", "p50 ms", "p95 ms", "tokens", "messages in it")


@dataclass(frozen=True)
class _Shares:
    """How much of the evidence each way holds, question by question."""

    conversation: str
    of: dict[str, list[float]]


def measure(plan: Plan) -> list[Measurement]:
    """Ask the questions of real conversations, then for windows of dialogues that grow."""
    with plan.directory() as directory:
        quality = [*_quality(directory / "asked")]
        with serving(plan, directory / "data") as server:
            return [*quality, *_cost(plan, server)]


# --- What is in a window ------------------------------------------------------------------------


def _quality(directory: Path) -> Iterator[Measurement]:
    file = named_file()
    if not file:
        yield Finding(NAME, "skipped", None, detail=f"{VARIABLE} names no file")
        return
    shares = asyncio.run(_all_shares(directory, conversations(file)))
    whole = {way: [share for one in shares for share in one.of[way]] for way in _CONTENT}
    means = {way: mean(found) for way, found in whole.items()}
    detail = f"{len(whole['context'])} questions, {BUDGET:,} tokens"
    above = Goal(round(means["search"], 2), at_least=True, unit=" %")
    yield Finding(NAME, "evidence in the window", means["context"], " %", above, detail)
    yield Finding(NAME, "evidence in the best of a search", means["search"], " %", None, detail)
    yield Finding(NAME, "evidence in the last messages", means["last"], " %", None, detail)
    yield Figures("Evidence in windows", _SHARES, [*map(_row, [*shares, _Shares("all", whole)])])


def _row(shares: _Shares) -> tuple[str, ...]:
    found = [shares.of[way] for way in _CONTENT]
    return shares.conversation, str(len(found[0])), *(f"{mean(each):.1f}" for each in found)


async def _all_shares(directory: Path, read: list[Conversation]) -> list[_Shares]:
    settings = Settings(data=directory)
    embedders = known(settings)
    async with opened_store(settings, None, embedders) as store:
        asking = _Asking(services_of(store, embedders))
        return [await asking.shares(conversation) for conversation in read]


class _Asking:
    """Asks the services in this process: a search over HTTP ends at its hundredth message."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def shares(self, conversation: Conversation) -> _Shares:
        """Store a conversation as one dialogue, and ask its questions in each way."""
        self._project = await self._services.projects.create(
            ProjectInput(conversation.name), None, self._services.write_options()
        )
        sent = [message for one in conversation.sessions for message in one.messages]
        body = msgspec.json.encode({"id": _DIALOGUE, "messages": sent})
        new = msgspec.json.decode(body, type=DialogueInput).validate("bench")
        await self._services.dialogues.create(
            self._project, "", new, self._services.write_options()
        )
        shares = _Shares(conversation.name, {way: [] for way in _CONTENT})
        for question in conversation.questions:
            for way, ids in (
                ("last", await self._last()),
                ("search", await self._best(question)),
                ("context", await self._window(question)),
            ):
                held = question.answer_ids & ids
                shares.of[way].append(_PERCENT * len(held) / len(question.answer_ids))
        return shares

    async def _last(self) -> set[str]:
        listing = ListRequest(MessageListFilter("", _DIALOGUE), "desc", limits.PAGE_ITEMS_MAX)
        page = await self._services.messages.list(self._project, PageRequest(listing))
        return _fitting(page.value.items)

    async def _best(self, question: Question) -> set[str]:
        within = SearchFilter(namespace="", dialogue_id=_DIALOGUE)
        search = Search("message", question.text, limit=_FOUND_MAX, filter=within)
        request = SearchRequest(search=search, sent=FilterInput(), zone=UTC, explain=False)
        hits = (await self._services.search.search(self._project, request)).hits
        return _fitting(hit.item for hit in hits if isinstance(hit.item, Message))

    async def _window(self, question: Question) -> set[str]:
        request = ContextInput(max_tokens=BUDGET, query=question.text, memories=0).validate()
        made = await self._services.contexts.build(self._project, "", _DIALOGUE, request)
        return set(made.included.message_ids)


def _fitting(messages: Iterable[Message]) -> set[str]:
    """Take messages as long as they fit."""
    room = BUDGET
    included: set[str] = set()
    for message in messages:
        room -= message.token_count
        if room < 0:
            break
        included.add(message.id)
    return included


# --- What a window costs ------------------------------------------------------------------------


def _cost(plan: Plan, server: Server) -> Iterator[Measurement]:
    texts = Texts(_SEED)
    rows: list[tuple[str, ...]] = []
    for size in _SIZES:
        dialogue = _filled(server, texts, size)
        for budget in _BUDGETS:
            for asks in (False, True):
                p50, p95, made = _timed(plan, server, (dialogue, budget), texts if asks else None)
                shown = f"{made['tokens']['total']:,}", str(len(made["included"]["messageIds"]))
                rows.append((f"{size:,}", f"{budget:,}", "yes" if asks else "no"))
                rows[-1] = (*rows[-1], f"{p50:.1f}", f"{p95:.1f}", *shown)
                if budget == BUDGET and size == max(_SIZES):
                    what = f"median of {size:,} messages, {'with' if asks else 'without'} a query"
                    goal = Goal(_GOAL_MS, at_least=False, unit=" ms")
                    yield Finding(NAME, what, p50, " ms", goal, f"{budget:,} tokens")
    yield Figures("Windows of growing dialogues", _COSTS, rows)


def _filled(server: Server, texts: Texts, size: int) -> str:
    client = server.client()
    dialogue = str(client.call("POST", "/dialogue", {})["id"])
    path = f"/dialogue/{dialogue}/messages"
    for _ in range(0, size, BATCH):
        messages = [{"role": "user", "content": text} for text in texts.texts(BATCH)]
        client.call("POST", path, {"messages": messages})
    await_index(client)
    client.close()
    return dialogue


def _timed(
    plan: Plan, server: Server, size: tuple[str, int], texts: Texts | None
) -> tuple[float, float, dict[str, Any]]:
    """Ask for windows one after the other; returns their latencies, and the last of them."""
    dialogue, budget = size
    client = server.client()
    took: list[float] = []
    made: dict[str, Any] = {}
    for _ in range(_WARM_UP + plan.searches // 5):
        query = {"query": texts.query(), "memories": 0} if texts else {}
        began = time.perf_counter()
        made = client.call("POST", f"/dialogue/{dialogue}/context", {"maxTokens": budget, **query})
        took.append((time.perf_counter() - began) * _MILLISECONDS)
    client.close()
    cuts = quantiles(took[_WARM_UP:], n=20)
    return cuts[9], cuts[18], made
