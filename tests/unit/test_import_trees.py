"""Trees of messages become dialogues and threads: nothing is lost, mixed or told twice."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialoguedb.cli.data.transfer.lines import DialogueLine, MessageLine, json_of
from dialoguedb.cli.data.transfer.trees import Node, arranged
from dialoguedb.errors import InvalidRequest


def time_of(second):
    return f"2026-01-01T00:{second // 60:02}:{second % 60:02}.000Z"


def node(own, parent, second=None, *, is_empty=False):
    created = None if second is None else time_of(second)
    message = MessageLine(id=own, role="user", content=json_of(own), created=created)
    return Node(own, parent, None if is_empty else message, created or "")


def arrange(nodes, current=None, branches="threads"):
    """Return the dialogues in the order of the import: id, what it is a thread of, messages."""
    line = DialogueLine(id="c", created=time_of(0), metadata=json_of({"source": "s"}))
    found: list[tuple[str, str | None, list[Any]]] = []
    for one in arranged(line, nodes, current, branches):
        if isinstance(one, DialogueLine):
            found.append((one.id, one.thread_of, []))
        else:
            found[-1][2].append(one)
    return found


def ids(found):
    return [(own, parent, "".join(one.id for one in messages)) for own, parent, messages in found]


#       a - b - c - d        g is another answer to a, and h another question after b;
#        \   \- h - i        i is the newest leaf.
#         g
TREE = [
    node("a", "root", 1),
    node("b", "a", 2),
    node("c", "b", 3),
    node("d", "c", 4),
    node("g", "a", 5),
    node("h", "b", 6),
    node("i", "h", 7),
]


@pytest.mark.parametrize(
    ("current", "expected"),
    [
        ("d", [("c", None, "abcd"), ("c-g", "c", "g"), ("c-h", "c", "hi")]),
        ("i", [("c", None, "abhi"), ("c-g", "c", "g"), ("c-c", "c", "cd")]),
        ("g", [("c", None, "ag"), ("c-b", "c", "bhi"), ("c-c", "c-b", "cd")]),
        ("b", [("c", None, "abhi"), ("c-g", "c", "g"), ("c-c", "c", "cd")]),
        (None, [("c", None, "abhi"), ("c-g", "c", "g"), ("c-c", "c", "cd")]),
        ("gone", [("c", None, "abhi"), ("c-g", "c", "g"), ("c-c", "c", "cd")]),
    ],
)
def test_the_path_that_is_shown_is_the_dialogue_and_the_rest_are_threads(current, expected):
    assert ids(arrange(TREE, current)) == expected


def test_branches_may_be_left_out_or_begin_with_what_is_before_them():
    assert ids(arrange(TREE, "d", "current")) == [("c", None, "abcd")]
    whole = [("c", None, "abcd"), ("c-g", "c", "ag"), ("c-h", "c", "abhi")]
    assert ids(arrange(TREE, "d", "all")) == whole


def test_a_thread_names_the_message_after_which_it_forks():
    line = DialogueLine(id="c", metadata=json_of({"source": "s", "starred": True}))
    found = [*arranged(line, TREE, "d", "threads")]
    threads = [one for one in found if isinstance(one, DialogueLine) and one.thread_of]
    noted = [json.loads(bytes(one.metadata)) for one in threads]
    assert noted == [
        {"source": "s", "forkedAfter": "a"},
        {"source": "s", "forkedAfter": "b"},
    ]


def test_order_is_that_of_the_path_whatever_the_clocks_say():
    nodes = [node("a", None, 5), node("b", "a"), node("c", "b", 3), node("d", "c", 9)]
    ((_, _, messages),) = arrange(nodes, "d")
    assert [one.created for one in messages] == [time_of(second) for second in (5, 5, 5, 9)]
    noted = [json.loads(bytes(one.metadata)) for one in messages]
    assert noted == [{}, {}, {"originalTime": time_of(3)}, {}]


def test_places_without_a_message_are_passed():
    nodes = [node("root", None, is_empty=True), node("a", "root", 1), node("b", "a", is_empty=True)]
    assert ids(arrange([*nodes, node("d", "b", 2)])) == [("c", None, "ad")]


def test_an_id_that_several_have_is_nobodys():
    ((_, _, messages),) = arrange([node("a", None, 1), node("b", "a", 2), node("b", "b", 3)])
    assert [one.id for one in messages] == ["a", None, None]


def test_messages_in_a_circle_are_told():
    with pytest.raises(InvalidRequest, match="circle"):
        arrange([node("a", None, 1), node("b", "d", 2), node("d", "b", 3)], "a")


@st.composite
def trees(draw):
    count = draw(st.integers(1, 12))
    parents = [draw(st.sampled_from([None, *range(n)])) for n in range(count)]
    seconds = [draw(st.none() | st.integers(0, 99)) for _ in range(count)]
    nodes = [
        node(f"<{n}>", None if parent is None else f"<{parent}>", second)
        for n, (parent, second) in enumerate(zip(parents, seconds, strict=True))
    ]
    return draw(st.permutations(nodes)), draw(
        st.none() | st.sampled_from([one.id for one in nodes])
    )


@given(trees())
def test_each_message_is_in_one_dialogue_behind_its_parent(given_tree):
    nodes, current = given_tree
    parents = {one.id: one.parent for one in nodes}
    found = arrange(nodes, current)
    placed = [message.id for _, _, messages in found for message in messages]
    assert sorted(placed) == sorted(parents)
    known = set()
    for own, parent, messages in found:
        assert parent in known or own == "c"
        known.add(own)
        for before, after in pairwise(messages):
            assert parents[after.id] == before.id
            assert before.created <= after.created
    if current:
        assert current in {message.id for message in found[0][2]}
