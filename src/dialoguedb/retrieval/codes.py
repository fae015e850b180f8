"""Which vectors point the way a query does: all of them looked at, a bit for each dimension.

A component's sign keeps most of an angle (sign random projections: Charikar, 2002), and differing
bits are counted fast enough to look at every code. The codes are in memory and nowhere else: 52
bytes for a vector of 256 dimensions. They are read from the engine, which alone decides what is
there: a code can be late or one too many, never wrong. Whatever they find is read again and
compared in full.
"""

from collections.abc import Sequence
from threading import Lock
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from dialoguedb.model.search import SearchObject
from dialoguedb.retrieval import vectors
from dialoguedb.retrieval.snapshot import Floats, RowKeys

Positions = RowKeys
"""Where vectors stand in the order in which they were stored; one that is replaced moves on."""

Codes = NDArray[np.uint64]

_CHUNK = 1 << 16
_TOGETHER = 1 << 13
"""Vectors read at once, so that reading takes little memory and lets others in."""

_WORD_BITS = 64
_FARTHEST = np.iinfo(np.uint16).max
_DEAD = -1
_NONE = -1
_DEAD_SHARE_MAX = 0.25
_KEPT_TIMES = 4
"""How many times as many as asked for are kept before the farthest are dropped."""

StoredVector = tuple[int, str, int, int, int, bytes]
"""Its position; the kind, project and namespace of its object, and its key; the vector, packed."""


class VectorSource(Protocol):
    """One embedder's vectors in a snapshot of an engine."""

    @property
    def embedder(self) -> int:
        """The key of the embedder."""
        ...

    def last_position(self) -> int:
        """Return the position of the vector stored last, of any embedder; 0 without any."""
        ...

    def later(self, position: int, limit: int) -> Sequence[StoredVector]:
        """Return the vectors stored after a position, in order, up to a limit."""
        ...

    def existing(self, positions: Positions) -> Positions:
        """Return those of these positions that are there."""
        ...

    def keys_at(self, positions: Positions) -> RowKeys:
        """Return the keys of the objects whose vectors are there."""
        ...


class VectorGroup(NamedTuple):
    """Vectors of one kind of object in a project, or in one of its namespaces."""

    object: SearchObject
    project: int
    namespace: int | None


