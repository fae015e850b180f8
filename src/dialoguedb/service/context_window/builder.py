"""Filling a window: what comes into it, in which order, and how much of the budget each part has.

What must be there comes first: what the system says, and the last turns. Then a summary and
memories, within a share, then what is found; what is left is given to more of the last turns.
"""

from collections.abc import Collection, Iterable, Sequence

import msgspec
from msgspec import UNSET, Struct

from dialoguedb.errors import InvalidRequest
from dialoguedb.formats.dialects import OPENING, Json, render
from dialoguedb.formats.parts import Text, ToolCall, ToolResult
from dialoguedb.formats.tokens import MESSAGE_TOKENS
from dialoguedb.formats.tool_links import Issue, ToolLinker, ToolPairs
from dialoguedb.formats.turns import Turn, parse_turn
from dialoguedb.model.context import ContextRequest, ContextTokens, ContextWindow, Included
from dialoguedb.model.messages import Message
from dialoguedb.ports.context import Ending
from dialoguedb.ports.tokens import TokenCounter
from dialoguedb.values import limits
from dialoguedb.values.validation_errors import invalid_request

SUMMARY_SHARE = 2
MEMORIES_SHARE = 4
"""A summary may take half of what the last turns leave, memories a quarter."""


class ContextNote(Struct, frozen=True):
    """Something told to the model beside the conversation: a summary, or a memory."""

    id: str
    text: str


class History:
    """Turns in their order, and which of them can only be shown together."""

    def __init__(self, messages: Iterable[Message], *, whole: bool) -> None:
        self.turns = [parse_turn(message) for message in messages]
        self.places = {turn.id: place for place, turn in enumerate(self.turns)}
        links = ToolLinker(whole=whole)
        for turn in self.turns:
            links.add(turn)
        self.issues = links.finish()
        self.ties = links.ties
        self._tied = {ref for pair in links.result_of.items() for ref in pair}
        self._groups: dict[int, list[int]] = {}
        for call, result in links.result_of.items():
            self._unite(call.turn, result.turn)

    def group(self, place: int) -> Sequence[int]:
        """Return the places of a turn and those it hangs on; none when it says nothing."""
        turn = self.turns[place]
        if turn.speaks or any(
            (place, number) in self._tied
            for number, part in enumerate(turn.parts)
            if isinstance(part, ToolCall | ToolResult)
        ):
            return self._groups.get(place, (place,))
        return ()

    @property
    def hidden_tokens(self) -> int:
        """The tokens of turns that no window shows."""
        turns = enumerate(self.turns)
        return sum(turn.tokens for place, turn in turns if not self.group(place))

    def turns_with(self, place: int) -> list[Turn]:
        """Return a turn with those it hangs together with, oldest first."""
        return [self.turns[at] for at in sorted(self.group(place))]

    def beside(self, message_id: str, count: int) -> list[list[Turn]]:
        """Return a message and those before and after it, each with what it hangs together with."""
        at = self.places[message_id]
        last = min(at + count, len(self.turns) - 1)
        return [self.turns_with(place) for place in range(max(at - count, 0), last + 1)]

    def _unite(self, one: int, other: int) -> None:
        first = self._groups.setdefault(one, [one])
        second = self._groups.setdefault(other, [other])
        if first is second:
            return
        if len(first) < len(second):
            first, second = second, first
        first.extend(second)
        for place in second:
            self._groups[place] = first


