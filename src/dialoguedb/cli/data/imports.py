"""`dialoguedb import`."""

import asyncio
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from dialoguedb import private_files
from dialoguedb.cli.data import fields
from dialoguedb.cli.data.discoveries import discovered, show_kept
from dialoguedb.cli.data.import_reports import show_report
from dialoguedb.cli.data.transfer.cursors import Cursors
from dialoguedb.cli.data.transfer.following import Find, Follower, found_now, stopped_by_signals
from dialoguedb.cli.data.transfer.lines import InputFile
from dialoguedb.cli.data.transfer.programs import PROGRAMS, Kept, kept, this_machine
from dialoguedb.cli.data.transfer.reports import ImportReport
from dialoguedb.cli.data.transfer.run import How, ImportRun
from dialoguedb.cli.data.transfer.sent import Sent
from dialoguedb.cli.data.transfer.source_files import FORMATS, Source, files_of, format_of
from dialoguedb.cli.databases import (
    address_of,
    announce_new_data,
    async_database,
    client_options,
    database_options,
)
from dialoguedb.cli.examples import examples
from dialoguedb.cli.output import json_option, printable
from dialoguedb.cli.progress import shown_progress
from dialoguedb.errors import DialogueDBError, InvalidRequest

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
        ("All that a program says from now on", "dialoguedb import --follow ~/.codex"),
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
@click.option(
    "--follow",
    is_flag=True,
    help="Go on importing what is added to the files, until SIGTERM or Ctrl-C.",
)
@fields.namespace
@database_options
@json_option
def import_(words: tuple[str, ...], **flags: Any) -> None:
    """Import dialogues, messages and memories; running it again imports nothing twice.

    Run it again after an interruption, or when the file has grown; - is standard input.
    What cannot be stored is reported on stderr, with exit code 1; the rest is imported.
    """
    as_json, discover = flags.pop("as_json"), flags.pop("discover")
    how = How(
        namespace=flags.pop("namespace"),
        update=flags.pop("update"),
        is_dry=flags.pop("dry_run"),
        branches=flags.pop("branches"),
        format=flags.pop("format_name"),
    )
    follows = flags.pop("follow")
    _check_following(words, how, follows=follows)
    report, sent = ImportReport(), Sent() if follows else None
    if not discover:
        with _file(_path(words)) as file:
            work = _following(partial(found_now, file)) if follows else _of_path(file, how)
            _run(work, how, report, flags, as_json=as_json, sent=sent)
        return
    found = discovered(words, how.format)
    if not words:
        show_kept(found, as_json=as_json)
        return
    files = _files_of(found, report)
    work = _following(partial(_kept_now, words)) if follows else _of_files(files)
    _run(work, how, report, flags, as_json=as_json, sent=sent)


def _check_following(words: tuple[str, ...], how: How, *, follows: bool) -> None:
    """Raise UsageError when what is chosen cannot be followed."""
    if follows and (not words or words == ("-",) or how.is_dry):
        raise click.UsageError(
            "--follow needs a file, a directory, or --discover with programs, and no --dry-run"
        )


def _path(words: tuple[str, ...]) -> Path:
    """Return what is to be imported; UsageError unless it is one thing, and there."""
    if len(words) != 1:
        raise click.UsageError("Name one file or directory, or - for standard input")
    kind = click.Path(path_type=Path, exists=True, allow_dash=True)
    path: Path = kind.convert(words[0], None, click.get_current_context())
    return path


_Work = Callable[[ImportRun, ImportReport], Awaitable[None]]
"""What an import does with its files, and reports."""


def _run(
    work: _Work,
    how: How,
    report: ImportReport,
    flags: dict[str, Any],
    *,
    as_json: bool,
    sent: Sent | None,
) -> None:
    """Import the files and show how much was; an exit when something was not."""
    broken: DialogueDBError | None = None
    options = client_options(flags)
    cursors = Cursors(address_of(options), how)
    with announce_new_data(options), shown_progress("Importing") as progress:
        run = ImportRun(async_database(options), how, cursors, progress, sent)
        try:
            asyncio.run(_within(run, work, report))
        except DialogueDBError as error:  # what was imported before is shown first
            broken = error
    if broken and not (any(report.counts().values()) or report.failures):
        raise broken
    report.is_broken_off = broken is not None
    show_report(report, how, as_json=as_json)
    if broken:
        raise broken
    if report.failures:
        sys.exit(1)


async def _within(run: ImportRun, work: _Work, report: ImportReport) -> None:
    async with run:
        await work(run, report)


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


def _of_path(path: InputFile, how: How) -> _Work:
    """Return what imports a file, or those of a directory whose format is known."""

    async def of_file(run: ImportRun, report: ImportReport) -> None:
        name = how.format or format_of(path)
        if name is None:
            raise InvalidRequest(f"The format of {path} is not known; --format can name it")
        await run.store_one(Source(path, name, how.branches), report)

    async def of_directory(run: ImportRun, report: ImportReport) -> None:
        await run.store_several(files_of(path), report)
        if not (report.files or report.failures):
            raise InvalidRequest(f"{path} holds no conversation in a known format")

    return of_directory if path.path.is_dir() else of_file


def _of_files(files: Sequence[InputFile]) -> _Work:
    """Return what imports the files that programs keep."""

    async def of_files(run: ImportRun, report: ImportReport) -> None:
        await run.store_several(files, report)

    return of_files


def _following(find: Find) -> _Work:
    """Return what imports files, and what is added to them, until a signal says to stop."""

    async def until_stopped(run: ImportRun, report: ImportReport) -> None:
        follower = Follower(run, find, lambda text: click.echo(printable(text), err=True))
        with stopped_by_signals(signal.SIGTERM, signal.SIGINT) as stop:
            click.echo("Following; SIGTERM or Ctrl-C ends it", err=True)
            try:
                await follower.until(stop)
            finally:
                done = follower.report()
                report.files, report.skipped = done.files, done.skipped

    return until_stopped


def _kept_now(programs: Sequence[str]) -> list[InputFile]:
    """Return the files that programs keep now."""
    every = kept(this_machine(), programs)
    return [InputFile(path, str(path), path.name) for one in every for path in one.files]


def _files_of(found: Sequence[Kept], report: ImportReport) -> list[InputFile]:
    """Return the files that programs keep; what cannot be read is a failure."""
    for one in found:
        for path, why in one.unread.items():
            report.fail(str(path), InvalidRequest(why))
    return [InputFile(path, str(path), path.name) for one in found for path in one.files]
