"""Stable windows: the next one begins with the last, until one jump frees a good part."""

from itertools import accumulate, chain
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from dialoguedb.errors import InvalidRequest
from dialoguedb.formats.rendered_tokens import RenderedTokens
from dialoguedb.formats.tokens import MESSAGE_TOKENS
from dialoguedb.formats.turns import parse_turn
from dialoguedb.model.context import ContextRequest
from dialoguedb.model.rules.context import LEAST_MESSAGES
from dialoguedb.ports.context import Ending
from dialoguedb.service.context_window.plan import ContextNote
from dialoguedb.service.context_window.stable_builder import StableBuilder
from tests.property.test_context import (
    calls,
    count,
    histories,
    is_of_system,
    message,
    results,
    silent,
    words,
)
from tests.property.windows import CHECKS, sent

TARGETS = ["any", "strict", "no-system"]
SPELLINGS = ["openai", "metadata", "responses", "anthropic"]


@st.composite
def steps(draw):
    """What an agent's loop appends: a question, calls with their results, an answer, at times a
    message of the system, at times calls that nobody answers."""
    number = draw(st.integers(0, 10**6))
    kind = draw(st.sampled_from(["user", "assistant", "calls", "calls", "cancelled", "system"]))
    text = draw(words()) or "so"
    if kind in {"user", "assistant", "system"}:
        return [(kind, f"{text} {number} " * draw(st.integers(1, 6)), {})]
    spelling = draw(st.sampled_from(SPELLINGS))
    ids = [f"call_{number}_{index}" for index in range(draw(st.integers(1, 3)))]
    thought = draw(silent() | st.just([]))
    called = [*thought, *calls(ids, spelling, "I look it up.")]
    if kind == "cancelled":
        return [*called, ("user", f"stop it {number}", {})]
    return [*called, *results(ids, spelling, f"found {number} " * draw(st.integers(1, 9)))]


dialogues = st.lists(steps(), min_size=4, max_size=16).map(lambda made: [*chain(*made)])


def stored(history):
    messages = [message(seq, *one) for seq, one in enumerate(history, 1)]
    offsets = [0, *accumulate(one.token_count for one in messages)]
    return [*zip(messages, offsets, strict=False)]


def request_of(budget, dialect, target="any", **more):
    known = {"recent": 1, "summary": True, "memories": 0, "stable": True, "target": target}
    return ContextRequest(budget, None, dialect, **{**known, **more})


def opened(kept, request, tokens_max, *, least=1, **more):
    """Read a dialogue's end as an engine does, and choose where the window begins."""
    last: list[Any] = []
    left = tokens_max
    for one in reversed(kept):
        last.insert(0, one)
        left -= one[0].token_count
        if left < 0 and len(last) >= least:
            break
    before = kept[: len(kept) - len(last)]
    ending = Ending(
        messages=[one for one, _ in last],
        offsets=[offset for _, offset in last],
        system=[one for one, _ in kept if is_of_system(one)],
        task=next((one for one, _ in reversed(before) if parse_turn(one).by_user), None),
        total_messages=len(kept),
        whole=len(last) == len(kept),
    )
    return StableBuilder(request, ending, count, **{"has_summary": False, **more})


def window(kept, request, least=1, **more):
    tokens_max = 2 * request.max_tokens
    while not (builder := opened(kept, request, tokens_max, least=least, **more)).is_settled:
        tokens_max *= 2
    if request.memories:
        builder.take_memories([ContextNote("k", f"remembered at {len(kept)}")], request.memories)
    jump = builder.jump()
    if more and jump:
        builder.take_summary([ContextNote(f"s{jump.seq // 5}", f"Before {jump.seq // 5}.")])
    return builder.build(), builder


def whole(made):
    """Return a window's messages, with what the dialect takes apart as the first."""
    system = [] if made.system is UNSET else [{"role": "system", "content": made.system}]
    return [*system, *made.messages]


