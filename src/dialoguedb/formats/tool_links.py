"""Which result answers which call, and what is broken between them."""

from collections import OrderedDict, deque
from typing import Literal, NamedTuple

from msgspec import UNSET, Struct, UnsetType

from dialoguedb.formats.parts import ToolCall, ToolResult
from dialoguedb.formats.turns import Turn
from dialoguedb.values.fields import Id

IssueCode = Literal[
    "ORPHANED_TOOL_CALL",
    "ORPHANED_TOOL_RESULT",
    "DUPLICATE_TOOL_RESULT",
    "ROLE_ORDER",
    "EMPTY_TURN",
    "RECENT_CUT",
]


class Issue(Struct, rename="camel", frozen=True, kw_only=True):
    """Something in a history that a model's provider would refuse."""

    code: IssueCode
    message_id: Id | UnsetType = UNSET
    message: str


class PartRef(NamedTuple):
    """A part: the place of its turn, and its own in it."""

    turn: int
    part: int


ToolPairs = dict[tuple[str, int], tuple[str, int]]
"""The result of each call that has one: the ids of their messages, and their places in these."""


class _ToolPart(NamedTuple):
    """A call or a result, and where it stands."""

    ref: PartRef
    tool_id: str
    message_id: str


class ToolLinker:
    """Reads turns in their order; `finish` tells what stayed without its other half.

    A result answers the newest call before it that has its id and no result yet. One that comes
    before its call is tied to it in the end, if nothing else was. Unless the turns are the `whole`
    of a dialogue, what stands before them may hold calls that are still open.
    """

    def __init__(self, *, whole: bool = True) -> None:
        self.result_of: dict[PartRef, PartRef] = {}
        """The result of each call that has one."""

        self.ties: ToolPairs = {}
        """The same, by messages."""

        self._issues: list[tuple[PartRef, Issue]] = []
        self._open: dict[PartRef, _ToolPart] = {}
        self._open_by_id: dict[str, list[deque[_ToolPart]]] = {}
        """Those of one turn together; some may be answered by now."""

        self._recent: OrderedDict[PartRef, _ToolPart] = OrderedDict()
        """Open calls since somebody spoke: of these a result without an id answers the oldest."""

        self._whole = whole
        self._knows_open = whole
        """Whether no call before these turns can be open for a result without an id."""

        self._met_nameless = False
        self._early: list[_ToolPart] = []
        self._answered: set[str] = set()
        self._spoke = -1
        self._next = 0

    def add(self, turn: Turn) -> None:
        """Read the next turn."""
        place = self._next
        self._next += 1
        if turn.speaks:
            self._begin_anew()
        if not turn.parts:
            self._note(PartRef(place, 0), "EMPTY_TURN", turn.id, "says nothing")
        for number, part in enumerate(turn.parts):
            if isinstance(part, ToolCall):
                self._call(_ToolPart(PartRef(place, number), part.id, turn.id))
            elif isinstance(part, ToolResult):
                self._answer(_ToolPart(PartRef(place, number), part.call_id, turn.id))
        if turn.speaks:
            self._spoke = place

    def finish(self) -> list[Issue]:
        """Return what is broken, in order."""
        for result in self._early:
            call = self._called(result.tool_id) if self._whole else None  # its own may stand before
            if call:
                self._tie(call, result)
                said = "holds the result of a tool call that comes after it"
                self._note(result.ref, "ROLE_ORDER", result.message_id, said)
            else:
                where = "there is not" if self._whole else "is not near before it"
                said = f"answers the tool call {result.tool_id!r}, which {where}"
                self._note(result.ref, "ORPHANED_TOOL_RESULT", result.message_id, said)
        for call in self._open.values():
            said = f"calls a tool ({call.tool_id!r}) whose result there is not"
            self._note(call.ref, "ORPHANED_TOOL_CALL", call.message_id, said)
        return [issue for _, issue in sorted(self._issues, key=lambda noted: noted[0])]

    def _begin_anew(self) -> None:
        """Forget open calls that no result without an id answers any more."""
        self._recent.clear()
        self._knows_open = True

    def _call(self, call: _ToolPart) -> None:
        if self._met_nameless and not self._knows_open:  # calls of one moment come before results
            self._begin_anew()
        self._open[call.ref] = self._recent[call.ref] = call
        groups = self._open_by_id.setdefault(call.tool_id, [])
        if not (groups and groups[-1] and groups[-1][0].ref.turn == call.ref.turn):
            groups.append(deque())
        groups[-1].append(call)

    def _answer(self, result: _ToolPart) -> None:
        call = self._called(result.tool_id) if result.tool_id else self._oldest()
        if call is None and result.tool_id in self._answered:
            said = f"answers the tool call {result.tool_id!r} once more"
            self._note(result.ref, "DUPLICATE_TOOL_RESULT", result.message_id, said)
        elif call is None:
            self._early.append(result)
        else:
            self._tie(call, result)
            if call.ref.turn < self._spoke:
                said = "holds the result of a tool call that it does not follow at once"
                self._note(result.ref, "ROLE_ORDER", result.message_id, said)

    def _oldest(self) -> _ToolPart | None:
        self._met_nameless = True
        return next(iter(self._recent.values()), None) if self._knows_open else None

    def _called(self, tool_id: str) -> _ToolPart | None:
        """Return the first open call with this id in the newest turn that has one."""
        groups = self._open_by_id.get(tool_id, [])
        while groups:
            while groups[-1] and groups[-1][0].ref not in self._open:
                groups[-1].popleft()
            if groups[-1]:
                return groups[-1][0]
            groups.pop()
        return None

    def _tie(self, call: _ToolPart, result: _ToolPart) -> None:
        del self._open[call.ref]
        self._recent.pop(call.ref, None)
        self._answered.add(call.tool_id)
        self.result_of[call.ref] = result.ref
        answer = (result.message_id, result.ref.part)
        self.ties[call.message_id, call.ref.part] = answer

    def _note(self, ref: PartRef, code: IssueCode, message_id: str, said: str) -> None:
        issue = Issue(code=code, message_id=message_id, message=f"Message '{message_id}' {said}")
        self._issues.append((ref, issue))
