"""Converts messages of one API to those of another, and tells what does not come along.

What has a counterpart comes along as it is: texts, calls with their ids, names and arguments,
results, pictures, errors. All else is in the losses, part by part.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from msgspec import Struct

from dialoguedb.formats.outgoing.arrangement import ArrangeOptions, arrange
from dialoguedb.formats.outgoing.call_ids import fit_name_for_gemini, fit_tool_name
from dialoguedb.formats.outgoing.losses import Loss, LossKind
from dialoguedb.formats.outgoing.messages import (
    Losses,
    OutgoingMessage,
    OutgoingPart,
    text_message,
    visible,
)
from dialoguedb.formats.outgoing.thought_signatures import without_signatures
from dialoguedb.formats.parts import Other, Part, Reasoning, Text, ToolCall
from dialoguedb.formats.shown import plain_text
from dialoguedb.formats.spellings.openai import BESIDE_KEYS, REASONING_KEYS
from dialoguedb.formats.tool_links import ToolLinker, ToolPairs
from dialoguedb.formats.turns import Turn, parse_parts
from dialoguedb.formats.writers import openai
from dialoguedb.formats.writers.arguments import encodable
from dialoguedb.formats.writers.names import fit_names, speak_names
from dialoguedb.formats.writers.table import WRITERS, Written

Json = dict[str, Any]

Convertible = Literal["openai", "responses", "anthropic", "gemini", "ui-message"]
"""OpenAI's Chat Completions and Responses, Anthropic's Messages, Gemini's contents, and the
`UIMessage` of the AI SDK."""

Transcodable = Convertible | Literal["sharegpt"]
"""What a history can be written as."""


WITHOUT_SYSTEM = frozenset({"anthropic", "gemini"})
"""The APIs that take what the system says apart from all messages."""


class ConversionLoss(Struct, frozen=True):
    """A part of a message, or a detail of one, that the converted messages do not hold."""

    index: int
    """The index of the message."""

    part: int | None
    """The index of the part in its message; None for a member of the message itself."""

    kind: LossKind
    why: str


class Converted(Struct, frozen=True):
    """Messages of another API."""

    messages: list[Json]
    system: str
    """What the API takes apart from the messages; empty where a message holds it."""

    losses: tuple[ConversionLoss, ...]


def convert(
    messages: Iterable[Json],
    source: Convertible | Literal["auto"],
    target: Convertible,
    *,
    system: str = "",
) -> Converted:
    """Return messages in the spelling of another API, with what is lost thereby.

    `system` is what the source holds apart from its messages. Nothing is left out for its missing
    counterpart: neither a call without a result, nor a result without a call. With the source
    `auto` every message may be in a spelling of its own.
    """
    losses = Losses()
    if source == target and (not system or WRITERS[target].takes_system_apart):
        return Converted([*messages], system, ())
    turns = [_turn(index, one, source, losses) for index, one in enumerate(messages)]
    system, turns = _without_system(system, turns, target, losses)
    outgoing = _arranged(turns, target, losses)
    apart = WRITERS[target].takes_system_apart
    if system and not apart:
        outgoing.insert(0, text_message("system", system))
    written = WRITERS[target].write(outgoing, losses)
    return Converted(encodable(written), system if apart else "", _located(losses.found))


class Transcoder:
    """Writes the turns of a history for an API, some of them at a time.

    Ids and names are told apart across all of them. Nothing is left out for its missing
    counterpart, except for what a provider ran itself. Where an API has no messages of the system,
    these are left out: `system_texts` has what they say.
    """

    def __init__(self, target: Transcodable, pairs: ToolPairs) -> None:
        self._target: Transcodable = target
        self._writer = WRITERS[target]
        self._pairs = pairs
        self._ids = self._writer.ids()
        self._names: dict[str, str] = {}
        self._assistants: set[str] = set()
        self._written = 0

    def outgoing(self, turns: Sequence[Turn], losses: Losses) -> list[OutgoingMessage]:
        """Return the next turns as they are to be written."""
        options = ArrangeOptions(spelling=self._writer.spelling, ids=self._ids, unanswered="keep")
        outgoing = arrange(turns, self._pairs_from(turns), options, losses).messages
        for message in outgoing:
            note_details(message, self._target, losses)
        if self._target == "openai":
            outgoing = [*openai.with_calls_last(outgoing, losses)]
            fit_names(outgoing, self._names)
        else:
            speak_names(outgoing, self._assistants)
        return outgoing

    def _pairs_from(self, turns: Sequence[Turn]) -> ToolPairs:
        """Return the calls in turns that have results, as a long history has far more pairs."""
        calls = ((turn.id, index) for turn in turns for index in range(len(turn.parts)))
        return {call: self._pairs[call] for call in calls if call in self._pairs}

    def write(self, turns: Sequence[Turn], losses: Losses) -> list[Json]:
        """Return the next turns as messages, which others may follow."""
        if self._target in WITHOUT_SYSTEM:
            turns = [turn for turn in turns if turn.speaker != "system"]
        write = self._writer.write_part or self._writer.write
        written: list[Json] = encodable(write(self.outgoing(turns, losses), losses))
        if self._target == "ui-message":
            for position, message in enumerate(written, start=self._written):
                message["id"] = f"msg-{position}"
        self._written += len(written)
        return written


def _arranged(turns: Sequence[Turn], target: Convertible, losses: Losses) -> list[OutgoingMessage]:
    links = ToolLinker()
    for turn in turns:
        links.add(turn)
    links.finish()
    return Transcoder(target, links.pairs).outgoing(turns, losses)


# --- Reading ------------------------------------------------------------------------------------


def _turn(index: int, message: Json, source: str, losses: Losses) -> Turn:
    speaker, parts = parse_parts(_role_of(message), json.dumps(message).encode(), b"{}")
    own = OutgoingPart(Text(""), str(index), _WHOLE)
    if message.get("role") == "developer":
        losses.add(own, "detail", "the role developer becomes system")
    known = _MEMBERS.get(source)
    for key in message if known else ():
        if known and key not in known and message[key]:
            losses.add(own, "detail", f"the member {key} has no counterpart")
    name = message.get("name") if speaker != "tool" and "role" in message else None
    return Turn(str(index), "", index, speaker, name if isinstance(name, str) else None, parts, 0)


def _role_of(message: Json) -> str:
    """Return the role of a message; an item of Responses has one by its type."""
    role, kind = message.get("role"), message.get("type")
    if isinstance(role, str) or not isinstance(kind, str):
        return role if isinstance(role, str) else ""
    if kind.endswith(("_output", "_response", "_call_result")):
        return "user" if kind == "mcp_approval_response" else "tool"
    is_item = kind.endswith(("_call", "_request", "_tools")) or kind in _ITEMS
    return "assistant" if is_item else ""


def _without_system(
    system: str, turns: Sequence[Turn], target: Convertible, losses: Losses
) -> tuple[str, list[Turn]]:
    """Take the system's messages from the head; all of them where a target has no such role."""
    texts = [system] if system else []
    rest: list[Turn] = []
    for turn in turns:
        stays = bool(rest) and target not in WITHOUT_SYSTEM
        if turn.speaker != "system" or stays:
            rest.append(turn)
            continue
        texts += system_texts(turn)
        if rest:
            own = OutgoingPart(Text(""), turn.id, _WHOLE)
            losses.add(own, "detail", "a message of the system goes before all others")
    return "\n\n".join(filter(None, texts)), rest


