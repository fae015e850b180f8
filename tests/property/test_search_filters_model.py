"""Filters on metadata and tags, held against a model in a few lines of Python."""

import operator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.http.making import new_dialogue, new_messages
from tests.http.searching import found

SCALARS: list[Any] = [
    *(None, True, False, 0, 1, -1, 1.0, 1.5, -0.0, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 1e300),
    *(2**70, "", "1", "a", "b", "true", "null", "é", "z", "😀", "\uffff", "a\u0000b"),
]
KEYS = ["k", "key two", "$in", "a.b", ""]
COMPARISONS = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}

scalars = st.sampled_from(SCALARS)
stored = scalars | st.lists(scalars | st.just([1]), max_size=3) | st.just({"k": 1})
objects = st.dictionaries(st.sampled_from(KEYS), stored, max_size=3)
several = st.lists(scalars, min_size=1, max_size=3)
compared = st.sampled_from([one for one in SCALARS if isinstance(one, str | int | float)]).filter(
    lambda one: not isinstance(one, bool)
)
operations = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("$eq", "$ne"), scalars),
        **dict.fromkeys(("$in", "$nin"), several),
        **dict.fromkeys(COMPARISONS, compared),
    },
).filter(bool)
filters = st.dictionaries(
    st.sampled_from(KEYS), scalars | several | operations, min_size=1, max_size=2
)


def kind(value: Any) -> str:
    """Return what a value is compared with: its own kind."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number"
    return type(value).__name__


def equal(one: Any, other: Any) -> bool:
    return kind(one) == kind(other) and bool(one == other)


def holds(name: str, operand: Any, there: list[Any]) -> bool:
    """Tell whether an operator holds for the values under a key."""
    if name in COMPARISONS:
        compare = COMPARISONS[name]
        return any(kind(one) == kind(operand) and compare(one, operand) for one in there)
    operands = operand if name in {"$in", "$nin"} else [operand]
    contained = any(equal(one, value) for one in there for value in operands)
    return contained if name in {"$eq", "$in"} else not contained


def satisfies(metadata: dict[str, Any], conditions: dict[str, Any]) -> bool:
    """Tell whether metadata satisfies all of a filter."""
    for key, condition in conditions.items():
        value = metadata.get(key, [])
        there = value if isinstance(value, list) else [value]
        there = [one for one in there if not isinstance(one, list | dict)]
        if isinstance(condition, list):
            condition = {"$in": condition}  # noqa: PLW2901 - the same in its long form
        elif not isinstance(condition, dict):
            condition = {"$eq": condition}  # noqa: PLW2901 - as above
        if not all(holds(name, operand, there) for name, operand in condition.items()):
            return False
    return True


@pytest.fixture
def fresh(new_project, client_of):
    return lambda: client_of(new_project().key)


EAGER = settings(max_examples=60)


@EAGER
@given(
    metadata=st.lists(objects, min_size=1, max_size=12),
    queries=st.lists(filters, min_size=1, max_size=12),
)
@example(metadata=[{"k": one} for one in SCALARS], queries=[{"k": one} for one in SCALARS])
@example(
    metadata=[{"k": one} for one in SCALARS],
    queries=[
        {"k": {name: one}}
        for name in COMPARISONS
        for one in SCALARS
        if kind(one) in {"number", "str"}
    ],
)
def test_metadata_is_found_when_it_satisfies_the_filter(metadata, queries, fresh):
    api = fresh()
    new_dialogue(api, id="d")
    new_messages(api, "d", *({"id": f"m{n}", "metadata": one} for n, one in enumerate(metadata)))
    for query in queries:
        expected = {f"m{n}" for n, one in enumerate(metadata) if satisfies(one, query)}
        for mode in ["hybrid", "keyword"]:
            ids = found(api, "hello", limit=100, mode=mode, metadata=query)
            assert set(ids) == expected, (query, metadata)


names = st.sampled_from(["a", "b", "A", "", "a b", "é", "zs1"])
tag_filters = st.lists(names, min_size=1, max_size=2) | st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("$in", "$all", "$nin"), st.lists(names, min_size=1, max_size=2))
).filter(bool)


@EAGER
@given(
    tags=st.lists(st.lists(names, max_size=3), min_size=1, max_size=8),
    queries=st.lists(tag_filters, min_size=1, max_size=8),
)
def test_tags_are_found_when_they_satisfy_the_filter(tags, queries, fresh):
    api = fresh()
    new_dialogue(api, id="d")
    new_messages(api, "d", *({"id": f"m{n}", "tags": one} for n, one in enumerate(tags)))
    for query in queries:
        rules = query if isinstance(query, dict) else {"$in": query}
        expected = {
            f"m{n}"
            for n, one in enumerate(tags)
            if ("$in" not in rules or set(rules["$in"]) & set(one))
            and set(rules.get("$all", [])) <= set(one)
            and not set(rules.get("$nin", [])) & set(one)
        }
        assert set(found(api, "hello", limit=100, tags=query)) == expected
