"""`dialoguedb rekey`."""

from pathlib import Path
from typing import Any

import click

from dialoguedb.bootstrap.encryption_keys import key_source
from dialoguedb.bootstrap.engine import engine_of
from dialoguedb.cli.examples import examples
from dialoguedb.cli.options import STORAGE, chosen_settings, settings_options
from dialoguedb.ports.engine import Engine


@click.command(
    epilog=examples(
        (
            "Another key, while servers run",
            "dialoguedb rekey --encryption-key-file old.key --new-key-file new.key",
        ),
        (
            "Encrypt everything again, while no server runs",
            "dialoguedb rekey --encryption-key-file dialoguedb.key --data-key",
        ),
    )
)
@settings_options(*STORAGE)
@click.option(
    "--new-key-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="File with the new key.",
)
@click.option("--new-key-command", metavar="COMMAND", help="Command that prints the new key.")
@click.option(
    "--keep-old", is_flag=True, help="Let the old key open the data, too, until the next rekey."
)
@click.option("--data-key", is_flag=True, help="Give the data another key of its own.")
def rekey(**flags: Any) -> None:
    """Change the key of an encrypted data directory.

    Servers can run meanwhile and go on: the key only opens `encryption.json`, which holds the key
    of the data. From then on, commands and servers that start need the new key. Backups that were
    made before keep the key of their time.

    With --data-key, the data gets another key of its own. All of it is written again, so stop what
    uses the directory first.
    """
    new = key_source(flags.pop("new_key_file"), flags.pop("new_key_command"))
    keep_old, data_key = flags.pop("keep_old"), flags.pop("data_key")
    if (new is None) != data_key or (keep_old and new is None):
        raise click.UsageError(
            "Name a new key with --new-key-file or --new-key-command; or pass --data-key alone."
        )
    engine = engine_of(chosen_settings(flags))
    if new is None:
        _rewrite(engine)
        return
    engine.rekey(new, keep_old=keep_old)
    kept = "; the old one does, too, until the next `dialoguedb rekey`" if keep_old else ""
    click.echo(f"The new key opens {engine.address}{kept}")


def _rewrite(engine: Engine) -> None:
    made = engine.rewrite()
    click.echo(f"Encrypted again and verified: {made.address} ({made.size_bytes:,} bytes)")
