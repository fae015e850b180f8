"""Compacting dialogues by themselves, as their project has set it: all but the last messages."""

import logging
from collections import OrderedDict
from collections.abc import Iterator, Sequence

from dialoguedb.errors import DialogueDBError, NotFound, VersionConflict
from dialoguedb.formats.parts import ToolCall, ToolResult
from dialoguedb.formats.tool_links import PartRef, ToolLinker
from dialoguedb.formats.turns import Turn, parse_turn
from dialoguedb.model.messages import Message, MessageFilter
from dialoguedb.model.projects import AutoCompact, Project
from dialoguedb.model.refs import DialogueRef
from dialoguedb.model.summaries import NewSummary
from dialoguedb.ports import MessageStore, WriteOptions
from dialoguedb.ports.summaries import SummaryStore, Tail
from dialoguedb.service.summaries import SummaryService
from dialoguedb.values import timestamps
from dialoguedb.values.lists import Window
from dialoguedb.values.timestamps import Clock

_DIALOGUES_MAX = 10_000
_PROCESSES = 4
"""As many may append to a dialogue before it is noticed late that it has grown."""

_WORTHWHILE = 4
"""What is summarized anew has at least such a part of the limit, however long the last ones are."""

_NEIGHBOURS = 200
"""Messages looked at before the last ones, to find a place to cut that parts no call and result."""

_FAILED_PAUSE_S = 300
_FAILED_PAUSE_S_MAX = 86_400
_DOUBLINGS_MAX = 16
"""After a failure it waits some minutes, twice as long after each further one, at most a day."""

_Key = tuple[str, str, str]

logger = logging.getLogger(__name__)


class Compacting:
    """Has dialogues summarized that have grown above their project's limit."""

    def __init__(
        self, store: SummaryStore, messages: MessageStore, summaries: SummaryService, clock: Clock
    ) -> None:
        self._store = store
        self._messages = messages
        self._summaries = summaries
        self._clock = clock
        self._room: OrderedDict[_Key, int] = OrderedDict()
        """Tokens that can still be appended to a dialogue before it must be looked at again."""

    async def appended(self, project: Project, ref: DialogueRef, stored: Sequence[Message]) -> None:
        """Compact a dialogue if what was appended makes it due.

        It never fails: what was appended is stored, and the next append looks again.
        """
        wanted = project.settings.auto_compact
        if wanted is None or not stored:
            return
        key = (project.id, *ref)
        room = self._room.pop(key, 0) - sum(message.token_count for message in stored)
        if room > 0:
            self._remember(key, room)
            return
        try:
            await self._look(project, ref, wanted)
        except (NotFound, VersionConflict):
            pass  # deleted, or another append was faster
        except DialogueDBError as error:
            logger.warning("A dialogue could not be compacted: %s", error.message)

    def _remember(self, key: _Key, room: int) -> None:
        self._room[key] = room
        if len(self._room) > _DIALOGUES_MAX:
            self._room.popitem(last=False)

    async def _look(self, project: Project, ref: DialogueRef, wanted: AutoCompact) -> None:
        tail = await self._store.tail(project, *ref)
        room = wanted.above_tokens - tail.tokens
        if room >= 0:
            self._remember((project.id, *ref), room // _PROCESSES)
            return
        if tail.failures and self._clock() < _again_at(tail):
            self._remember((project.id, *ref), wanted.above_tokens // _PROCESSES)
            return
        end_id = await self._end(project, ref, wanted, tail)
        if end_id is None:
            return
        new = NewSummary(
            id="",
            template=None,
            start_id=None,
            end_id=end_id,
            instructions=None,
            metadata=b"{}",
            tags=(),
            named=False,
            newest=tail.newest,
        )
        await self._summaries.create(project, ref, new, WriteOptions(self._clock()))

    async def _end(
        self, project: Project, ref: DialogueRef, wanted: AutoCompact, tail: Tail
    ) -> str | None:
        """Return the last message to summarize; None when there is none that may be."""
        window = Window(wanted.keep_recent + _NEIGHBOURS, "desc")
        listed = await self._messages.list(project, *ref, MessageFilter(), window)
        messages = listed.value.items[::-1]
        cut = whole_cut(messages, len(messages) - wanted.keep_recent)
        tokens = tail.tokens - sum(message.token_count for message in messages[max(cut, 0) :])
        is_worthwhile = tokens * _WORTHWHILE >= wanted.above_tokens
        return messages[cut - 1].id if cut > 0 and is_worthwhile else None


def _again_at(tail: Tail) -> str:
    """Return when to summarize again what could not be."""
    doublings = min(tail.failures - 1, _DOUBLINGS_MAX)
    return timestamps.add_seconds(
        tail.failed, min(_FAILED_PAUSE_S * 2**doublings, _FAILED_PAUSE_S_MAX)
    )


def whole_cut(messages: Sequence[Message], cut: int) -> int:
    """Return the nearest place, here or before, that parts no tool call from its result.

    A call at the end whose result may still come is not parted from it, either.
    """
    turns = [parse_turn(message) for message in messages]
    links = ToolLinker()
    for turn in turns:
        links.add(turn)
    links.finish()
    pairs = [(call.turn, result.turn) for call, result in links.result_of.items()]
    pairs += [(place, len(turns)) for place in _waiting(turns, links)]
    spans = sorted((min(pair), max(pair)) for pair in pairs)
    for first, last in reversed(spans):
        if first < cut <= last:
            cut = first
    return cut


def _waiting(turns: Sequence[Turn], links: ToolLinker) -> Iterator[int]:
    """Return the places of calls that nobody has spoken after, and whose result may still come.

    One that calls anew when results are there does not wait for others.
    """
    begin, is_answered = 0, False
    for place, turn in enumerate(turns):
        calls = any(isinstance(part, ToolCall) for part in turn.parts)
        if turn.speaks or (calls and is_answered):
            begin = place
        is_answered = any(isinstance(part, ToolResult) for part in turn.parts) or (
            is_answered and not calls
        )
    for place in range(begin, len(turns)):
        for number, part in enumerate(turns[place].parts):
            if isinstance(part, ToolCall) and PartRef(place, number) not in links.result_of:
                yield place
