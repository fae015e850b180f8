"""Finds the memory of a namespace that a new one is like."""

from datetime import UTC
from typing import Literal

from msgspec import Struct

from dialoguedb.errors import EmbedderUnavailable
from dialoguedb.formats.search_text import memory_text
from dialoguedb.model.memories import FoundSimilar, Memory, NewMemory
from dialoguedb.model.projects import Project
from dialoguedb.model.search import Search, SearchFilter, shown_share
from dialoguedb.model.search_request import FilterInput, SearchRequest
from dialoguedb.retrieval.likeness import LIKE_FROM, Remark, best, likenesses
from dialoguedb.service.search import SearchService
from dialoguedb.values import limits

_COMPARED = 20
"""How many of the memories that a search finds are compared."""


class _Candidate(Struct, frozen=True):
    id: str
    remark: Remark


class SimilarMemories:
    """Compares a new memory with those that are valid now."""

    def __init__(self, search: SearchService) -> None:
        self._search = search

    async def find(
        self,
        project: Project,
        namespace: str,
        new: NewMemory,
        policy: Literal["return", "supersede"],
    ) -> FoundSimilar | None:
        """Return the one that says the same, else the most alike; None when there is none."""
        remark = Remark(new.value, new.label)
        if not remark.text.strip():
            return None
        query = memory_text(new.value, new.label, None)[: limits.QUERY_CHARS_MAX]
        candidates = [
            one
            for one in await self._candidates(project, namespace, query)
            if one.id != new.id and one.remark.is_of(remark)
        ]
        for one in candidates:
            if one.remark.normal == remark.normal:
                return FoundSimilar(one.id, 1.0, equal=True, policy=policy)
        return await self._alike(remark, candidates, policy)

    async def _candidates(self, project: Project, namespace: str, query: str) -> list[_Candidate]:
        filters = SearchFilter(namespace=namespace, validity="active")
        search = Search(object="memory", query=query, limit=_COMPARED, filter=filters)
        request = SearchRequest(search=search, sent=FilterInput(), zone=UTC, explain=False)
        hits = (await self._search.search(project, request)).hits
        return [
            _Candidate(hit.item.id, Remark(bytes(hit.item.value), hit.item.label or None))
            for hit in hits
            if isinstance(hit.item, Memory)
        ]

    async def _alike(
        self, remark: Remark, candidates: list[_Candidate], policy: Literal["return", "supersede"]
    ) -> FoundSimilar | None:
        if not candidates:
            return None
        try:
            texts = [remark.text, *(one.remark.text for one in candidates)]
            made = await self._search.embed_texts(texts, LIKE_FROM)
        except EmbedderUnavailable:
            return None
        if made is None:
            return None
        found = likenesses(made.vectors)
        index = best(found, LIKE_FROM[made.embedder])
        if index is None:
            return None
        likeness = shown_share(found[index])
        return FoundSimilar(candidates[index].id, likeness, equal=False, policy=policy)
