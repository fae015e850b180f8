"""The embedder that is built in: a vector for each token, looked up and averaged.

The package `wordllama` carries vectors and tokenizer as files, which are read here. Its own code is
never imported: it loads an HTTP client and more, and downloads what it does not find.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from msgspec import Struct

from dialoguedb.embed.texts import readable
from dialoguedb.embed.tokens import TOKENIZER, WordTokens, find_package, load_word_tokens
from dialoguedb.ports.search import Vectors
from dialoguedb.retrieval.text import STOP_WORDS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIMENSIONS = 256

_VECTORS = Path("weights", "l2_supercat_256.safetensors")
_TENSOR = "embedding.weight"

_SINGLE_CHARACTERS = 0.8
"""Characters in each token of writing that says nothing to the model."""

_SENTENCE = 5
"""So many words of English have a stop word among them."""

_OTHER_LANGUAGE = 0.2
"""How well it knows other languages of writings that it knows: Spanish, Russian."""


class WordLlama:
    """The mean of the vectors of a text's tokens; the files are read when first needed."""

    name = f"wordllama/{DIMENSIONS}"
    in_process = True
    dimensions = DIMENSIONS

    def __init__(self) -> None:
        self._directory = find_package(_VECTORS, TOKENIZER)

    def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """Return a row of length 1 for each text, zeros for one without words."""
        from dialoguedb.embed.vectors import unit  # noqa: PLC0415 - it loads numpy

        del query  # as a query or a document, a text has the same vector
        return unit(self.embed_words(texts))

    def embed_words(self, words: Sequence[str]) -> "NDArray[np.float32]":
        """Return what each word, or several, adds to the vector of a text, one in a row."""
        import numpy as np  # noqa: PLC0415 - slow to load

        model = _loaded(self._directory)
        vectors = np.zeros((len(words), DIMENSIONS), np.float32)
        tokens = model.words.tokens([readable(text).split() for text in words])
        for row, token_ids in zip(vectors, tokens, strict=True):
            model.matrix.take(token_ids, axis=0).sum(axis=0, out=row)
        return vectors

    def familiarity(self, words: Sequence[str]) -> float:
        """Return how well it knows words: 1 in English, little in other languages.

        In a script that it has hardly read, tokens are single characters or bytes, whose vectors
        say nothing: those of Arabic, Hindi or Chinese have 0.7 to 0.9 characters, of Russian 2.4,
        of English 3.6. A sentence of another language has none of the small words of English.
        """
        language = 1.0 if _may_be_english(words) else _OTHER_LANGUAGE
        if all(word.isascii() for word in words):
            return language
        tokens = _loaded(self._directory).words.tokens([[readable(word) for word in words]])
        per_token = sum(map(len, words)) / max(len(tokens[0]), 1)
        return min(max(per_token - _SINGLE_CHARACTERS, 0.0), language)


def _may_be_english(words: Sequence[str]) -> bool:
    return len(words) < _SENTENCE or any(word.lower() in STOP_WORDS for word in words)


class _Model(Struct, frozen=True):
    words: WordTokens
    matrix: "NDArray[np.float32]"
    """A vector for each token; weights of tokens would go in here, once for all."""


_loading = Lock()


def _loaded(directory: Path) -> _Model:
    """Return the model, which all embedders in the process share."""
    with _loading:
        return _load(directory)


@cache
def _load(directory: Path) -> _Model:
    import numpy as np  # noqa: PLC0415 - slow to load
    from safetensors import safe_open  # noqa: PLC0415 - of vectors alone

    with safe_open(directory / _VECTORS, framework="numpy") as file:
        matrix = file.get_tensor(_TENSOR).astype(np.float32)
    return _Model(load_word_tokens(directory), matrix)
