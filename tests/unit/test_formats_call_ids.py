"""The ids of calls in messages for another API."""

import pytest

from dialoguedb.formats import convert

TARGETS = ["openai", "responses", "anthropic", "ui-message"]


def legacy(output, name="track"):
    return [
        {
            "role": "assistant",
            "content": None,
            "function_call": {"name": name, "arguments": '{"order": 17}'},
        },
        {"role": "function", "name": name, "content": output},
    ]


def ids(value, keys):
    """Return the ids in messages, in their order."""
    if isinstance(value, list):
        return [one for item in value for one in ids(item, keys)]
    if not isinstance(value, dict):
        return []
    own = [value[key] for key in keys if isinstance(value.get(key), str)]
    kind = value.get("type")
    own += [value["id"]] if kind in {"tool_use", "function"} and "id" in value else []
    return own + ids([*value.values()], keys)


CALLED = ("call_id", "tool_call_id", "tool_use_id", "toolCallId")


@pytest.mark.parametrize("target", TARGETS)
def test_calls_that_are_stored_without_ids_get_one_each_and_results_theirs(target):
    messages = [{"role": "user", "content": "Where?"}, *legacy("here"), *legacy("there")]
    made = convert(messages, "auto", target)
    found = ids(made.messages, CALLED)
    each = 1 if target == "ui-message" else 2
    assert found == [one for one in ("call", "call_1") for _ in range(each)]
    assert made == convert(messages, "auto", target)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("stored_first", [True, False])
def test_no_call_gets_the_id_that_another_one_has(target, stored_first):
    function = {"name": "track", "arguments": "{}"}
    stored = [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "call", "type": "function", "function": function}],
        },
        {"role": "tool", "tool_call_id": "call", "content": "so"},
    ]
    history = [*stored, *legacy("here")] if stored_first else [*legacy("here"), *stored]
    found = ids(convert(history, "auto", target).messages, CALLED)
    assert len(set(found)) == 2
    if stored_first:
        assert found[0] == "call"


@pytest.mark.parametrize("target", TARGETS)
def test_the_last_call_gets_its_id_though_it_has_no_result(target):
    found = ids(convert([*legacy("here"), legacy("")[0]], "auto", target).messages, CALLED)
    assert found[-1] == "call_1"


def test_gemini_needs_none():
    made = convert([*legacy("here"), *legacy("there")], "auto", "gemini")
    calls = [part for one in made.messages for part in one["parts"]]
    assert [next(iter(part)) for part in calls] == ["functionCall", "functionResponse"] * 2
    assert ids(made.messages, ("id",)) == []
