"""What messages are made of, whichever spelling they were stored in."""

from msgspec import Struct


class Text(Struct, frozen=True):
    """Words."""

    text: str


class Image(Struct, frozen=True):
    """An image, inline or by its address."""

    url: str = ""
    media_type: str = ""
    data: str = ""


class ToolCall(Struct, frozen=True):
    """A call of a tool."""

    id: str
    name: str
    arguments: str
    """JSON, as a rule that of an object."""


class ToolResult(Struct, frozen=True):
    """What a tool answered."""

    call_id: str
    """Empty when it does not say which call it answers."""

    parts: tuple[Text | Image, ...]
    is_error: bool = False


class Reasoning(Struct, frozen=True):
    """What a model thought, which only Anthropic wants to have back: signed, or encrypted."""

    text: str = ""
    signature: str = ""
    data: str = ""

    @property
    def goes_back(self) -> bool:
        """Whether it is whole enough to be taken back."""
        return bool(self.data or (self.text and self.signature))


Part = Text | Image | ToolCall | ToolResult | Reasoning
