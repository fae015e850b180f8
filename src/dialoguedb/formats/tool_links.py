"""Pairs tool calls with their results, and finds what providers would reject.

OpenAI and Anthropic refuse a call without a result right behind it, and a result without a call.
"""

from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable
from typing import NamedTuple

from dialoguedb.formats.issues import Issue, IssueCode
from dialoguedb.formats.parts import Other, Part, Text, ToolCall, ToolResult
from dialoguedb.formats.turns import Turn


class PartRef(NamedTuple):
    """The position of a part: the index of its turn, and its own in that turn."""

    turn: int
    part: int


ToolPairs = dict[tuple[str, int], tuple[str, int]]
"""Each call that has a result, and that result: `(message id, index of the part)`."""


class _ToolPart(NamedTuple):
    """A tool call or a result, and its position."""

    ref: PartRef
    tool_id: str
    message_id: str
    name: str
    is_server: bool
    alias: str = ""
    """Another id of a call, that of its item: some results of OpenAI's Responses name this one."""


_RecentCalls = defaultdict[tuple[bool, str], OrderedDict[PartRef, _ToolPart]]
"""Calls by whether a provider runs them and by name, each also under `_ANY_NAME`."""

_ANY_NAME = ""


class ToolLinker:
    """Pairs calls and results of turns that are added in order; `finish` returns the issues.

    A result belongs to the newest call before it that has its id and no result yet; without an id,
    to the oldest of its name that is open, or else to the oldest that is. One that comes before its
    call is paired with it at the end, if nothing else was. Calls that a provider runs need no
    result. Unless the turns are the `whole` of a dialogue, earlier ones may hold calls that are
    still open.
    """

    def __init__(self, *, whole: bool = True) -> None:
        self.result_of: dict[PartRef, PartRef] = {}
        """The result of each call that has one."""

        self.pairs: ToolPairs = {}
        """The same, by message ids."""

        self._issues: list[tuple[PartRef, Issue]] = []
        self._open: dict[PartRef, _ToolPart] = {}
        self._open_by_id: dict[str, list[deque[_ToolPart]]] = {}
        """Grouped by turn; some may have a result by now."""

        self._recent: _RecentCalls = defaultdict(OrderedDict)
        """Open calls since the last text: a result without an id belongs to one of these."""

        self._whole = whole
        self._knows_open = whole
        """Whether no earlier call can be open for a result without an id."""

        self._met_result_without_id = False
        self._early_results: list[_ToolPart] = []
        self._answered_ids: set[str] = set()
        self._last_spoken = -1
        self._next = 0

    def add(self, turn: Turn) -> None:
        """Read the next turn."""
        index = self._next
        self._next += 1
        has_text = turn.has_text
        if has_text:
            self._forget_recent()
        if not turn.parts:
            self._add_issue(PartRef(index, 0), "EMPTY_TURN", turn.id, "says nothing")
        for part_index, part in enumerate(turn.parts):
            if type(part) is ToolCall:
                self._add_call(_tool_part(PartRef(index, part_index), turn, part))
            elif type(part) is ToolResult:
                is_server, ref = part.kind == "server", PartRef(index, part_index)
                result = _ToolPart(ref, part.call_id, turn.id, part.name, is_server)
                self._add_result(result)
        if unknown := _unknown_names(turn.parts):
            self._add_unknown(unknown, turn, index)
        if has_text:
            self._last_spoken = index

    def skip(self) -> None:
        """Pass over a turn that stands between no call and its result."""
        self._next += 1

    def finish(self) -> list[Issue]:
        """Return the issues, in the order of the parts."""
        for result in self._early_results:
            call = self._later_call(result)
            if call:
                self._pair(call, result)
                problem = "holds the result of a tool call that comes after it"
                self._add_issue(result.ref, "ROLE_ORDER", result.message_id, problem)
            else:
                where = "there is not" if self._whole else "is not near before it"
                problem = f"answers the tool call {result.tool_id!r}, which {where}"
                self._add_issue(result.ref, "ORPHANED_TOOL_RESULT", result.message_id, problem)
        for call in self._open.values():
            if call.is_server:
                continue
            problem = f"calls a tool ({call.tool_id!r}) whose result there is not"
            self._add_issue(call.ref, "ORPHANED_TOOL_CALL", call.message_id, problem)
        return [issue for _, issue in sorted(self._issues, key=lambda noted: noted[0])]

    def _forget_recent(self) -> None:
        """Forget the open calls that a result without an id can no longer belong to."""
        self._recent.clear()
        self._knows_open = True

    def _add_unknown(self, names: Iterable[str], turn: Turn, index: int) -> None:
        for name in dict.fromkeys(names):
            problem = f"has a part of the unknown type {name!r}"
            self._add_issue(PartRef(index, 0), "UNKNOWN_PART", turn.id, problem)

    def _add_call(self, call: _ToolPart) -> None:
        if (
            self._met_result_without_id and not self._knows_open
        ):  # calls of one time come before results
            self._forget_recent()
        self._open[call.ref] = call
        for name in (call.name, _ANY_NAME):
            self._recent[call.is_server, name][call.ref] = call
        for tool_id in {call.tool_id, call.alias} if call.alias else (call.tool_id,):
            groups = self._open_by_id.setdefault(tool_id, [])
            if not (groups and groups[-1] and groups[-1][0].ref.turn == call.ref.turn):
                groups.append(deque())
            groups[-1].append(call)

    def _add_result(self, result: _ToolPart) -> None:
        call = self._open_call(result.tool_id) if result.tool_id else self._oldest_recent(result)
        if call is None and result.tool_id in self._answered_ids:
            problem = f"answers the tool call {result.tool_id!r} once more"
            self._add_issue(result.ref, "DUPLICATE_TOOL_RESULT", result.message_id, problem)
        elif call is None:
            self._early_results.append(result)
        else:
            self._pair(call, result)
            if call.ref.turn < self._last_spoken:
                problem = "holds the result of a tool call that it does not follow at once"
                self._add_issue(result.ref, "ROLE_ORDER", result.message_id, problem)

    def _oldest_recent(self, result: _ToolPart) -> _ToolPart | None:
        self._met_result_without_id = True
        if not self._knows_open:
            return None
        for name in (result.name, _ANY_NAME):
            if recent := self._recent.get((result.is_server, name)):
                return next(iter(recent.values()))
        return None

    def _later_call(self, result: _ToolPart) -> _ToolPart | None:
        """Return the call of a result that came before it; its own may stand before all turns."""
        call = self._open_call(result.tool_id) if self._whole else None
        is_its = call is not None and (result.tool_id or call.is_server == result.is_server)
        return call if is_its else None

    def _open_call(self, tool_id: str) -> _ToolPart | None:
        """Return the first open call with this id in the newest turn that has one."""
        groups = self._open_by_id.get(tool_id, [])
        while groups:
            while groups[-1] and groups[-1][0].ref not in self._open:
                groups[-1].popleft()
            if groups[-1]:
                return groups[-1][0]
            groups.pop()
        return None

    def _pair(self, call: _ToolPart, result: _ToolPart) -> None:
        del self._open[call.ref]
        for name in (call.name, _ANY_NAME):
            self._recent[call.is_server, name].pop(call.ref, None)
        self._answered_ids.add(call.tool_id)
        self.result_of[call.ref] = result.ref
        result_position = (result.message_id, result.ref.part)
        self.pairs[call.message_id, call.ref.part] = result_position

    def _add_issue(self, ref: PartRef, code: IssueCode, message_id: str, problem: str) -> None:
        issue = Issue(code=code, message_id=message_id, message=f"Message '{message_id}' {problem}")
        self._issues.append((ref, issue))


def _tool_part(ref: PartRef, turn: Turn, call: ToolCall) -> _ToolPart:
    native = call.native
    item_id = native.value.get("id") if native and native.spelling == "responses" else None
    alias = item_id if isinstance(item_id, str) else ""
    return _ToolPart(ref, call.id, turn.id, call.name, call.kind == "server", alias)


def _unknown_names(parts: Iterable[Part]) -> list[str]:
    """Return the types of unknown parts, those in results included."""
    names: list[str] = []
    for part in parts:
        if type(part) is Text or type(part) is ToolCall:
            continue
        if type(part) is Other and part.is_unknown:
            names.append(part.name)
        elif type(part) is ToolResult:
            names += _unknown_names(part.parts)
    return names
