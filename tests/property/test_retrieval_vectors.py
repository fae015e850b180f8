"""Vectors as bytes, and what a query's words add up to."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dialoguedb.retrieval import vectors


class TestVectors:
    @given(st.integers(1, 300), st.integers(0, 2**32 - 1))
    def test_stored_vectors_point_the_way_they_did(self, dimensions, seed):
        made = np.random.default_rng(seed).normal(size=(3, dimensions)).astype(np.float32)
        made /= np.linalg.norm(made, axis=1, keepdims=True)
        back = vectors.unpack([vectors.pack(row) for row in made])
        assert back.shape == made.shape
        assert (np.abs(back - made) <= np.abs(made).max(axis=1, keepdims=True) / 250).all()
