"""Scores: what each part adds, and what is around a message."""

import numpy as np
import pytest

from dialoguedb.ports.search import Weights
from dialoguedb.retrieval.scoring import Features, rank
from dialoguedb.retrieval.weights import WEIGHTS

NONE = [-1, -1, -1, -1]


def features(rows, **known):
    """Make what is known of so many candidates, alike and alone but for what is given."""
    terms = np.shape(known["occurrences"])[1] if "occurrences" in known else 0
    return Features(
        semantic=np.array(known.get("semantic", [np.nan] * rows), np.float32),
        occurrences=np.array(known.get("occurrences", np.zeros((rows, terms))), np.float32),
        lengths=np.array(known.get("lengths", [10] * rows), np.float32),
        documents=known.get("documents", 100),
        documents_with=np.array(known.get("documents_with", [1] * terms), np.float32),
        near=np.array(known.get("near", [NONE] * rows), np.int64).reshape(rows, 4),
        dialogues=np.array(known.get("dialogues", [-1] * rows), np.int64),
        named=np.array(known.get("named", [False] * rows), bool),
    )


def in_one_dialogue(rows, **known):
    near = [
        [row + offset if 0 <= row + offset < rows else -1 for offset in (-2, -1, 1, 2)]
        for row in range(rows)
    ]
    return features(rows, near=near, dialogues=[7] * rows, **known)


def order(ranking):
    return list(np.argsort(-ranking.relevance, kind="stable"))


def test_nothing_to_rank_is_ranked():
    assert len(rank(features(0)).relevance) == 0


def test_what_is_nearer_in_meaning_is_more_relevant_and_the_opposite_not_at_all():
    ranking = rank(features(4, semantic=[0.2, 0.9, -0.5, np.nan]))
    assert order(ranking) == [1, 0, 2, 3]
    assert ranking.relevance[2:].tolist() == [0, 0]


def test_a_rare_word_counts_for_more_than_a_common_one():
    held = [[1, 0], [0, 1], [1, 1], [0, 0]]
    ranking = rank(features(4, occurrences=held, documents_with=[50, 2]))
    assert order(ranking) == [2, 1, 0, 3]


def test_a_word_that_nothing_holds_lowers_what_holds_the_others():
    known = rank(features(1, occurrences=[[1]], documents_with=[1]))
    partly = rank(features(1, occurrences=[[1, 0]], documents_with=[1, 0]))
    assert partly.relevance[0] < known.relevance[0]


def test_of_two_with_the_same_words_the_shorter_is_more_relevant():
    assert order(rank(features(2, occurrences=[[1], [1]], lengths=[40, 5]))) == [1, 0]


def test_both_parts_add_up():
    ranking = rank(features(3, semantic=[0.5, 0, 0.5], occurrences=[[0], [1], [1]]))
    assert order(ranking)[0] == 2


@pytest.mark.parametrize(
    ("mode", "best"), [("semantic", 0), ("keyword", 1)], ids=["semantic", "keyword"]
)
def test_a_mode_lets_only_its_own_part_count(mode, best):
    known = features(2, semantic=[0.9, 0.1], occurrences=[[0], [1]])
    ranking = rank(known, WEIGHTS[mode])
    assert order(ranking)[0] == best
    other = ranking.keyword if mode == "semantic" else ranking.semantic
    assert not other.any()


def test_an_answer_gains_from_the_question_before_it():
    question_in_third = [0, 0, 1, 0, 0, 0, 0]
    ranking = rank(in_one_dialogue(7, semantic=question_in_third))
    assert order(ranking)[0] == 2
    assert set(order(ranking)[1:3]) == {1, 3}
    assert set(order(ranking)[3:5]) == {0, 4}
    assert ranking.semantic[3] == 0
    assert ranking.neighbours[3] == ranking.relevance[3] > 0


def test_where_fewer_are_beside_it_a_message_keeps_more_of_its_own():
    first = rank(in_one_dialogue(7, semantic=[1, 0, 0, 0, 0, 0, 0])).relevance[0]
    middle = rank(in_one_dialogue(7, semantic=[0, 0, 0, 1, 0, 0, 0])).relevance[3]
    assert first > middle


def test_a_long_message_takes_less_from_its_neighbours():
    known = {"semantic": [1, 0, 0, 0, 1, 0, 0], "lengths": [10, 10, 10, 10, 10, 400, 10]}
    relevance = rank(in_one_dialogue(7, **known)).relevance
    assert 0 < relevance[5] < relevance[1]


@pytest.mark.parametrize("length", [1, 40, 80])
def test_a_message_of_few_words_takes_all_of_it(length):
    short = rank(in_one_dialogue(3, semantic=[1, 0, 0]))
    other = rank(in_one_dialogue(3, semantic=[1, 0, 0], lengths=[length] * 3))
    assert other.relevance.tolist() == short.relevance.tolist()


def test_meaning_counts_for_less_where_the_embedder_knows_less():
    weights = Weights()
    assert weights.trusting(1) == weights
    assert weights.trusting(0) == Weights(semantic=0, keyword=1)
    assert weights.trusting(0.5) == Weights(semantic=0.25, keyword=0.75)


def test_all_of_a_dialogue_gains_from_its_best():
    known = features(3, semantic=[1, 0.2, 0.2], dialogues=[1, 1, 2])
    assert order(rank(known)) == [0, 1, 2]


def test_messages_of_somebody_who_is_named_come_first():
    known = features(2, semantic=[0.5, 0.45], named=[False, True])
    assert order(rank(known)) == [1, 0]


def test_every_message_can_be_scored_by_itself():
    known = in_one_dialogue(3, semantic=[1, 0, 0.5])
    known.named[1:] = True
    ranking = rank(known, Weights().alone())
    assert not ranking.neighbours.any()
    assert ranking.relevance[1] == 0
    assert order(ranking) == [0, 2, 1]


@pytest.mark.parametrize("mode", WEIGHTS)
def test_what_holds_every_word_of_the_query_loses_nothing_by_its_neighbours(mode):
    held, semantic = [[0] * 4, [0] * 4, [1] * 4, [0] * 4, [0] * 4], [0, 0, 0.9, 0, 0]
    amid = rank(in_one_dialogue(5, occurrences=held, semantic=semantic), WEIGHTS[mode])
    alone = rank(features(5, occurrences=held, semantic=semantic), WEIGHTS[mode])
    assert amid.relevance[2] >= alone.relevance[2] > 0
    parts = amid.semantic + amid.keyword + amid.neighbours
    assert np.allclose(parts, amid.relevance)
    assert (amid.neighbours >= 0).all()