def codes_of(unpacked: NDArray[np.float32]) -> Codes:
    """Return a bit for each component, whether it is above zero; shape (words, n)."""
    count, dimensions = unpacked.shape
    whole = -(-dimensions // _WORD_BITS)
    padded = np.zeros((count, whole * _WORD_BITS), bool)
    padded[:, :dimensions] = unpacked > 0
    packed = np.packbits(padded, axis=1).view(np.uint64)
    return np.ascontiguousarray(packed.T)


class _Chunk:
    """So many vectors in a row, the oldest first."""

    def __init__(self, code_words: int) -> None:
        self.count = 0
        self.positions = np.empty(_CHUNK, np.int64)
        self.keys = np.empty(_CHUNK, np.int64)
        self.groups = np.empty(_CHUNK, np.int32)
        self.codes = np.empty((code_words, _CHUNK), np.uint64)

    def append(self, rows: Sequence[tuple[int, int, int]], codes: Codes) -> None:
        """Add positions, keys and groups with their codes."""
        start, end = self.count, self.count + len(rows)
        self.positions[start:end], self.keys[start:end], self.groups[start:end] = zip(
            *rows, strict=True
        )
        self.codes[:, start:end] = codes
        self.count = end  # last, for another thread may be looking

    def distances(self, code: Codes, groups: NDArray[np.bool_], count: int) -> NDArray[np.uint16]:
        """Return in how many bits each of the first differs; the most outside these groups."""
        differing = np.bitwise_count(self.codes[:, :count] ^ code)
        distances: NDArray[np.uint16] = differing.sum(axis=0, dtype=np.uint16)
        distances[~groups[self.groups[:count]]] = _FARTHEST
        return distances


class VectorCodes:
    """The codes of one embedder's vectors."""

    def __init__(self, embedder: int) -> None:
        self.embedder = embedder
        self._chunks: list[_Chunk] = []
        self._groups = _Groups()
        self._read_to = 0
        self._dead = 0
        self._changing = Lock()

    def __len__(self) -> int:
        """Return how many vectors are known."""
        return sum(chunk.count for chunk in self._chunks)

    @property
    def cache_bytes(self) -> int:
        """Bytes of memory in use."""
        arrays = (
            (chunk.positions, chunk.keys, chunk.groups, chunk.codes) for chunk in self._chunks
        )
        return sum(array.nbytes for chunk in arrays for array in chunk)

    @property
    def worn(self) -> bool:
        """Whether too many of the vectors are gone, so that it should be made again."""
        return self._dead > max(_CHUNK, len(self) * _DEAD_SHARE_MAX)

    def catch_up(self, source: VectorSource) -> None:
        """Read what has been stored since."""
        while self.advance(source):
            pass

    def advance(self, source: VectorSource) -> bool:
        """Read some of what has been stored since; False when that is nothing."""
        last = source.last_position()
        if last <= self._read_to:
            return False
        with self._changing:
            if batch := source.later(self._read_to, self._room()):
                self._append(batch)
            else:  # what is left is of other embedders
                self._read_to = max(self._read_to, last)
        return True

    def _room(self) -> int:
        """Return how many to read that fit into the last chunk, or into another one."""
        room = _CHUNK - self._chunks[-1].count if self._chunks else 0
        return min(room or _CHUNK, _TOGETHER)

    def _append(self, batch: Sequence[StoredVector]) -> None:
        codes = codes_of(vectors.unpack([row[5] for row in batch]))
        if not self._chunks or self._chunks[-1].count == _CHUNK:
            self._chunks.append(_Chunk(len(codes)))
        rows = [
            (position, key, self._groups.index(kind, project, namespace))
            for position, kind, project, namespace, key, _ in batch
        ]
        self._chunks[-1].append(rows, codes)
        self._read_to = rows[-1][0]  # if what follows fails, these are not read again

    def find(
        self, vector: Floats, group: VectorGroup, count: int, among: RowKeys | None
    ) -> Positions:
        """Return the positions of about so many vectors, the nearest of a group.

        `among` are the only keys that count.
        """
        code = codes_of(vector.reshape(1, -1))
        with self._changing:  # vectors that come later may be of groups that are not known yet
            included = self._groups.within(group)
            known = [(chunk, chunk.count) for chunk in self._chunks]
        best = _Best(count)
        for chunk, chunk_count in known:
            if len(chunk.codes) != len(code):
                continue
            distances = chunk.distances(code, included, chunk_count)
            if among is not None:
                others = ~np.isin(chunk.keys[: len(distances)], among)
                distances[others] = _FARTHEST
            best.add(distances, chunk.positions)
        return best.positions()

    def check(self, source: VectorSource, found: Positions) -> None:
        """Forget those of these positions that are gone in a snapshot that has reached them."""
        reached = source.last_position()
        gone = np.setdiff1d(found[found <= reached], source.existing(found))
        with self._changing:
            for chunk in self._chunks if len(gone) else ():
                at = np.flatnonzero(np.isin(chunk.positions[: chunk.count], gone))
                self._dead += int((chunk.groups[at] != _DEAD).sum())
                chunk.groups[at] = _DEAD


class _Groups:
    """The groups that vectors are of, one for each kind of object in each namespace, by index."""

    def __init__(self) -> None:
        self._indexes: dict[tuple[str, int, int], int] = {}
        self._owners: dict[tuple[str, int], int] = {}
        self._owner_of = np.empty(_TOGETHER, np.int32)

    def index(self, kind: str, project: int, namespace: int) -> int:
        """Return a group's index, the next one for a group that is new."""
        fresh = len(self._indexes)
        index = self._indexes.setdefault((kind, project, namespace), fresh)
        if index == fresh:
            if fresh == len(self._owner_of):
                self._owner_of = np.resize(self._owner_of, 2 * fresh)
            self._owner_of[fresh] = self._owners.setdefault((kind, project), len(self._owners))
        return index

    def within(self, group: VectorGroup) -> NDArray[np.bool_]:
        """Return for each index whether it is of these; the last, False, is for the dead."""
        count = len(self._indexes)
        found = np.zeros(count + 1, bool)
        if group.namespace is None:
            owner = self._owners.get((group.object, group.project), _NONE)
            found[:count] = self._owner_of[:count] == owner
            return found
        index = self._indexes.get((group.object, group.project, group.namespace))
        if index is not None:
            found[index] = True
        return found


class _Best:
    """The nearest so far."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._within = _FARTHEST
        self._distances = np.empty(0, np.uint16)
        self._positions = np.empty(0, np.int64)

    def add(self, distances: NDArray[np.uint16], positions: Positions) -> None:
        """Take what is nearer than the farthest that counts."""
        at = np.flatnonzero(distances < self._within)
        self._distances = np.append(self._distances, distances[at])
        self._positions = np.append(self._positions, positions[at])
        if len(self._distances) > self._count * _KEPT_TIMES:
            self._drop_farthest()

    def _drop_farthest(self) -> None:
        if len(self._distances) <= self._count:
            return
        kept = np.argpartition(self._distances, self._count - 1)[: self._count]
        self._distances, self._positions = self._distances[kept], self._positions[kept]
        self._within = int(self._distances.max())

    def positions(self) -> Positions:
        """Return the nearest, the nearest first."""
        self._drop_farthest()
        return self._positions[np.argsort(self._distances, kind="stable")]