class ContextBuilder:
    """A window that fills up; nothing comes into it that does not fit."""

    def __init__(
        self, request: ContextRequest, ending: Ending, history: History, count: TokenCounter
    ) -> None:
        self._request = request
        self._ending = ending
        self._count = count
        self._system: list[Turn] = []
        self._summary: ContextNote | None = None
        self._memories: list[ContextNote] = []
        self._turns: dict[str, Turn] = {}
        self._issues: list[Issue] = []
        self.history = history
        self._ties = dict(history.ties)
        self._next = len(self.history.turns) - 1
        opens = request.format == "anthropic" and history.turns
        self._opening = count(OPENING) + MESSAGE_TOKENS if opens else 0
        self.tokens = ContextTokens(total=self._opening, recent=self._opening)
        self._begin()

    @property
    def room(self) -> int:
        """How many tokens are left."""
        return self._request.max_tokens - self.tokens.total

    @property
    def total_messages(self) -> int:
        """How many messages the dialogue has."""
        return self._ending.total_messages

    @property
    def holds_all(self) -> bool:
        """Whether all of the dialogue that is not in the window yet has room in it."""
        rest = sum(turn.tokens for turn in self.history.turns if turn.id not in self._turns)
        return self._ending.whole and rest <= self.room

    def _begin(self) -> None:
        """Take what must be there: the first of the system's messages, and the last turns."""
        system = [turn for turn in map(parse_turn, self._ending.system) if _text_of(turn)]
        self._take_system(system[:1])
        taken = self._take_recent(1) if self.room >= 0 else 0
        if not taken and not self._next < 0 <= self.room:
            raise self._too_small()
        self._take_system(turn for turn in system[1:] if turn.tokens <= self.room)
        taken += self._take_recent(self._request.recent - taken)
        if taken < self._request.recent and self._next >= 0:
            said = f"Only {taken} of the last {self._request.recent} turns have room"
            self._issues.append(Issue(code="RECENT_CUT", message=said))

    def _too_small(self) -> InvalidRequest:
        """Say how large the budget must be."""
        places = range(len(self.history.turns) - 1, -1, -1)
        last = next(filter(None, map(self.history.turns_with, places)), [])
        tokens = sum(turn.tokens for turn in last)
        before = self.tokens.total
        return invalid_request(
            "maxTokens",
            f"maxTokens must be at least {before + tokens} here: the last turn takes {tokens}"
            f" tokens, what must stand before it {before}",
        )

    def _take_system(self, turns: Iterable[Turn]) -> None:
        for turn in turns:
            self._system.append(turn)
            self.tokens.system += turn.tokens
            self.tokens.total += turn.tokens

    def _take_recent(self, most: int | None = None) -> int:
        """Go on backwards from the last turn taken, until one does not fit; returns how many."""
        taken = 0
        while self._next >= 0 and (most is None or taken < most):
            group = self.history.turns_with(self._next)
            fresh = [turn for turn in group if turn.id not in self._turns]
            tokens = sum(turn.tokens for turn in fresh)
            if fresh and tokens > self.room:
                break
            self._turns |= {turn.id: turn for turn in fresh}
            self.tokens.recent += tokens
            self.tokens.total += tokens
            self._next -= 1
            taken += bool(fresh)
        return taken

    def take_summary(self, candidates: Iterable[ContextNote]) -> None:
        """Take the first summary that fits."""
        room = self.room // SUMMARY_SHARE
        for note in candidates:
            tokens = self._count(note.text) + MESSAGE_TOKENS
            if tokens <= room:
                self._summary = note
                self.tokens.summary = tokens
                self.tokens.total += tokens
                return

    def take_memories(self, candidates: Iterable[ContextNote], most: int) -> None:
        """Take memories, the best first, as long as they fit."""
        room = self.room // MEMORIES_SHARE
        for note in candidates:
            tokens = self._count(note.text) + MESSAGE_TOKENS
            if tokens <= room and len(self._memories) < most:
                room -= tokens
                self._memories.append(note)
                self.tokens.memories += tokens
                self.tokens.total += tokens

    def take_found(self, groups: Iterable[Collection[Turn]], histories: Iterable[History]) -> None:
        """Take what was found, the best first, each with what hangs together with it there."""
        for history in histories:
            self._tie(history.ties)
        for group in groups:
            fresh = [turn for turn in group if turn.id not in self._turns]
            tokens = sum(turn.tokens for turn in fresh)
            if tokens <= self.room:
                self._turns |= {turn.id: turn for turn in fresh}
                self.tokens.retrieved += tokens
                self.tokens.total += tokens

    def _tie(self, ties: ToolPairs) -> None:
        answers = set(self._ties.values())
        for call, result in ties.items():
            if call not in self._ties and result not in answers:
                self._ties[call] = result

    def close(self) -> ContextWindow:
        """Give what room is left to more of the last turns, and return the window."""
        self._take_recent()
        turns = sorted(self._turns.values(), key=lambda turn: (turn.created, turn.seq))
        messages = render(turns, self._ties, self._request.format)
        if not (messages and messages[0].get("content") == _OPENED):
            self.tokens.total -= self._opening
            self.tokens.recent -= self._opening
        shown = [turn.id for turn in (*self._system, *turns)]
        window = ContextWindow(
            messages=messages,
            tokens=self.tokens,
            included=Included(
                message_ids=shown,
                summary_id=self._summary.id if self._summary else UNSET,
                memory_ids=[memory.id for memory in self._memories],
            ),
            omitted=max(self._ending.total_messages - len(shown), 0),  # some may have come since
            issues=(self._issues + self._met())[: limits.CONTEXT_ISSUES_MAX],
        )
        return self._told(window)

    def _met(self) -> list[Issue]:
        """Return what is broken in the part of the history that the window reaches back to."""
        places = self.history.places
        return [
            issue
            for issue in self.history.issues
            if isinstance(issue.message_id, str) and places[issue.message_id] > self._next
        ]

    def _told(self, window: ContextWindow) -> ContextWindow:
        """Put what is told to the model in its place: a text of its own, or messages before all."""
        told = [_text_of(turn) for turn in self._system]
        if self._summary:
            told.append(self._summary.text)
        told += [memory.text for memory in self._memories]
        if self._request.format == "anthropic":
            return msgspec.structs.replace(window, system="\n\n".join(told) or UNSET)
        before: list[Json] = [{"role": "system", "content": text} for text in told]
        return msgspec.structs.replace(window, messages=before + window.messages)


_OPENED = [{"type": "text", "text": OPENING}]


def _text_of(turn: Turn) -> str:
    return "\n".join(part.text for part in turn.parts if isinstance(part, Text))
