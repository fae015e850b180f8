"""`dialoguedb erase`."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from dialoguedb.bootstrap.default_project import DEFAULT_PROJECT
from dialoguedb.bootstrap.services import opened_services
from dialoguedb.cli.examples import examples
from dialoguedb.cli.options import STORAGE, chosen_settings, settings_options
from dialoguedb.cli.output import Record, json_option, show
from dialoguedb.errors import DataError
from dialoguedb.service.erasures import is_genuine, is_of
from dialoguedb.settings import Settings

_LONG_S = 24 * 3600.0


@click.command(
    epilog=examples(
        (
            "One person, keeping the receipt",
            "dialoguedb erase --namespace user_789 --json > receipt",
        ),
        ("Is a receipt genuine?", "dialoguedb erase --verify receipt"),
        ("And is it of this person?", "dialoguedb erase --verify receipt --namespace user_789"),
    )
)
@click.option(
    "--namespace", metavar="NAME", help="What to erase; '' is the default namespace.", default=None
)
@click.option(
    "--project",
    metavar="NAME",
    help=f"Its project, by name or id.  [default: {DEFAULT_PROJECT}]",
)
@settings_options(*STORAGE)
@click.option(
    "--endpoint",
    metavar="URL",
    help="Have a server do it, with an admin key in DIALOGUEDB_API_KEY.",
)
@click.option(
    "--verify",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Verify a receipt instead.",
)
@click.option(
    "--public-key",
    metavar="KEY",
    help="Key to verify it with.  [default: that of the data or the server]",
)
@click.option("--yes", is_flag=True, help="Do not ask; needed without a terminal.")
@json_option
def erase(**flags: Any) -> None:
    """Erase a namespace, such as one person, and print a signed receipt.

    Deletes its dialogues and memories with all that is in them, the keys bound to it, responses
    kept for idempotency keys, and what deleted objects have left in the files of a data directory.
    Servers can run meanwhile. If it is interrupted, run it again. Backups that were made before
    still hold it.
    """
    settings = chosen_settings(flags)
    namespace: str | None = flags["namespace"]
    if flags["verify"] is not None:
        _verify(
            flags["verify"].read_bytes(), flags["public_key"] or _key(settings, flags), namespace
        )
        return
    if namespace is None:
        raise click.UsageError("--namespace names what to erase.")
    _confirm(namespace, is_confirmed=flags["yes"])
    show(_erase(settings, namespace, flags), as_json=flags["as_json"])


def _confirm(namespace: str, *, is_confirmed: bool) -> None:
    if is_confirmed:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("Nobody can be asked without a terminal; --yes erases.")
    click.confirm(f"Erase namespace {namespace!r} for good?", abort=True, err=True)


def _erase(settings: Settings, namespace: str, flags: dict[str, Any]) -> Record:
    if not flags["endpoint"]:
        return asyncio.run(_erase_here(settings, flags["project"] or DEFAULT_PROJECT, namespace))
    from dialoguedb.embedded.sync import DialogueDB  # noqa: PLC0415 - most do not ask a server

    if flags["project"]:
        raise click.UsageError("At a server, the key has a project: --project cannot be named.")
    with DialogueDB(endpoint=flags["endpoint"], timeout=_LONG_S) as db:
        record: Record = msgspec.to_builtins(db.erase(namespace))
    return record


async def _erase_here(settings: Settings, project_name: str, namespace: str) -> Record:
    async with opened_services(settings) as services:
        project = await services.projects.get(project_name)
        receipt = await services.erasures.erase(project, namespace, by_operator=True)
    record: Record = msgspec.to_builtins(receipt)
    return record


def _key(settings: Settings, flags: dict[str, Any]) -> str:
    """Return the key that verifies receipts of the data or the server."""
    if not flags["endpoint"]:
        return asyncio.run(_key_here(settings))
    from dialoguedb.embedded.sync import DialogueDB  # noqa: PLC0415 - most do not ask a server

    with DialogueDB(endpoint=flags["endpoint"]) as db:
        return db.api.erasure.key().public_key


async def _key_here(settings: Settings) -> str:
    async with opened_services(settings) as services:
        return services.erasures.public_key


def _verify(receipt: bytes, public_key: str, namespace: str | None) -> None:
    if not is_genuine(receipt, public_key):
        raise DataError("The receipt is not genuine: it is not signed with this key, or changed")
    if namespace is not None and not is_of(receipt, namespace):
        raise DataError(f"The receipt is genuine, but of another namespace than {namespace!r}")
    click.echo("The receipt is genuine")
