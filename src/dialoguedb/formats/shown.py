"""What of a part is shown in words: the one text that is rendered, counted and searched."""

from collections.abc import Iterable, Iterator

from dialoguedb.formats.parts import Attachment, Other, Part, Reasoning, Text, ToolCall, ToolResult


def shown_texts(part: Part) -> Iterator[str]:
    """Yield the texts of a part: of a call its name and arguments, of reasoning nothing.

    Of an attachment these are its name and what stands for it in words: a picture itself is none.
    """
    match part:
        case Text() | Other():
            yield from filter(None, (plain_text(part),))
        case Attachment():
            yield from filter(None, (part.name, part.text))
        case ToolCall():
            yield part.name
            yield part.arguments
        case ToolResult():
            yield from texts_of(part.parts)
        case Reasoning():
            return


def texts_of(parts: Iterable[Part]) -> Iterator[str]:
    """Yield the texts of parts, in their order."""
    for part in parts:
        yield from shown_texts(part)


def plain_text(part: Text | Other) -> str:
    """Return what is shown of a text, or of any other part; empty when that is nothing."""
    if type(part) is Text or not part.is_unknown:
        return part.text
    return f"[unknown part: {part.name}] {part.text}".rstrip()


def attachment_text(part: Attachment) -> str:
    """Return what stands for an attachment that is not sent: its name in brackets and its words."""
    named = " ".join(filter(None, (part.kind, part.name or part.url)))
    return f"[{named}]\n{part.text}".rstrip()
