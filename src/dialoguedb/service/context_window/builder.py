"""Builds a context window within a token budget.

System messages, what the user asked for last and the most recent turns come first, as they are
required. A summary and memories follow, each within a share of the budget, then messages that were
retrieved; the rest of the budget goes to more of the recent turns. A tool call and its result come
in together or not at all.
"""

from collections.abc import Collection, Iterable, Sequence

from msgspec.structs import replace

from dialoguedb.errors import InvalidRequest
from dialoguedb.formats.dialects import OPENING, Rendered
from dialoguedb.formats.issues import Issue
from dialoguedb.formats.tokens import MESSAGE_TOKENS
from dialoguedb.formats.tool_links import ToolPairs
from dialoguedb.formats.turns import Turn, parse_turn
from dialoguedb.model.context import ContextRequest, ContextTokens, ContextWindow
from dialoguedb.ports.context import Ending
from dialoguedb.ports.tokens import TokenCounter
from dialoguedb.service.context_window.counted import counted
from dialoguedb.service.context_window.history import History, pairs_among, position
from dialoguedb.service.context_window.plan import (
    ContextNote,
    WindowPlan,
    memories_text,
    rendered_of,
    summary_text,
    text_of,
    window_of,
    without_unsent,
)
from dialoguedb.service.context_window.shown_tokens import ShownTokens
from dialoguedb.service.context_window.window_issues import recent_cut, task_cut, thought_issues
from dialoguedb.values import limits
from dialoguedb.values.validation_errors import invalid_request

SUMMARY_SHARE = 2
MEMORIES_SHARE = 4
"""A summary may take half of what the last turns leave, memories a quarter."""

_NOT_COUNTED = ContextTokens()


