"""A progress bar at a terminal, nothing elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dialoguedb.ports.engine import Progress


@contextmanager
def shown_progress(what: str, at_last: str | None = None) -> Iterator["Progress"]:
    """Yield what work reports to; the bar is on stderr, so that stdout stays clean."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console  # noqa: PLC0415 - of terminals alone
    from rich.progress import Progress as Bar  # noqa: PLC0415 - so is this

    with Bar(console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=None)

        def advance(done: int, total: int) -> None:
            doing = what if done < total else at_last or what
            bar.update(task, completed=done, total=total, description=doing)

        yield advance


@contextmanager
def shown_count(what: str) -> Iterator[Callable[[int], None]]:
    """Yield what takes how many more are done, of work whose end is not known."""
    if not sys.stderr.isatty():
        yield lambda _more: None
        return
    from rich.console import Console  # noqa: PLC0415 - of terminals alone
    from rich.progress import Progress as Bar  # noqa: PLC0415 - so is this
    from rich.progress import SpinnerColumn, TextColumn  # noqa: PLC0415 - and these

    columns = (SpinnerColumn(), TextColumn("{task.description} {task.completed:,.0f}"))
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=None)
        yield partial(bar.advance, task)
