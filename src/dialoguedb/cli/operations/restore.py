"""`dialoguedb restore`."""

from pathlib import Path
from typing import Any

import click

from dialoguedb.bootstrap.engine import engine_of
from dialoguedb.cli.examples import examples
from dialoguedb.cli.options import STORAGE, chosen_settings, settings_options
from dialoguedb.cli.progress import shown_progress


@click.command(
    epilog=examples(
        ("Into a new directory", "dialoguedb restore ./backups/2026-11-22 --data ./restored"),
    )
)
@click.argument("backup", type=click.Path(path_type=Path))
@settings_options(*STORAGE)
def restore(backup: Path, **flags: Any) -> None:
    """Create a data directory from a backup; it must be empty or new.

    The backup is verified and not changed. Existing data is never overwritten: stop the server and
    move the old directory away first.
    """
    settings = chosen_settings(flags)
    with shown_progress("Restoring", "Verifying") as progress:
        made = engine_of(settings).restore(backup, progress)
    kind = ", encrypted" if made.encrypted else ""
    click.echo(f"Restored and verified: {made.address} ({made.size_bytes:,} bytes{kind})")