class ContextBuilder:
    """Takes what fits into the token budget; `build` returns the window."""

    def __init__(
        self,
        request: ContextRequest,
        ending: Ending,
        history: History,
        shown: ShownTokens,
        count: TokenCounter,
    ) -> None:
        self._request = request
        self._ending = ending
        self._shown = shown
        self._count = count
        self._system: list[Turn] = []
        self._summary: ContextNote | None = None
        self._memories: list[ContextNote] = []
        self._turns: dict[str, Turn] = {}
        self._tokens_of: dict[str, int] = {}
        """What each turn takes; what a group takes stands at one of it."""

        self._retrieved: dict[str, None] = {}
        """The best first."""

        self._issues: list[Issue] = []
        self.history = history
        self._pairs = dict(history.pairs)
        self._next = len(self.history.turns) - 1
        opening = count(OPENING) + MESSAGE_TOKENS if history.turns else 0
        self.room = request.max_tokens - opening
        """Tokens left in the budget."""

        self._take_required()

    @property
    def total_messages(self) -> int:
        """Messages of the dialogue."""
        return self._ending.total_messages

    @property
    def holds_all(self) -> bool:
        """Whether the rest of the dialogue fits into the budget."""
        if not self._ending.whole:
            return False
        indexes = range(len(self.history.turns))
        left = [at for at in indexes if self.history.turns[at].id not in self._turns]
        return sum(self.history.shown_tokens(at, self._shown) for at in left) <= self.room

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
        last = self._last_turn()
        tokens = self._shown.of(last, self._pairs)
        plan = self._plan(last)
        total = counted(plan, rendered_of(plan), self._count).total
        before = max(self._request.max_tokens - self.room, total - tokens)
        return invalid_request(
            "maxTokens",
            f"maxTokens must be at least {before + tokens} here: the last turn takes {tokens}"
            f" tokens, what must precede it {before}",
        )

    def _take_system(self, turns: Iterable[Turn]) -> None:
        for turn in turns:
            self._system.append(turn)
            self.room -= turn.tokens

    def _take_recent(self, limit: int | None = None) -> int:
        """Take turns from the newest back, until one does not fit; return how many."""
        taken = 0
        while self._next >= 0 and (limit is None or taken < limit):
            new = self._missing(self.history.turns_with(self._next))
            if not self._take(new):
                break
            self._next -= 1
            taken += bool(new)
        return taken

    def _missing(self, group: Iterable[Turn]) -> list[Turn]:
        return [turn for turn in group if turn.id not in self._turns]

    def _take(self, new: Sequence[Turn]) -> bool:
        """Take turns that belong together if they fit; whether they did."""
        tokens = self._shown.of(new, self._pairs)
        if tokens > self.room and new:
            return False
        for turn in new:
            self._turns[turn.id] = turn
            self._tokens_of[turn.id] = 0
        if new:
            self._tokens_of[new[0].id] = tokens
        self.room -= tokens
        return True

    def _take_task(self) -> None:
        """Take the last that a user says, so that a model knows what the calls behind it are for.

        However many calls follow it: a window of these alone does not tell what they are for.
        """
        task = self._last_of_user()
        if task is not None and not self._take(self._missing(task)):
            self._issues.append(task_cut(task))

    def _last_of_user(self, before: int | None = None) -> list[Turn] | None:
        """Return what a user says last before a turn, with its group; None when nobody does."""
        index = self.history.last_of_user(before)
        if index is not None:
            return self.history.turns_with(index)
        return [parse_turn(self._ending.task)] if self._ending.task else None

    def _begin_with_user(self) -> None:
        """Have the last turns begin with what a user says, or behind it.

        What they are about is taken, in place of the oldest of them if need be. Turns before the
        next that a user says are left out when it does not fit.
        """
        while (first := self._first_of_last()) is not None:
            if self.history.user_speaks(first):
                return
            task = self._last_of_user(first)
            if task is None or self._take(self._missing(task)):
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
        self._leave_out(turn.id for turn in self.history.turns_with(first))
        self._next = first

    def _leave_out(self, ids: Iterable[str]) -> None:
        for turn_id in ids:
            if self._turns.pop(turn_id, None):
                self.room += self._tokens_of.pop(turn_id)

    def take_summary(self, candidates: Iterable[ContextNote]) -> None:
        """Take the first summary that fits."""
        room = self.room // SUMMARY_SHARE
        for note in candidates:
            tokens = self._count(summary_text(note)) + MESSAGE_TOKENS
            if tokens <= room:
                self._summary = note
                self.room -= tokens
                return

    def take_memories(self, candidates: Iterable[ContextNote], limit: int) -> None:
        """Take the memories that fit, the best first."""
        room = self.room // MEMORIES_SHARE
        for note in candidates:
            tokens = self._count(memories_text([note])) + MESSAGE_TOKENS
            if tokens <= room and len(self._memories) < limit:
                room -= tokens
                self._memories.append(note)
                self.room -= tokens

    def take_retrieved(
        self, groups: Iterable[Collection[Turn]], histories: Iterable[History]
    ) -> None:
        """Take groups of retrieved turns that fit, the best first."""
        for history in histories:
            self._add_pairs(history.pairs)
        for group in groups:
            new = self._missing(group)
            if self._take(new):
                self._retrieved |= dict.fromkeys(turn.id for turn in new)

    def _add_pairs(self, pairs: ToolPairs) -> None:
        answers = set(self._pairs.values())
        for call, result in pairs.items():
            if call not in self._pairs and result not in answers:
                self._pairs[call] = result

    def build(self) -> ContextWindow:
        """Give the rest of the budget to more recent turns, and return the window."""
        plan, rendered = self._fitted()
        return window_of(plan, rendered)

    def plan(self) -> WindowPlan:
        """Give the rest of the budget to more recent turns, and return what the window holds."""
        return self._fitted()[0]

    def _fitted(self) -> tuple[WindowPlan, Rendered]:
        """Return the window, counted as it is rendered, and within the budget as such."""
        self._take_recent()
        while True:
            self._begin_with_user()
            plan = self._plan(sorted(self._turns.values(), key=position))
            rendered = rendered_of(plan)
            retrieved = sum(self._tokens_of.get(one, 0) for one in self._retrieved)
            tokens = counted(plan, rendered, self._count, retrieved)
            excess = tokens.total - self._request.max_tokens
            if excess <= 0:
                break
            self._give_up(excess)
        self._note_missing_turns()
        plan = without_unsent(plan, rendered)
        issues = [*self._issues, *thought_issues(rendered), *self._issues_in_window()]
        return replace(plan, tokens=tokens, issues=issues[: limits.CONTEXT_ISSUES_MAX]), rendered

    def _give_up(self, excess: int) -> None:
        """Leave out what is least needed, as together it takes more than its parts were counted."""
        goal = self.room + excess
        last = {one.id for one in self._last_turn()}
        while self.room < goal:
            first = self._first_of_last()
            if self._retrieved:
                self._leave_out([self._retrieved.popitem()[0]])
            elif first is not None and self.history.turns[first].id not in last:
                self._drop(first)
            elif self._give_up_notes(last):
                break
            else:
                raise self._too_small()
        self.room = 0  # nothing is taken in its place

    def _give_up_notes(self, last: set[str]) -> bool:
        """Leave out a part of what stands before the last turn; whether there was any."""
        if self._memories or self._summary:
            self._memories, self._summary = [], None
        elif rest := self._turns.keys() - last:
            self._leave_out([*rest])
        elif len(self._system) > 1:
            self._system = self._system[:1]
        else:
            return False
        return True

    def _last_turn(self) -> list[Turn]:
        """Return the last turn that shows something, with its group."""
        indexes = range(len(self.history.turns) - 1, -1, -1)
        return next(filter(None, map(self.history.turns_with, indexes)), [])

    def _plan(self, turns: list[Turn]) -> WindowPlan:
        """Return what the window holds, before it is counted."""
        ids = {turn.id for turn in turns}
        notes = bool(self._memories or self._summary)
        indexes = range(len(self.history.turns))
        return WindowPlan(
            dialect=self._request.format,
            target=self._request.target,
            unanswered=self._request.unanswered,
            signed=self._ending.whole
            and not notes
            and all(self.history.turns[at].id in ids for at in indexes if self.history.group(at)),
            system=self._system,
            summary=self._summary,
            memories=self._memories,
            turns=turns,
            pairs=pairs_among(self._pairs, ids),
            tokens=_NOT_COUNTED,
            # Some may have been appended since.
            omitted=max(self._ending.total_messages - len(self._system) - len(turns), 0),
            issues=[],
        )

    def _note_missing_turns(self) -> None:
        """Note when fewer of the last turns are in the window than it was asked for."""
        first = self._first_of_last()
        last = range(len(self.history.turns) if first is None else first, len(self.history.turns))
        shown = {min(self.history.group(at), default=-1) for at in last} - {-1}
        if len(shown) < self._request.recent and self._next >= 0:
            self._issues.append(recent_cut(len(shown), self._request.recent))

    def _issues_in_window(self) -> list[Issue]:
        """Return the issues of the part of the history that the window covers."""
        indexes = self.history.indexes
        return [
            issue
            for issue in self.history.issues
            if isinstance(issue.message_id, str) and indexes[issue.message_id] > self._next
        ]
