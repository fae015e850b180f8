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
from dialoguedb.cli.data.discoveries import discovered, show_kept
from dialoguedb.cli.data.transfer.batches import batches
from dialoguedb.cli.data.transfer.importer import Importer
from dialoguedb.cli.data.transfer.lines import InputFile
from dialoguedb.cli.data.transfer.programs import PROGRAMS, Kept, program_beside, this_machine
from dialoguedb.cli.data.transfer.reports import FileReport, ImportReport
from dialoguedb.cli.data.transfer.source_files import (
    FORMATS,
    Source,
    files_of,
    format_of,
    lines_of,
    may_be,
)
from dialoguedb.cli.data.transfer.trees import Branches
from dialoguedb.cli.databases import (
    announce_new_data,
    async_database,
    client_options,
    database_options,
)
from dialoguedb.cli.options import examples
from dialoguedb.cli.output import is_for_people, json_option, printable, show, show_json
from dialoguedb.cli.progress import shown_progress
from dialoguedb.errors import DialogueDBError, InvalidRequest
from dialoguedb.ports.engine import Progress

if TYPE_CHECKING:
    from dialoguedb.embedded import AsyncDialogueDB

_FAILURES_SHOWN = 20
_SKIPPED_SHOWN = 5
_STANDARD_INPUT = Path("-")


