"""Vectors as bytes, and what a query's words add up to."""

import numpy as np

from dialoguedb.ports.search import WordVectors
from dialoguedb.retrieval import vectors
from dialoguedb.retrieval.terms import Term
from dialoguedb.retrieval.vectors import weighted


class TestVectors:
    def test_a_vector_takes_a_byte_a_component(self):
        assert len(vectors.pack(np.ones(256, np.float32))) == 260

    def test_what_is_no_number_becomes_nothing(self):
        odd = np.array([np.nan, np.inf, -np.inf, 0.0], np.float32)
        assert vectors.unpack([vectors.pack(odd)]).tolist() == [[0.0] * 4]
        assert vectors.unpack([]).shape == (0, 0)

    def test_cosines_are_those_of_what_has_a_vector_of_the_length(self):
        keys = np.array([2, 5, 9], np.int64)
        here, there = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
        stored = [(9, vectors.pack(here)), (2, vectors.pack(there))]
        found = vectors.cosines(keys, here, stored)
        assert found[[0, 2]].tolist() == [0, 1]
        assert np.isnan(found[1])
        assert np.isnan(vectors.cosines(keys, np.ones(3, np.float32), stored)).all()
        assert np.isnan(vectors.cosines(keys, here, [])).all()


def test_the_rarer_a_word_the_more_of_it_is_in_the_vector_of_a_query():
    words = WordVectors(["the", "blue", "heron"], np.eye(3, dtype=np.float32))
    terms = [Term("blue", "blue"), Term("heron", "heron")]
    rarities = np.array([2, 6], np.float32)
    made = weighted(words, [["the"], ["blue"], ["heron"]], terms, rarities)
    assert np.allclose(made, np.array([1, 2, 6]) / np.sqrt(41))
    assert not weighted(words, [[], [], []], [], rarities[:0])[:0].any()
