"""The memory that large bodies of all connections share while they arrive."""

from dialoguedb.errors import ServiceUnavailable

BUFFERED_BYTES_MAX = 512 * 1024 * 1024
"""Bytes of bodies held at once, those aside that come in one piece."""


class BodyBuffer:
    """Counts the bytes that are held; it stores none."""

    def __init__(self, bytes_max: int = BUFFERED_BYTES_MAX) -> None:
        self._bytes_left = bytes_max

    def reserve(self, count: int) -> None:
        """Reserve room for bytes; ServiceUnavailable while others need it."""
        if count > self._bytes_left:
            raise ServiceUnavailable("The server holds as many large bodies as it can; try again")
        self._bytes_left -= count

    def release(self, count: int) -> None:
        """Release room that was reserved."""
        self._bytes_left += count
