"""Auto-compaction: when an append has a dialogue summarized, and up to which message.

A dialogue is due when the messages that no summary covers have more tokens than its project's
limit. How many tokens may come before that is worth looking at again is stored with the dialogue,
so that most appends only subtract.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct

from dialoguedb.formats.parts import ToolCall, ToolResult
from dialoguedb.formats.tool_links import PartRef, ToolLinker
from dialoguedb.formats.turns import Turn, parse_turn
from dialoguedb.model.messages import Message
from dialoguedb.model.projects import AutoCompact
from dialoguedb.model.summaries import NewSummary
from dialoguedb.values import timestamps

_WORTHWHILE_PART = 4
"""A new summary covers at least this part of the limit, however long the kept messages are."""

_MESSAGES_BEFORE_CUT = 200
"""Messages read before the kept ones, to find a cut that parts no tool call from its result."""

_UNCUT_PART = 16
_FAILED_PART = 4
"""Parts of the limit that come before a dialogue is looked at again that could not be cut, or
whose last summary failed."""

_BACKOFF_S = 300
_BACKOFF_S_MAX = 86_400
_DOUBLINGS_MAX = 16
"""Exponential backoff: after a failure some minutes, twice as long after each further one."""


class Tail(Struct, frozen=True):
    """What the newest summary from a dialogue's beginning leaves out, wherever it stands.

    Those that failed cover nothing, nor do those made with instructions.
    """

    tokens: int
    newest: str | None
    """The id of the newest summary; None when there is none."""

    failures: int
    """How many that were asked for later have failed."""

    failed: str
    """When the last of these did; empty when none has."""


class Room(Struct, frozen=True):
    """How many tokens may come before a dialogue is looked at again."""

    tokens: int
    limit: int
    """The project's limit as it was then; under another limit the room counts for nothing."""

    def less(self, tokens: int) -> "Room":
        """Return the room that is left after an append."""
        return Room(self.tokens - tokens, self.limit)


class CompactionSource(Protocol):
    """What an engine reads of the dialogue that an append has made due."""

    def tail(self) -> Tail:
        """Return what no summary from the dialogue's beginning covers."""
        ...

    def last_messages(self, count: int) -> Sequence[Message]:
        """Return its last messages, oldest first."""
        ...


def is_due(room: Room | None, limits: AutoCompact) -> bool:
    """Tell whether a dialogue must be looked at, given the room that an append has left."""
    return room is None or room.limit != limits.above_tokens or room.tokens <= 0


def room_of(limits: AutoCompact, tail: Tail, now: str) -> Room | None:
    """Return the room of a dialogue that need not be summarized now; None when it is to be cut."""
    if tail.tokens <= limits.above_tokens:
        # One more, for a dialogue is due above its limit, not at it.
        return Room(limits.above_tokens - tail.tokens + 1, limits.above_tokens)
    if tail.failures and now < _again_at(tail):
        return _part(limits, _FAILED_PART)
    return None


def look(limits: AutoCompact, source: CompactionSource, now: str) -> tuple[NewSummary | None, Room]:
    """Return the summary that a due dialogue is to have, if any, and its room from then on."""
    tail = source.tail()
    room = room_of(limits, tail, now)
    if room is not None:
        return None, room
    return cut(limits, tail, source.last_messages(messages_read(limits)))


def messages_read(limits: AutoCompact) -> int:
    """Return how many of the last messages are needed to cut a dialogue."""
    return limits.keep_recent + _MESSAGES_BEFORE_CUT


def cut(limits: AutoCompact, tail: Tail, last: Sequence[Message]) -> tuple[NewSummary | None, Room]:
    """Return the summary that a due dialogue is to have, and its room when that is stored.

    `last` are its last messages, oldest first. There is no summary when no cut parts no tool call
    from its result, or too little stands before it.
    """
    index = whole_cut(last, len(last) - limits.keep_recent)
    kept = sum(message.token_count for message in last[max(index, 0) :])
    covered = tail.tokens - kept
    if index <= 0 or covered * _WORTHWHILE_PART < limits.above_tokens:
        return None, uncut_room(limits)
    return _summary(last[index - 1].id, tail), Room(
        max(limits.above_tokens - kept + 1, 1), limits.above_tokens
    )


def uncut_room(limits: AutoCompact) -> Room:
    """Return the room of a due dialogue whose summary was not stored."""
    return _part(limits, _UNCUT_PART)


class Sums(NamedTuple):
    """What some messages of a dialogue come to."""

    messages: int
    seqs: int
    tokens: int


def covered_sums(last_seq: int, all_tokens: int, after: Sums) -> Sums:
    """Return what a range from a dialogue's beginning comes to, without reading it.

    Its seqs are those from 1 to `last_seq`, so no message may have been deleted; `after` is what
    follows the range.
    """
    return Sums(
        messages=last_seq - after.messages,
        seqs=last_seq * (last_seq + 1) // 2 - after.seqs,
        tokens=all_tokens - after.tokens,
    )


def _part(limits: AutoCompact, part: int) -> Room:
    return Room(max(limits.above_tokens // part, 1), limits.above_tokens)


def _summary(end_id: str, tail: Tail) -> NewSummary:
    return NewSummary(
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


def _again_at(tail: Tail) -> str:
    """Return when to summarize again what could not be."""
    doublings = min(tail.failures - 1, _DOUBLINGS_MAX)
    return timestamps.add_seconds(tail.failed, min(_BACKOFF_S * 2**doublings, _BACKOFF_S_MAX))


def whole_cut(messages: Sequence[Message], cut: int) -> int:
    """Return the nearest index, here or before, that parts no tool call from its result.

    Nor is a call at the end separated from a result that may still come.
    """
    turns = [parse_turn(message) for message in messages]
    links = ToolLinker()
    for turn in turns:
        links.add(turn)
    links.finish()
    pairs = [(call.turn, result.turn) for call, result in links.result_of.items()]
    pairs += [(index, len(turns)) for index in _waiting(turns, links)]
    spans = sorted((min(pair), max(pair)) for pair in pairs)
    for first, last in reversed(spans):
        if first < cut <= last:
            cut = first
    return cut


def _waiting(turns: Sequence[Turn], links: ToolLinker) -> Iterator[int]:
    """Return the indexes of calls that nobody has spoken after, and whose result may still come.

    One that calls again when results are there does not wait for others.
    """
    begin, is_answered = 0, False
    for index, turn in enumerate(turns):
        calls = any(isinstance(part, ToolCall) for part in turn.parts)
        if turn.has_text or (calls and is_answered):
            begin = index
        is_answered = any(isinstance(part, ToolResult) for part in turn.parts) or (
            is_answered and not calls
        )
    for index in range(begin, len(turns)):
        for part_index, part in enumerate(turns[index].parts):
            if isinstance(part, ToolCall) and PartRef(index, part_index) not in links.result_of:
                yield index
