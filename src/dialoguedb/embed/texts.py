"""What embedders read of a text."""

CHARACTERS_MAX = 4_096
"""How much of a text is embedded: a vector of pages says little, and models read no more."""


def readable(text: str) -> str:
    """Return the part of a text that is embedded, with no half characters in it."""
    return text[:CHARACTERS_MAX].encode(errors="replace").decode()
