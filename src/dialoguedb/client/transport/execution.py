"""What differs between code on an event loop and code on a thread."""

import asyncio
import os
import time
from typing import Any

ConnectionOwner = tuple[int, Any]
"""Who may use a connection: a process, and an event loop if the connection belongs to one."""


def async_current_owner() -> ConnectionOwner:
    """Return this process and the running event loop."""
    return os.getpid(), asyncio.get_running_loop()


def current_owner() -> ConnectionOwner:
    """Return this process."""
    return os.getpid(), None


async def async_sleep(seconds: float) -> None:
    """Wait."""
    await asyncio.sleep(seconds)


def sleep(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)
