"""The codes of vectors in memory; `retrieval.codes`, which makes them, is loaded with the first."""

from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dialoguedb.retrieval.codes import VectorCodes, VectorGroup, VectorSource
    from dialoguedb.retrieval.snapshot import Floats, RowKeys

_ATTEMPTS = 4


class CodeCache:
    """The codes of the vectors that serve, made again when these are others or too many gone."""

    def __init__(self) -> None:
        self._known: VectorCodes | None = None
        self._renewing = Lock()

    @property
    def cache_bytes(self) -> int:
        """Bytes of memory in use."""
        return self._known.cache_bytes if self._known else 0

    def nearest(
        self,
        source: "VectorSource",
        vector: "Floats",
        group: "VectorGroup",
        count: int,
        among: "RowKeys | None",
    ) -> "RowKeys":
        """Return the keys of about so many objects, those with the nearest vectors of a group."""
        codes = self.of(source)
        attempts = _ATTEMPTS
        while True:
            positions = codes.find(vector, group, count, among)
            found = source.keys_at(positions)
            attempts -= 1
            if not attempts or len(found) == len(positions):
                return found
            codes.check(source, positions)

    def of(self, source: "VectorSource") -> "VectorCodes":
        """Return an embedder's codes, all that there are in a snapshot among them."""
        known = self._current(source)
        known.catch_up(source)
        return known

    def advance(self, source: "VectorSource") -> bool:
        """Read some of an embedder's vectors that are not known yet; False when all are."""
        return self._current(source).advance(source)

    def _current(self, source: "VectorSource") -> "VectorCodes":
        from dialoguedb.retrieval.codes import VectorCodes  # noqa: PLC0415 - it loads numpy

        known, embedder = self._known, source.embedder
        if known is not None and known.embedder == embedder and not known.worn:
            return known
        with self._renewing:
            if self._known is None or self._known.embedder != embedder:
                self._known = VectorCodes(embedder)
            elif self._known.worn:  # which goes on serving until it is replaced
                fresh = VectorCodes(embedder)
                fresh.catch_up(source)
                self._known = fresh
            return self._known
