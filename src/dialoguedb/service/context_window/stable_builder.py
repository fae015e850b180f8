"""Builds a context window that begins as the one before it, so that prompt caches hit.

The conversation has a fixed share of the budget, and begins where `stable_start` says. What stands
in front of it changes only when the start does. What changes with every request, memories and
messages found by a query, stands behind it.
"""

from collections.abc import Callable, Iterable, Sequence

from msgspec.structs import replace

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
    found_text,
    memories_text,
    rendered_of,
    summary_text,
    text_of,
    window_of,
    without_unsent,
)
from dialoguedb.service.context_window.shown_tokens import ShownTokens
from dialoguedb.service.context_window.stable_prefix import stable_prefix
from dialoguedb.service.context_window.stable_start import Read, Start, Steps, leading, newest
from dialoguedb.service.context_window.text_counts import TextCounts
from dialoguedb.service.context_window.window_issues import (
    recent_cut,
    task_cut,
    thought_issues,
    window_jumped,
)
from dialoguedb.values import limits
from dialoguedb.values.validation_errors import invalid_request

_SUMMARY_SHARE = 5
"""A summary may take this part of the budget."""

_TRAILING_PERCENT = 10
"""What may stand behind the conversation: no cache holds it, so it is little."""

_FOUND_PERCENT = 15
_LARGE_TOKENS = 16_000
"""With a query there is room for more in a large window, which jumps less often."""

_SYSTEM_SHARE = 8
"""Of the conversation's share, for further messages of the system."""

_TASK_SHARE = 2
_LEADING_SHARE = 2
_PERCENT = 100


