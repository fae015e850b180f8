"""Recall on sets of conversations that nothing was chosen by: other languages, and long messages.

`DIALOGUEDB_SETS` names a directory of JSON files, each in the form that `recall` reads. Every set
is searched in every mode, as written and with an edit in each content word, beside two baselines of
the same run: BM25 as textbooks have it, and its ranks fused with those of search by meaning.
"""

import math
import os
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from bench.client import Client
from bench.findings import Figures, Finding, Measurement
from bench.locomo import Conversation, Question, conversations
from bench.plan import Plan
from bench.recall import load
from bench.searching import MODES, Embedding, await_index, embeddings, search
from dialoguedb.retrieval.text import STOP_WORDS

NAME = "sets"
VARIABLE = "DIALOGUEDB_SETS"
_DEPTHS = (5, 10, 50)
_COLUMNS = ("set", "ranking", "questions", *(f"R@{depth}" for depth in _DEPTHS), "MRR", "hit@10")
_PERCENT = 100
_HIT = 10
_SEED = 7
_SHORT = 4
"""Words of fewer letters are left as they are."""

_K1, _B = 1.5, 0.75
_FUSED_FROM = 60
"""The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009)."""

_WORD = re.compile(r"\w+")
_LETTERS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class _Posed:
    """A question of a conversation, as it is sent."""

    conversation: Conversation
    question: Question
    text: str


Found = list[list[str]]
"""The ids found for each question, the best first."""


def measure(plan: Plan) -> list[Measurement]:
    """Load each set and ask its questions, with each embedder."""
    directory = os.environ.get(VARIABLE)
    if not directory:
        return [Finding(NAME, "skipped", None, detail=f"{VARIABLE} names no directory")]
    files = sorted(Path(directory).glob("*.json"))
    return [_table(plan, embedding, files) for embedding in embeddings(plan)]


def _table(plan: Plan, embedding: Embedding, files: Sequence[Path]) -> Figures:
    rows = [row for file in files for row in _rows(plan, embedding, file)]
    return Figures(f"Sets, {embedding.name}", _COLUMNS, rows)


def _rows(plan: Plan, embedding: Embedding, file: Path) -> Iterator[tuple[str, ...]]:
    read = conversations(file)
    posed = [_Posed(one, question, question.text) for one in read for question in one.questions]
    edited = _edited(posed)
    with (
        plan.directory() as directory,
        embedding.serving(plan, directory / "data") as server,
        closing(server.client()) as client,
    ):
        load(client, read)
        await_index(client)
        found = {mode: _searched(client, posed, mode) for mode in MODES}
        typed = _searched(client, edited, "hybrid")
    found["BM25"] = _bm25(posed)
    found["BM25 and semantic, fused"] = _fused(found["BM25"], found["semantic"])
    found["hybrid, an edit in each word"] = typed
    for ranking, ids in found.items():
        yield file.stem, ranking, *_figures(posed, ids)


def _searched(client: Client, posed: Iterable[_Posed], mode: str) -> Found:
    return [
        [
            item["id"]
            for item in search(
                client, one.text, mode=mode, limit=max(_DEPTHS), namespace=one.conversation.name
            )
        ]
        for one in posed
    ]


def _figures(posed: Sequence[_Posed], found: Found) -> tuple[str, ...]:
    pairs = [(one.question.answer_ids, ids) for one, ids in zip(posed, found, strict=True)]
    recalls = [mean(_recall(*pair, depth) for pair in pairs) for depth in _DEPTHS]
    ranks = [
        next((rank for rank, id_ in enumerate(ids, 1) if id_ in answers), math.inf)
        for answers, ids in pairs
    ]
    hits = _PERCENT * mean(rank <= _HIT for rank in ranks)
    reciprocal = mean(1 / rank for rank in ranks)
    return str(len(pairs)), *(f"{one:.1f}" for one in recalls), f"{reciprocal:.3f}", f"{hits:.1f}"


def _recall(answers: frozenset[str], ids: Sequence[str], depth: int) -> float:
    return _PERCENT * len(answers.intersection(ids[:depth])) / len(answers)


# --- Mistyped questions ---------------------------------------------------------------------------


def _edited(posed: Iterable[_Posed]) -> list[_Posed]:
    """Return the questions with one edit in each content word: the same ones each time."""
    chosen = random.Random(_SEED)  # noqa: S311 - no secret
    return [
        _Posed(
            one.conversation,
            one.question,
            _LETTERS.sub(lambda word: _mistyped(word.group(), chosen), one.text),
        )
        for one in posed
    ]


def _mistyped(word: str, chosen: random.Random) -> str:
    """Leave out, double, replace or exchange a letter, not the first."""
    if len(word) < _SHORT or word.lower() in STOP_WORDS:
        return word
    at = chosen.randrange(1, len(word))
    other = chosen.choice("abcdefghijklmnopqrstuvwxyz")
    before, letter, after = word[:at], word[at], word[at + 1 :]
    edits = (
        before + after,
        before + other + letter + after,
        before + other + after,
        before[:-1] + letter + before[-1] + after,
    )
    return chosen.choice(edits)


# --- Baselines ------------------------------------------------------------------------------------


def _bm25(posed: Sequence[_Posed]) -> Found:
    """Rank by BM25 with its usual constants, words as they are written but for case."""
    named = {one.conversation.name: one.conversation for one in posed}
    texts = {name: _Texts(conversation) for name, conversation in named.items()}
    return [texts[one.conversation.name].best(one.text) for one in posed]


class _Texts:
    """The messages of a conversation, by their words."""

    def __init__(self, conversation: Conversation) -> None:
        self._lengths: dict[str, int] = {}
        self._holding: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for session in conversation.sessions:
            for message in session.messages:
                words = _WORD.findall(message["content"].lower())
                self._lengths[message["id"]] = len(words)
                for word, count in Counter(words).items():
                    self._holding[word][message["id"]] = count
        self._mean = mean(self._lengths.values())

    def best(self, query: str) -> list[str]:
        """Return the ids of the best, the best first."""
        scores: defaultdict[str, float] = defaultdict(float)
        for word in set(_WORD.findall(query.lower())):
            holding = self._holding.get(word, {})
            without = len(self._lengths) - len(holding)
            rarity = math.log1p((without + 0.5) / (len(holding) + 0.5))
            for id_, count in holding.items():
                damping = _K1 * (1 - _B + _B * self._lengths[id_] / self._mean)
                scores[id_] += rarity * count * (_K1 + 1) / (count + damping)
        return sorted(scores, key=scores.__getitem__, reverse=True)[: max(_DEPTHS)]


def _fused(*rankings: Found) -> Found:
    """Merge rankings by the sum of their reciprocal ranks."""
    fused = []
    for of_question in zip(*rankings, strict=True):
        scores: dict[str, float] = defaultdict(float)
        for ids in of_question:
            for rank, id_ in enumerate(ids, 1):
                scores[id_] += 1 / (_FUSED_FROM + rank)
        best = sorted(scores, key=scores.__getitem__, reverse=True)
        fused.append(best[: max(_DEPTHS)])
    return fused
