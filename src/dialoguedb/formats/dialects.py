"""Renders turns in a dialect: as a chat API, or a model's chat template, takes them."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from dialoguedb.formats.outgoing import signed_thoughts
from dialoguedb.formats.outgoing.arrangement import ArrangeOptions, arrange
from dialoguedb.formats.outgoing.call_ids import short_ids
from dialoguedb.formats.outgoing.losses import Loss
from dialoguedb.formats.outgoing.messages import (
    Losses,
    OutgoingMessage,
    OutgoingPart,
    text_message,
)
from dialoguedb.formats.parts import ToolResult
from dialoguedb.formats.tool_links import ToolPairs
from dialoguedb.formats.turns import Turn
from dialoguedb.formats.writers import gemini, openai, strict
from dialoguedb.formats.writers.arguments import encodable
from dialoguedb.formats.writers.names import fit_names, speak_names
from dialoguedb.formats.writers.table import WRITERS
from dialoguedb.values.fields import Dialect, Target, Unanswered

Json = dict[str, Any]

OPENING = "[The conversation goes on.]"
"""The first user message where a conversation would begin with the assistant."""


class RenderRequest(Struct, frozen=True, kw_only=True):
    """How turns are to be rendered."""

    dialect: Dialect
    system: str = ""
    """All that is the system's, joined: its messages, a summary, memories."""

    target: Target = "any"
    unanswered: Unanswered = "drop"
    signed: bool = True
    """Whether signed thoughts may be sent: what stood before them stands there unchanged."""

    trailing: tuple[str, ...] = ()
    """Texts behind the conversation, as a user's: memories, and messages found by a query."""


class Rendered(Struct, frozen=True):
    """Messages to send to a model."""

    messages: list[Json]
    system: str = ""
    """What the dialect takes apart from the messages."""

    opened: bool = False
    """Whether `OPENING` comes before the conversation, as it would begin with the assistant."""

    losses: tuple[Loss, ...] = ()
    """What was left out of the parts."""


_SIGNED = frozenset({"anthropic", "openai"})
"""The dialects in which thoughts go that were signed together with what stood before them."""

_OF_TEMPLATES = frozenset({"openai", "plain"})
"""The dialects that chat templates read."""


def render(turns: Sequence[Turn], pairs: ToolPairs, request: RenderRequest) -> Rendered:
    """Return turns, oldest first, as messages; results without a call are left out.

    The pairs come from the whole history, as the turns may be a part of it. System messages are not
    among the turns.
    """
    writer = WRITERS[request.dialect]
    losses = Losses()
    messages = _outgoing(turns, pairs, request, losses)
    is_strict = request.target != "any" and request.dialect in _OF_TEMPLATES
    if is_strict:
        messages = strict.one_call_at_a_time(messages)
    written = writer.write(messages, losses)
    if is_strict:
        written = strict.shaped(written)
    elif request.dialect == "gemini":
        written = gemini.with_signed_steps(written)
    opened = bool(written) and not _may_begin(written[0])
    if opened:
        written.insert(0, writer.user_message(OPENING))
    system = "" if request.target == "no-system" else request.system
    if system and not writer.takes_system_apart:
        written.insert(0, {"role": "system", "content": system})
        system = ""
    return Rendered(encodable(written), system, opened, tuple(losses.found))


def _outgoing(
    turns: Sequence[Turn], pairs: ToolPairs, request: RenderRequest, losses: Losses
) -> list[OutgoingMessage]:
    """Return what is to be written, in its order and with its names."""
    writer = WRITERS[request.dialect]
    is_strict = request.target != "any" and request.dialect in _OF_TEMPLATES
    options = ArrangeOptions(
        spelling=writer.spelling,
        ids=short_ids() if is_strict else writer.ids(),
        unanswered=request.unanswered,
    )
    arranged = arrange(turns, pairs, options, losses)
    messages = arranged.messages
    if request.dialect in _SIGNED:
        messages = signed_thoughts.without_unfit(
            turns, arranged, signed=request.signed, losses=losses
        )
    elif request.dialect == "responses":
        messages = signed_thoughts.without_halves(turns, arranged, losses)
    if is_strict:
        messages = strict.with_images_alone(messages)
    if request.dialect == "openai":
        messages = [*openai.with_calls_last(messages, losses)]
    messages += [text_message("user", text) for text in request.trailing]
    if request.dialect == "openai" and not is_strict:
        fit_names(messages)
    elif is_strict or not writer.knows_names:
        speak_names(messages)
    if request.target == "no-system" and request.system:
        messages.insert(0, text_message("user", request.system))
    return messages


def _may_begin(message: Json) -> bool:
    """Tell whether a conversation may begin with it: a user's, or what stands for all before."""
    return message.get("role") == "user" or message.get("type") == "compaction"


def write_alone(turn: Turn, dialect: Dialect) -> list[Json]:
    """Return one turn as it is, with its calls and results in its own order."""
    messages: list[OutgoingMessage] = []
    for index, part in enumerate(turn.parts):
        is_result = isinstance(part, ToolResult) and not _is_own(part, dialect)
        speaker = "tool" if is_result else turn.speaker
        if not messages or messages[-1].speaker != speaker:
            messages.append(OutgoingMessage(speaker, turn.name, []))
        messages[-1].parts.append(OutgoingPart(part, turn.id, index))
    written: list[Json] = encodable(WRITERS[dialect].write(messages, Losses()))
    return written


def _is_own(result: ToolResult, dialect: Dialect) -> bool:
    """Tell whether a result is one that the provider of a dialect wrote itself."""
    native = result.native
    is_native = native is not None and native.spelling == WRITERS[dialect].spelling
    return result.kind == "server" and is_native
