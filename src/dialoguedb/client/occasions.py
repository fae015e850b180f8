"""What differs between waiting in an event loop and waiting in a thread."""

import asyncio
import os
import time
from typing import Any

Occasion = tuple[int, Any]
"""Where connections were opened: the process, and the event loop if they belong to one."""


def async_occasion() -> Occasion:
    """Return this process and the running event loop."""
    return os.getpid(), asyncio.get_running_loop()


def occasion() -> Occasion:
    """Return this process."""
    return os.getpid(), None


async def async_pause(seconds: float) -> None:
    """Wait."""
    await asyncio.sleep(seconds)


def pause(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)
