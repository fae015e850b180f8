"""Context: what to send to a model now, and whether a dialogue can be sent at all."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC
from functools import partial
from typing import TypeVar

from msgspec import UNSET, Struct

from dialoguedb.formats.search_text import memory_text
from dialoguedb.formats.tool_links import ToolLinker
from dialoguedb.formats.turns import parse_turn, speaker_of
from dialoguedb.model.context import Checked, ContextRequest, ContextWindow
from dialoguedb.model.memories import Memory, MemoryFilter
from dialoguedb.model.messages import Message, MessageFilter
from dialoguedb.model.projects import Project
from dialoguedb.model.refs import DialogueRef
from dialoguedb.model.search import Search, SearchFilter, SearchObject
from dialoguedb.model.search_request import FilterInput, SearchRequest
from dialoguedb.model.summaries import SummaryFilter
from dialoguedb.ports import MemoryStore, MessageStore
from dialoguedb.ports.context import ContextStore, Ending
from dialoguedb.ports.summaries import SummaryStore
from dialoguedb.ports.tokens import TokenCounter
from dialoguedb.service.context_window.builder import ContextBuilder, ContextNote, History
from dialoguedb.service.search import SearchService
from dialoguedb.values import limits
from dialoguedb.values.lists import Order, Window

T = TypeVar("T")

_BUILT_AT_ONCE_MESSAGES = 500
_BUILT_AT_ONCE_BYTES = 256 * 1024
"""Understanding more takes milliseconds."""

_READ_MAX = 8
"""How often the end is read anew, each time further back, while much of it is not shown."""

_SUMMARIES_TRIED = 10
_HITS_MAX = 400
_HITS_OF_MANY_MAX = 40
_MANY_MESSAGES = 5_000
"""Of longer dialogues fewer are asked for: there a search takes the longer the more it shall find,
and what it finds first fills most of a window."""

_TOKENS_PER_HIT = 15
"""How short messages are, at the least, that a budget is filled with."""

_BEST = 30
_SHOWN_AROUND = 5
_NEIGHBOURS = 2
"""Behind the 30 best come two messages before and after each of the 5 best: on real conversations
this finds more of what answers a question than the list of the best alone (bench/context.py)."""

_LOOKED_UP_MAX = 40
"""So many of the messages found are looked up with what stands around them."""

_AROUND = 5
_AROUND_TOOLS = 20
"""How far from a message, and from a tool call, what belongs to it is looked for, in messages."""

_CHECKED_AT_ONCE = 500


class ContextSources(Struct, frozen=True):
    """Where a window's parts come from."""

    endings: ContextStore
    messages: MessageStore
    memories: MemoryStore
    summaries: SummaryStore
    search: SearchService


class _Place(Struct, frozen=True):
    project: Project
    namespace: str
    dialogue_id: str


