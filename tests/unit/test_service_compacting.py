"""Where a dialogue that is compacted by itself is cut: between no call and its result."""

import msgspec
import pytest
from msgspec import Raw

from dialoguedb.model.messages import Message
from dialoguedb.model.rules.auto_compact import whole_cut


def message(seq, content, role="user"):
    return Message(
        id=f"m{seq}",
        dialogue_id="d",
        role=role,
        content=Raw(msgspec.json.encode(content)),
        content_length=1,
        tags=Raw(b"[]"),
        metadata=Raw(b"{}"),
        created=f"2026-03-01T12:00:{seq:02}.000Z",
        modified="2026-03-01T12:00:00.000Z",
        seq=seq,
        token_count=5,
    )


def call(*ids):
    return [{"type": "tool_use", "id": name, "name": "look", "input": {}} for name in ids]


def result(*ids):
    return [{"type": "tool_result", "tool_use_id": name, "content": "found"} for name in ids]


def history(*parts):
    """Make messages: texts are said by the user, lists are calls or results."""
    return [
        message(seq, part, "assistant" if isinstance(part, list) and "name" in part[0] else "user")
        for seq, part in enumerate(parts, 1)
    ]


@pytest.mark.parametrize("cut", range(5))
def test_between_plain_turns_it_is_cut_where_it_is_asked(cut):
    assert whole_cut(history("a", "b", "c", "d"), cut) == cut


@pytest.mark.parametrize(("cut", "found"), [(1, 1), (2, 1), (3, 3), (4, 4)])
def test_a_call_stays_with_its_result(cut, found):
    assert whole_cut(history("ask", call("1"), result("1"), "thanks"), cut) == found


def test_parallel_calls_stay_with_all_their_results():
    messages = history("ask", call("1", "2"), result("2"), result("1"), "thanks")
    assert [whole_cut(messages, cut) for cut in range(6)] == [0, 1, 1, 1, 4, 5]


def test_spans_that_overlap_move_it_before_the_first():
    messages = history("ask", call("1"), call("2"), result("1"), result("2"), "thanks")
    assert [whole_cut(messages, cut) for cut in range(7)] == [0, 1, 1, 1, 1, 5, 6]


def test_a_call_whose_result_may_still_come_stays_outside():
    assert whole_cut(history("ask", call("1")), 2) == 1
    assert whole_cut(history("ask", call("1", "2"), result("1")), 3) == 1


def test_a_call_that_was_left_without_a_result_holds_nothing_up():
    assert whole_cut(history("ask", call("1"), "never mind", "next"), 3) == 3
    assert whole_cut(history("ask", call("1"), "never mind", "next"), 2) == 2


def test_a_call_that_was_gone_on_without_holds_nothing_up():
    messages = history("ask", call("1", "2"), result("1"), call("3"), result("3"), call("4"))
    assert [whole_cut(messages, cut) for cut in range(7)] == [0, 1, 1, 3, 3, 5, 5]
