"""Extractive summaries of real conversations: how much of what answers questions they keep.

Each session is summarized, by itself, to a quarter of its tokens. A message that answers a question
counts as kept when at least half of its content words stand in the summary: anywhere in it, and, as
the stricter measure, in sentences of that very message. For words meet by chance: a summary of many
different words holds half of those of a message that it has no sentence of.

Against it stand the first sentences of the session, as many as a quarter has room for, and whole
turns chosen at random. How many of all messages are kept tells whether those that answer something
are chosen, or just many.
"""

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from random import Random
from statistics import mean

from bench.findings import TIMES, Figures, Finding, Goal, Measurement
from bench.locomo import VARIABLE, Conversation, Session, conversations, named_file
from bench.plan import Plan
from dialoguedb.bootstrap.summarizers import chosen_summarizer
from dialoguedb.embed.tokens import count_tokens
from dialoguedb.ports.summaries import SummaryRequest, SummaryTurn
from dialoguedb.settings import Settings
from dialoguedb.summarize.sentences import sentences

NAME = "summaries"
_SHARE = 0.25
_SEEDS = 20
_GOALS = {"first": 1.3, "random": 1.5}
_WORD = re.compile(r"[^\W_]+")
_SAY_LITTLE = """
    about above after again against ain all am an and any are aren as at be because been before
    being below between both but by can couldn could did didn do does doesn doing don down during
    each few for from further had hadn has hasn have haven having he her here hers herself him
    himself his how if in into is isn it its itself just ll ma me mightn more most mustn my myself
    needn no nor not now of off on once only or other our ours ourselves out over own re same shan
    she should shouldn so some such than that the their theirs them themselves then there these
    they this those through to too under until up ve very was wasn we were weren what when where
    which while who whom whose why will with won would wouldn you your yours yourself yourselves
"""
_FUNCTION_WORDS = frozenset(_SAY_LITTLE.split())
_COLUMNS = (
    "conversation",
    "messages asked for",
    "kept, own sentences",
    "the first 25 %",
    "random turns",
    "times first",
    "times random",
    "anywhere: times first",
    "times random",
)

Lines = list[tuple[str, str]]
"""Speakers, and what they say."""