@click.command(
    "import",
    epilog=examples(
        ("An export of DialogueDB", "dialoguedb import everything.jsonl"),
        (
            "A data export of ChatGPT or Claude, unpacked",
            "dialoguedb import conversations.json --namespace me",
        ),
        ("What programs keep on this machine", "dialoguedb import --discover"),
        ("All sessions of a program", "dialoguedb import --discover claude-code"),
        ("From another data directory", "dialoguedb export --data old | dialoguedb import -"),
    ),
)
@click.argument("words", nargs=-1, metavar="FILE|DIR|-|PROGRAM...")
@click.option(
    "--discover",
    is_flag=True,
    help="List what programs keep on this machine; import it with the names of programs:"
    f" {', '.join(PROGRAMS)}.",
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
def import_(words: tuple[str, ...], **flags: Any) -> None:
    """Import dialogues, messages and memories; running it again imports nothing twice.

    Run it again after an interruption, or when the file has grown; - is standard input.
    What cannot be stored is reported on stderr, with exit code 1; the rest is imported.
    """
    as_json, discover = flags.pop("as_json"), flags.pop("discover")
    chosen, branches = flags.pop("format_name"), flags.pop("branches")
    how = _How(*(flags.pop(name) for name in ("namespace", "update", "dry_run")))
    report = ImportReport()
    if discover:
        found = discovered(words, chosen)
        if not words:
            show_kept(found, as_json=as_json)
            return
        sources = _sources(_files_of(found, report), None, branches, report)
        _run(sources, how, report, flags, as_json=as_json)
        return
    with _file(_path(words)) as file:
        sources = _sources_of(file, chosen, branches, report)
        _run(sources, how, report, flags, as_json=as_json)


def _path(words: tuple[str, ...]) -> Path:
    """Return what is to be imported; UsageError unless it is one thing, and there."""
    if len(words) != 1:
        raise click.UsageError("Name one file or directory, or - for standard input")
    kind = click.Path(path_type=Path, exists=True, allow_dash=True)
    path: Path = kind.convert(words[0], None, click.get_current_context())
    return path


def _run(
    sources: list[Source],
    how: "_How",
    report: ImportReport,
    flags: dict[str, Any],
    *,
    as_json: bool,
) -> None:
    """Import the files and show how much was; an exit when something was not."""
    broken: DialogueDBError | None = None
    options = client_options(flags)
    with announce_new_data(options), shown_progress("Importing") as progress:
        db = async_database(options)
        try:
            asyncio.run(_import(db, sources, how, report, progress))
        except DialogueDBError as error:  # what was imported before is shown first
            broken = error
    if broken and not (any(report.counts().values()) or report.failures):
        raise broken
    show_report(report, as_json=as_json)
    _list("Skipped, its format is not known", report.skipped or [], _SKIPPED_SHOWN)
    kept = "kept in a thread" if how.update else "left as it is; --update keeps both"
    _list(f"Changed since it was imported, and {kept}", report.changed)
    failed = (f"{one.what}: {printable(one.error.message)}" for one in report.failures)
    _list("Not imported", list(failed))
    if broken:
        raise broken
    if report.failures:
        sys.exit(1)


def show_report(report: ImportReport, *, as_json: bool) -> None:
    """Print the report; for people short, each file in a line, and all that was left out."""
    if not is_for_people(as_json=as_json):
        show_json(report.record())
        return
    whole = report.record()
    counts = {name: value for name, value in whole.items() if isinstance(value, int)}
    show(counts, as_json=False)
    if report.skipped is not None:
        _list("File", [printable(_summary(one)) for one in report.files])
    _list("Left out", [f"{printable(kind)}: {count:,}" for kind, count in report.left_out.items()])


def _summary(one: FileReport) -> str:
    """Say in a line what was done with a file."""
    counts = f"{one.dialogues:,} dialogues, {one.messages:,} messages"
    left_out, unread = one.left_out.total(), ", ".join(one.unread)
    beside = f", {left_out:,} left out" if left_out else ""
    return f"{one.file}: {counts}{beside}" + (f", lines {unread} not read" if unread else "")


def _list(heading: str, what: Sequence[str], most: int = _FAILURES_SHOWN) -> None:
    """Write things to stderr, a line each, as many as a reader bears."""
    for one in what[:most]:
        click.echo(f"{heading}: {one}", err=True)
    if len(what) > most:
        click.echo(f"… and {len(what) - most:,} more", err=True)


@contextmanager
def _file(path: Path) -> Iterator[InputFile]:
    """Yield the file; standard input is copied to one, because files are read more than once."""
    if path != _STANDARD_INPUT:
        yield InputFile(path, str(path), path.name)
        return
    with TemporaryDirectory() as directory:
        copy = Path(directory, "input")
        with private_files.open_file(copy, "wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield InputFile(copy, "standard input")


def _sources_of(
    path: InputFile, chosen: str | None, branches: Branches, report: ImportReport
) -> list[Source]:
    """Return a file with its format, or those of a directory whose format is known."""
    if path.path.is_dir():
        known = _sources(files_of(path), chosen, branches, report)
        if not (known or report.failures):
            raise InvalidRequest(f"{path} holds no conversation in a known format")
        return known
    name = chosen or format_of(path)
    if name is None:
        raise InvalidRequest(f"The format of {path} is not known; --format can name it")
    return [Source(path, name, branches)]


def _sources(
    files: list[InputFile], chosen: str | None, branches: Branches, report: ImportReport
) -> list[Source]:
    """Return those of several files whose format is known.

    One that cannot be read at all is a failure, and the others are imported. What a program keeps
    beside its conversations is neither, whatever it looks like.
    """
    known: list[Source] = []
    skipped = report.skipped = []
    machine = this_machine()
    for file in files:
        program = program_beside(file.path, machine)
        try:
            name = _format_of_one(file, chosen if program is None else None)
        except InvalidRequest as error:
            if program is None:
                report.fail(str(file), error)
                continue
            name = None
        if name is None or name != (chosen or program or name):
            skipped.append(str(file))
        else:
            known.append(Source(file, name, branches))
    return known


def _format_of_one(file: InputFile, chosen: str | None) -> str | None:
    """Return the format of one of several files: the chosen one, unless it cannot be that."""
    if chosen is None or not may_be(file, chosen):
        return format_of(file)
    return chosen


def _files_of(found: Sequence[Kept], report: ImportReport) -> list[InputFile]:
    """Return the files that programs keep; what cannot be read is a failure."""
    for one in found:
        for path, why in one.unread.items():
            report.fail(str(path), InvalidRequest(why))
    return [InputFile(path, str(path), path.name) for one in found for path in one.files]


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

    importer = Importer(db, lambda: progress(offset, total), update=how.update)
    async with AsyncExitStack() as opened:
        is_open = how.is_dry
        for source in sources:
            of_file = FileReport(str(source.file), source.format)
            report.files.append(of_file)
            ready = batches(lines_of(source, read, of_file), how.namespace)
            try:
                first = await asyncio.to_thread(next, ready, None)
                if first and not is_open:
                    await opened.enter_async_context(db)
                    is_open = True
                if first:
                    every = chain([first], ready)
                    await (of_file.count(every) if how.is_dry else importer.store(every, of_file))
            except InvalidRequest as error:
                if len(sources) == 1:
                    raise
                of_file.fail(str(source.file), error)
            before += source.file.path.stat().st_size
