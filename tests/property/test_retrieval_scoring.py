"""Scores: what each part adds, and what is around a message."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dialoguedb.retrieval.scoring import rank
from dialoguedb.retrieval.weights import WEIGHTS
from tests.unit.test_retrieval_scoring import in_one_dialogue

shares = st.floats(0, 1, width=32)


@given(
    st.lists(st.tuples(shares | st.just(np.nan), shares, st.booleans()), min_size=1, max_size=8),
    st.sampled_from(list(WEIGHTS.values())),
)
def test_parts_sum_to_a_relevance_from_0_to_1(rows, weights):
    known = in_one_dialogue(
        len(rows),
        semantic=[semantic for semantic, _, _ in rows],
        occurrences=[[round(word)] for _, word, _ in rows],
        named=[named for _, _, named in rows],
    )
    ranking = rank(known, weights)
    parts = ranking.semantic + ranking.keyword + ranking.neighbours
    assert np.allclose(parts, ranking.relevance, atol=1e-6)
    assert (ranking.relevance >= 0).all()
    assert (ranking.relevance <= 1).all()
    assert min(ranking.semantic.min(), ranking.keyword.min(), ranking.neighbours.min()) > -1e-6
