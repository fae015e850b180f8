"""The bound in use is the one that the measurement chooses."""

from bench import similar
from dialoguedb.embed.wordllama import WordLlama
from dialoguedb.retrieval.likeness import LIKE_FROM


def test_the_bound_in_use_is_the_one_that_is_chosen():
    pairs = similar.measured(WordLlama())
    assert len(pairs) == 150
    assert similar.chosen(pairs) == LIKE_FROM["wordllama/256"]


def test_the_results_are_those_of_the_pairs():
    assert (similar._HERE / "similar-results.md").read_text() == similar.report(WordLlama())  # noqa: SLF001 - the path of the results
