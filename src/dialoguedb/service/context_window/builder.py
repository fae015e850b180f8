"""Builds a context window within a token budget.

System messages and the most recent turns come first, as they are required. A summary and memories
follow, each within a share of the budget, then messages that were retrieved; the rest of the budget
goes to more of the recent turns. A tool call and its result come in together or not at all.
"""

from collections.abc import Collection, Iterable

from msgspec import structs

from dialoguedb.errors import InvalidRequest
from dialoguedb.formats.dialects import OPENING
from dialoguedb.formats.tokens import MESSAGE_TOKENS
from dialoguedb.formats.tool_links import Issue, ToolPairs
from dialoguedb.formats.turns import Turn, parse_turn
from dialoguedb.model.context import ContextRequest, ContextTokens, ContextWindow
from dialoguedb.ports.context import Ending
from dialoguedb.ports.tokens import TokenCounter
from dialoguedb.service.context_window.history import History
from dialoguedb.service.context_window.plan import (
    ContextNote,
    WindowPlan,
    memories_text,
    render_plan,
    summary_text,
    text_of,
)
from dialoguedb.values import limits
from dialoguedb.values.validation_errors import invalid_request

SUMMARY_SHARE = 2
MEMORIES_SHARE = 4
"""A summary may take half of what the last turns leave, memories a quarter."""


