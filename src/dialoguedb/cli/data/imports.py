"""`dialoguedb import`."""

import asyncio
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from dialoguedb import private_files
from dialoguedb.cli.data import fields
from dialoguedb.cli.data.transfer.batches import batches
from dialoguedb.cli.data.transfer.importer import Importer, ImportReport
from dialoguedb.cli.data.transfer.lines import InputFile
from dialoguedb.cli.data.transfer.source_files import (
    FORMATS,
    Source,
    files_of,
    format_of,
    lines_of,
)
from dialoguedb.cli.data.transfer.trees import Branches
from dialoguedb.cli.databases import (
    announce_new_data,
    async_database,
    client_options,
    database_options,
)
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
        ("An export of DialogueDB", "dialoguedb import everything.jsonl"),
        (
            "A data export of ChatGPT or Claude, unpacked",
            "dialoguedb import conversations.json --namespace me",
        ),
        ("From another data directory", "dialoguedb export --data old | dialoguedb import -"),
    ),
)
@click.argument(
    "path", type=click.Path(path_type=Path, exists=True, allow_dash=True), metavar="FILE|DIR|-"
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(FORMATS),
    help="The format of the files.  [default: detected for each]",
)
@click.option(
    "--branches",
    type=click.Choice(["threads", "current", "all"]),
    default="threads",
    show_default=True,
    help="What becomes of messages that were edited or answered again: threads of the dialogue,"
    " nothing, or threads that repeat what is before them.",
)
@click.option(
    "--update",
    is_flag=True,
    help="Keep messages that were changed since they were imported, each in a thread.",
)
@click.option("--dry-run", is_flag=True, help="Only count what would be imported.")
@fields.namespace
@database_options
@json_option
def import_(path: Path, **flags: Any) -> None:
    """Import dialogues, messages and memories; running it again imports nothing twice.

    Run it again after an interruption, or when the file has grown; - is standard input.
    What cannot be stored is reported on stderr, with exit code 1; the rest is imported.
    """
    as_json = flags.pop("as_json")
    chosen, branches = flags.pop("format_name"), flags.pop("branches")
    how = _How(*(flags.pop(name) for name in ("namespace", "update", "dry_run")))
    report = ImportReport()
    broken: DialogueDBError | None = None
    with _file(path) as file:
        sources = _sources(file, chosen, branches, report)
        options = client_options(flags)
        with announce_new_data(options), shown_progress("Importing") as progress:
            db = async_database(options)
            try:
                asyncio.run(_import(db, sources, how, report, progress))
            except DialogueDBError as error:  # what was imported before is shown first
                broken = error
    counts = {name: getattr(report, name) for name in ("dialogues", "messages", "memories")}
    if broken and not (any(counts.values()) or report.failures):
        raise broken
    show({**counts, "failed": len(report.failures)}, as_json=as_json)
    kept = "kept in a thread" if how.update else "left as it is; --update keeps both"
    _list(f"Changed since it was imported, and {kept}", report.changed)
    failed = (f"{one.what}: {printable(one.error.message)}" for one in report.failures)
    _list("Not imported", list(failed))
    if broken:
        raise broken
    if report.failures:
        sys.exit(1)


def _list(heading: str, what: Sequence[str]) -> None:
    """Write things to stderr, a line each, as many as a reader bears."""
    for one in what[:_FAILURES_SHOWN]:
        click.echo(f"{heading}: {one}", err=True)
    if len(what) > _FAILURES_SHOWN:
        click.echo(f"… and {len(what) - _FAILURES_SHOWN:,} more", err=True)


@contextmanager
def _file(path: Path) -> Iterator[InputFile]:
    """Yield the file; standard input is copied to one, because files are read more than once."""
    if path != _STANDARD_INPUT:
        yield InputFile(path, str(path))
        return
    with TemporaryDirectory() as directory:
        copy = Path(directory, "input")
        with private_files.open_file(copy, "wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield InputFile(copy, "standard input")


def _sources(
    path: InputFile, chosen: str | None, branches: Branches, report: ImportReport
) -> list[Source]:
    """Return the files with their formats; of a directory, those whose format is known.

    A file of a directory that cannot be read at all is a failure; the others are imported.
    """
    known: list[Source] = []
    for file in files_of(path):
        try:
            name = chosen or format_of(file)
        except InvalidRequest as error:
            if not path.path.is_dir():
                raise
            report.fail(str(file), error)
            continue
        if name is not None:
            known.append(Source(file, name, branches))
        elif path.path.is_dir():
            click.echo(f"Skipped, its format is not known: {file}", err=True)
    if not known:
        raise InvalidRequest(f"The format of {path} is not known; --format can name it")
    return known


class _How(Struct):
    """How files are imported."""

    namespace: str | None
    update: bool
    is_dry: bool
    """Whether things are only counted."""


async def _import(
    db: "AsyncDialogueDB",
    sources: list[Source],
    how: _How,
    report: ImportReport,
    progress: Progress,
) -> None:
    """Import the files; the database is opened, and its directory made, when there is a batch.

    A file that cannot be read to its end is a failure among several files, and an error alone.
    """
    total = sum(source.file.path.stat().st_size for source in sources)
    before = offset = 0

    def read(bytes_read: int) -> None:
        nonlocal offset
        offset = before + bytes_read

    importer = Importer(db, report, lambda: progress(offset, total), update=how.update)
    async with AsyncExitStack() as opened:
        is_open = how.is_dry
        for source in sources:
            ready = batches(lines_of(source, read, report.fail), how.namespace)
            try:
                first = await asyncio.to_thread(next, ready, None)
                if first and not is_open:
                    await opened.enter_async_context(db)
                    is_open = True
                if first:
                    every = chain([first], ready)
                    await (report.count(every) if how.is_dry else importer.store(every))
            except InvalidRequest as error:
                if len(sources) == 1:
                    raise
                report.fail(str(source.file), error)
            before += source.file.path.stat().st_size
