"""How far back a dialogue is read to fill a window."""

from collections.abc import Iterable

from dialoguedb.model.rules.messages import StoredMessage, message_bytes
from dialoguedb.values import limits

LEAST_MESSAGES = 64
"""Read in any case, for the last of them may answer calls that stand before."""


def take_for_window(found: Iterable[StoredMessage], tokens_max: int) -> list[StoredMessage]:
    """Take messages until they have more tokens than that, or are too large for any response."""
    taken: list[StoredMessage] = []
    tokens, room = tokens_max, limits.PAGE_BYTES_MAX
    for message in found:
        taken.append(message)
        tokens -= message.tokens
        room -= message_bytes(message)
        if room < 0 or (tokens < 0 and len(taken) >= LEAST_MESSAGES):
            break
    return taken
