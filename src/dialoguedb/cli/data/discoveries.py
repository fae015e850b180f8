"""`dialoguedb import --discover`: what programs keep on this machine."""

import sys
from collections.abc import Sequence

import click

from dialoguedb.cli.data.transfer.programs import PROGRAMS, Kept, kept, this_machine
from dialoguedb.cli.output import printable, show_list

_COLUMNS = ("program", "where", "conversations", "files", "oldest", "newest")
_COMMAND = "dialoguedb import --discover"


def discovered(programs: Sequence[str], chosen_format: str | None) -> list[Kept]:
    """Return what programs keep, all or those named; says where it looked if there is nothing."""
    if chosen_format:
        raise click.UsageError("--format does not go with --discover; name the programs")
    if unknown := [name for name in programs if name not in PROGRAMS]:
        known = ", ".join(PROGRAMS)
        raise click.UsageError(f"{unknown[0]!r} is none of the programs: {known}")
    found = kept(this_machine(), list(dict.fromkeys(programs)) or PROGRAMS)
    if not any(one.files or one.unread for one in found):
        click.echo("No conversations were found. These are the locations:", err=True)
        for one in found:
            locations = ", ".join(
                str(one.location.directory / each) for each in one.location.patterns
            )
            click.echo(f"{one.program}: {printable(locations)}", err=True)
    return found


def show_kept(found: Sequence[Kept], *, as_json: bool) -> None:
    """Print where programs keep something, and how to import it."""
    records = [_record(one) for one in found if one.files]
    if records:
        show_list(records, _COLUMNS, as_json=as_json)
        if sys.stdout.isatty() and not as_json:
            programs = dict.fromkeys(one.program for one in found if one.files)
            click.secho(f"To import all: {_COMMAND} {' '.join(programs)}", dim=True)
    for one in found:
        for path, why in one.unread.items():
            click.echo(f"Left out: {printable(f'{path}: {why}')}", err=True)


def _record(one: Kept) -> dict[str, object]:
    counted = {"files": len(one.files)}
    if one.conversations is not None:
        counted = {"conversations": one.conversations}
    return {
        "program": one.program,
        "where": str(one.location.directory),
        **counted,
        "oldest": one.oldest,
        "newest": one.newest,
        "command": f"{_COMMAND} {one.program}",
    }
