"""The message formats of chat APIs, tool calls, tokens, and what converts one into another."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dialoguedb.formats.transcoder import ConversionLoss, Converted, convert

__all__ = ["ConversionLoss", "Converted", "convert"]


def __getattr__(name: str) -> Any:
    """Load the converter, which most modules here do without, when it is asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from dialoguedb.formats import transcoder  # noqa: PLC0415 - it loads the writers of all formats

    return getattr(transcoder, name)