class ContextService:
    """What can be told of a dialogue to a model."""

    def __init__(self, sources: ContextSources, count: TokenCounter) -> None:
        self._sources = sources
        self._count = count

    async def build(
        self, project: Project, namespace: str, dialogue_id: str, request: ContextRequest
    ) -> ContextWindow:
        """Return the window to send now; InvalidRequest when the last turn alone is too long."""
        place = _Place(project, namespace, dialogue_id)
        ending, history = await self._ending(place, request.max_tokens)
        window = await self._aside(
            ending, lambda: ContextBuilder(request, ending, history, self._count)
        )
        if request.memories:
            window.take_memories(await self._memories(place, request), request.memories)
        if not window.holds_all:
            if request.summary:
                window.take_summary(await self._summaries(place))
            if request.query:
                await self._take_found(place, request.query, window)
        return await self._aside(ending, window.close)

    async def _ending(self, place: _Place, tokens_max: int) -> tuple[Ending, History]:
        """Read as much of the end as fills a window: further back where some of it is not shown."""
        wanted, times = tokens_max, 0
        while True:
            times += 1
            ending = await self._sources.endings.read(
                place.project, place.namespace, place.dialogue_id, wanted
            )
            history = await self._aside(ending, partial(_understood, ending))
            hidden = history.hidden_tokens
            if ending.whole or wanted >= tokens_max + hidden or times == _READ_MAX:
                return ending, history
            wanted = tokens_max + 2 * hidden

    async def check(self, project: Project, namespace: str, dialogue_id: str) -> Checked:
        """Return what is broken in a dialogue."""
        links = ToolLinker()
        after: tuple[str | int, ...] | None = None
        while True:
            portion = Window(_CHECKED_AT_ONCE, "asc", after)
            found = await self._sources.messages.list(
                project, namespace, dialogue_id, MessageFilter(), portion
            )
            await asyncio.to_thread(_read_on, links, found.value.items)
            after = found.value.more_after
            if after is None:
                break
        issues = links.finish()
        return Checked(ok=not issues, issues=issues[: limits.CONTEXT_ISSUES_MAX])

    async def _aside(self, ending: Ending, work: Callable[[], T]) -> T:
        """Do what takes long with many or large messages on a thread."""
        is_short = len(ending.messages) <= _BUILT_AT_ONCE_MESSAGES
        if is_short and sum(len(one.content) for one in ending.messages) <= _BUILT_AT_ONCE_BYTES:
            return work()
        return await asyncio.to_thread(work)

    async def _summaries(self, place: _Place) -> list[ContextNote]:
        """Return the newest summaries that are there, those of most messages first.

        One with instructions may answer some question, so it is the second choice.
        """
        found = await self._sources.summaries.list(
            place.project,
            DialogueRef(place.namespace, place.dialogue_id),
            SummaryFilter("completed"),
            Window(_SUMMARIES_TRIED, "desc"),
        )
        widest = sorted(
            found.items,
            key=lambda one: (one.instructions is UNSET, one.message_count),
            reverse=True,
        )
        return [
            ContextNote(one.id, f"Summary of the conversation so far:\n{one.content}")
            for one in widest
            if one.content
        ]

    async def _memories(self, place: _Place, request: ContextRequest) -> list[ContextNote]:
        """Return memories of the namespace, those that fit the query first, else the newest."""
        if request.query:
            search = self._search(place, "memory", request.query, request.memories)
            found = [hit.item for hit in (await self._sources.search.search(*search)).hits]
        else:
            wanted = MemoryFilter(namespace=place.namespace)
            portion = Window(request.memories, "desc")
            listed = await self._sources.memories.list(place.project, wanted, portion)
            found = [*listed.items]
        return [
            ContextNote(one.id, f"Remembered: {_memory_text(one)}")
            for one in found
            if isinstance(one, Memory)
        ]

    async def _take_found(self, place: _Place, query: str, window: ContextBuilder) -> None:
        """Take older messages about the query, the best first, each with its tool calls.

        Behind the best stands what was said around the very best, then what is less about it.
        """
        most = _HITS_MAX if window.total_messages <= _MANY_MESSAGES else _HITS_OF_MANY_MAX
        limit = max(min(window.room // _TOKENS_PER_HIT, most), 1)
        search = self._search(place, "message", query, limit)
        hits = [hit.item for hit in (await self._sources.search.search(*search)).hits]
        said = [one for one in hits if isinstance(one, Message) and not _is_of_system(one)]
        surroundings = await self._surroundings(place, said, window.history)
        found = [
            history.turns_with(history.places[message.id])
            for message, history in zip(said, surroundings, strict=True)
        ]
        around = [
            turns
            for message, history in zip(said, surroundings[:_SHOWN_AROUND], strict=False)
            for turns in history.beside(message.id, _NEIGHBOURS)
        ]
        window.take_found([*found[:_BEST], *around, *found[_BEST:]], surroundings)

    async def _surroundings(
        self, place: _Place, messages: Sequence[Message], ending: History
    ) -> list[History]:
        """Return each message with what stands around it, as far as that is wanted."""
        surroundings: list[History] = []
        looked_up = 0
        for number, message in enumerate(messages):
            history = ending
            if message.id not in ending.places:
                history = History([message], whole=False)
                uses_tools = history.turns[0].uses_tools
                if (uses_tools or number < _SHOWN_AROUND) and looked_up < _LOOKED_UP_MAX:
                    looked_up += 1
                    count = _AROUND_TOOLS if uses_tools else _AROUND
                    history = await self._around(place, message, count)
            surroundings.append(history)
        return surroundings

    async def _around(self, place: _Place, message: Message, count: int) -> History:
        """Read so many messages before a message, and after it."""
        key = (message.created, message.seq)
        before, after = [
            await self._sources.messages.list(
                place.project,
                place.namespace,
                place.dialogue_id,
                MessageFilter(),
                Window(count, order, key),
            )
            for order in _BOTH_WAYS
        ]
        near = [*reversed(before.value.items), message, *after.value.items]
        return History([one for one in near if not _is_of_system(one)], whole=False)

    @staticmethod
    def _search(
        place: _Place, kind: SearchObject, query: str, limit: int
    ) -> tuple[Project, SearchRequest]:
        within = place.dialogue_id if kind == "message" else None
        wanted = SearchFilter(namespace=place.namespace, dialogue_id=within)
        search = Search(object=kind, query=query, limit=limit, filter=wanted)
        request = SearchRequest(search=search, sent=FilterInput(), zone=UTC, explain=False)
        return place.project, request


_BOTH_WAYS: tuple[Order, Order] = ("desc", "asc")


def _is_of_system(message: Message) -> bool:
    return speaker_of(message.role) == "system"


def _understood(ending: Ending) -> History:
    return History(ending.messages, whole=ending.whole)


def _read_on(links: ToolLinker, messages: Sequence[Message]) -> None:
    for message in messages:
        links.add(parse_turn(message))


def _memory_text(memory: Memory) -> str:
    return memory_text(bytes(memory.value), memory.label or None, memory.description or None)
