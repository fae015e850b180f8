"""The parts of messages, the same for every spelling.

A part keeps what it was read from (`native`), so that its own provider gets back exactly what it
wrote: ids, signatures, encrypted content. Of two parts that differ in `native` alone, the same is
shown, counted and searched.

Parts are read by the thousand and hold no cycles, so the garbage collector need not look at them.
Where windows look at thousands of parts, `type(part) is Text` tells them apart: for a `Struct`,
`isinstance` takes five times as long when the answer is no.
"""

from typing import Any, Literal, final

from msgspec import Struct

Spelling = Literal[
    "openai",
    "responses",
    "anthropic",
    "gemini",
    "ui-message",
    "model-message",
    "langchain",
    "pydantic-ai",
    "mcp",
    "adk",
    "opentelemetry",
    "bedrock",
    "llamaindex",
    "haystack",
    "autogen",
    "cohere",
    "letta",
    "agent-framework",
    "openai-agents",
    "a2a",
]
"""How a program writes messages: OpenAI's Chat Completions (`openai`) and Responses, Anthropic's
Messages, Gemini's contents, the two shapes of the AI SDK, those of frameworks, OpenTelemetry's,
Bedrock's Converse, Cohere's."""

ToolKind = Literal["function", "custom", "server"]
"""A `server` call is run by the provider, which writes the result itself; it needs none."""

AttachmentKind = Literal["image", "document", "audio", "video", "file"]


class Native(Struct, frozen=True, gc=False):
    """The value that a part was read from, as it stands in the stored message.

    That is the smallest object which a provider takes by itself: a block of Anthropic, a part of
    Gemini, an item of Responses (also of a text in a `message` item), an entry of `tool_calls`; of
    fields beside the content of a chat message (`reasoning_content`) an object of these fields.
    Parts that were read from one object share that very object, and it is given back once.
    """

    spelling: Spelling
    value: dict[str, Any]


@final
class Text(Struct, frozen=True, gc=False):
    """Text."""

    text: str
    native: Native | None = None


@final
class Attachment(Struct, frozen=True, gc=False):
    """An image, a document, a sound, a video or another file: inline, by URL, or by a file's id."""

    kind: AttachmentKind = "image"
    url: str = ""
    media_type: str = ""
    data: str = ""
    """Base64."""

    file_id: str = ""
    """The id of a file at its provider."""

    name: str = ""
    text: str = ""
    """What stands for it in words: a transcript, or the text of a document."""

    native: Native | None = None


@final
class ToolCall(Struct, frozen=True, gc=False):
    """A tool call."""

    id: str
    name: str
    arguments: str
    """JSON, usually an object; of a `custom` tool any text."""

    kind: ToolKind = "function"

    native: Native | None = None


@final
class ToolResult(Struct, frozen=True, gc=False):
    """The result of a tool call."""

    call_id: str
    """Empty when it does not say which call it answers."""

    parts: "tuple[Text | Attachment | Other, ...]"
    is_error: bool = False
    kind: ToolKind = "function"
    name: str = ""
    """The name of the tool, where the result repeats it."""

    native: Native | None = None


@final
class Reasoning(Struct, frozen=True, gc=False):
    """Reasoning of a model: its text, or a summary of it, and what only its provider can read."""

    text: str = ""
    signature: str = ""
    """Signs the text and all that stands before it."""

    data: str = ""
    """Encrypted reasoning."""

    native: Native | None = None

    @property
    def is_returnable(self) -> bool:
        """Whether Anthropic would accept it: redacted, or signed, be it without its text."""
        return bool(self.data or self.signature)


@final
class Other(Struct, frozen=True, gc=False):
    """Anything else: a part of unknown type, or one that only its provider can use.

    An unknown part is shown as its name in brackets; of a known one just `text` is shown, which may
    be empty: a compaction item, a list of tools, an approval.
    """

    name: str
    """The type of the part."""

    text: str = ""
    is_unknown: bool = False
    native: Native | None = None


Part = Text | Attachment | ToolCall | ToolResult | Reasoning | Other
