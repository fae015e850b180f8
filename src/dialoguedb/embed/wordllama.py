"""The embedder that is built in: a vector for each token, looked up and averaged.

The package `wordllama` carries vectors and tokenizer as files, which are read here. Its own code is
never imported: it loads an HTTP client and more, and downloads what it does not find.
"""

import importlib.util
import os
from collections.abc import Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from threading import Lock

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from safetensors import safe_open
from tokenizers import Tokenizer

from dialoguedb.embed.texts import readable
from dialoguedb.embed.vectors import unit
from dialoguedb.errors import InvalidSetting
from dialoguedb.ports.search import Vectors

DIMENSIONS = 256

_PACKAGE = "wordllama"
_VECTORS = Path("weights", "l2_supercat_256.safetensors")
_TENSOR = "embedding.weight"
_TOKENIZER = Path("tokenizers", "l2_supercat_tokenizer_config.json")

_SPACE = "\u2581"
"""What a token begins with that begins a word."""

_REMEMBERED_CHARACTERS_MAX = 256 * 1024
"""Of words whose tokens are remembered: some 40,000 words, 10 MB."""


class WordLlama:
    """The mean of the vectors of a text's tokens; the files are read when first needed."""

    name = f"wordllama/{DIMENSIONS}"
    immediate = True
    dimensions = DIMENSIONS

    def __init__(self) -> None:
        self._directory = _installed()
        # Its threads would take the cores that serve requests, and gain little on short texts.
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

    def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """Return a row of length 1 for each text, zeros for one without words."""
        del query  # asked or stored, a text has the same vector
        return unit(self.embed_words(texts))

    def embed_words(self, words: Sequence[str]) -> NDArray[np.float32]:
        """Return what each word, or several, adds to the vector of a text, one in a row."""
        model = _loaded(self._directory)
        vectors = np.zeros((len(words), DIMENSIONS), np.float32)
        tokens = model.words.tokens([readable(text).split() for text in words])
        for row, numbers in zip(vectors, tokens, strict=True):
            model.matrix.take(numbers, axis=0).sum(axis=0, out=row)
        return vectors


class _Words:
    """The tokens of words, remembered: people say the same ones again and again.

    No token of this vocabulary reaches across a space, so words have the tokens of their texts.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        vocabulary = tokenizer.get_vocab().items()
        self._beginnings = frozenset(id_ for token, id_ in vocabulary if token[0] == _SPACE)
        self._known: dict[str, list[int]] = {}
        self._room = _REMEMBERED_CHARACTERS_MAX

    def tokens(self, texts: Sequence[Sequence[str]]) -> list[list[int]]:
        """Return the numbers of each text's tokens."""
        known = self._known  # stays whole here, even if another thread begins anew
        unknown = {word for words in texts for word in words if word not in known}
        if unknown:
            self._learn(known, list(unknown))
        return [list(chain.from_iterable(map(known.__getitem__, words))) for words in texts]

    def _learn(self, known: dict[str, list[int]], words: list[str]) -> None:
        known.update(zip(words, self._encoded(words), strict=True))
        self._room -= sum(map(len, words))
        if self._room < 0:
            self._known, self._room = {}, _REMEMBERED_CHARACTERS_MAX

    def _encoded(self, words: list[str]) -> list[list[int]]:
        """Return the tokens of each word; as one text, for each call costs more than its words."""
        whole, *_ = self._tokenizer.encode_batch_fast([" ".join(words)], add_special_tokens=False)
        split: list[list[int]] = []
        for token in whole.ids:
            if token in self._beginnings or not split:
                split.append([])
            split[-1].append(token)
        if len(split) == len(words):
            return split
        encoded = self._tokenizer.encode_batch_fast(words, add_special_tokens=False)
        return [each.ids for each in encoded]


class _Model(Struct, frozen=True):
    words: _Words
    matrix: NDArray[np.float32]
    """A vector for each token; the place to weigh tokens, once for all."""


def _installed() -> Path:
    """Find the package's files without importing it."""
    spec = importlib.util.find_spec(_PACKAGE)
    places = [Path(place) for place in (spec and spec.submodule_search_locations) or ()]
    for place in places:
        if (place / _VECTORS).is_file() and (place / _TOKENIZER).is_file():
            return place
    missing = f"{_VECTORS} or {_TOKENIZER} in {places[0]}" if places else f"package {_PACKAGE!r}"
    raise InvalidSetting(
        f"the built-in embedder lacks the {missing}: install {_PACKAGE!r} anew, or choose another"
        " embedder ('none' searches by words alone)"
    )


_loading = Lock()


def _loaded(directory: Path) -> _Model:
    """Return the model, which all embedders in the process share."""
    with _loading:
        return _load(directory)


@cache
def _load(directory: Path) -> _Model:
    tokenizer = Tokenizer.from_file(str(directory / _TOKENIZER))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    with safe_open(directory / _VECTORS, framework="numpy") as file:
        matrix = file.get_tensor(_TENSOR).astype(np.float32)
    return _Model(_Words(tokenizer), matrix)
