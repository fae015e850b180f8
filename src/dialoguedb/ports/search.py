"""What searching needs: embedders, and an engine that finds objects and keeps their indexes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias, runtime_checkable

import msgspec
from msgspec import Struct

from dialoguedb.model.dialogues import Dialogue
from dialoguedb.model.memories import Memory
from dialoguedb.model.messages import Message
from dialoguedb.model.projects import Project
from dialoguedb.model.search import Search
from dialoguedb.model.search_results import IndexingProgress

if TYPE_CHECKING:  # whoever only names vectors does not wait for numpy
    import numpy as np
    from numpy.typing import NDArray

Vectors: TypeAlias = "NDArray[np.float32]"
"""Unit vectors, one in a row."""


class Embedder(Protocol):
    """Turns texts into vectors, so that near means alike."""

    @property
    def name(self) -> str:
        """What made a vector, such as `wordllama/256`; another name needs another index."""
        ...

    @property
    def in_process(self) -> bool:
        """Whether it works in this process, in microseconds, so that a write can wait for it."""
        ...

    @property
    def dimensions(self) -> int | None:
        """How long its vectors are; None when only the first one tells."""
        ...

    def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """Return a row of length 1 for each text, zeros for one that says nothing; blocks.

        `query` tells that the texts are queries. EmbedderUnavailable when it cannot now.
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

    def embed_words(self, words: Sequence[str]) -> "NDArray[np.float32]":
        """Return what each word adds to the vector of a text, one in a row."""
        ...

    def familiarity(self, words: Sequence[str]) -> float:
        """Return how well it knows the writing of these words: 0, not at all, to 1."""
        ...


class WordVectors(Struct):
    """A query, word by word, so that words can count by how rare they are where is searched."""

    words: list[str]
    vectors: "NDArray[np.float32]"
    """What each adds to the query's vector, one in a row."""

    familiarity: float = 1.0
    """How well their embedder knows their writing, 0 to 1."""


QueryVector: TypeAlias = "NDArray[np.float32] | WordVectors"
"""A query's vector, of length 1, or what it is made of."""


class Weights(Struct, frozen=True):
    """What counts how much in a relevance."""

    semantic: float = 0.5
    keyword: float = 0.5
    beside: float = 0.4
    """The share of the scores of the message before and the one after."""

    near: float = 0.2
    """The share of the scores of those two away."""

    dialogue: float = 0.1
    """The share of the best score in the dialogue."""

    speaker: float = 0.5
    """What a message gains when the query names its speaker."""

    def trusting(self, familiarity: float) -> "Weights":
        """Return the same with as much less weight on meaning as an embedder knows less of it."""
        semantic = self.semantic * familiarity
        keyword = self.keyword + self.semantic - semantic
        return msgspec.structs.replace(self, semantic=semantic, keyword=keyword)

    def alone(self) -> "Weights":
        """Return the same, with every message scored by itself."""
        return Weights(self.semantic, self.keyword, 0.0, 0.0, 0.0, 0.0)


Item = Message | Dialogue | Memory
"""An object that can be found."""


class MessageHit(Struct):
    """A message in a dialogue that was found."""

    item: Message
    relevance: float


class SearchHit(Struct):
    """One object found."""

    item: Item
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

    async def indexing(self) -> IndexingProgress | None:
        """Return how far everything is that is to be indexed again; None when all is."""
        ...

    async def prepare_search(self) -> None:
        """Read ahead what searches need, so that the first takes no longer than others.

        Optional: without it a search does so itself. An engine that caches nothing returns at once.
        """
        ...

    async def search(
        self, project: Project, search: Search, vector: "QueryVector | None", weights: Weights
    ) -> list[SearchHit]:
        """Return the most relevant objects, as many as asked for, the best first.

        What was written before is found. `vector` is of the embedder that serves; None searches by
        words alone. An engine opens a snapshot and leaves the rest to `retrieval.search.find`.
        """
        ...


class Unembedded(Struct, frozen=True):
    """A text that waits for its vector, leased."""

    key: str
    """The engine's own name for the object."""

    text: str
    attempts: int
    """How often it was tried before."""

    lease: str
    """Shows whose it is now; whoever lost it, or whose text is another by now, does nothing."""


class IndexStatus(Struct):
    """How the index stands."""

    embedder: str | None
    """Whose vectors serve."""

    vectors: int
    vector_bytes: int
    cache_bytes: int
    """Bytes of the index that this process caches; 0 where an engine caches nothing."""

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

    async def chosen(self) -> str | None:
        """Return the embedder to be, whoever chose it last; None when there are only words."""
        ...

    async def catch_up(self) -> bool:
        """Index what has been written until now; False when there was nothing.

        An engine that indexes with each write has nothing to do.
        """
        ...

    async def lease(
        self, embedders: Sequence[str], limit: int, now: str, until: str
    ) -> tuple[str, list[Unembedded]]:
        """Return one of the embedders and texts that are due for it, no one else's until then."""
        ...

    async def store_vectors(
        self, embedder: str, done: Sequence[Unembedded], vectors: Vectors
    ) -> None:
        """Store vectors of texts that are still there; WrongDimensions when they do not fit."""
        ...

    async def postpone(self, embedder: str, failed: Sequence[Unembedded], due: str) -> None:
        """Try these again later."""
        ...

    async def advance(self, limit: int) -> bool:
        """Index a further portion of what is to be indexed again; False when none can be now."""
        ...

    async def rebuild(self) -> None:
        """Have everything indexed again."""
        ...

    async def forget_log(self) -> bool:
        """Empty the engine's log if it may hold what was deleted; False when that was not done."""
        ...

    async def purge(self) -> bool:
        """Remove a further portion of what deleted objects left; False when nothing is left.

        Called again and again until then. An engine that leaves nothing has nothing to do.
        """
        ...

    async def status(self) -> IndexStatus:
        """Return how the index stands."""
        ...
