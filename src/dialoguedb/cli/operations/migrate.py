"""`dialoguedb migrate`."""

from typing import Any

import click

from dialoguedb.bootstrap.engine import engine_of
from dialoguedb.cli.options import STORAGE, chosen_settings, settings_options


@click.command()
@settings_options(*STORAGE)
@click.option("--dry-run", is_flag=True, help="Only print the pending steps.")
def migrate(**flags: Any) -> None:
    """Migrate the data to the schema of this version, step by step.

    Every command that writes migrates the data automatically; use this to choose the time. Each
    step is one transaction: if it is interrupted, the data is as before the step. Only a backup
    can undo a migration.
    """
    engine = engine_of(chosen_settings(flags))
    steps = engine.missing_migrations() if flags["dry_run"] else engine.migrate()
    for step in steps:
        click.echo(f"{'Missing' if flags['dry_run'] else 'Done'}: {step}")
    if not steps:
        click.echo("The schema is up to date")
