"""Which embedder serves, is built and is retired."""

import pytest

from dialoguedb.errors import WrongDimensions
from dialoguedb.retrieval.embedders import (
    StoredEmbedder,
    changes,
    promotion,
    settles_dimensions,
)

OLD = StoredEmbedder(1, "old", 8, "serving")
NEW = StoredEmbedder(2, "new", None, "building")


@pytest.mark.parametrize(
    ("active", "names", "retired", "built"),
    [
        ([], [], [], None),
        ([], ["old"], [], "old"),
        ([OLD], ["old"], [], None),
        ([OLD], ["new", "old"], [], "new"),
        ([OLD], ["new"], [OLD], "new"),
        ([OLD, NEW], ["new", "old"], [], None),
        ([OLD, NEW], ["old", "new"], [NEW], None),
        ([OLD, NEW], ["third", "old", "new"], [NEW], "third"),
        ([OLD, NEW], [], [OLD, NEW], None),
    ],
)
def test_the_first_is_to_serve_and_the_one_that_does_stays_until_then(
    active, names, retired, built
):
    assert changes(active, names) == (retired, built)


@pytest.mark.parametrize(
    ("active", "complete", "promoted"),
    [
        ([], set(), None),
        ([OLD], {1}, None),
        ([NEW], set(), (NEW, None)),
        ([OLD, NEW], set(), None),
        ([OLD, NEW], {2}, (NEW, OLD)),
    ],
)
def test_a_successor_serves_once_it_is_complete_or_when_nothing_else_does(
    active, complete, promoted
):
    assert promotion(active, complete) == promoted


def test_first_vectors_settle_how_long_all_are():
    assert settles_dimensions(NEW, 8)
    assert not settles_dimensions(OLD, 8)
    with pytest.raises(WrongDimensions, match="'old' gives vectors of 9 dimensions"):
        settles_dimensions(OLD, 9)