@dataclass
class _Kept:
    """How many messages were kept in each way of choosing and of counting."""

    questions: float = 0
    own: float = 0
    own_first: float = 0
    own_random: float = 0
    anywhere: float = 0
    anywhere_first: float = 0
    anywhere_random: float = 0
    all_messages: float = 0
    own_all: float = 0

    def add(self, other: "_Kept") -> None:
        """Add what was kept elsewhere."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


def measure(plan: Plan) -> list[Measurement]:
    """Summarize every session of every conversation, and count."""
    del plan  # no server and no disk are measured
    file = named_file()
    if not file:
        return [Finding(NAME, "skipped", None, detail=f"{VARIABLE} names no file")]
    by_name = {one.name: _of(one) for one in conversations(file)}
    whole = _Kept()
    for kept in by_name.values():
        whole.add(kept)
    rows = [_row(name, kept) for name, kept in [*by_name.items(), ("all", whole)]]
    return [*_findings(whole), Figures("Extractive summaries by conversation", _COLUMNS, rows)]


def _findings(kept: _Kept) -> Iterator[Finding]:
    for how, other, made in (
        ("own sentences", "first", (kept.own, kept.own_first)),
        ("own sentences", "random", (kept.own, kept.own_random)),
        ("anywhere", "first", (kept.anywhere, kept.anywhere_first)),
        ("anywhere", "random", (kept.anywhere, kept.anywhere_random)),
    ):
        ours, theirs = made
        against = "the first 25 %" if other == "first" else f"random turns, mean of {_SEEDS}"
        yield Finding(
            NAME,
            f"evidence kept, {how}, extractive / {against}",
            ours / theirs,
            TIMES,
            Goal(_GOALS[other], at_least=True),
            f"{ours:,.0f} against {theirs:,.0f} of {kept.questions:,.0f}",
        )
    share = 100 * kept.own_all / kept.all_messages
    detail = f"of evidence {100 * kept.own / kept.questions:.0f} %"
    yield Finding(NAME, "of all messages kept, own sentences", share, " %", detail=detail)


def _row(name: str, kept: _Kept) -> tuple[str, ...]:
    return (
        name,
        f"{kept.questions:,.0f}",
        f"{kept.own:,.0f}",
        f"{kept.own_first:,.0f}",
        f"{kept.own_random:,.0f}",
        f"{kept.own / kept.own_first:.2f} ×",
        f"{kept.own / kept.own_random:.2f} ×",
        f"{kept.anywhere / kept.anywhere_first:.2f} ×",
        f"{kept.anywhere / kept.anywhere_random:.2f} ×",
    )


def _of(conversation: Conversation) -> _Kept:
    answer_ids = [message for one in conversation.questions for message in one.answer_ids]
    whole = _Kept()
    for session in conversation.sessions:
        whole.add(_of_session(session, answer_ids))
    return whole


def _of_session(session: Session, answer_ids: list[str]) -> _Kept:
    lines = [(message["name"], message["content"]) for message in session.messages]
    positions = {message["id"]: position for position, message in enumerate(session.messages)}
    answers = [lines[positions[message]] for message in answer_ids if message in positions]
    budget = int(_SHARE * count_tokens(_written(lines)))
    ours = _summarized(session)
    first, draws = _first(lines, budget), [_random(lines, budget, seed) for seed in range(_SEEDS)]
    telling = [one for one in lines if _content_words(one[1])]
    return _Kept(
        questions=len(answers),
        own=_count(answers, ours, _in_its_own),
        own_first=_count(answers, first, _in_its_own),
        own_random=mean(_count(answers, drawn, _in_its_own) for drawn in draws),
        anywhere=_count(answers, ours, _anywhere),
        anywhere_first=_count(answers, first, _anywhere),
        anywhere_random=mean(_count(answers, drawn, _anywhere) for drawn in draws),
        all_messages=len(telling),
        own_all=_count(telling, ours, _in_its_own),
    )


# --- Ways to choose -----------------------------------------------------------------------------


def _summarized(session: Session) -> str:
    turns = [
        SummaryTurn(
            role=message["role"],
            name=message["name"],
            text=message["content"],
            created=message["created"],
            tokens=count_tokens(message["content"]),
        )
        for message in session.messages
    ]
    total = count_tokens(_written([(turn.name or "", turn.text) for turn in turns]))
    request = SummaryRequest(turns=turns, prompt=_no_prompt, tokens_max=int(_SHARE * total))
    return asyncio.run(chosen_summarizer(Settings()).summarize(request)).content


def _no_prompt(transcript: str, previous: str | None) -> str:
    raise AssertionError((transcript, previous))  # no model is asked


def _first(lines: Lines, budget: int) -> str:
    chosen: Lines = []
    for speaker, text in lines:
        kept_text = ""
        for sentence in sentences(text):
            more = f"{kept_text} {sentence}" if kept_text else sentence
            if count_tokens(_written([*chosen, (speaker, more)])) > budget:
                return _written([*chosen, (speaker, kept_text)] if kept_text else chosen)
            kept_text = more
        chosen.append((speaker, kept_text))
    return _written(chosen)


def _random(lines: Lines, budget: int, seed: int) -> str:
    positions = list(range(len(lines)))
    Random(seed).shuffle(positions)  # noqa: S311 -- nothing is kept secret with it
    left, chosen = budget, []
    for position in positions:
        cost = count_tokens("\n" + _written([lines[position]]))
        if cost <= left:
            left -= cost
            chosen.append(position)
    return _written([lines[position] for position in sorted(chosen)])


def _written(lines: Lines) -> str:
    return "\n".join(f"{speaker}: {' '.join(text.split())}" for speaker, text in lines)


# --- Ways to count ------------------------------------------------------------------------------


def _count(messages: Lines, summary: str, held: Callable[[str, str, str], frozenset[str]]) -> int:
    kept = 0
    for speaker, text in messages:
        words = _content_words(text)
        kept += bool(words) and 2 * len(words & held(speaker, text, summary)) >= len(words)
    return kept


def _anywhere(speaker: str, text: str, summary: str) -> frozenset[str]:
    del speaker, text
    return _content_words(summary)


def _in_its_own(speaker: str, text: str, summary: str) -> frozenset[str]:
    """Return the words of those sentences of a message that its speaker says in the summary."""
    lines = [line for line in summary.split("\n") if line.startswith(f"{speaker}: ")]
    own = [one for one in sentences(text) if any(one in line for line in lines)]
    return _content_words(" ".join(own))


def _content_words(text: str) -> frozenset[str]:
    return frozenset(
        word
        for word in _WORD.findall(text.lower())
        if len(word) > 1 and word not in _FUNCTION_WORDS
    )
