"""`dialoguedb check`."""

import sys
from typing import Any

import click

from dialoguedb.bootstrap.engine import engine_of
from dialoguedb.cli.options import STORAGE, chosen_settings, settings_options


@click.command()
@settings_options(*STORAGE)
def check(**flags: Any) -> None:
    """Check the data for damage and inconsistencies.

    Checks the structure of the file, references, counters, sequence numbers, tags, every stored
    value, and that the search indexes agree with the data, all in one snapshot; servers can write
    meanwhile. Prints a line for each finding, and exits with code 1 if there are any.
    `dialoguedb reindex` repairs the search indexes.

    After an upgrade it also prints what the next start has still to do: missing migrations, how
    many messages they read, and how many objects are to be indexed.
    """
    engine = engine_of(chosen_settings(flags))
    findings = engine.check()
    for finding in findings:
        click.echo(finding)
    if findings:
        sys.exit(1)
    click.echo(f"Nothing wrong with {engine.address}")
    for line in engine.outlook():
        click.echo(line)