class ContextBuilder:
    """Takes what fits into the token budget; `build` returns the window."""

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
        self._pairs = dict(history.pairs)
        self._next = len(self.history.turns) - 1
        self._opening = count(OPENING) + MESSAGE_TOKENS if history.turns else 0
        self.tokens = ContextTokens(total=self._opening, recent=self._opening)
        self._take_required()

    @property
    def room(self) -> int:
        """Tokens left in the budget."""
        return self._request.max_tokens - self.tokens.total

    @property
    def total_messages(self) -> int:
        """Messages of the dialogue."""
        return self._ending.total_messages

    @property
    def holds_all(self) -> bool:
        """Whether the rest of the dialogue fits into the budget."""
        left = sum(turn.tokens for turn in self.history.turns if turn.id not in self._turns)
        return self._ending.whole and left <= self.room

    def _take_required(self) -> None:
        """Take what is required: the first system message, and the most recent turns."""
        system = [turn for turn in map(parse_turn, self._ending.system) if text_of(turn)]
        self._take_system(system[:1])
        taken = self._take_recent(1) if self.room >= 0 else 0
        if not taken and not self._next < 0 <= self.room:
            raise self._too_small()
        self._take_task()
        self._take_system(turn for turn in system[1:] if turn.tokens <= self.room)
        self._take_recent(self._request.recent - taken)

    def _too_small(self) -> InvalidRequest:
        """Return the error that names the smallest budget."""
        indexes = range(len(self.history.turns) - 1, -1, -1)
        last = next(filter(None, map(self.history.turns_with, indexes)), [])
        tokens = sum(turn.tokens for turn in last)
        before = self.tokens.total
        return invalid_request(
            "maxTokens",
            f"maxTokens must be at least {before + tokens} here: the last turn takes {tokens}"
            f" tokens, what must precede it {before}",
        )

    def _take_system(self, turns: Iterable[Turn]) -> None:
        for turn in turns:
            self._system.append(turn)
            self.tokens.system += turn.tokens
            self.tokens.total += turn.tokens

    def _take_recent(self, limit: int | None = None) -> int:
        """Take turns from the newest back, until one does not fit; return how many."""
        taken = 0
        while self._next >= 0 and (limit is None or taken < limit):
            group = self.history.turns_with(self._next)
            new = [turn for turn in group if turn.id not in self._turns]
            tokens = sum(turn.tokens for turn in new)
            if new and tokens > self.room:
                break
            self._turns |= {turn.id: turn for turn in new}
            self.tokens.recent += tokens
            self.tokens.total += tokens
            self._next -= 1
            taken += bool(new)
        return taken

    def _take_task(self) -> None:
        """Take the last that a user says, so that a model knows what the calls behind it are for.

        However many calls follow it: a window of these alone does not tell what they are for.
        """
        task = self._last_of_user()
        if task is None or task[-1].id in self._turns:
            return
        if not self._take_group(task):
            problem = f"What the user says last, message '{task[-1].id}', has no room"
            self._issues.append(Issue(code="TASK_CUT", message_id=task[-1].id, message=problem))

    def _last_of_user(self, before: int | None = None) -> list[Turn] | None:
        """Return what a user says last before a turn, with its group; None when nobody does."""
        for index in range((len(self.history.turns) if before is None else before) - 1, -1, -1):
            if self.history.turns[index].by_user:
                return self.history.turns_with(index)
        return [parse_turn(self._ending.task)] if self._ending.task else None

    def _take_group(self, group: Collection[Turn]) -> bool:
        """Take turns that belong together if they fit; whether they did."""
        new = [turn for turn in group if turn.id not in self._turns]
        tokens = sum(turn.tokens for turn in new)
        if tokens > self.room:
            return False
        self._turns |= {turn.id: turn for turn in new}
        self.tokens.recent += tokens
        self.tokens.total += tokens
        return True

    def _begin_with_user(self) -> None:
        """Have the last turns begin with what a user says, or behind it.

        What they are about is taken, in place of the oldest of them if need be. Turns before the
        next that a user says are left out when it does not fit.
        """
        while (first := self._first_of_last()) is not None:
            if self.history.turns[first].by_user:
                return
            task = self._last_of_user(first)
            if task is None or task[-1].id in self._turns or self._take_group(task):
                return
            if not any(one.by_user and one.id in self._turns for one in self.history.turns[first:]):
                return
            self._drop(first)

    def _first_of_last(self) -> int | None:
        """Return the index of the first of the last turns; None when there are none."""
        indexes = range(self._next + 1, len(self.history.turns))
        return next((at for at in indexes if self.history.turns[at].id in self._turns), None)

    def _drop(self, first: int) -> None:
        """Leave out a turn with its group, and whatever stands before it."""
        for turn in self.history.turns_with(first):
            if self._turns.pop(turn.id, None):
                self.tokens.recent -= turn.tokens
                self.tokens.total -= turn.tokens
        self._next = first

    def take_summary(self, candidates: Iterable[ContextNote]) -> None:
        """Take the first summary that fits."""
        room = self.room // SUMMARY_SHARE
        for note in candidates:
            tokens = self._count(summary_text(note)) + MESSAGE_TOKENS
            if tokens <= room:
                self._summary = note
                self.tokens.summary = tokens
                self.tokens.total += tokens
                return

    def take_memories(self, candidates: Iterable[ContextNote], limit: int) -> None:
        """Take the memories that fit, the best first."""
        room = self.room // MEMORIES_SHARE
        for note in candidates:
            tokens = self._count(memories_text([note])) + MESSAGE_TOKENS
            if tokens <= room and len(self._memories) < limit:
                room -= tokens
                self._memories.append(note)
                self.tokens.memories += tokens
                self.tokens.total += tokens

    def take_retrieved(
        self, groups: Iterable[Collection[Turn]], histories: Iterable[History]
    ) -> None:
        """Take groups of retrieved turns that fit, the best first."""
        for history in histories:
            self._add_pairs(history.pairs)
        for group in groups:
            new = [turn for turn in group if turn.id not in self._turns]
            tokens = sum(turn.tokens for turn in new)
            if tokens <= self.room:
                self._turns |= {turn.id: turn for turn in new}
                self.tokens.retrieved += tokens
                self.tokens.total += tokens

    def _add_pairs(self, pairs: ToolPairs) -> None:
        answers = set(self._pairs.values())
        for call, result in pairs.items():
            if call not in self._pairs and result not in answers:
                self._pairs[call] = result

    def build(self) -> ContextWindow:
        """Give the rest of the budget to more recent turns, and return the window."""
        return render_plan(self.plan())

    def plan(self) -> WindowPlan:
        """Give the rest of the budget to more recent turns, and return what the window holds."""
        self._take_recent()
        self._begin_with_user()
        self._note_missing_turns()
        turns = sorted(self._turns.values(), key=lambda turn: (turn.created, turn.seq))
        shown = {turn.id for turn in turns}
        tokens = structs.replace(
            self.tokens,
            total=self.tokens.total - self._opening,
            recent=self.tokens.recent - self._opening,
        )
        # Some may have been appended since.
        omitted = max(self._ending.total_messages - len(self._system) - len(turns), 0)
        return WindowPlan(
            dialect=self._request.format,
            target=self._request.target,
            unanswered=self._request.unanswered,
            system=self._system,
            summary=self._summary,
            memories=self._memories,
            turns=turns,
            pairs={
                call: result
                for call, result in self._pairs.items()
                if call[0] in shown and result[0] in shown
            },
            opening_tokens=self._opening,
            tokens=tokens,
            omitted=omitted,
            issues=(self._issues + self._issues_in_window())[: limits.CONTEXT_ISSUES_MAX],
        )

    def _note_missing_turns(self) -> None:
        """Note when fewer of the last turns are in the window than it was asked for."""
        first = self._first_of_last()
        last = range(len(self.history.turns) if first is None else first, len(self.history.turns))
        shown = {min(self.history.group(at), default=-1) for at in last} - {-1}
        if len(shown) < self._request.recent and self._next >= 0:
            problem = f"Only {len(shown)} of the last {self._request.recent} turns have room"
            self._issues.append(Issue(code="RECENT_CUT", message=problem))

    def _issues_in_window(self) -> list[Issue]:
        """Return the issues of the part of the history that the window covers."""
        indexes = self.history.indexes
        return [
            issue
            for issue in self.history.issues
            if isinstance(issue.message_id, str) and indexes[issue.message_id] > self._next
        ]