def system_texts(turn: Turn) -> list[str]:
    """Return what a message of the system says."""
    return [plain_text(part) for part in turn.parts if isinstance(part, Text | Other)]


# --- Losses -------------------------------------------------------------------------------------

_WHOLE = -1
_WITH_ANY_NAME = frozenset({"ui-message", "sharegpt", "plain"})
"""Where the names of tools are any text."""

_WHY_NO_NAME = "a name stands before the text; that of the only assistant is left out"
_BORDERS = frozenset({"step-start"})
"""Parts that are where one message ends and the next begins."""

_ITEMS = frozenset({"reasoning", "compaction", "item_reference", "program"})
_MEMBERS: dict[str, frozenset[str]] = {
    "openai": frozenset(
        {
            *("role", "content", "name", "refusal", "tool_calls", "tool_call_id", "audio"),
            *("function_call", *REASONING_KEYS, *BESIDE_KEYS),
        }
    ),
    "anthropic": frozenset({"role", "content"}),
    "gemini": frozenset({"role", "parts"}),
    "ui-message": frozenset({"id", "role", "parts"}),
}
"""The members of messages that are read; one of Responses keeps its item whole."""


def note_details(message: OutgoingMessage, target: Written, losses: Losses) -> None:
    """Note what is kept of parts for their own API alone."""
    for outgoing in message.parts:
        part = outgoing.part
        if isinstance(part, ToolCall):
            _note_call(outgoing, part, target, losses)
        if isinstance(part, Other) and not visible([outgoing]) and not _goes_back(part, target):
            if part.name not in _BORDERS:
                losses.add(outgoing, "detail", f"{part.name} is of use to its own API alone")
        elif isinstance(part, Other) and part.is_unknown and not _goes_back(part, target):
            losses.add(outgoing, "detail", f"{part.name} is unknown, and named alone")
        elif beside := _beside(part, target):
            losses.add(outgoing, "detail", f"only the source's API knows {', '.join(beside)}")
    if message.name and target != "openai":
        losses.add(message.parts[0], "name", _WHY_NO_NAME)


