"""Where a stable window begins: in the same place until the conversation outgrows its share.

Every message has an offset: the tokens that were appended to its dialogue before it, which never
change. Windows begin at multiples of a step in these, most of the conversation's share. The least
multiple from which all has room is taken: so the next window begins in the same place, until one
jump frees a step. Nothing is stored: a dialogue and a request alone tell the start.
"""

from collections.abc import Sequence

from msgspec import Struct

from dialoguedb.formats.turns import Turn, parse_turn
from dialoguedb.model.context import ContextRequest
from dialoguedb.ports.context import Ending
from dialoguedb.service.context_window.history import History
from dialoguedb.service.context_window.shown_tokens import ShownTokens
from dialoguedb.service.context_window.text_counts import TextCounts

_STEP_PERCENT = 70
"""The step, of the conversation's share: a smaller one jumps more often."""

_SEARCHED_SHARE = 4
"""How much of a step a better start is searched in: a user's turn, or one between calls."""


class Read:
    """The end of a dialogue that was read, with the system's messages in their places.

    A message is parsed when a start is searched before it, as most are read for their sizes alone.
    """

    def __init__(self, request: ContextRequest, ending: Ending, counts: TextCounts) -> None:
        self._messages = ending.messages
        self._parsed: list[Turn] = []
        """The last messages."""

        self._counts = counts
        self._shows_unanswered = request.unanswered == "error"
        self._dialect = request.format
        self.offsets = ending.offsets
        self.whole = ending.whole

    @property
    def tokens(self) -> int:
        """The offset behind the last message."""
        ends = zip(self.offsets, self._messages, strict=True)
        return max((offset + one.token_count for offset, one in ends), default=0)

    def turns(self, first: int = 0) -> list[Turn]:
        """Return the turns from an index on."""
        missing = len(self._messages) - len(self._parsed)
        if first < missing:
            new = [parse_turn(one) for one in self._messages[first:missing]]
            self._counts.know(new)
            self._parsed = [*new, *self._parsed]
            missing = first
        return self._parsed[first - missing :]

    def history(self, first: int = 0) -> History:
        """Return the turns from an index on, linked."""
        return History(
            self.turns(first),
            whole=self.whole and not first,
            shows_unanswered=self._shows_unanswered,
            dialect=self._dialect,
        )

    def index_of(self, offset: int) -> int:
        """Return the index of the first turn from an offset on, in the order of the dialogue."""
        found = (index for index, own in enumerate(self.offsets) if own >= offset)
        return next(found, len(self.offsets))


class Start(Struct, frozen=True):
    """A start of a window, and what it is linked with."""

    step: int
    """How many steps it is away; 0 is the dialogue's beginning."""

    history: History
    """From a fixed place before the start on, so that later windows link calls alike."""

    index: int
    """Of the first turn, in the history."""

    tokens: Sequence[int] = ()
    """Of each turn from the start on."""


class Steps:
    """The places where windows of one size may begin."""

    def __init__(self, read: Read, share: int, shown: ShownTokens) -> None:
        self._read = read
        self._shown = shown
        self._known: dict[int, Start] = {}
        self.size = max(share * _STEP_PERCENT // 100, 1)

    @property
    def last(self) -> int:
        """The last step that something stands behind."""
        return max(self._read.offsets, default=0) // self.size

    def knows(self, step: int) -> bool:
        """Tell whether enough was read to begin there."""
        first = min(self._read.offsets, default=0)
        return self._read.whole or (step > 0 and first <= self._linked_from(step))

    def start(self, step: int) -> Start:
        """Return the start of a step."""
        if step not in self._known:
            self._known[step] = self._linked(step)
        return self._known[step]

    def _linked(self, step: int) -> Start:
        read = self._read
        first = read.index_of(self._linked_from(step)) if step else 0
        history = read.history(first)
        index = self._beginning(step, history, first)
        later = range(index, len(history.turns))
        tokens = [history.shown_tokens(at, self._shown) for at in later]
        return Start(step, history, index, tokens)

    def _linked_from(self, step: int) -> int:
        return step * self.size - self.size // 2

    def _beginning(self, step: int, history: History, first: int) -> int:
        """Return the best start in the beginning of a step: a user's turn, or one between calls."""
        if step == 0:
            return 0
        offset = step * self.size
        here = self._read.index_of(offset) - first
        until = self._read.index_of(offset + max(self.size // _SEARCHED_SHARE, 1)) - first
        inside = _between_call_and_result(history, until)
        clean = [at for at in range(here, until) if history.group(at) and at not in inside]
        by_user = (at for at in clean if history.user_speaks(at))
        return next(by_user, clean[0] if clean else history.beginning_of(here))


def _between_call_and_result(history: History, until: int) -> set[int]:
    """Return the indexes at which a start would part a call from a result that comes soon.

    Or reasoning from what it belongs to.
    """
    pairs = ((call.turn, result.turn) for call, result in history.result_of.items())
    return {
        at
        for first, last in (*pairs, *history.joined)
        if last < until
        for at in range(first + 1, last + 1)
    }


def leading(system: Sequence[Turn], tokens_max: int) -> list[Turn]:
    """Return the system's messages that the dialogue begins with: the first, and what has room."""
    found: list[Turn] = []
    for turn in system:
        tokens_max -= turn.tokens
        if turn.seq != len(found) + 1 or (found and tokens_max < 0):
            break
        found.append(turn)
    return found


def newest(turns: Sequence[Turn]) -> set[str]:
    """Return the ids of the newest turns: the last answer, and what came behind it."""
    at = len(turns)
    while at and turns[at - 1].speaker != "assistant":
        at -= 1
    while at and turns[at - 1].speaker == "assistant":
        at -= 1
    return {turn.id for turn in turns[at:]}
