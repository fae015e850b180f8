"""A plan that was taken apart is put together again as it was."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from dialoguedb.errors import InvalidRequest
from dialoguedb.formats.turns import parse_turn
from dialoguedb.service.context_window.kept_plans import KeptPlan, PlanSources, keep, restore
from dialoguedb.service.context_window.plan import ContextNote, render_plan
from dialoguedb.service.receipts import settings_of
from tests.property.test_context import context_request, ending_of, histories, message, opened

SUMMARY, MEMORY = ContextNote("s", "Summary: short"), ContextNote("k", "Remembered: tea")
DIALECTS = st.sampled_from(["openai", "responses", "anthropic", "gemini", "plain"])


def plan_of(history, budget, dialect, picked=(), **more):
    request = msgspec.structs.replace(context_request(budget, dialect), **more)
    window = opened(request, ending_of(history, budget))
    window.take_summary([SUMMARY])
    window.take_memories([MEMORY], 1)
    turns = range(len(window.history.turns))
    found = [window.history.turns_with(index) for index in picked if index in turns]
    window.take_retrieved(found, [window.history])
    return window.plan()


def sources_of(history):
    turns = [parse_turn(message(seq, *one)) for seq, one in enumerate(history, 1)]
    return PlanSources({turn.id: turn for turn in turns}, {"s": SUMMARY}, {"k": MEMORY})


@settings(max_examples=300)
@given(
    histories,
    st.sampled_from([60, 200, 10_000]),
    DIALECTS,
    st.lists(st.integers(0, 9), max_size=3),
    st.fixed_dictionaries(
        {
            "stable": st.booleans(),
            "target": st.sampled_from(["any", "strict", "no-system"]),
            "unanswered": st.sampled_from(["drop", "error"]),
        }
    ),
)
def test_a_kept_plan_is_the_same_and_is_rendered_the_same(history, budget, dialect, picked, more):
    try:
        plan = plan_of(history, budget, dialect, picked, **more)
    except InvalidRequest:
        return
    kept = keep(plan)
    stored = msgspec.json.decode(msgspec.json.encode(kept), type=KeptPlan)
    restored = restore(stored, sources_of(history))
    assert restored == plan
    rendered = msgspec.json.encode(render_plan(restored))
    assert rendered == msgspec.json.encode(render_plan(plan))


@given(histories, DIALECTS, st.data())
def test_what_is_not_left_is_left_out(history, dialect, data):
    kept = keep(plan_of(history, 10_000, dialect))
    gone = data.draw(st.sets(st.sampled_from([one.id for one in kept.parts.messages] or ["-"])))
    sources = sources_of(history)
    turns = {name: turn for name, turn in sources.turns.items() if name not in gone}
    restored = restore(kept, PlanSources(turns, {}, {}))
    included = render_plan(restored).included
    assert gone.isdisjoint(included.message_ids)
    assert included.memory_ids == []


@given(histories)
def test_no_text_is_kept(history):
    marked: list[Any] = [(role, f"mark {seq}", {}) for seq, (role, *_) in enumerate(history)]
    kept = keep(plan_of(marked, 10_000, "openai"))
    assert b"mark" not in kept.plan + msgspec.json.encode(kept.parts)


def set_of(settings):
    """Return the settings that are there; what is not is kept as absent."""
    return {name: value for name, value in settings.items() if value not in (None, msgspec.UNSET)}


def test_the_settings_of_a_receipt_are_those_of_the_request():
    request = context_request(100, "plain")
    kept = msgspec.structs.asdict(settings_of(request))
    given = msgspec.structs.asdict(request)
    del given["query"], kept["query_sha256"]
    assert kept.keys() == given.keys()
    assert set_of(kept) == set_of(given)