def common(one, two):
    shared = 0
    while shared < min(len(one), len(two)) and one[shared] == two[shared]:
        shared += 1
    return one[:shared]


def begins_alike(one, two):
    first, second = [(each.first_message, each.holds_last_turn_alone) for each in (one, two)]
    return first == second


@settings(max_examples=40, deadline=None)
@given(
    dialogues,
    st.sampled_from(sorted(CHECKS)),
    st.sampled_from(TARGETS),
    st.sampled_from([120, 300, 900]),
    st.data(),
)
def test_the_next_window_begins_with_what_the_last_one_told(history, dialect, target, budget, data):
    more = data.draw(st.sampled_from([{}, {"has_summary": True}]))
    memories = data.draw(st.sampled_from([0, 3]))
    kept = stored(history)
    for gone in data.draw(st.lists(st.integers(0, len(kept) - 1), max_size=4)):
        kept = [one for at, one in enumerate(kept) if at != gone]
    request = request_of(budget, dialect, target, memories=memories)
    last, jumps, windows = None, 0, 0
    for end in sorted({*range(1, len(kept), 3), len(kept) - 1, len(kept)}):
        try:
            made, builder = window(kept[:end], request, **more)
        except InvalidRequest:
            last = None
            continue
        assert made.tokens.total <= budget
        assert 0 <= made.stable_prefix_tokens <= made.tokens.total
        windows += 1
        if last is not None:
            has_jumped = not begins_alike(last[1], builder)
            jumps += has_jumped
            shared = common(whole(last[0]), whole(made))
            tokens = RenderedTokens(dialect, count).of(shared)
            assert has_jumped or tokens >= last[0].stable_prefix_tokens
        last = (made, builder)
    if kept and windows:
        tokens = sum(one.token_count for one, _ in kept)
        assert jumps <= 2 + tokens // max(budget // 8, 1) + windows // 2


@settings(max_examples=40, deadline=None)
@given(histories, st.sampled_from(sorted(CHECKS)), st.sampled_from([30, 80, 200, 1_000]))
def test_a_stable_window_is_taken_and_within_the_budget_whatever_was_stored(
    history, dialect, budget
):
    request = request_of(budget, dialect, memories=2)
    try:
        made, _ = window(stored(history), request, least=LEAST_MESSAGES)
    except InvalidRequest as refused:
        needed = int(refused.message.split("at least ")[1].split()[0])
        assert needed > budget
        again = request_of(needed, dialect, memories=2)
        made, _ = window(stored(history), again, least=LEAST_MESSAGES)
        budget = needed
    assert made.tokens.total <= budget
    CHECKS[dialect](*sent(made.messages, None if made.system is UNSET else made.system))
    tokens = made.tokens
    parts = (tokens.system, tokens.summary, tokens.memories, tokens.retrieved, tokens.recent)
    assert sum(parts) == tokens.total


def test_a_jump_frees_half_and_is_told_of_by_the_turn_that_made_it():
    history: list[Any] = [
        (role, f"{role} {number} " * 6, {})
        for number in range(200)
        for role in ("user", "assistant")
    ]
    kept, request = stored(history), request_of(1_000, "openai")
    jumped_at, sizes = [], []
    for end in range(1, len(kept), 2):
        made, _ = window(kept[:end], request)
        sizes.append(made.tokens.recent)
        if [one.code for one in made.issues] == ["WINDOW_JUMPED"]:
            jumped_at.append(end)
            assert made.messages[0]["role"] == "user"
            assert made.tokens.recent <= sizes[-2] * 0.65
        else:
            assert made.issues == []
            assert not sizes[1:] or made.tokens.recent > sizes[-2]
    assert len(jumped_at) > 5
    assert max(sizes) > 850


def test_the_system_message_counts_once():
    kept = stored([("system", "be kind", {}), ("user", "hello", {})])
    made, _ = window(kept, request_of(1_000, "anthropic"))
    assert made.tokens.system == count("be kind") + MESSAGE_TOKENS
