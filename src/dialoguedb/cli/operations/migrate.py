"""`dialoguedb migrate`."""

from typing import Any

import click

from dialoguedb.bootstrap.engine import engine_of
from dialoguedb.cli.options import STORAGE, chosen_settings, settings_options


@click.command()
@settings_options(*STORAGE)
@click.option("--dry-run", is_flag=True, help="Only tell which steps are missing.")
def migrate(**flags: Any) -> None:
    """Bring the data to the schema of this version, step by step.

    Every command that writes does so by itself; this is for doing it at a time of your choice.
    Each step is one transaction: stopped half-way, the data is as before the step. There is no
    way back but a backup.
    """
    engine = engine_of(chosen_settings(flags))
    steps = engine.missing_migrations() if flags["dry_run"] else engine.migrate()
    for step in steps:
        click.echo(f"{'Missing' if flags['dry_run'] else 'Done'}: {step}")
    if not steps:
        click.echo("The schema is up to date")
