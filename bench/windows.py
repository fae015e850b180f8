"""Windows of a long dialogue of an agent: what prompt caches hit, what windows cost and count.

A dialogue of 1,000 turns of a user, with rounds of tools, is appended step by step; before calls of
the model windows are asked for, of three budgets, stable and not, without and with the user's last
words as `query`.
"""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from bench.findings import Figures, Finding, Goal, Measurement
from bench.formats.dialogue import agent_dialogue
from bench.formats.prompt_caches import AnthropicCache, Blocks, OpenAiCache, PrefixOfLast
from bench.formats.samples import SAMPLES
from bench.formats.windows import WHOLE_TOKENS, WindowSource, opened
from bench.plan import Plan
from dialoguedb.embed.tokens import count_tokens
from dialoguedb.errors import InvalidRequest
from dialoguedb.formats.tokens import MESSAGE_TOKENS, TOOL_TOKENS

NAME = "windows"
BUDGETS = (4_000, 16_000, 64_000)
_SEED = 5
_NAME = "agent"
_CALLS = {4_000: 10_000, 16_000: 1_000, 64_000: 250}
"""Stable windows are asked for before so many of the last calls: enough to see some jumps."""

_LATE_CALLS = 200
"""Windows with a query, such as are not stable, and Anthropic's are asked for before so many."""

_LATENCY_GOAL_MS = 5.0
_COUNT_GOAL = 2.0
_GOALS = {4_000: 90.0, 16_000: 95.0, 64_000: 95.0}
_QUERY_GOAL = 80.0
_COLUMNS = ("budget", "stable", "query", "windows", "a prefix of the one before", "OpenAI hits",
            "Anthropic hits", "windows of which half was new", "median ms")  # fmt: skip
Json = dict[str, Any]


@dataclass
class _Series:
    """The windows of one kind, one after the other."""

    budget: int
    stable: bool
    query: bool
    prefix: PrefixOfLast = field(default_factory=PrefixOfLast)
    openai: OpenAiCache = field(default_factory=OpenAiCache)
    anthropic: AnthropicCache = field(default_factory=AnthropicCache)
    took_ms: list[float] = field(default_factory=list)

    def settings(self, query: str) -> Json:
        """Return what its windows are asked for with."""
        return {
            "maxTokens": self.budget,
            **({"stable": True} if self.stable else {}),
            **({"query": query, "memories": 0} if self.query else {}),
        }


def method(plan: Plan) -> str:
    """Say how windows are measured."""
    return (
        f"{_turns(plan):,} turns of a user in texts of our own, with up to four rounds of tools "
        "each, in an engine in this process. Stable windows without a query, of the format "
        f"`openai`, are asked for before each call of the model at {BUDGETS[0]:,} tokens, before "
        f"the last {_CALLS[16_000]:,} at {BUDGETS[1]:,} and the last {_CALLS[64_000]:,} at "
        f"{BUDGETS[2]:,}; others before the last {_LATE_CALLS} calls. "
        "The first window of a series is in no share of prefixes. Tokens are those of the JSON "
        "of each message. Hits are those of caches as providers "
        "document them (bench/formats/prompt_caches.py), Anthropic's over windows of its format. "
        "The query is what the user said last; there are no memories. A text counts as rendered "
        "when it stands in a message, the name of a call and its arguments as well; the constants "
        "for what a template writes around messages and calls are added."
    )


def measure(plan: Plan) -> list[Measurement]:
    """Append the dialogue, and read windows on the way."""
    with plan.directory() as directory, opened(Path(directory)) as source:
        series = [
            _Series(budget, stable, query)
            for budget in BUDGETS
            for stable in (True, False)
            for query in (False, True)
        ]
        _append_and_read(source, plan, series)
        counts = [*_counts(source)]
        return [*_findings(series), *_count_findings(counts), *_tables(series, counts)]


def _turns(plan: Plan) -> int:
    return 1_000 if plan.name == "full" else 50


def _append_and_read(source: WindowSource, plan: Plan, series: list[_Series]) -> None:
    steps = [*agent_dialogue(_turns(plan), _SEED)]
    calls_left = sum(is_called for _, is_called in steps)
    source.store(_NAME, steps[0][0])
    blocks = Blocks()
    query = ""
    for messages, is_called in steps[1:]:
        source.append(_NAME, messages)
        if messages[0]["role"] == "user":
            query = messages[0]["content"]
        if is_called:
            is_late = calls_left <= _LATE_CALLS
            for one in series:
                calls = _CALLS[one.budget] if one.stable and not one.query else _LATE_CALLS
                if calls_left <= calls:
                    _read(source, one, query, blocks, is_late=is_late)
            calls_left -= 1


