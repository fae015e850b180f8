"""What searching needs: embedders, and what an engine gives and is asked for."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from dialoguedb.model.dialogues import Dialogue
from dialoguedb.model.memories import Memory
from dialoguedb.model.messages import Message
from dialoguedb.model.projects import Project
from dialoguedb.model.search import Search

Vectors = NDArray[np.float32]
"""Unit vectors, one in a row."""


class Embedder(Protocol):
    """Turns texts into vectors, so that near means alike."""

    @property
    def name(self) -> str:
        """What made a vector, such as `wordllama/256`; another name needs another index."""
        ...

    @property
    def immediate(self) -> bool:
        """Whether it works in this process in microseconds, so that a write can wait for it."""
        ...

    @property
    def dimensions(self) -> int | None:
        """How long its vectors are; None when only the first one tells."""
        ...

    def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """Return a row of length 1 for each text, zeros for one that says nothing; blocks.

        `query` tells that the texts are asked, not stored. EmbedderUnavailable when it cannot now.
        """
        ...


class Serving(NamedTuple):
    """The embedder whose vectors are searched."""

    name: str
    dimensions: int | None
    """How long they are; None while there are none."""


@runtime_checkable
class WordEmbedder(Embedder, Protocol):
    """An embedder whose vector of a text is the sum of those of its words, made a length of 1."""

    def embed_words(self, words: Sequence[str]) -> NDArray[np.float32]:
        """Return what each word adds to the vector of a text, one in a row."""
        ...


class WordVectors(Struct):
    """A query, word by word, so that words can count by how rare they are where is searched."""

    words: list[str]
    vectors: NDArray[np.float32]
    """What each adds to the query's vector, one in a row."""


QueryVector = NDArray[np.float32] | WordVectors
"""A query's vector, of length 1, or what it is made of."""


class Evidence(Struct):
    """What is known of a search's candidates; row i of every array is candidate i."""

    semantic: NDArray[np.float32]
    """Cosine with the query, NaN without a vector; shape (n,)."""

    occurrences: NDArray[np.float32]
    """Whether each term of the query occurs, 1 or 0; shape (n, terms)."""

    lengths: NDArray[np.float32]
    """Words of each candidate; shape (n,)."""

    documents: int
    """How many there are in the scope that is searched."""

    documents_with: NDArray[np.float32]
    """In how many of them each term occurs; shape (terms,)."""

    near: NDArray[np.int64]
    """Rows of the neighbours in the dialogue: two before, one before, one after, two after; -1 for
    none; shape (n, 4)."""

    dialogues: NDArray[np.int64]
    """The dialogue of each message, -1 for what is none; those of one stand together; shape (n,).
    """

    named: NDArray[np.bool_]
    """Whether the query names who speaks; shape (n,)."""


class Ranking(Struct):
    """The scores of candidates, each of shape (n,)."""

    relevance: NDArray[np.float32]
    """0 to 1."""

    semantic: NDArray[np.float32]
    keyword: NDArray[np.float32]
    neighbours: NDArray[np.float32]
    """The shares that relevance is the sum of."""


Rank = Callable[[Evidence], Ranking]


class MessageHit(Struct):
    """A message in a dialogue that was found."""

    item: Message
    relevance: float


class Hit(Struct):
    """One object found."""

    item: Message | Dialogue | Memory
    relevance: float
    semantic: float
    keyword: float
    neighbours: float
    """The shares that relevance is the sum of."""

    terms: list[str]
    """The words of the query that occur in it."""

    matches: list[MessageHit] = []
    """The best messages of a dialogue, the best first."""

    before: list[Message] = []
    """The messages before a message, oldest first."""

    after: list[Message] = []


class SearchStore(Protocol):
    """Finds objects by words and by meaning."""

    async def serving(self) -> "Serving | None":
        """Return the name of the embedder whose index serves; None while there is none."""
        ...

    async def warm(self) -> None:
        """Get ready, so that the first search takes no longer than others."""
        ...

    async def search(
        self, project: Project, search: Search, vector: QueryVector | None, rank: Rank
    ) -> list[Hit]:
        """Return the most relevant objects, as many as asked for, the best first.

        `vector` is of the embedder that serves; None searches by words alone.
        """
        ...


class Unembedded(Struct):
    """A text that waits for its vector."""

    object: str
    number: int
    project: int
    scope: int
    """Which project's it is, and in which namespace."""

    text: str
    attempts: int
    """How often it was tried before."""

    claim: str
    """Shows whose it is now; whoever lost it, or whose text is another by now, does nothing."""


class IndexStatus(Struct):
    """How the index stands."""

    embedder: str | None
    """Whose vectors serve."""

    vectors: int
    vector_bytes: int
    memory_bytes: int
    """What this process holds of them in memory."""
    waiting: int
    """Objects that have their words, but wait for their vector."""

    oldest_waiting: str | None
    """When the oldest of them was written."""

    to_reindex: int
    """Objects that a rebuild has still to do."""

    needed: list[str]
    """Embedders without which that cannot be finished."""


class IndexStore(Protocol):
    """What background indexing does; no project is named, for it serves them all."""

    async def prepare(self, embedders: Sequence[str]) -> None:
        """Make the first of these the embedder to be; with none there are only words.

        The index of another serves until its own is complete, provided it is among them.
        """
        ...

    async def follow(self) -> bool:
        """Index what has been written until now; False when there was nothing."""
        ...

    async def take(
        self, embedders: Sequence[str], limit: int, now: str, until: str
    ) -> tuple[str, list[Unembedded]]:
        """Return one of the embedders and texts that are due for it, no one else's until then."""
        ...

    async def put(self, embedder: str, done: Sequence[Unembedded], vectors: Vectors) -> None:
        """Store vectors of texts that are still there; WrongDimensions when they do not fit."""
        ...

    async def postpone(self, embedder: str, failed: Sequence[Unembedded], due: str) -> None:
        """Try these again later."""
        ...

    async def advance(self, limit: int) -> bool:
        """Index a further portion of what is to be indexed anew; False when none can be now."""
        ...

    async def rebuild(self) -> None:
        """Have everything indexed anew."""
        ...

    async def purge(self, *, begin: bool) -> bool:
        """Remove a further portion of what deleted objects left; False when nothing is left."""
        ...

    async def status(self) -> IndexStatus:
        """Return how the index stands."""
        ...
