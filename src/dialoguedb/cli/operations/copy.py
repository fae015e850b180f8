"""`dialoguedb copy`."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from dialoguedb.bootstrap.copying import copy as copy_data
from dialoguedb.cli.examples import examples
from dialoguedb.cli.options import (
    DATABASE,
    EMBEDDING,
    PASSWORD_FILE,
    chosen_settings,
    settings_options,
    warn_of_url,
)
from dialoguedb.cli.output import printable
from dialoguedb.cli.progress import shown_progress
from dialoguedb.errors import InvalidSetting
from dialoguedb.service.copies import CopyReport
from dialoguedb.settings import Database, Settings

_FAILURES_SHOWN = 20
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(
    epilog=examples(
        (
            "To PostgreSQL, with the server stopped",
            "dialoguedb copy --from sqlite:./dialoguedb-data --to postgresql://dialoguedb@db/chats",
        ),
        (
            "Before that, while it still runs, so that the pause is short",
            "dialoguedb copy --live --from sqlite:./chats --to postgresql://dialoguedb@db/chats",
        ),
    )
)
@click.option(
    "--from", "source", required=True, metavar="URL", help="Where the data is, as in --database."
)
@click.option("--to", "target", required=True, metavar="URL", help="A new database or directory.")
@click.option("--from-password-file", type=_FILE, metavar="FILE", help="File with its password.")
@click.option("--to-password-file", type=_FILE, metavar="FILE", help="File with its password.")
@click.option(
    "--live", is_flag=True, help="Servers write to the source: leave the copy open for more."
)
@settings_options("encryption_key_file", "encryption_key_command", *EMBEDDING)
def copy(source: str, target: str, *, live: bool, **flags: Any) -> None:
    """Copy all data to another engine or place, byte for byte.

    Copies projects with their keys, settings, templates and usage; dialogues with their state,
    threads, messages, summaries and recorded windows; and memories, all with ids, times and
    sequence numbers. Each is read again from the copy and compared by a checksum, and all are
    counted. Search indexes are made again.

    If it is interrupted, run it again: it goes on. Servers may write to the source meanwhile; what
    changes then is copied by the next run, so the last one, without --live, needs them stopped. It
    compares all by checksums again, unless nothing has changed since a run that was complete, and
    copies the responses kept for idempotency keys, so that a client may send a request again. No
    server opens the copy before that run has found it complete, and none may write to it.
    """
    secrets = (flags.pop("from_password_file"), flags.pop("to_password_file"))
    settings = chosen_settings(flags)
    origin = _at(settings, "--from", source, secrets[0])
    copied = _at(settings, "--to", target, secrets[1])
    with shown_progress("Copying", "Verifying") as progress:
        report = asyncio.run(copy_data(origin, copied, progress, live=live))
    _show(report, live=live)


def _at(settings: Settings, flag: str, url: str, file: Path | None) -> Settings:
    """Return the settings for one side."""
    database: Database = DATABASE.read(url, flag)
    warn_of_url(database, flag)
    password = None
    if file is not None:
        if database.password is not None:
            raise InvalidSetting(f"Give the password in {flag} or in a file, not both")
        password = PASSWORD_FILE.read(str(file), f"{flag}-password-file")
    uses_key = database.scheme == "sqlite"
    return replace(
        settings,
        database=database,
        database_password=password or (None if database.password else settings.database_password),
        encryption_key_file=settings.encryption_key_file if uses_key else None,
        encryption_key_command=settings.encryption_key_command if uses_key else None,
    )


def _show(report: CopyReport, *, live: bool) -> None:
    counts = ", ".join(f"{count:,} {name}" for name, count in report.counts.items())
    click.echo(f"The copy has {counts}")
    click.echo(
        f"Copied now: {report.copied:,}; as before: {report.equal:,}; deleted: {report.deleted:,}"
    )
    if report.verified:
        click.echo(f"Compared again by checksums: {report.verified:,}")
    if report.responses:
        click.echo(f"Responses kept for idempotency keys: {report.responses:,}")
    for failure in report.failures[:_FAILURES_SHOWN]:
        click.echo(f"Not copied: {failure.what}: {printable(failure.error.message)}", err=True)
    if len(report.failures) > _FAILURES_SHOWN:
        click.echo(f"… and {len(report.failures) - _FAILURES_SHOWN:,} more", err=True)
    if report.is_complete:
        click.echo(
            "Verified: the copy is complete" + ("; run again without --live" if live else "")
        )
        return
    if report.differing:
        click.echo(f"Changed meanwhile: {report.differing:,}; run it again", err=not live)
    if report.failures or not live:
        sys.exit(1)
