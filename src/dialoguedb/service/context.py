"""Context: the window to send to a model."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC
from functools import partial
from typing import TypeVar

from msgspec import UNSET, Struct

from dialoguedb.formats.search_text import memory_text
from dialoguedb.formats.turns import speaker_of
from dialoguedb.formats.writers.silent_turns import may_need_reasoning
from dialoguedb.model.context import ContextRequest, ContextWindow
from dialoguedb.model.memories import Memory, MemoryFilter
from dialoguedb.model.messages import Message, MessageFilter
from dialoguedb.model.projects import Project
from dialoguedb.model.refs import DialogueRef
from dialoguedb.model.search import Search, SearchFilter
from dialoguedb.model.search_request import FilterInput, SearchRequest
from dialoguedb.model.summaries import Summary, SummaryFilter
from dialoguedb.ports import MemoryStore, MessageStore
from dialoguedb.ports.context import ContextStore, Ending
from dialoguedb.ports.summaries import SummaryStore
from dialoguedb.ports.tokens import TokenCounter
from dialoguedb.service.context_window.builder import ContextBuilder
from dialoguedb.service.context_window.history import History
from dialoguedb.service.context_window.plan import ContextNote, WindowPlan
from dialoguedb.service.context_window.shown_tokens import ShownTokens
from dialoguedb.service.context_window.stable_builder import StableBuilder
from dialoguedb.service.context_window.text_counts import TextCounts
from dialoguedb.service.search import SearchService
from dialoguedb.values.fields import Dialect
from dialoguedb.values.lists import Order, Window
from dialoguedb.values.timestamps import Clock

T = TypeVar("T")

_BUILT_AT_ONCE_MESSAGES = 500
_BUILT_AT_ONCE_BYTES = 256 * 1024
"""Parsing more takes milliseconds and goes to a thread."""

_READ_MAX = 8
"""How often the end is read again, each time further back, while much of it stays hidden."""

_READ_BEFORE_TOKENS = 256
_SUMMARIES_TRIED = 10
_HITS_MAX = 400
_HITS_OF_MANY_MAX = 40
_MANY_MESSAGES = 5_000
"""In longer dialogues fewer hits are asked for: a search takes longer with more hits, and the first
ones fill most of a window."""

_TOKENS_PER_HIT = 15
"""The least tokens of a hit, to derive the number of hits from a budget."""

_BEST = 30
_SHOWN_AROUND = 5
_NEIGHBOURS = 2
"""After the 30 best come two messages before and after each of the 5 best: on real conversations
this contains more of the evidence for an answer than the best hits alone (bench/context.py)."""

_LOOKED_UP_MAX = 40
"""How many hits are read together with their neighbours."""

_AROUND = 5
_AROUND_TOOLS = 20
"""Neighbours that are read around a message, and around a tool call, to find its results."""


class ContextSources(Struct, frozen=True):
    """The stores and the search that a window is built from."""

    endings: ContextStore
    messages: MessageStore
    memories: MemoryStore
    summaries: SummaryStore
    search: SearchService
    clock: Clock


class _DialogueScope(Struct, frozen=True):
    project: Project
    namespace: str
    dialogue_id: str


class ContextService:
    """Context windows of dialogues."""

    def __init__(self, sources: ContextSources, count: TokenCounter) -> None:
        self._sources = sources
        self._count = count

    async def build(
        self, project: Project, namespace: str, dialogue_id: str, request: ContextRequest
    ) -> ContextWindow:
        """Return a context window; InvalidRequest when the last turn alone exceeds the budget."""
        dialogue = _DialogueScope(project, namespace, dialogue_id)
        ending, builder = await self._filled(dialogue, request)
        return await self._in_thread_if_large(ending, builder.build)

    async def plan(
        self, project: Project, namespace: str, dialogue_id: str, request: ContextRequest
    ) -> WindowPlan:
        """Return what a context window holds, before it is rendered; InvalidRequest as well."""
        dialogue = _DialogueScope(project, namespace, dialogue_id)
        ending, builder = await self._filled(dialogue, request)
        return await self._in_thread_if_large(ending, builder.plan)

    async def _filled(
        self, dialogue: _DialogueScope, request: ContextRequest
    ) -> tuple[Ending, ContextBuilder | StableBuilder]:
        """Return a builder that has taken what belongs into a window, and what it read."""
        if request.stable:
            return await self._filled_stable(dialogue, request)
        count = TextCounts(self._count)
        shown = ShownTokens(request, count)
        ending, history = await self._read_ending(dialogue, request, shown)
        count.know(history.turns)
        builder = await self._in_thread_if_large(
            ending, lambda: ContextBuilder(request, ending, history, shown, count)
        )
        if request.memories:
            builder.take_memories(await self._memories(dialogue, request), request.memories)
        if not builder.holds_all:
            if request.summary:
                builder.take_summary(await self._summaries(dialogue))
            if request.query:
                await self._take_retrieved(dialogue, request, builder)
        return ending, builder

    async def _filled_stable(
        self, dialogue: _DialogueScope, request: ContextRequest
    ) -> tuple[Ending, StableBuilder]:
        """Return one whose window begins as the one before it, as long as that has room."""
        summaries = await self._summaries(dialogue) if request.summary else []
        ending, builder = await self._stable_builder(dialogue, request, has_summary=bool(summaries))
        jump = builder.jump()
        if summaries and jump:
            builder.take_summary(await self._summaries(dialogue, jump.seq))
        if request.memories:
            builder.take_memories(await self._memories(dialogue, request), request.memories)
        if request.query and not builder.holds_all:
            await self._take_retrieved(dialogue, request, builder)
        return ending, builder

    async def _stable_builder(
        self, dialogue: _DialogueScope, request: ContextRequest, *, has_summary: bool
    ) -> tuple[Ending, StableBuilder]:
        """Read as much of the end as tells where the window begins."""
        tokens_needed, reads = 2 * request.max_tokens, 0
        while True:
            reads += 1
            ending = await self._sources.endings.read(
                dialogue.project, dialogue.namespace, dialogue.dialogue_id, tokens_needed
            )
            builder = await self._in_thread_if_large(
                ending,
                partial(StableBuilder, request, ending, self._count, has_summary=has_summary),
            )
            if builder.is_settled or ending.whole or reads == _READ_MAX:
                return ending, builder
            tokens_needed *= 2

    async def _read_ending(
        self, dialogue: _DialogueScope, request: ContextRequest, shown: ShownTokens
    ) -> tuple[Ending, History]:
        """Read as much of the end as fills a window; further back where some of it stays hidden."""
        # The first message that is read may be a result whose call is not.
        tokens_needed, reads = request.max_tokens + _READ_BEFORE_TOKENS, 0
        while True:
            reads += 1
            ending = await self._sources.endings.read(
                dialogue.project, dialogue.namespace, dialogue.dialogue_id, tokens_needed
            )
            history = await self._in_thread_if_large(ending, partial(_history_of, ending, request))
            hidden = max(history.hidden_tokens(shown), 0)
            if ending.whole or tokens_needed >= request.max_tokens + hidden or reads == _READ_MAX:
                return ending, history
            tokens_needed = request.max_tokens + 2 * hidden

    async def _in_thread_if_large(self, ending: Ending, work: Callable[[], T]) -> T:
        """Run it, on a thread when the messages are many or large."""
        is_short = len(ending.messages) <= _BUILT_AT_ONCE_MESSAGES
        if is_short and sum(len(one.content) for one in ending.messages) <= _BUILT_AT_ONCE_BYTES:
            return work()
        return await asyncio.to_thread(work)

    async def _summaries(
        self, dialogue: _DialogueScope, before: int | None = None
    ) -> list[ContextNote]:
        """Return the newest completed summaries, those of the most messages first.

        One with instructions may be about a single question, so it comes last. With `before`, only
        those that were completed when the message of that `seq` was appended.
        """
        found = await self._sources.summaries.list(
            dialogue.project,
            DialogueRef(dialogue.namespace, dialogue.dialogue_id),
            SummaryFilter("completed", completed_before=before),
            Window(_SUMMARIES_TRIED, "desc"),
        )
        widest = sorted(
            found.items,
            key=lambda one: (one.instructions is UNSET, one.message_count),
            reverse=True,
        )
        return [note for one in widest if (note := summary_note(one))]

    async def _memories(
        self, dialogue: _DialogueScope, request: ContextRequest
    ) -> list[ContextNote]:
        """Return memories of the namespace: the most relevant to the query, or the newest."""
        if request.query:
            search = self._search_memories(dialogue, request, request.query)
            found = [hit.item for hit in (await self._sources.search.search(*search)).hits]
        else:
            as_of = UNSET if request.include else request.as_of or self._sources.clock()
            filters = MemoryFilter(namespace=dialogue.namespace, as_of=as_of)
            page_window = Window(request.memories, "desc")
            listed = await self._sources.memories.list(dialogue.project, filters, page_window)
            found = [*listed.items]
        return [memory_note(one) for one in found if isinstance(one, Memory)]

    async def _take_retrieved(
        self,
        dialogue: _DialogueScope,
        request: ContextRequest,
        builder: ContextBuilder | StableBuilder,
    ) -> None:
        """Retrieve older messages by the query, the best first, each with its tool calls.

        After the best hits come the neighbours of the top hits, then the other hits.
        """
        hits_max = _HITS_MAX if builder.total_messages <= _MANY_MESSAGES else _HITS_OF_MANY_MAX
        limit = max(min(builder.room // _TOKENS_PER_HIT, hits_max), 1)
        search = self._search_messages(dialogue, request.query or "", limit)
        hits = [hit.item for hit in (await self._sources.search.search(*search)).hits]
        messages = [one for one in hits if isinstance(one, Message) and not _is_system(one)]
        histories = await self._histories(dialogue, messages, builder.history, request.format)
        found = [
            history.turns_with(history.indexes[message.id])
            for message, history in zip(messages, histories, strict=True)
        ]
        around = [
            turns
            for message, history in zip(messages, histories[:_SHOWN_AROUND], strict=False)
            for turns in history.with_neighbours(message.id, _NEIGHBOURS)
        ]
        builder.take_retrieved([*found[:_BEST], *around, *found[_BEST:]], histories)

    async def _histories(
        self,
        dialogue: _DialogueScope,
        messages: Sequence[Message],
        ending: History,
        dialect: Dialect,
    ) -> list[History]:
        """Return a history around each message, with neighbours where they are needed."""
        histories: list[History] = []
        looked_up = 0
        for index, message in enumerate(messages):
            history = ending
            if message.id not in ending.indexes:
                history = History.of([message], whole=False, dialect=dialect)
                uses_tools = history.turns[0].uses_tools
                is_linked = uses_tools or may_need_reasoning(history.turns[0], dialect)
                if (is_linked or index < _SHOWN_AROUND) and looked_up < _LOOKED_UP_MAX:
                    looked_up += 1
                    count = _AROUND_TOOLS if uses_tools else _AROUND
                    history = await self._around(dialogue, message, count, dialect)
            histories.append(history)
        return histories

    async def _around(
        self, dialogue: _DialogueScope, message: Message, count: int, dialect: Dialect
    ) -> History:
        """Read messages before and after a message."""
        key = (message.created, message.seq)
        before, after = [
            await self._sources.messages.list(
                dialogue.project,
                dialogue.namespace,
                dialogue.dialogue_id,
                MessageFilter(),
                Window(count, order, key),
            )
            for order in _DIRECTIONS
        ]
        near = [*reversed(before.value.items), message, *after.value.items]
        spoken = [one for one in near if not _is_system(one)]
        return History.of(spoken, whole=False, dialect=dialect)

    @staticmethod
    def _search_memories(
        dialogue: _DialogueScope, request: ContextRequest, query: str
    ) -> tuple[Project, SearchRequest]:
        filters = SearchFilter(
            namespace=dialogue.namespace,
            as_of=request.as_of,
            validity="all" if request.include else "active",
        )
        return dialogue.project, _search_request(
            Search(object="memory", query=query, limit=request.memories, filter=filters)
        )

    @staticmethod
    def _search_messages(
        dialogue: _DialogueScope, query: str, limit: int
    ) -> tuple[Project, SearchRequest]:
        filters = SearchFilter(namespace=dialogue.namespace, dialogue_id=dialogue.dialogue_id)
        search = Search(object="message", query=query, limit=limit, filter=filters)
        return dialogue.project, _search_request(search)


def _search_request(search: Search) -> SearchRequest:
    return SearchRequest(search=search, sent=FilterInput(), zone=UTC, explain=False)


_DIRECTIONS: tuple[Order, Order] = ("desc", "asc")


def _is_system(message: Message) -> bool:
    return speaker_of(message.role) == "system"


def _history_of(ending: Ending, request: ContextRequest) -> History:
    spoken = [one for one in ending.messages if not _is_system(one)]
    shows_unanswered = request.unanswered == "error"
    return History.of(
        spoken, whole=ending.whole, shows_unanswered=shows_unanswered, dialect=request.format
    )


def summary_note(summary: Summary) -> ContextNote | None:
    """Return what a window shows of a summary; None when there is nothing."""
    return ContextNote(summary.id, summary.content) if summary.content else None


def memory_note(memory: Memory) -> ContextNote:
    """Return what a window shows of a memory."""
    text = memory_text(bytes(memory.value), memory.label or None, memory.description or None)
    version = 1 if memory.version is UNSET else memory.version
    return ContextNote(memory.id, text, version)
