"""What is said of a setting, and how it is read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args


@dataclass(frozen=True)
class About:
    """What a setting is for, and how its value is written and read."""

    purpose: str
    form: str
    """The placeholder of the value in help texts, such as `PORT`."""

    expected: str
    """What the value has to be, such as `a port from 0 to 65535`."""

    read: Callable[[str], object]
    is_secret: bool = False

    def refusal(self, text: str) -> str:
        """Say that a text is not what is expected."""
        return f"{'this' if self.is_secret else repr(text)} is not {self.expected}"


def one_of(purpose: str, form: str, words: Any) -> About:
    """Describe a setting that takes one of the words of a Literal."""
    known: tuple[str, ...] = get_args(words)

    def read(text: str) -> str:
        if text not in known:
            raise ValueError(text)
        return text

    return About(purpose, form, f"one of {', '.join(known)}", read)
