"""`dialoguedb backup`."""

from pathlib import Path
from typing import Any

import click

from dialoguedb.bootstrap.engine import engine_of
from dialoguedb.cli.options import STORAGE, chosen_settings, examples, settings_options
from dialoguedb.cli.progress import shown_progress


@click.command(
    epilog=examples(
        ("By day", "dialoguedb backup ./backups/$(date +%F)"),
        ("Look into one", "dialoguedb check --data ./backups/2026-11-22"),
    )
)
@click.argument("destination", type=click.Path(path_type=Path))
@settings_options(*STORAGE)
def backup(destination: Path, **flags: Any) -> None:
    """Copy all data, as it is at this moment, into an empty or new directory.

    A server may go on writing meanwhile. The copy is verified before it gets its name, so what
    is there is whole; it is a data directory itself, and `dialoguedb restore` makes another one
    of it. Keys work in the copy as they do in the original.
    """
    settings = chosen_settings(flags)
    with shown_progress("Copying", "Verifying") as progress:
        made = engine_of(settings).backup(destination, progress)
    click.echo(f"Backed up and verified: {made.address} ({made.size_bytes:,} bytes)")