class StableBuilder:
    """Chooses the start, takes what stands around the conversation, and returns the window."""

    def __init__(
        self,
        request: ContextRequest,
        ending: Ending,
        count: TokenCounter,
        *,
        has_summary: bool,
    ) -> None:
        self._request = request
        self._ending = ending
        self._count = TextCounts(count)
        self._shown = ShownTokens(request, self._count)
        self._read = Read(request, ending, self._count)
        system = [turn for turn in map(parse_turn, ending.system) if text_of(turn)]
        self._system = leading(system, request.max_tokens // _LEADING_SHARE)
        self._later = [turn for turn in system if turn not in self._system]
        self._is_bare = False
        """Whether nothing but the first of the system's messages is in front of the last turn."""

        self._summary: ContextNote | None = None
        self._memories: list[ContextNote] = []
        self._found: list[Turn] = []
        self._pairs: ToolPairs = {}
        self._summary_room = request.max_tokens // _SUMMARY_SHARE if has_summary else 0
        self._share = self._conversation_share()
        self._steps = Steps(self._read, self._share, self._shown)
        self.is_settled = True
        """Whether enough was read to tell where the window begins."""

        self._start = self._choose(self._least_step())

    @property
    def history(self) -> History:
        """The turns that the window may hold."""
        return self._start.history

    @property
    def first_message(self) -> str | None:
        """The id of the message that the conversation begins with; None when there is none."""
        turns = self._start.history.turns[self._start.index :]
        return turns[0].id if turns else None

    @property
    def holds_last_turn_alone(self) -> bool:
        """Whether that takes too much to begin where windows may begin."""
        return self._start.step > self._steps.last

    @property
    def total_messages(self) -> int:
        """Messages of the dialogue."""
        return self._ending.total_messages

    @property
    def holds_all(self) -> bool:
        """Whether the window begins with the dialogue."""
        return self._start.step == 0

    @property
    def room(self) -> int:
        """Tokens left for messages that are found."""
        return self._trailing_room() - self._memory_tokens()

    def _conversation_share(self) -> int:
        fixed = self._count(OPENING) + MESSAGE_TOKENS
        fixed += sum(turn.tokens for turn in self._system)
        fixed += self._summary_room + self._trailing_room()
        return max(self._request.max_tokens - fixed, 1)

    def _trailing_room(self) -> int:
        request = self._request
        if not (request.query or request.memories):
            return 0
        is_large = request.query and request.max_tokens >= _LARGE_TOKENS
        percent = _FOUND_PERCENT if is_large else _TRAILING_PERCENT
        return request.max_tokens * percent // _PERCENT

    def _least_step(self) -> int:
        """Return the step from which all would have room as it was counted when stored."""
        excess = self._read.tokens - self._share
        return min(max(-(-excess // self._steps.size), 0), self._steps.last)

    def _choose(self, step: int) -> Start:
        """Return the first start from which all has room, searched from a step on."""
        if not self._steps.knows(step):
            self.is_settled = False
            return self._last_turn()
        start = self._steps.start(step)
        if not self._fits(start):
            return self._choose_later(step + 1)
        while step > 0:
            step -= 1
            if not self._steps.knows(step):
                self.is_settled = False
                break
            earlier = self._steps.start(step)
            if not self._fits(earlier):
                break
            start = earlier
        return start

    def _choose_later(self, step: int) -> Start:
        for later in range(step, self._steps.last + 1):
            start = self._steps.start(later)
            if self._fits(start):
                return start
        return self._last_turn()

    def _last_turn(self) -> Start:
        """Return the start of a window of the last turn alone, with its tool calls."""
        history = self._read.history()
        spoken = (at for at, turn in enumerate(history.turns) if turn.speaker != "system")
        last = next(filter(None, map(history.group, reversed([*spoken]))), ())
        return Start(self._steps.last + 1, history, min(last, default=0))

    def _fits(self, start: Start) -> bool:
        turns = start.history.turns[start.index :]
        if start.step and all(turn.speaker == "system" for turn in turns):
            return False
        return self._before(start) + sum(start.tokens) <= self._share

    def _before(self, start: Start) -> int:
        """Return the tokens of what stands in front of a start, beside what is fixed."""
        task = self._shown.of(self._task(start), start.history.pairs)
        return task + sum(turn.tokens for turn in self._later_system(start))

    def _later_system(self, start: Start) -> list[Turn]:
        """Return the system's messages before what a start begins with, as many as fit.

        Those behind it stand in the conversation, or each would change what is in front of it.
        """
        turns = start.history.turns[start.index :]
        first = next((position(turn) for turn in turns if turn.speaker != "system"), None)
        room = self._share // (_SYSTEM_SHARE if self._system else _TASK_SHARE)
        found: list[Turn] = []
        for turn in [] if self._is_bare else self._later:
            if (first is None or position(turn) < first) and turn.tokens <= room:
                room -= turn.tokens
                found.append(turn)
        return found

    def _task(self, start: Start) -> list[Turn]:
        """Return what the user said last before a start that is no user's turn itself."""
        task = [] if self._is_bare else self._last_of_user(start)
        is_short = self._shown.of(task, start.history.pairs) <= self._share // _TASK_SHARE
        return task if is_short else []

    def _last_of_user(self, start: Start) -> list[Turn]:
        history = start.history
        turns = history.turns[start.index :]
        if start.step == 0 or not turns or history.user_speaks(start.index):
            return []
        index = history.last_of_user(start.index)
        if index is not None:
            return [history.turns[at] for at in sorted(history.group(index)) if at < start.index]
        begins = position(turns[0])
        earlier = [one for one in self._read.turns() if one.by_user and position(one) < begins]
        if not earlier and self._ending.task:
            return [parse_turn(self._ending.task)]
        return earlier[-1:]

    def jump(self) -> Turn | None:
        """Return a message that was there when a window first began here, if that is not the first.

        A summary that was completed before it was there as well. It is found by what was counted
        when messages were stored, which no later result of a call changes.
        """
        return self._overflow(lambda turn, tokens: max(turn.tokens, tokens))

    def _overflow(self, size: Callable[[Turn, int], int]) -> Turn | None:
        """Return the first message that has no room in a window with the start before this one."""
        if self._start.step == 0 or not self._steps.knows(self._start.step - 1):
            return None
        earlier = self._steps.start(self._start.step - 1)
        room = self._share - self._before(earlier)
        turns = earlier.history.turns[earlier.index :]
        for turn, tokens in zip(turns, earlier.tokens, strict=True):
            room -= size(turn, tokens)
            if room < 0:
                return turn
        return None

    def take_summary(self, candidates: Iterable[ContextNote]) -> None:
        """Take the first summary that fits."""
        for note in candidates:
            if self._count(summary_text(note)) + MESSAGE_TOKENS <= self._summary_room:
                self._summary = note
                return

    def take_memories(self, candidates: Iterable[ContextNote], limit: int) -> None:
        """Take the memories that fit, the best first."""
        room = self._trailing_room() // (2 if self._request.query else 1)
        for note in candidates:
            if len(self._memories) < limit:
                self._memories.append(note)
                if self._memory_tokens() > room:
                    self._memories.pop()

    def _memory_tokens(self) -> int:
        if not self._memories:
            return 0
        return self._count(memories_text(self._memories)) + MESSAGE_TOKENS

    def take_retrieved(
        self, groups: Iterable[Sequence[Turn]], histories: Iterable[History]
    ) -> None:
        """Take groups of older turns about the query that fit, the best first."""
        for history in histories:
            self._pairs |= history.pairs
        room, taken = self.room, self._ids()
        for group in groups:
            new = [turn for turn in group if turn.id not in taken and not turn.is_silent]
            found = sorted([*self._found, *new], key=position)
            fits = self._count(found_text(found, self._pairs)) + MESSAGE_TOKENS <= room
            if new and fits:
                self._found = found
                taken |= {turn.id for turn in new}

    def _ids(self) -> set[str]:
        history = self._start.history
        turns = [*self._task(self._start), *history.turns[self._start.index :]]
        return {turn.id for turn in turns}

    def build(self) -> ContextWindow:
        """Return the window."""
        plan, rendered = self._fitted()
        return window_of(plan, rendered)

    def plan(self) -> WindowPlan:
        """Return what the window holds."""
        return self._fitted()[0]

    def _fitted(self) -> tuple[WindowPlan, Rendered]:
        """Return the window, counted as it is rendered, and within the budget as such."""
        while True:
            plan = self._plan()
            rendered = rendered_of(plan)
            tokens = counted(plan, rendered, self._count)
            if tokens.total <= self._request.max_tokens:
                break
            self._give_up(tokens.total)
        plan = without_unsent(plan, rendered)
        alone = tokens.total
        if plan.memories or plan.found:
            without = replace(plan, memories=[], found=[])
            alone = counted(without, rendered_of(without), self._count).total
        return replace(
            plan,
            tokens=tokens,
            stable_prefix_tokens=self._stable_prefix(plan, alone),
            issues=[*self._issues(), *thought_issues(rendered)][: limits.CONTEXT_ISSUES_MAX],
        ), rendered

    def _stable_prefix(self, plan: WindowPlan, total: int) -> int:
        if self.holds_last_turn_alone:
            return 0  # the next window begins elsewhere
        return stable_prefix(self._with_open_calls(plan), self._count, total)

    def _with_open_calls(self, plan: WindowPlan) -> WindowPlan:
        """Return what the window holds with calls that are not shown until they have a result."""
        turns = self._start.history.turns[self._start.index :]
        shown = {turn.id for turn in plan.turns}
        last = max((at for at, turn in enumerate(turns) if turn.by_user), default=-1)
        kept = [turn for at, turn in enumerate(turns) if at > last or turn.id in shown]
        ids = {turn.id for turn in turns}
        return replace(plan, turns=[*(turn for turn in plan.turns if turn.id not in ids), *kept])

    def _give_up(self, total: int) -> None:
        """Leave out what is least needed, as together it takes more than its parts were counted."""
        if self._found or self._memories:
            self._found, self._memories = [], []
        elif not self.holds_last_turn_alone:
            self._start = self._choose_later(self._start.step + 1)
        elif self._summary:
            self._summary = None
        elif not self._is_bare:
            self._is_bare, self._system = True, self._system[:1]
        else:
            raise invalid_request(
                "maxTokens",
                f"maxTokens must be at least {total} here: so much the last turn takes, with what"
                " must precede it",
            )

    def _plan(self) -> WindowPlan:
        """Return what the window holds, before it is counted."""
        start, history = self._start, self._start.history
        later = enumerate(history.turns[start.index :], start.index)
        turns = [
            *self._task(start),
            *(turn for at, turn in later if turn.has_text or history.is_whole(at, start.index)),
        ]
        system = [*self._system, *self._later_system(start)]
        of_system = {one.id for one in system}
        turns = [turn for turn in turns if turn.id not in of_system]
        ids = {turn.id for turn in (*turns, *self._found)}
        known = {**self._pairs, **history.pairs}
        shown = len(system) + len(ids)
        return WindowPlan(
            dialect=self._request.format,
            target=self._request.target,
            unanswered=self._request.unanswered,
            signed=start.step == 0 and not self._trailing_room(),
            is_stable=True,
            system=system,
            summary=self._summary,
            memories=self._memories,
            turns=turns,
            found=self._found,
            pairs=pairs_among(known, ids),
            tokens=ContextTokens(),
            omitted=max(self._ending.total_messages - shown, 0),
            issues=[],
        )

    def _issues(self) -> Iterable[Issue]:
        start, history = self._start, self._start.history
        jump = self._overflow(lambda _, tokens: tokens)
        if jump and jump.id in newest(history.turns):
            yield window_jumped(jump, history.turns[start.index])
        task = self._last_of_user(start)
        if task and not self._task(start):
            yield task_cut(task)
        indexes = range(start.index, len(history.turns))
        groups = {min(history.group(at), default=-1) for at in indexes} - {-1}
        if start.step and len(groups) < self._request.recent:
            yield recent_cut(len(groups), self._request.recent)
        for issue in history.issues:
            known = isinstance(issue.message_id, str)
            if known and history.indexes[str(issue.message_id)] >= start.index:
                yield issue
