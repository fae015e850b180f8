"""The order of calls and results: every result directly behind the calls made with its own.

All providers want a tool call followed at once by its result, whatever order they arrived in.
"""

from bisect import bisect, bisect_left
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from dialoguedb.formats.outgoing.call_ids import CallIds
from dialoguedb.formats.outgoing.losses import LossKind
from dialoguedb.formats.outgoing.messages import (
    Losses,
    OutgoingMessage,
    OutgoingPart,
    shows_something,
)
from dialoguedb.formats.parts import Native, Part, Spelling, Text, ToolCall, ToolResult
from dialoguedb.formats.tool_links import PartRef, ToolPairs
from dialoguedb.formats.turns import Speaker, Turn
from dialoguedb.values.fields import Unanswered

_FUNCTIONS = ("function_call", "custom_tool_call")

NO_RESULT = "[No result: the call was not answered.]"
"""What a call without a result gets as its result, if it is to have one."""


class ArrangeOptions(Struct, frozen=True, kw_only=True):
    """How turns are arranged."""

    spelling: Spelling | None
    """Calls that a provider answered itself stay where they are in a window of its spelling."""

    ids: CallIds
    unanswered: Unanswered | Literal["keep"] = "drop"
    """`keep` keeps calls without a result, and results without a call, where they are."""


class Arranged(Struct, frozen=True):
    """Messages in the order that providers want."""

    messages: list[OutgoingMessage]
    broken: tuple[int, ...]
    """The indexes of turns that have lost a call, in order."""


def arrange(
    turns: Sequence[Turn], pairs: ToolPairs, options: ArrangeOptions, losses: Losses
) -> Arranged:
    """Put every result right behind its call, and parallel calls into one message."""
    indexes = {turn.id: index for index, turn in enumerate(turns)}
    result_of = {
        PartRef(indexes[call], part_index): PartRef(indexes[result], at)
        for (call, part_index), (result, at) in pairs.items()
        if call in indexes and result in indexes
    }
    arrangement = _Arrangement(turns, result_of, options, losses)
    for index, turn in enumerate(turns):
        for part_index, part in enumerate(turn.parts):
            arrangement.add(PartRef(index, part_index), part)
    arrangement.close_calls()
    return Arranged(arrangement.messages, tuple(sorted(arrangement.broken)))


