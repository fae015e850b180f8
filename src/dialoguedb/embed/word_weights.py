"""How much words tell, by the built-in embedder."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from dialoguedb.embed.wordllama import WordLlama


def word_weights(words: Sequence[str]) -> NDArray[np.float32]:
    """Return how much each word tells: the length of its vector.

    Training made those of common words short, as they say little about a text: that of "the" is a
    twelfth of that of "painting". It holds in all languages that the tokenizer knows.
    """
    weights: NDArray[np.float32] = np.linalg.norm(_embedder().embed_words(words), axis=1)
    return weights


@cache
def _embedder() -> WordLlama:
    return WordLlama()
