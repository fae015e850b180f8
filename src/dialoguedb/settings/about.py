"""What is said of a setting, and how it is read."""

from collections.abc import Callable
from dataclasses import dataclass


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
