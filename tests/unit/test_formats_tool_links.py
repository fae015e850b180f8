"""Which result answers which call."""

import json

import pytest

from dialoguedb.formats.parts import Text, ToolCall, ToolResult
from dialoguedb.formats.tool_links import ToolLinker
from dialoguedb.formats.turns import Turn, parse_parts

HI = Text("hi")


def call(tool_id="", name="f", **more):
    return ToolCall(tool_id, name, "{}", **more)


def result(tool_id="", name="", **more):
    return ToolResult(tool_id, (), name=name, **more)


def linked(*turns, whole=True):
    """Read turns of these parts; returns the place of each call's result, and the issues."""
    links = ToolLinker(whole=whole)
    for index, parts in enumerate(turns):
        links.add(Turn(f"m{index}", "", index, "user", None, tuple(parts), 1))
    issues = links.finish()
    pairs = {call.turn: result.turn for call, result in links.result_of.items()}
    return pairs, [(issue.code, issue.message_id) for issue in issues]


def test_parallel_calls_are_answered_in_any_order():
    assert linked([call("a"), call("b")], [result("b")], [result("a")])[1] == []
    assert linked([call("a")], [call("b")], [result("a")], [result("b")]) == ({0: 2, 1: 3}, [])


def test_an_id_may_come_again_once_it_is_answered():
    turns = [[call("a")], [result("a")], [HI], [call("a")], [result("a")]]
    assert linked(*turns) == ({0: 1, 3: 4}, [])


def test_a_result_belongs_to_the_newest_call_when_an_older_one_was_cancelled():
    turns = [[call("a")], [HI], [call("a")], [result("a")]]
    assert linked(*turns) == ({2: 3}, [("ORPHANED_TOOL_CALL", "m0")])


def test_a_result_without_an_id_answers_the_oldest_call_since_somebody_spoke():
    assert linked([call("a")], [call("b")], [result()], [result()]) == ({0: 2, 1: 3}, [])
    assert linked([call("a")], [HI], [call("b")], [result()])[0] == {2: 3}
    assert linked([call("a")], [HI], [result()])[0] == {}


def test_a_result_without_an_id_answers_the_oldest_call_of_its_name():
    calls = [[call(name="wind")], [call(name="rain")], [call(name="wind")]]
    results = [[result(name="rain")], [result(name="wind")], [result(name="wind")]]
    assert linked(*calls, *results) == ({1: 3, 0: 4, 2: 5}, [])


def test_a_name_that_no_open_call_has_says_nothing():
    calls = [[call("a", "wind")], [call("b", "rain")]]
    assert linked(*calls, [result(name="snow")], [result(name="rain")])[0] == {0: 2, 1: 3}
    assert linked(*calls, [result("b")], [result(name="rain")])[0] == {1: 2, 0: 3}


def test_a_name_ties_no_result_to_what_a_provider_ran():
    calls = [[call(name="run", kind="server")], [call(name="walk")]]
    results = [[result(name="run")], [result(name="ran", kind="server")]]
    assert linked(*calls, *results)[0] == {1: 2, 0: 3}


@pytest.mark.parametrize(
    ("role", "calls", "results"),
    [
        (
            "user",
            {"role": "model", "parts": [{"functionCall": {"name": n}} for n in ("wind", "rain")]},
            [
                {"role": "user", "parts": [{"functionResponse": {"name": n, "response": {}}}]}
                for n in ("rain", "wind")
            ],
        ),
        (
            "tool",
            {"tool_calls": [{"function": {"name": n, "arguments": {}}} for n in ("wind", "rain")]},
            [{"role": "tool", "tool_name": n, "content": n} for n in ("rain", "wind")],
        ),
    ],
    ids=["Gemini", "Ollama"],
)
def test_programs_without_ids_name_the_tool_of_a_result(role, calls, results):
    def parts(by, content):
        return parse_parts(by, json.dumps(content).encode(), b"{}")[1]

    links = ToolLinker()
    for index, (by, content) in enumerate(
        [("assistant", calls), *((role, one) for one in results)]
    ):
        links.add(Turn(f"m{index}", "", index, "user", None, parts(by, content), 1))
    assert not links.finish()
    assert {call.part: result.turn for call, result in links.result_of.items()} == {0: 2, 1: 1}


def test_a_second_result_is_one_too_many():
    turns = [[call("a")], [result("a")], [result("a")]]
    assert linked(*turns) == ({0: 1}, [("DUPLICATE_TOOL_RESULT", "m2")])


def test_a_result_before_its_call_is_tied_to_it_if_nothing_else_is():
    assert linked([result("a")], [call("a")]) == ({1: 0}, [("ROLE_ORDER", "m0")])
    assert linked([result("a")], [call("a")], [result("a")]) == (
        {1: 2},
        [("ORPHANED_TOOL_RESULT", "m0")],
    )


def test_a_result_without_an_id_before_it_is_none_of_what_a_provider_ran():
    issues = [("ORPHANED_TOOL_RESULT", "m0")]
    assert linked([result()], [call(kind="server")]) == ({}, issues)
    assert linked([result()], [call()]) == ({1: 0}, [("ROLE_ORDER", "m0")])


def test_talk_between_a_call_and_its_result_is_out_of_order():
    assert linked([call("a")], [HI], [result("a")]) == ({0: 2}, [("ROLE_ORDER", "m2")])
    assert linked([HI, call("a")], [result("a"), HI]) == ({0: 1}, [])


def test_issues_come_in_the_order_of_the_messages():
    turns = [[call("a")], [], [result("b")], [call("c")]]
    assert linked(*turns)[1] == [
        ("ORPHANED_TOOL_CALL", "m0"),
        ("EMPTY_TURN", "m1"),
        ("ORPHANED_TOOL_RESULT", "m2"),
        ("ORPHANED_TOOL_CALL", "m3"),
    ]


def test_many_calls_of_one_id_are_answered_in_turn():
    turns = [[call("a")] * 40_000, *([result()] * 10 for _ in range(4_000))]
    assert linked(*turns)[1] == []


def test_many_calls_are_answered_by_name():
    calls = [call(name=f"f{index % 2}") for index in range(40_000)]
    results = [result(name=f"f{index % 2}") for index in reversed(range(40_000))]
    assert linked(calls, results)[1] == []


def test_a_result_whose_call_may_stand_before_is_not_tied_to_a_later_one():
    issues = [("ORPHANED_TOOL_RESULT", "m0"), ("ORPHANED_TOOL_CALL", "m1")]
    assert linked([result("a")], [call("a")], whole=False) == ({}, issues)


def test_a_result_without_an_id_may_answer_a_call_that_stands_before():
    pairs, issues = linked([call("")], [result()], [result()], whole=False)
    assert not pairs
    assert {code for code, _ in issues} == {"ORPHANED_TOOL_CALL", "ORPHANED_TOOL_RESULT"}


@pytest.mark.parametrize("between", [[], [HI]], ids=["the next calls", "somebody who speaks"])
def test_after_what_closes_the_calls_before_it_can_not(between):
    turns = [[result()], *([between] if between else []), [call("")], [result()]]
    last = len(turns) - 1
    assert linked(*turns, whole=False)[0] == {last - 1: last}
