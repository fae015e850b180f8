"""Which embedder the settings choose, and which others can serve an index that is there already."""

from dialoguedb.embed.wordllama import WordLlama
from dialoguedb.ports.search import Embedder
from dialoguedb.settings import Settings


def chosen(settings: Settings) -> Embedder | None:
    """Return the embedder of the settings; None for keyword search alone; InvalidSetting."""
    return None if settings.embedder == "none" else WordLlama()


def known(settings: Settings) -> list[Embedder]:
    """Return the chosen embedder and after it the others that work without being set up.

    The index of one of these can go on serving while the chosen one's is built.
    """
    embedder = chosen(settings)
    return [embedder] if embedder else []


def warm_up(embedder: Embedder) -> None:
    """Have an embedder load what it needs, so that the first write does not wait; blocks."""
    if embedder.immediate:
        embedder.embed(["ready"])
