"""`dialoguedb backup`."""

from pathlib import Path
from typing import Any

import click

from dialoguedb.bootstrap.engine import engine_of
from dialoguedb.cli.examples import examples
from dialoguedb.cli.options import STORAGE, chosen_settings, settings_options
from dialoguedb.cli.progress import shown_progress


@click.command(
    epilog=examples(
        ("One per day", "dialoguedb backup ./backups/$(date +%F)"),
        ("Check a backup", "dialoguedb check --data ./backups/2026-11-22"),
    )
)
@click.argument("destination", type=click.Path(path_type=Path))
@settings_options(*STORAGE)
def backup(destination: Path, **flags: Any) -> None:
    """Make a consistent copy of all data in an empty or new directory.

    Servers can write meanwhile. The copy is verified before it gets its final name, so a backup
    is always complete. It is a data directory itself; `dialoguedb restore` makes another one from
    it. Keys work in the copy as in the original.
    """
    settings = chosen_settings(flags)
    with shown_progress("Copying", "Verifying") as progress:
        made = engine_of(settings).backup(destination, progress)
    kind = ", encrypted" if made.encrypted else ""
    click.echo(f"Backed up and verified: {made.address} ({made.size_bytes:,} bytes{kind})")
