"""The parts of messages, the same for every API: text, images, tool calls, results, reasoning."""

from msgspec import Struct


class Text(Struct, frozen=True):
    """Text."""

    text: str


class Image(Struct, frozen=True):
    """An image, inline as base64 or by URL."""

    url: str = ""
    media_type: str = ""
    data: str = ""


class ToolCall(Struct, frozen=True):
    """A tool call."""

    id: str
    name: str
    arguments: str
    """JSON, usually an object."""


class ToolResult(Struct, frozen=True):
    """The result of a tool call."""

    call_id: str
    """Empty when it does not say which call it answers."""

    parts: tuple[Text | Image, ...]
    is_error: bool = False


class Reasoning(Struct, frozen=True):
    """Reasoning of a model; only Anthropic takes it back, signed or encrypted."""

    text: str = ""
    signature: str = ""
    data: str = ""

    @property
    def is_returnable(self) -> bool:
        """Whether Anthropic would accept it: redacted, or text with its signature."""
        return bool(self.data or (self.text and self.signature))


Part = Text | Image | ToolCall | ToolResult | Reasoning
