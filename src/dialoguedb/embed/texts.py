"""What embedders read of a text."""

from msgspec import Struct

CHARACTERS_MAX = 4_096
"""How much of a text is embedded: a vector of pages says little, and models read no more."""


class Prefixes(Struct, frozen=True):
    """What a model wants before a text, to know whether it is a query or a document."""

    query: str = ""
    document: str = ""

    def before(self, text: str, *, query: bool) -> str:
        """Return the text with its prefix."""
        return (self.query if query else self.document) + readable(text)

    def mark(self, name: str) -> str:
        """Name an embedder so that stored vectors with another prefix differ in name."""
        return f"{name} after {self.document!r}" if self.document else name


def readable(text: str) -> str:
    """Return the part of a text that is embedded, with no half characters in it."""
    text = text[:CHARACTERS_MAX]
    return text if text.isascii() else text.encode(errors="replace").decode()
