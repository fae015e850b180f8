"""The memory that large bodies of all connections share while they come in."""

from dialoguedb.errors import ServiceUnavailable

BUFFERED_BYTES_MAX = 512 * 1024 * 1024
"""Bytes of bodies held at once, those aside that come in one piece."""


class Buffer:
    """Counts what is held; nothing is kept in it."""

    def __init__(self, bytes_max: int = BUFFERED_BYTES_MAX) -> None:
        self._bytes_left = bytes_max

    def take(self, count: int) -> None:
        """Make room for bytes; ServiceUnavailable while others need it."""
        if count > self._bytes_left:
            raise ServiceUnavailable("The server holds as many large bodies as it can; try again")
        self._bytes_left -= count

    def give_back(self, count: int) -> None:
        """Tell that so many bytes are held no longer."""
        self._bytes_left += count
