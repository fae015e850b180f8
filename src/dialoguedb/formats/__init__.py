"""The message formats of chat APIs, tool calls, tokens, and what converts one into another."""

from dialoguedb.formats.transcoder import ConversionLoss, Converted, convert

__all__ = ["ConversionLoss", "Converted", "convert"]