def _note_call(outgoing: OutgoingPart, call: ToolCall, target: Written, losses: Losses) -> None:
    name = (fit_name_for_gemini if target == "gemini" else fit_tool_name)(call.name)
    if name != call.name and target not in _WITH_ANY_NAME:
        losses.add(outgoing, "name", f"{call.name!r} cannot be a name; it is {name!r}")
    if call.kind == "custom" and target not in {"openai", "responses", "plain"}:
        losses.add(outgoing, "detail", "the text of a custom tool becomes its argument `input`")
    if (
        call.kind == "server"
        and target not in {"ui-message", "plain"}
        and not _goes_back(call, target)
    ):
        losses.add(outgoing, "detail", "that its provider ran it")


def _goes_back(part: Part, target: Written) -> bool:
    """Tell whether a part goes back to the API that it is from."""
    return part.native is not None and part.native.spelling == target


def _beside(part: Part, target: Written) -> list[str]:
    native = part.native
    if native is None or isinstance(part, Reasoning) or _goes_back(part, target):
        return []  # what becomes of a thought its writer says
    value = without_signatures(native) if target == "gemini" else native.value
    return sorted(key for key in value if key not in _READ and _tells(value[key]))


def _tells(value: Any) -> bool:
    """Tell whether a member says more than its default."""
    return bool(value) and value != "auto"


_READ = frozenset(
    {
        *("type", "id", "call_id", "name", "arguments", "input", "output", "status", "text"),
        *("function", "custom", "tool_use_id", "content", "is_error", "result", "summary"),
        *("toolCallId", "toolName", "state", "errorText", "url", "mediaType", "filename"),
        *("functionCall", "function_call", "functionResponse", "function_response", "thought"),
        *("image_url", "input_audio", "file", "file_data", "file_url", "inlineData", "inline_data"),
        "fileData",
        *("part_kind", "tool_name", "tool_call_id", "args"),
        *("source", "title", "role", "data", "thinking", "reasoning_content", "reasoning"),
    }
)
"""Members of parts that have a counterpart, or are themselves told as lost."""


def _located(found: Iterable[Loss]) -> tuple[ConversionLoss, ...]:
    located = (
        ConversionLoss(
            int(loss.message_id), loss.part if loss.part != _WHOLE else None, loss.kind, loss.why
        )
        for loss in found
        if loss.message_id
    )
    return tuple(sorted(located, key=lambda loss: (loss.index, loss.part or 0)))
