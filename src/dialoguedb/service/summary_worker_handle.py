"""How services reach the worker that makes summaries."""

from collections.abc import Callable

from msgspec import Struct


def _nobody() -> None:
    """Do nothing."""


def _nobody_of(_project_id: str, _summary_id: str) -> None:
    """Do nothing."""


class SummaryWorkerHandle(Struct, frozen=True):
    """The worker that makes summaries; by default jobs wait for another process that has one."""

    provider: str = "extractive"
    model: str | None = None
    wake: Callable[[], None] = _nobody
    """Tells the worker that there is a job."""

    drop: Callable[[str, str], None] = _nobody_of
    """Tells the worker that a summary was deleted, by project id and summary id."""
