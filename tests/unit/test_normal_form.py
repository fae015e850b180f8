"""The form in which words are compared."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialoguedb.retrieval.normal_form import PART_CHARS, compounds, normalized, parts_of, readable
from dialoguedb.store.tokenizer import FTS5Tokenizer, connection

ALIKE = [
    pytest.param("\uff21\uff22\uff23\uff11\uff12\uff13", "ABC123", id="full width"),
    pytest.param("\ufb01le", "file", id="ligature"),
    pytest.param("Straße", "STRASSE", id="sharp s"),
    pytest.param("ёлка", "елка", id="yo"),
    pytest.param("İstanbul", "istanbul", id="capital i with a dot"),
    pytest.param("IŞIK", "ışık", id="small i without a dot"),
    pytest.param("\uff76\uff9e\uff7d", "ガス", id="half width and a sound mark"),
    pytest.param("مُحَمَّد", "محمد", id="Arabic points"),
    pytest.param("مـحـمـد", "محمد", id="Arabic drawn out"),
    pytest.param("کتاب", "كتاب", id="kaf of Persian keyboards"),
    pytest.param("می\u200cخواهم", "میخواهم", id="joiner"),
    pytest.param("שָׁלוֹם", "שלום", id="Hebrew points"),
    pytest.param("naïve", "NAIVE", id="accents"),
    pytest.param("한국어", unicodedata.normalize("NFD", "한국어"), id="Korean taken apart"),
    pytest.param("❤\ufe0f", "❤", id="variant of an emoji"),
    pytest.param("👍🏽", "👍", id="colour of skin"),
    pytest.param("e\u2011mail", "e-mail", id="hyphen that does not break"),
    pytest.param("soft\u00adware", "software", id="soft hyphen"),
]
APART = [
    pytest.param("हिन्दी", ["हिन्दी"], id="vowel signs"),
    pytest.param("தமிழ் மொழி", ["தமிழ்", "மொழி"], id="of Tamil"),
    pytest.param("東京タワー", ["東", "京", "タ", "ワ", "ー"], id="no spaces"),
    pytest.param("great🎉news", ["great", "🎉", "news"], id="emoji"),
]


def words_of(text):
    (terms,) = FTS5Tokenizer(connection()).tokenize([normalized(text)])
    return [readable(term.word) for term in terms]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_what_differs_only_in_writing_is_the_same(one, other):
    assert words_of(one) == words_of(other) != []


@pytest.mark.parametrize(("text", "words"), APART)
def test_words_are_neither_cut_nor_joined(text, words):
    assert words_of(text) == words


def test_ascii_stays_as_it_is():
    assert normalized("Dear Ada, it's 5:30 - OK?") == "Dear Ada, it's 5:30 - OK?"


@given(st.text())
def test_whatever_it_is_can_be_normalized_and_is_found_again_in_its_own_form(text):
    normal = words_of(text)
    assert words_of(" ".join(normal)) == normal


@pytest.mark.parametrize("char", ["\ue000", "\U000f0001", "\U00100000"])
def test_what_stands_for_something_in_an_index_cannot_be_written(char):
    assert words_of(f"icon{char}s") == ["icon", "s"]


@settings(max_examples=20)
@given(st.text(st.sampled_from("aé\u0301हि\u0941ﬁ한\u11a8ガ"), min_size=1, max_size=60))
def test_a_long_text_has_the_words_of_its_parts(text):
    long = (text + "東") * (1 + 40_000 // (len(text) + 1))
    assert normalized(long).split() == normalized(text + "東 ").split() * long.count("東")


@given(st.text(st.sampled_from("a \u0301हि\u0941한\u1161ｶﾞ"), max_size=80), st.integers(1, 99))
def test_a_text_is_normalized_in_parts_of_bounded_size(text, times):
    long = text * times
    parts = [*parts_of(long)]
    assert "".join(parts) == long
    assert max(map(len, parts)) <= PART_CHARS + 30


@pytest.mark.parametrize("char", ["\u0301", "\u0941", "\u11a8", "\uff9e"])
def test_what_belongs_to_a_character_stays_with_it(char):
    text = "x" * (PART_CHARS - 1) + "가" + char + "x" * PART_CHARS
    assert [part for part in parts_of(text) if part.startswith(char)] == []


def test_of_more_marks_than_any_writing_has_some_stand_in_the_next_part():
    assert [*map(len, parts_of("\u0301" * 2 * PART_CHARS))] == [PART_CHARS + 30, PART_CHARS - 30]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("an e-mail, by check-in", [("e", "mail"), ("check", "in")]),
        ("a-b-c 5-6 -x y- a - b", []),
        ("covid-19", [("covid", "19")]),
        ("x" * 40 + "-y", []),
    ],
)
def test_compounds_are_two_words_with_a_hyphen(text, found):
    assert compounds(text) == found
