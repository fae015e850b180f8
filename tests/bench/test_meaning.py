"""The meaning test set: no query has a word in common with what answers it."""

import apsw
import pytest

from bench.meaning import domains

DOMAINS = domains()
PAIRS = [pair for domain in DOMAINS for pair in domain.pairs]
TEXTS = [
    text for domain in DOMAINS for text in (*(a for _, a in domain.pairs), *domain.distractors)
]


@pytest.fixture(scope="module")
def stems():
    """Split a text as the index of words does."""
    db = apsw.Connection(":memory:")
    tokens = "porter unicode61 remove_diacritics 2"
    db.execute(f"CREATE VIRTUAL TABLE texts USING fts5 (words, tokenize = '{tokens}')")
    db.execute("CREATE VIRTUAL TABLE terms USING fts5vocab (texts, row)")

    def split(text):
        db.execute("DELETE FROM texts")
        db.execute("INSERT INTO texts VALUES (?)", (text,))
        return {term for (term,) in db.execute("SELECT term FROM terms")}

    yield split
    db.close()


def test_no_query_shares_a_word_or_its_stem_with_its_answer(stems):
    shared = [(query, answer) for query, answer in PAIRS if stems(query) & stems(answer)]
    assert shared == []


def test_the_check_would_notice_a_shared_stem(stems):
    assert stems("Cancelling, cafés") & stems("they cancelled") == {"cancel"}
    assert stems("cafés") & stems("the Cafe") == {"cafe"}


def test_there_are_as_many_pairs_in_every_domain_and_more_distractors():
    assert [domain.name for domain in DOMAINS] == [
        "support",
        "travel",
        "coding",
        "health",
        "small talk",
    ]
    assert len(PAIRS) >= 160
    assert len({len(domain.pairs) for domain in DOMAINS}) == 1
    assert all(len(domain.distractors) >= len(domain.pairs) for domain in DOMAINS)


def test_nothing_is_there_twice():
    assert len(set(TEXTS)) == len(TEXTS)
    assert len({query for query, _ in PAIRS}) == len(PAIRS)
