"""Counts and caches the tokens of texts, with the tokenizer of the package `wordllama`.

Other models cut texts in other ways: for them a count is an estimate, usually a little high.
"""

import importlib.util
import re
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from itertools import chain, pairwise
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from dialoguedb.errors import InvalidSetting

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TOKENIZER = Path("tokenizers", "l2_supercat_tokenizer_config.json")

_PACKAGE = "wordllama"
_SPACE = "\u2581"
"""The prefix of a token that begins a word."""

_REMEMBERED_CHARACTERS_MAX = 256 * 1024
"""Characters of words whose tokens are cached: some 40,000 words, 10 MB."""

_PIECE = re.compile(r"\n[^ \n]*+| ++[^ \n]*+")
"""A word after spaces or after the end of a line."""

_BOUNDARY = re.compile(r"\n|(?<! ) ")
"""Where a piece begins."""

_AT_ONCE_CHARS = 64 * 1024
_WORD_PART_CHARS = 2048
"""How much is cut up and tokenized at once: either keeps all other threads waiting."""

_NEARBY_CHARS = 64

_loading = Lock()


def count_tokens(text: str) -> int:
    """Return the number of tokens of a text; implements `ports.TokenCounter`."""
    return _shared().count(text)


@cache
def _shared() -> "WordTokens":
    return load_word_tokens(find_package(TOKENIZER))


def find_package(*files: Path) -> Path:
    """Find the package with files of these names, without importing it; InvalidSetting."""
    directories = _package_directories()
    for directory in directories:
        if all((directory / file).is_file() for file in files):
            return directory
    names = " or ".join(map(str, files))
    missing = f"{names} in {directories[0]}" if directories else f"package {_PACKAGE!r}"
    raise InvalidSetting(
        f"the {missing} is missing, which tokens are counted with and the built-in embedder is made"
        f" of: install {_PACKAGE!r} again"
    )


def _package_directories() -> list[Path]:
    spec = importlib.util.find_spec(_PACKAGE)
    return [Path(directory) for directory in (spec and spec.submodule_search_locations) or ()]


class WordTokens:
    """A cache of the tokens of words, because people use the same ones again and again.

    No token of this vocabulary reaches across a space, so words have the tokens of their texts.
    """

    def __init__(self, tokenizer: "Tokenizer") -> None:
        self._known = _TokenCache(tokenizer)

    def tokens(self, texts: Sequence[Sequence[str]]) -> list[list[int]]:
        """Return the token ids of each text, given as a list of words."""
        of = self._known.__getitem__
        return [list(chain.from_iterable(map(of, words))) for words in texts]

    def count(self, text: str) -> int:
        """Return how many tokens a text has, with the spaces and line ends between its words."""
        of = self._known.__getitem__
        if len(text) <= _AT_ONCE_CHARS:
            return sum(map(len, map(of, _pieces(text))))
        return sum(sum(map(len, map(of, pieces))) for pieces in _pieces_of_long(text))


class _TokenCache(dict[str, list[int]]):
    """The tokens of each word, computed on first use; emptied when full."""

    def __init__(self, tokenizer: "Tokenizer") -> None:
        super().__init__()
        self._tokenizer = tokenizer
        self._model = tokenizer.model
        self._room = _REMEMBERED_CHARACTERS_MAX

    def __missing__(self, word: str) -> list[int]:
        # A line's first word has no space before it.
        text = word if word[:1] == "\n" else _SPACE + word.replace(" ", _SPACE)
        parts = [text] if len(text) <= _WORD_PART_CHARS else self._parts(text)
        found = [token.id for part in parts for token in self._model.tokenize(part)]
        self._room -= len(word)
        if self._room < 0:
            self.clear()
            self._room = _REMEMBERED_CHARACTERS_MAX - len(word)
        self[word] = found
        return found

    @cached_property
    def _joined(self) -> set[str]:
        """Which characters stand together in a token, in pairs; few texts need it."""
        vocabulary = self._tokenizer.get_vocab()
        return {first + second for token in vocabulary for first, second in pairwise(token)}

    def _parts(self, word: str) -> Iterator[str]:
        """Cut a very long word, such as a line of Chinese or base64, where no token reaches across.

        The tokenizer joins neighbours, so none does between two characters that stand together in
        no token. Where there is no such place nearby, as in a long run of one character, a part
        ends anywhere, and may have a token more than the same characters in the whole.
        """
        start = 0
        while len(word) - start > _WORD_PART_CHARS:
            last = start + _WORD_PART_CHARS
            positions = range(last, last - _NEARBY_CHARS, -1)
            end = next((at for at in positions if word[at - 1 : at + 1] not in self._joined), last)
            yield word[start:end]
            start = end
        yield word[start:]


def _pieces(text: str) -> list[str]:
    """Split a text where no token reaches across; pieces omit the space before them."""
    if not text:
        return []
    if _SPACE in text:  # the tokenizer takes one for the other
        text = text.replace(_SPACE, " ")
    pieces = text.replace("\n", " \n").split(" ") if "\n" in text else text.split(" ")
    if "" not in pieces:
        return pieces
    return [piece.removeprefix(" ") for piece in _PIECE.findall(f" {text}")]


def _pieces_of_long(text: str) -> Iterator[list[str]]:
    """Yield the pieces of a long text, some at a time."""
    text = f" {text.replace(_SPACE, ' ')}"
    start = 0
    while start < len(text):
        boundary = _BOUNDARY.search(text, start + _AT_ONCE_CHARS)
        end = boundary.start() if boundary else len(text)
        yield [piece.removeprefix(" ") for piece in _PIECE.findall(text, start, end)]
        start = end


def load_word_tokens(directory: Path) -> WordTokens:
    """Return the cache of tokens that this process shares; loaded on first use."""
    with _loading:
        return _load(directory)


@cache
def _load(directory: Path) -> WordTokens:
    from tokenizers import Tokenizer  # noqa: PLC0415 - it is slow to load

    # What a tokenizer has around its model costs more than the model itself, and takes `</s>` in
    # a text for the end of one.
    return WordTokens(Tokenizer.from_file(str(directory / TOKENIZER)))
