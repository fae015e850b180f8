"""Signals that a command takes for a while."""

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

Handler = Callable[[int, FrameType | None], None]


@contextmanager
def handled(signals: Sequence[int], handler: Handler) -> Iterator[Mapping[int, Any]]:
    """Have a handler take signals; yields what took them before, and does so again afterwards."""
    before = {signal_number: signal.signal(signal_number, handler) for signal_number in signals}
    try:
        yield before
    finally:
        for signal_number, previous in before.items():
            signal.signal(signal_number, previous)
