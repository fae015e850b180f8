"""`dialoguedb import`."""

import asyncio
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from dialoguedb.cli import fields
from dialoguedb.cli.data.transfer.importing import Importer, Tally
from dialoguedb.cli.data.transfer.sources import FORMATS, files_of, format_of, lines_of
from dialoguedb.cli.databases import async_database, database_options, told_of_new
from dialoguedb.cli.options import examples
from dialoguedb.cli.output import json_option, printable, show
from dialoguedb.cli.progress import shown_progress
from dialoguedb.errors import DialogueDBError, InvalidRequest
from dialoguedb.ports.engine import Progress

if TYPE_CHECKING:
    from dialoguedb.embedded import AsyncDialogueDB

_FAILURES_SHOWN = 20
_STANDARD_INPUT = Path("-")


@click.command(
    "import",
    epilog=examples(
        ("What `dialoguedb export` wrote", "dialoguedb import everything.jsonl"),
        (
            "A data export of ChatGPT or Claude, unpacked",
            "dialoguedb import conversations.json --namespace me",
        ),
        ("What another server has", "dialoguedb export --data old | dialoguedb import -"),
    ),
)
@click.argument(
    "path", type=click.Path(path_type=Path, exists=True, allow_dash=True), metavar="FILE|DIR|-"
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(FORMATS),
    help="What the files are.  [default: each as it looks]",
)
@fields.namespace
@database_options
@json_option
def import_(path: Path, **flags: Any) -> None:
    """Import dialogues, messages and memories; nothing twice, however often it is run.

    Run it again after it was stopped, or when there is more in the file; - is standard input.
    What cannot be stored is told on stderr, with exit code 1, and the rest goes on.
    """
    as_json = flags.pop("as_json")
    chosen, namespace = flags.pop("format_name"), flags.pop("namespace")
    tally = Tally()
    broken: DialogueDBError | None = None
    with _file(path) as file:
        sources = _sources(file, chosen)
        with told_of_new(flags["data"]), shown_progress("Importing") as progress:
            db = async_database(flags)
            try:
                asyncio.run(_import(db, sources, namespace, tally, progress))
            except DialogueDBError as error:  # what was done till then is told first
                broken = error
    counts = {name: getattr(tally, name) for name in ("dialogues", "messages", "memories")}
    if broken and not (any(counts.values()) or tally.failures):
        raise broken
    show({**counts, "failed": len(tally.failures)}, as_json=as_json)
    for failure in tally.failures[:_FAILURES_SHOWN]:
        click.echo(f"Not imported: {failure.what}: {printable(failure.error.message)}", err=True)
    if len(tally.failures) > _FAILURES_SHOWN:
        click.echo(f"… and {len(tally.failures) - _FAILURES_SHOWN:,} more", err=True)
    if broken:
        raise broken
    if tally.failures:
        sys.exit(1)


@contextmanager
def _file(path: Path) -> Iterator[Path]:
    """Open what a path names; standard input becomes a file, for files are read more than once."""
    if path != _STANDARD_INPUT:
        yield path
        return
    with TemporaryDirectory() as directory:
        copy = Path(directory, "standard input")
        with copy.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield copy


def _sources(path: Path, chosen: str | None) -> list[tuple[Path, str]]:
    """Return the files with their formats; of a directory, those whose format is known."""
    formats = [(file, chosen or format_of(file)) for file in files_of(path)]
    known = [(file, name) for file, name in formats if name is not None]
    for file, name in formats:
        if name is None and path.is_dir():
            click.echo(f"Left out, for its format is not known: {file}", err=True)
    if not known:
        raise InvalidRequest(f"The format of {path} is not known; --format can name it")
    return known


async def _import(
    db: "AsyncDialogueDB",
    sources: list[tuple[Path, str]],
    namespace: str | None,
    tally: Tally,
    progress: Progress,
) -> None:
    total = sum(file.stat().st_size for file, _ in sources)
    before = place = 0

    def read(bytes_read: int) -> None:
        nonlocal place
        place = before + bytes_read

    async with db:
        importer = Importer(db, tally, stored=lambda: progress(place, total))
        for file, name in sources:
            await importer.store(lines_of(file, name, read, tally.fail), namespace)
            before += file.stat().st_size