class _Arrangement:
    """Appends parts in order, holding results back until all parallel calls are there."""

    def __init__(
        self,
        turns: Sequence[Turn],
        result_of: dict[PartRef, PartRef],
        options: ArrangeOptions,
        losses: Losses,
    ) -> None:
        self.messages: list[OutgoingMessage] = []
        self.broken: set[int] = set()
        self._turns = turns
        self._result_of = result_of
        self._answers = frozenset(result_of.values())
        self._options = options
        self._moved = self._parted_results()
        """Results of a provider's own tools that go right behind their calls."""

        self._last_spoken = next(
            (index for index in reversed(range(len(turns))) if turns[index].has_text), -1
        )
        self._losses = losses
        self._results: list[OutgoingPart] = []
        self._last_call = -1
        """The turn of the last call whose result is held back."""

        self._is_answered = False
        """Whether a result came since the calls whose results are held back."""

    def add(self, ref: PartRef, part: Part) -> None:
        if type(part) is not ToolCall and type(part) is not ToolResult:
            self._add_other(ref, part)
        elif ref in self._moved:
            return
        elif self._stays(part):
            self._add_own(ref, part)
        elif type(part) is ToolResult:
            self._is_answered = self._is_answered or bool(self._results)
            if self._options.unanswered == "keep" and ref not in self._answers:
                self.close_calls()
                self._grow(ref, "tool", part)
        else:
            self._add_call(ref, part)

    def close_calls(self) -> None:
        """Append the results that were held back."""
        if self._results:
            self.messages.append(OutgoingMessage("tool", None, self._results))
            self._results = []
            self._options.ids.close()
        self._is_answered = False

    def _stays(self, part: ToolCall | ToolResult) -> bool:
        """Tell whether a part is one of a provider's own tools, for that provider."""
        return (
            part.kind == "server"
            and part.native is not None
            and part.native.spelling == self._options.spelling
        )

    def _add_own(self, ref: PartRef, part: Part) -> None:
        """Append a call that its provider answered, or the answer; Anthropic wants both."""
        answer = self._result_of.get(ref)
        is_pair = ref in self._answers or bool(answer and self._is_own_result(self._at(answer)))
        is_open = isinstance(part, ToolCall) and ref.turn >= self._last_spoken
        if is_pair or is_open or self._options.spelling != "anthropic":
            self._add_other(ref, part)
            self._add_moved(self._result_of.get(ref))
        else:
            kind: LossKind = "call" if isinstance(part, ToolCall) else "result"
            outgoing = OutgoingPart(part, self._turns[ref.turn].id, ref.part)
            self._losses.add(outgoing, kind, "a call and its result come together or not at all")
            self.broken.add(ref.turn)

    def _parted_results(self) -> frozenset[PartRef]:
        """Return what answers a provider's own tools before their calls, or behind a user's turn.

        Results of other tools may stand between, as the provider waits for these.
        """
        own = {
            call: self._result_of[call]
            for index, turn in enumerate(self._turns)
            for at, part in enumerate(turn.parts)
            if type(part) is ToolCall and self._stays(part)
            if (call := PartRef(index, at)) in self._result_of
        }
        spoken = [index for index, turn in enumerate(self._turns) if own and turn.by_user]
        return frozenset(
            result
            for call, result in own.items()
            if (result < call or bisect(spoken, call.turn) < bisect_left(spoken, result.turn))
            and self._is_own_result(self._at(result))
        )

    def _is_own_result(self, part: Part) -> bool:
        return type(part) is ToolResult and self._stays(part)

    def _add_moved(self, result: PartRef | None) -> None:
        """Append a result that stands apart to the message that has just got its call."""
        if result in self._moved:
            turn = self._turns[result.turn]
            self.messages[-1].parts.append(OutgoingPart(self._at(result), turn.id, result.part))

    def _add_other(self, ref: PartRef, part: Part) -> None:
        turn = self._turns[ref.turn]
        is_own = type(part) is ToolCall or type(part) is ToolResult
        speaker = "assistant" if is_own else _seen_as(turn.speaker)
        is_beside = ref.turn == self._last_call and speaker == "assistant"
        if self._results and is_beside and not self._is_answered:
            self.messages[-1].parts.append(OutgoingPart(part, turn.id, ref.part))
        else:
            self.close_calls()
            self._grow(ref, speaker, part)

    def _add_call(self, ref: PartRef, call: ToolCall) -> None:
        result_ref = self._result_of.get(ref)
        result = self._result(ref, call, result_ref)
        if result is None:
            if self._keeps(call):
                self._add_unanswered(ref, call)
            return
        if self._is_answered:
            self.close_calls()
        own_id = self._options.ids.of(call.id)
        outgoing = call if own_id == call.id else replace(call, id=own_id)
        if not _is_answer(result, call):  # no provider's own type of call takes just any result
            outgoing = replace(outgoing, native=_of_function(call))
        if self._results:  # a parallel call
            self.messages[-1].parts.append(
                OutgoingPart(outgoing, self._turns[ref.turn].id, ref.part)
            )
        else:
            self._grow(ref, "assistant", outgoing)
        self._last_call = ref.turn
        at = result_ref or ref
        kind = "custom" if call.kind == "custom" else result.kind
        native = result.native if _is_answer(result, outgoing) else None
        named = replace(result, call_id=own_id, name=call.name, kind=kind, native=native)
        self._results.append(OutgoingPart(named, self._turns[at.turn].id, at.part))
        self._note_id(OutgoingPart(call, self._turns[ref.turn].id, ref.part), call.id, own_id)
        self._note_id(self._results[-1], result.call_id, own_id)

    def _add_unanswered(self, ref: PartRef, call: ToolCall) -> None:
        own_id = self._options.ids.of(call.id)
        self._note_id(OutgoingPart(call, self._turns[ref.turn].id, ref.part), call.id, own_id)
        self._add_other(ref, call if own_id == call.id else replace(call, id=own_id))

    def _keeps(self, call: ToolCall) -> bool:
        """Tell whether a call stays without a result: another provider ran none of its own."""
        return self._options.unanswered == "keep" and call.kind != "server"

    def _note_id(self, outgoing: OutgoingPart, stored: str, own_id: str) -> None:
        if stored and own_id != stored:
            self._losses.add(outgoing, "id", f"{stored!r} cannot be an id here; it is {own_id!r}")

    def _result(
        self, ref: PartRef, call: ToolCall, result_ref: PartRef | None
    ) -> ToolResult | None:
        """Return the result of a call; None, with the loss noted, when it has none.

        What a provider ran itself, and answered for its own eyes, is none for others.
        """
        if result_ref is not None:
            result = self._at(result_ref)
            assert isinstance(result, ToolResult)
            if call.kind != "server" or shows_something(result.parts):
                return result
            outgoing = OutgoingPart(result, self._turns[result_ref.turn].id, result_ref.part)
            self._losses.add(outgoing, "result", f"the result of {call.name} shows nothing")
        if self._options.unanswered == "error" and call.kind != "server":
            return ToolResult(call.id, (Text(NO_RESULT),), is_error=True, kind=call.kind)
        if not self._keeps(call):
            outgoing = OutgoingPart(call, self._turns[ref.turn].id, ref.part)
            self._losses.add(outgoing, "call", f"the call of {call.name} has no result")
            self.broken.add(ref.turn)
        return None

    def _grow(self, ref: PartRef, speaker: Speaker, part: Part) -> None:
        last = self.messages[-1] if self.messages else None
        turn = self._turns[ref.turn]
        if last is None or last.turn != ref.turn or last.speaker != speaker:
            last = OutgoingMessage(speaker, turn.name, [], ref.turn)
            self.messages.append(last)
        last.parts.append(OutgoingPart(part, turn.id, ref.part))

    def _at(self, ref: PartRef) -> Part:
        return self._turns[ref.turn].parts[ref.part]


def _item_type(part: ToolCall | ToolResult) -> str:
    """Return the type of the item of Responses that a part was read from; empty for any other."""
    native = part.native
    return str(native.value.get("type")) if native and native.spelling == "responses" else ""


def _is_answer(result: ToolResult, call: ToolCall) -> bool:
    """Tell whether a result may answer a call as it is: an item needs one of its own type."""
    called, answered = _item_type(call), _item_type(result)
    called = called or ("custom_tool_call" if call.kind == "custom" else "function_call")
    if not answered:
        return called in _FUNCTIONS
    return answered in {f"{called}_output", f"{called.removesuffix('_call')}_output"}


def _of_function(call: ToolCall) -> Native | None:
    item_type = _item_type(call)
    return call.native if not item_type or item_type in _FUNCTIONS else None


def _seen_as(speaker: Speaker) -> Speaker:
    return "user" if speaker == "tool" else speaker
