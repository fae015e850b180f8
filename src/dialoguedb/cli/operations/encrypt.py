"""`dialoguedb encrypt`."""

from typing import Any

import click

from dialoguedb.bootstrap.engine import engine_of
from dialoguedb.cli.examples import examples
from dialoguedb.cli.options import STORAGE, chosen_settings, settings_options


@click.command(
    epilog=examples(
        ("Make a key", "openssl rand -hex 32 > dialoguedb.key && chmod 600 dialoguedb.key"),
        ("Encrypt with it", "dialoguedb encrypt --encryption-key-file dialoguedb.key"),
    )
)
@settings_options(*STORAGE)
def encrypt(**flags: Any) -> None:
    """Encrypt a data directory that is not encrypted; stop what uses it first.

    A new database is written and verified, and then replaces the old one, which is overwritten.
    Without the key and a copy of `encryption.json`, nobody can read the data again: keep the key
    where no backup of the data is. Copies that were made before stay readable. A new directory
    needs no `encrypt`: start it with a key.
    """
    made = engine_of(chosen_settings(flags)).encrypt()
    click.echo(f"Encrypted and verified: {made.address} ({made.size_bytes:,} bytes)")
