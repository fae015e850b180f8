"""How much of what is found is read."""

from dialoguedb.values import limits


class Room:
    """What a response has room for; more would be read in vain."""

    def __init__(self, size: int = limits.PAGE_BYTES_MAX) -> None:
        self._left = size
        self._is_empty = True

    def take(self, size: int) -> bool:
        """Take the room for a value; returns whether there was enough, as for the first."""
        fits = self._is_empty or size <= self._left
        self._left -= size
        self._is_empty = False
        return fits
