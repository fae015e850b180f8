"""What a summary is made with."""

from msgspec import Struct


class Recipe(Struct, frozen=True):
    """What decides a summary beside its messages: with another recipe it is another summary."""

    provider: str
    model: str | None
    instructions: str | None
    prompt: str | None = None
    """The template's; None for the one that is built in."""
