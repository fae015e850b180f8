"""Words and marks in the index, and vectors as bytes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialoguedb.formats.texts import clean
from dialoguedb.model.search import Scalar
from dialoguedb.store.sqlite import open_database
from dialoguedb.store.sqlite.search_index import vectors, words


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    db = open_database(tmp_path_factory.mktemp("data") / "db")
    yield db
    db.close()


def asked(db, text):
    return [term.word for term in words.query_terms(db, text)]


def matches(db, wanted, text, marks=()):
    """Tell whether a text with marks is found by what is wanted."""
    db.execute("INSERT INTO memory_words (memory_words) VALUES ('delete-all')")
    db.execute(
        "INSERT INTO memory_words (rowid, words) VALUES (1, ?)", (words.indexed(marks, text),)
    )
    found = "SELECT 1 FROM memory_words WHERE memory_words MATCH ?"
    return db.execute(found, (words.quote(wanted),)).fetchone() is not None


class TestTerms:
    def test_words_that_say_little_are_left_out_unless_there_is_nothing_else(self, db):
        assert asked(db, "What is the status of my order?") == ["status", "order"]
        assert asked(db, "Who is it?") == ["who", "is", "it"]
        assert asked(db, " ?! ") == []

    def test_words_of_one_stem_are_one(self, db):
        assert asked(db, "Charge charges CHARGED") == ["charge"]

    @pytest.mark.parametrize(
        ("query", "text"),
        [
            ("agreed", "we agree"),
            ("relational", "relate"),
            ("cafe", "Café"),
            ("東京", "我住在東京"),
            ("타워", "도쿄타워에서"),
            ("get_weather", "get_weather"),
            ("naïve", "NAIVE"),
        ],
    )
    def test_what_is_asked_is_found_in_other_forms(self, db, query, text):
        terms = words.query_terms(db, query)
        assert terms
        assert all(matches(db, term.word, text) for term in terms)
        assert {term.stem for term in terms} <= set(words.stems(db, text))

    @given(st.text(st.characters(exclude_categories=())))
    def test_any_text_finds_itself(self, db, text):
        for term in words.query_terms(db, text):
            assert matches(db, term.word, clean(text))


class TestMarks:
    def test_nobody_can_write_a_mark(self, db):
        mark = words.project_mark(1)
        assert matches(db, mark, "text", [mark])
        assert not matches(db, mark, f"text {mark} p1")
        assert mark not in asked(db, mark)

    def test_a_mark_is_no_word(self, db):
        marks = [words.tag_mark("vip"), words.role_mark("user"), words.scope_mark(7)]
        for word in ("vip", "user", "7", *(mark[1:] for mark in marks)):
            assert not matches(db, word, "text", marks)

    def test_equal_values_have_one_mark_and_others_another(self):
        alike = [1, 1.0]
        others: list[Scalar] = ["1", True, None, "true", "null", 2, 10**400, -(10**400), "1.0", ""]
        assert len({words.metadata_mark("k", value) for value in alike}) == 1
        marks = {words.metadata_mark("k", value) for value in [1, *others]}
        assert len(marks) == 1 + len(others)
        assert words.metadata_mark("k", 0.0) == words.metadata_mark("k", -0.0)
        assert words.metadata_mark("a", "b") != words.metadata_mark("b", "a")

    @pytest.mark.parametrize(
        ("metadata", "pairs"),
        [
            (b"{}", []),
            (b'{"a":1,"b":"x"}', [("a", 1), ("b", "x")]),
            (b'{"a":[1,"1",null,{},[2]]}', [("a", 1), ("a", "1"), ("a", None)]),
            (b'{"a":{"b":1}}', []),
            (b'{"a":1e999}', [("a", float("inf"))]),
            (b'{"a":true,"b":"\\ud800"}', [("a", True), ("b", "\ud800")]),
            (b'{"a":' + b"9" * 5_000 + b"}", [("a", float("inf"))]),
            (b"{damaged", []),
        ],
    )
    def test_scalars_and_those_in_arrays_are_marked(self, metadata, pairs):
        marks = [words.metadata_mark(key, value) for key, value in pairs]
        assert words.metadata_marks(metadata) == marks

    def test_scopes_are_apart(self):
        pairs = [(1, ""), (1, "a"), (2, ""), (2, "a"), (12, ""), (1, "2")]
        assert len({words.scope_number(*pair) for pair in pairs}) == len(pairs)
        assert all(0 <= words.scope_number(*pair) < 1 << 63 for pair in pairs)


class TestVectors:
    @given(st.integers(1, 300), st.integers(0, 2**32 - 1))
    def test_stored_vectors_point_the_way_they_did(self, dimensions, seed):
        made = np.random.default_rng(seed).normal(size=(3, dimensions)).astype(np.float32)
        made /= np.linalg.norm(made, axis=1, keepdims=True)
        back = vectors.unpack([vectors.pack(row) for row in made])
        assert back.shape == made.shape
        assert (np.abs(back - made) <= np.abs(made).max(axis=1, keepdims=True) / 250).all()

    def test_a_vector_takes_a_byte_a_component(self):
        assert len(vectors.pack(np.ones(256, np.float32))) == 260

    def test_what_is_no_number_becomes_nothing(self):
        odd = np.array([np.nan, np.inf, -np.inf, 0.0], np.float32)
        assert vectors.unpack([vectors.pack(odd)]).tolist() == [[0.0] * 4]
        assert vectors.unpack([]).shape == (0, 0)
