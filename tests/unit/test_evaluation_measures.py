"""Recall and reciprocal rank of labelled queries, and their intervals."""

import pytest

from dialoguedb.cli.data.evaluation.measures import MEASURES, differences, estimate, estimates


@pytest.mark.parametrize(
    ("ranks", "expected"),
    [
        ([1], (1, 1, 1, 1)),
        ([None], (0, 0, 0, 0)),
        ([6, None], (0, 0.5, 0.5, 1 / 6)),
        ([50, 5, 51, 2], (0.5, 0.5, 0.75, 0.5)),
        ([11], (0, 0, 1, 1 / 11)),
    ],
)
def test_measures_of_one_query(ranks, expected):
    assert tuple(of_query(ranks) for of_query in MEASURES.values()) == expected


def test_an_interval_holds_the_mean_and_narrows_with_more_queries():
    few, many = estimate([0.0, 1.0] * 5), estimate([0.0, 1.0] * 500)
    for one in (few, many):
        assert one.low < one.mean == 0.5 < one.high
    assert many.high - many.low < few.high - few.low
    # The normal approximation of a mean of 1,000: 0.5 ± 1.96 * 0.5 / sqrt(1,000).
    assert (many.low, many.high) == pytest.approx((0.469, 0.531), abs=0.005)


def test_the_same_values_have_the_same_interval():
    assert estimate([0.0, 0.2, 1.0]) == estimate([0.0, 0.2, 1.0])


def test_a_difference_is_taken_query_by_query():
    before = {key: [rank] for key, rank in zip("abcd", [1, 6, None, 3], strict=True)}
    now = {key: [rank] for key, rank in zip("abcd", [1, 5, 5, 3], strict=True)}
    found = differences(before, now)["R@5"]
    assert found.mean == 0.5
    assert 0 <= found.low < found.high <= 1
    assert differences(before, before)["MRR"] == estimate([0.0])
    assert estimates([*now.values()])["R@5"].mean == 1
