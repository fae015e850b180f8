"""Words and filter tokens, as an index of words finds them."""

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialoguedb.formats.search_text import clean
from dialoguedb.model.search import Scalar
from dialoguedb.retrieval import filter_tokens
from dialoguedb.retrieval.text import document, indexed, query_terms, stems
from dialoguedb.store.sqlite.schema import migrations
from dialoguedb.store.sqlite.search_index import words
from dialoguedb.store.tokenizer import FTS5Tokenizer


@pytest.fixture(scope="module")
def db():
    db = apsw.Connection(":memory:")
    migrations.migrate(db, "2026-01-01T00:00:00.000Z", None)
    yield db
    db.close()


def terms_of(db, query):
    return query_terms(FTS5Tokenizer(db), query).terms


def words_of(db, query):
    return [term.word for term in terms_of(db, query)]


def matches(db, word_or_token, content, tokens=()):
    """Tell whether a text with filter tokens is found by a word or token."""
    db.execute("INSERT INTO memory_words (memory_words) VALUES ('delete-all')")
    db.execute("INSERT INTO memory_words (rowid, words) VALUES (1, ?)", (indexed(tokens, content),))
    found = "SELECT 1 FROM memory_words WHERE memory_words MATCH ?"
    return db.execute(found, (words.quote(word_or_token),)).fetchone() is not None


class TestTerms:
    def test_words_that_say_little_are_left_out_unless_there_is_nothing_else(self, db):
        assert words_of(db, "What is the status of my order?") == ["status", "order"]
        assert words_of(db, "Who is it?") == ["who", "is", "it"]
        assert words_of(db, " ?! ") == []

    def test_words_of_one_stem_are_one(self, db):
        assert words_of(db, "Charge charges CHARGED") == ["charge"]

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
    def test_a_query_finds_other_forms_of_its_words(self, db, query, text):
        terms = terms_of(db, query)
        assert terms
        assert all(matches(db, term.word, text) for term in terms)
        assert {term.stem for term in terms} <= set(stems(FTS5Tokenizer(db), [text])[0])

    def test_of_many_words_the_longest_count_each_and_the_others_together(self, db):
        query = " ".join("abcdefghij"[: 1 + n % 10] + f"{n:02}" for n in range(40))
        found = query_terms(FTS5Tokenizer(db), query)
        assert len(found.terms) == 32
        assert [len(group) for group in found.groups] == [1] * 32 + [8]
        others = {term.word for term in found.groups[-1]}
        assert max(map(len, others)) <= min(len(term.word) for term in found.terms)

    @given(st.text(st.characters(exclude_categories=())))
    def test_any_text_finds_itself(self, db, text):
        for term in terms_of(db, text):
            assert matches(db, term.word, clean(text))


class TestFilterTokens:
    def test_nobody_can_write_a_token(self, db):
        token = filter_tokens.project_token(1)
        assert matches(db, token, "text", [token])
        assert not matches(db, token, f"text {token} p1")
        assert token not in words_of(db, token)

    def test_a_token_is_no_word(self, db):
        tokens = [
            filter_tokens.tag_token("vip"),
            filter_tokens.role_token("user"),
            filter_tokens.namespace_token(7),
        ]
        for word in ("vip", "user", "7", *(token[1:] for token in tokens)):
            assert not matches(db, word, "text", tokens)

    def test_equal_values_have_one_token_and_others_another(self):
        alike = [1, 1.0]
        others: list[Scalar] = ["1", True, None, "true", "null", 2, 10**400, -(10**400), "1.0", ""]
        assert len({filter_tokens.metadata_token("k", value) for value in alike}) == 1
        tokens = {filter_tokens.metadata_token("k", value) for value in [1, *others]}
        assert len(tokens) == 1 + len(others)
        assert filter_tokens.metadata_token("k", 0.0) == filter_tokens.metadata_token("k", -0.0)
        assert filter_tokens.metadata_token("a", "b") != filter_tokens.metadata_token("b", "a")

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
    def test_scalars_and_those_in_arrays_have_tokens(self, metadata, pairs):
        tokens = [filter_tokens.metadata_token(key, value) for key, value in pairs]
        assert filter_tokens.metadata_tokens(metadata) == tokens

    def test_namespaces_are_apart(self):
        pairs = [(1, ""), (1, "a"), (2, ""), (2, "a"), (12, ""), (1, "2")]
        assert len({filter_tokens.namespace_hash(*pair) for pair in pairs}) == len(pairs)
        assert all(0 <= filter_tokens.namespace_hash(*pair) < 1 << 63 for pair in pairs)


class TestDocuments:
    def test_an_object_is_found_by_its_words_and_filtered_by_its_tokens(self):
        made = document("message", 1, b'["vip"]', b'{"a":1}', b'"Hi"', "Ada", "2026-03-02", "user")
        assert made.text == "Hi"
        assert made.words == "Ada: Hi 2 March 2026 Monday"
        assert made.tokens == [
            filter_tokens.role_token("user"),
            filter_tokens.tag_token("vip"),
            filter_tokens.metadata_token("a", 1),
        ]
        assert document("dialogue", 1, b'["vip"]', b"{}", "Trip").text == "Trip\nvip"
        assert document("memory", 1, b"[]", b"{}", b'"tea"', "Drink", None).text == "Drink\ntea"

    def test_what_cannot_be_read_is_left_out(self, caplog):
        assert document("message", 7, b"\xff", b"{}", b'"Hi"', None, "2026-03-02", "user") == (
            "",
            "",
            [],
        )
        assert "message with number 7" in caplog.text
