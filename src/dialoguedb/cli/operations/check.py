"""`dialoguedb check`."""

import sys
from typing import Any

import click

from dialoguedb.bootstrap.engine import engine_of
from dialoguedb.cli.options import STORAGE, chosen_settings, settings_options


@click.command()
@settings_options(*STORAGE)
def check(**flags: Any) -> None:
    """Look for damage in the file, and for anything in it that contradicts itself.

    Checks the file's structure, what refers to what, counters, sequence numbers, tags, every stored
    value, and that the search indexes agree with the data, as they are at this moment; a server
    may go on writing meanwhile. Prints a line for each finding; exit code 1 when there is one.
    What is wrong with an index alone, `dialoguedb reindex` mends.
    """
    engine = engine_of(chosen_settings(flags))
    findings = engine.check()
    for finding in findings:
        click.echo(finding)
    if findings:
        sys.exit(1)
    click.echo(f"Nothing wrong with {engine.address}")
