"""What `dialoguedb import` says that it did."""

from collections.abc import Sequence

import click

from dialoguedb.cli.data.transfer.reports import FileReport, ImportReport
from dialoguedb.cli.data.transfer.run import How
from dialoguedb.cli.output import is_for_people, printable, show, show_json

_LINES_SHOWN = 20
_SKIPPED_SHOWN = 5


def show_report(report: ImportReport, how: How, *, as_json: bool) -> None:
    """Print what was imported, and on stderr what was not."""
    if is_for_people(as_json=as_json):
        _show_to_people(report)
    else:
        show_json(report.record())
    _list("Skipped, its format is not known", report.skipped or [], _SKIPPED_SHOWN)
    kept = "kept in a thread" if how.update else "left as it is; --update keeps both"
    _list(f"Changed since it was imported, and {kept}", report.changed)
    _list("Not imported", [printable(str(one)) for one in report.failures])


def _show_to_people(report: ImportReport) -> None:
    """Show the counts, each of several files in a line, and all that was left out."""
    whole = report.record()
    counts = {name: value for name, value in whole.items() if isinstance(value, int)}
    show(counts, as_json=False)
    if report.skipped is not None:
        read = [one for one in report.files if not one.is_unchanged]
        _list("File", [printable(_summary(one)) for one in read])
    _list("Left out", [f"{printable(kind)}: {count:,}" for kind, count in report.left_out.items()])


def _summary(one: FileReport) -> str:
    """Say in a line what was done with a file."""
    counts = f"{one.dialogues:,} dialogues, {one.messages:,} messages"
    left_out, unread = one.left_out.total(), ", ".join(one.unread)
    beside = f", {left_out:,} left out" if left_out else ""
    return f"{one.file}: {counts}{beside}" + (f", lines {unread} not read" if unread else "")


def _list(heading: str, what: Sequence[str], most: int = _LINES_SHOWN) -> None:
    """Write things to stderr, a line each, as many as a reader bears."""
    for one in what[:most]:
        click.echo(f"{heading}: {one}", err=True)
    if len(what) > most:
        click.echo(f"… and {len(what) - most:,} more", err=True)
