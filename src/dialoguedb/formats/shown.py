"""What of a part is shown in words: the one text that is rendered, counted and searched."""

from dialoguedb.formats.parts import Other, Text


def plain_text(part: Text | Other) -> str:
    """Return what is shown of a text, or of any other part; empty when that is nothing."""
    if isinstance(part, Text) or not part.is_unknown:
        return part.text
    return f"[unknown part: {part.name}] {part.text}".rstrip()
