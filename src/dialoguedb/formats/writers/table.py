"""All writers, and what each API demands beside the spelling."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from dialoguedb.formats.outgoing.call_ids import (
    CallIds,
    bounded_ids,
    fitted_ids,
    stored_ids,
    stored_ids_or_none,
)
from dialoguedb.formats.outgoing.messages import Losses, OutgoingMessage
from dialoguedb.formats.parts import Spelling
from dialoguedb.formats.writers import (
    anthropic,
    gemini,
    openai,
    plain,
    responses,
    sharegpt,
    ui_message,
)

Json = dict[str, Any]

Written = Literal["openai", "responses", "anthropic", "gemini", "ui-message", "sharegpt", "plain"]
"""What can be written: all dialects, what an AI SDK's program keeps, and data to train models."""


class Writer(Struct, frozen=True):
    """How a spelling is written."""

    write: Callable[[Sequence[OutgoingMessage], Losses], list[Json]]
    user_message: Callable[[str], Json]
    spelling: Spelling | None
    """Stored parts of this spelling go back as they were."""

    ids: Callable[[], CallIds] = stored_ids
    knows_names: bool = False
    takes_system_apart: bool = False
    write_part: Callable[[Sequence[OutgoingMessage], Losses], list[Json]] | None = None
    """Writes what more may follow, where the end of a request has rules of its own."""


WRITERS: Mapping[Written, Writer] = {
    "openai": Writer(openai.write, openai.user_message, "openai", knows_names=True),
    "responses": Writer(
        responses.write,
        responses.user_message,
        "responses",
        ids=bounded_ids,
        takes_system_apart=True,
    ),
    "anthropic": Writer(
        anthropic.write,
        anthropic.user_message,
        "anthropic",
        ids=fitted_ids,
        takes_system_apart=True,
        write_part=anthropic.write_part,
    ),
    "gemini": Writer(
        gemini.write,
        gemini.user_message,
        "gemini",
        ids=stored_ids_or_none,
        takes_system_apart=True,
    ),
    "ui-message": Writer(ui_message.write, ui_message.user_message, "ui-message"),
    "sharegpt": Writer(sharegpt.write, sharegpt.user_message, None),
    "plain": Writer(plain.write, plain.user_message, None, knows_names=True),
}
