"""What satisfies a condition on metadata, compared with SQLite's JSON in the contract tests."""

import pytest

from dialoguedb.model.search import Condition
from dialoguedb.retrieval.metadata_filters import satisfies


@pytest.mark.parametrize(
    ("metadata", "condition"),
    [
        (b'{"a":1}', ("$in", (1.0,))),
        (b'{"a":[1,"x",null]}', ("$in", ("x",))),
        (b'{"a":[1,"x",null]}', ("$in", (None,))),
        (b'{"a":1,"a":2}', ("$in", (1,))),
        (b'{"a":1,"a":2}', ("$in", (2,))),
        (b'{"\\u0061":3}', ("$gt", (2,))),
        (b'{"a":"x\\u0000y"}', ("$gt", ("x",))),
        (b'{"a":1e999}', ("$gt", (10**300,))),
        (b'{"a":123456789012345678901234567890}', ("$in", (1.2345678901234568e29,))),
        (b'{"a":9007199254740993}', ("$nin", (9007199254740992.0,))),
        (b'{"a":"1"}', ("$nin", (1,))),
        (b'{"a":true}', ("$nin", (1,))),
        (b'{"a":{"b":1}}', ("$nin", (1,))),
        (b'{"b":1}', ("$nin", (1,))),
        (b"{}", ("$nin", (1,))),
        (b'{"a":' + b"9" * 5000 + b"}", ("$gt", (1,))),
    ],
)
def test_values_are_compared_by_type(metadata, condition):
    assert satisfies(metadata, [Condition("a", *condition)])


@pytest.mark.parametrize(
    ("metadata", "condition"),
    [
        (b'{"a":"1"}', ("$in", (1,))),
        (b'{"a":1}', ("$gt", ("0",))),
        (b'{"a":true}', ("$gte", (0,))),
        (b'{"a":{"b":1}}', ("$in", (1,))),
        (b'{"a":[[1]]}', ("$in", (1,))),
        (b'{"b":{"a":1}}', ("$in", (1,))),
        (b'{"a":[1,2]}', ("$nin", (2,))),
        (b"[1]", ("$in", (1,))),
        (b"{", ("$in", (1,))),
    ],
)
def test_others_satisfy_nothing(metadata, condition):
    assert not satisfies(metadata, [Condition("a", *condition)])
