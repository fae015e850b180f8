"""A conversation, and what of it every window must show."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)
"""The smallest PNG there is, in base64."""


@dataclass(frozen=True)
class Sample:
    """A conversation in one spelling."""

    name: str
    messages: list[Json]
    shown: tuple[str, ...]
    """What is said, called and answered, word for word, in any window that holds all of it."""

    hidden: tuple[str, ...] = ()
    """What no window may show: the spelling itself, or what only its provider can read."""


def message(role: str, content: Any, **fields: Any) -> Json:
    """Return a message as it is stored."""
    return {"role": role, "content": content, **fields}


def wrapped(messages: Iterable[Json], role: str = "") -> list[Json]:
    """Store each message of an API whole, as the content of a message with its role."""
    return [message(role or str(one["role"]), one) for one in messages]
