"""Splits texts into words: FTS5's own tokenizers, which every engine's index of words is made with.

They are unicode61, and Porter's stemmer on top of it.
"""

import threading
from collections.abc import Sequence
from typing import cast

import apsw

from dialoguedb.retrieval.terms import Term

_FOLDING = ("unicode61", "remove_diacritics", "2")
_STEMMING = ("porter", *_FOLDING)
_BOTH = (_FOLDING, _STEMMING)


class FTS5Tokenizer:
    """Implements `retrieval.snapshot.Tokenizer` with what a connection has."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db

    def tokenize(self, texts: Sequence[str]) -> list[list[Term]]:
        """Return the words of each text in order, repeated as they are."""
        fold, stem = (self._db.fts5_tokenizer(name, list(args)) for name, *args in _BOTH)
        return [
            [Term(*both) for both in zip(_tokens(fold, text), _tokens(stem, text), strict=True)]
            for text in texts
        ]


def folded(db: apsw.Connection, text: str) -> list[str]:
    """Return the words and tokens of what is indexed, each as it can be asked for."""
    return _tokens(db.fts5_tokenizer(_FOLDING[0], list(_FOLDING[1:])), text)


def stemmed(db: apsw.Connection, text: str) -> list[str]:
    """Return the stems and tokens of what is indexed, in order, repeated as they are."""
    return _tokens(db.fts5_tokenizer(_STEMMING[0], list(_STEMMING[1:])), text)


class _OfThread(threading.local):
    def __init__(self) -> None:
        self.db = apsw.Connection(":memory:")


_of_thread = _OfThread()


def connection() -> apsw.Connection:
    """Return a connection of this thread that holds nothing, for an engine that has none."""
    return _of_thread.db


def _tokens(tokenizer: apsw.FTS5Tokenizer, text: str) -> list[str]:
    found = tokenizer(
        text.encode("utf-8", "replace"),
        apsw.FTS5_TOKENIZE_DOCUMENT,
        None,
        include_offsets=False,
        include_colocated=False,
    )
    return cast("list[str]", found)  # as it is without offsets
