"""What comes later changes nothing that stands before it, so caches of providers find it."""

from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialoguedb.formats.dialects import RenderRequest, render
from dialoguedb.formats.parts import Attachment, Reasoning, Text
from dialoguedb.formats.tool_links import ToolLinker
from dialoguedb.values.fields import Dialect
from tests.unit.rendering import call, native, result, thought, turns

PNG = Attachment(media_type="image/png", data="AAAA")
texts = st.sampled_from(["Where?", "It left on Monday.", "So."]).map(Text)
names = st.sampled_from([None, "Ada", "Ada Lovelace", "Bo"])


@st.composite
def rounds(draw):
    """Draw a question, perhaps calls with their results, and an answer."""
    count = draw(st.integers(0, 2))
    ids = [draw(st.sampled_from(["a", "b.c", "functions.f:0"])) for _ in range(count)]
    history: list[tuple[Any, ...]] = [(("user", draw(names)), draw(texts))]
    if ids:
        thoughts = draw(
            st.sampled_from(
                [(), (thought(),), (Reasoning("Hm.", native=native("openai", reasoning="Hm.")),)]
            )
        )
        spoken = draw(st.sampled_from([(), (Text("I look."),)]))
        history.append(
            (("assistant", draw(names)), *thoughts, *spoken, *[call(one) for one in ids])
        )
        shown = draw(st.sampled_from([(Text("so"),), (Text("so"), PNG)]))
        history += [("tool", result(one, *shown)) for one in ids]
    history.append((("assistant", draw(names)), draw(texts)))
    return history


def rendered(history, dialect, target):
    made = turns(*history)
    links = ToolLinker()
    for turn in made:
        links.add(turn)
    links.finish()
    request = RenderRequest(dialect=dialect, system="Be kind.", target=target)
    return render(made, links.pairs, request).messages


@pytest.mark.parametrize("dialect", get_args(Dialect))
@pytest.mark.parametrize("target", ["any", "strict", "no-system"])
@settings(max_examples=60, deadline=None)
@given(st.lists(rounds(), min_size=2, max_size=4))
def test_the_next_round_is_behind_all_of_the_rounds_before(dialect, target, talk):
    before = rendered([turn for one in talk[:-1] for turn in one], dialect, target)
    after = rendered([turn for one in talk for turn in one], dialect, target)
    assert after[: len(before)] == before
