"""Who may read much at once: whoever asks for it says so, and an engine waits for leave.

A request that leads to large reads has a share of the memory for answers; what reads for the server
itself has none and needs none.
"""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar

SHORT_READ_BYTES = 2560 * 1024
"""What a short read takes, or the first piece of a page."""

PIECE_READ_BYTES = 1536 * 1024
"""What a further piece of a page takes."""

LONG_READ_BYTES = 32 * 1024 * 1024
"""What a page takes that cannot be returned in pieces."""

admission: ContextVar[Callable[[int], Awaitable[None]] | None] = ContextVar(
    "admission", default=None
)
"""Waits until the current request may hold so many bytes."""


async def admit(count: int) -> None:
    """Wait until so many bytes may be read; ServiceUnavailable."""
    admit_request = admission.get()
    if admit_request is not None:
        await admit_request(count)
