"""`dialoguedb recover`."""

from pathlib import Path
from typing import Any

import click

from dialoguedb.bootstrap.engine import engine_of
from dialoguedb.cli.examples import examples
from dialoguedb.cli.options import chosen_settings, settings_options
from dialoguedb.settings import Database

_DIRECTORY = click.Path(path_type=Path, file_okay=False)


@click.command(
    epilog=examples(
        ("Into a new directory", "dialoguedb recover --from ./damaged --to ./recovered"),
        ("Check the result", "dialoguedb check --data ./recovered"),
    )
)
@click.option(
    "--from", "source", type=_DIRECTORY, required=True, metavar="DIR", help="The damaged directory."
)
@click.option(
    "--to", "destination", type=_DIRECTORY, required=True, metavar="DIR", help="Empty or new."
)
@settings_options("encryption_key_file", "encryption_key_command")
def recover(source: Path, destination: Path, **flags: Any) -> None:
    """Take what is whole out of a damaged data directory.

    Reads row by row, past damaged pages, and makes a new data directory of what is whole, also of
    what no page leads to any more. Prints a line for what is lost, or was changed because of it.
    The damaged directory is not changed; stop its server first. A backup, if there is one, has
    more. Encrypted data needs its key, and what is made of it is encrypted with the same.
    """
    # The directory that is named, whatever database the environment or the file names.
    settings = chosen_settings({**flags, "data": source, "database": _database(source)})
    salvage = engine_of(settings).recover(destination)
    for line in salvage.lines:
        click.echo(line)
    kept = ", ".join(f"{count:,} {table}" for table, count in salvage.kept.items())
    click.echo(f"Recovered into {salvage.copy.address}: {kept}")


def _database(source: Path) -> Database:
    """Return the directory, or an engine that says how its data is recovered."""
    scheme = source.parts[0].rstrip(":") if source.parts else ""
    return Database(scheme) if scheme == "postgresql" else Database()