def _read(
    source: WindowSource, series: _Series, query: str, blocks: Blocks, *, is_late: bool
) -> None:
    settings = series.settings(query)
    began = time.perf_counter()
    try:
        window = source.window(_NAME, **settings)
    except InvalidRequest:  # a round of calls that is larger than the budget
        return
    series.took_ms.append(1e3 * (time.perf_counter() - began))
    cut = blocks.of(window)
    series.prefix.send(cut)
    series.openai.send(cut)
    if is_late and not series.query:
        window = source.window(_NAME, **settings, format="anthropic")
        series.anthropic.send(blocks.of(window))


# --- What is counted ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Counted:
    """The tokens that a window says it takes, and those of its texts."""

    sample: str
    form: str
    says: int
    rendered: int

    @property
    def error(self) -> float:
        """Return how much too many it says, in percent."""
        return 100 * (self.says / self.rendered - 1)


def _counts(source: WindowSource) -> Iterator[_Counted]:
    for sample in SAMPLES:
        source.store(sample.name, sample.messages)
        for form in ("openai", "plain"):
            window = source.window(sample.name, maxTokens=WHOLE_TOKENS, format=form)
            if not any(isinstance(one.get("content"), list) for one in window["messages"]):
                says = window["tokens"]["total"]
                yield _Counted(sample.name, form, says, sum(map(_rendered, window["messages"])))


def _rendered(message: Json) -> int:
    """Count the tokens of a message's texts, with what a template writes around them."""
    calls = [call.get("function") or call["custom"] for call in message.get("tool_calls") or ()]
    texts = [message.get(key) or "" for key in ("name", "reasoning_content", "content")]
    around = MESSAGE_TOKENS + (TOOL_TOKENS if message["role"] == "tool" else 0)
    inside = sum(
        TOOL_TOKENS + count_tokens(call["name"]) + count_tokens(_arguments(call)) for call in calls
    )
    return around + sum(count_tokens(text) for text in texts if text) + inside


def _arguments(call: Json) -> str:
    arguments = call.get("arguments", call.get("input"))
    return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)


# --- The report ---------------------------------------------------------------------------------


def _findings(series: Iterable[_Series]) -> Iterator[Finding]:
    for one in series:
        share = one.prefix.share
        what = f"a prefix of the window before, {one.budget:,} tokens{_how(one)}"
        bound = _QUERY_GOAL if one.query else _GOALS[one.budget]
        goal = Goal(bound, at_least=True, unit=" %") if one.stable else None
        detail = f"{share.windows:,} windows of {share.sent:,} tokens"
        yield Finding(NAME, what, share.percent, " %", goal, detail)
        if one.budget == BUDGETS[0]:
            goal = Goal(_LATENCY_GOAL_MS, at_least=False, unit=" ms")
            what = f"median of {one.budget:,} tokens{_how(one)}"
            goal_or_none = None if one.query else goal
            yield Finding(NAME, what, median(one.took_ms), " ms", goal_or_none, "in the process")


def _how(series: _Series) -> str:
    return (", stable" if series.stable else "") + (", with a query" if series.query else "")


def _count_findings(counts: list[_Counted]) -> Iterator[Finding]:
    worst = max(counts, key=lambda one: abs(one.error))
    goal = Goal(_COUNT_GOAL, at_least=False, unit=" %")
    detail = f"{worst.sample}, {worst.form}: {worst.says} for {worst.rendered}"
    yield Finding(NAME, "largest error of a count", abs(worst.error), " %", goal, detail)


def _tables(series: Iterable[_Series], counts: Iterable[_Counted]) -> Iterator[Figures]:
    yield Figures("Windows of a long dialogue", _COLUMNS, [*map(_row, series)])
    columns = ("conversation", "format", "says", "rendered", "error")
    rows: list[tuple[str, ...]] = [
        (one.sample, one.form, str(one.says), str(one.rendered), f"{one.error:+.1f} %")
        for one in counts
    ]
    yield Figures("Tokens of windows of the samples", columns, rows)


def _row(series: _Series) -> tuple[str, ...]:
    shares = [one.share for one in (series.prefix, series.openai, series.anthropic)]
    return (
        f"{series.budget:,}",
        "yes" if series.stable else "no",
        "yes" if series.query else "no",
        f"{shares[0].windows:,}",
        *(f"{share.percent:.1f} %" if share.windows else "–" for share in shares),
        f"{shares[0].misses:,}",
        f"{median(series.took_ms):.1f}",
    )
