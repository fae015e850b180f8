"""`dialoguedb export`."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from dialoguedb import private_files
from dialoguedb.cli.data import fields
from dialoguedb.cli.data.transfer import lines
from dialoguedb.cli.data.transfer.exporter import Exporter, key_of
from dialoguedb.cli.data.transfer.lines import (
    DialogueLine,
    EndLine,
    InputFile,
    MemoryLine,
    MessageLine,
    Scope,
)
from dialoguedb.cli.data.transfer.writers.conversations import SHAPES, ConversationWriter
from dialoguedb.cli.data.transfer.writers.html_page import Html
from dialoguedb.cli.data.transfer.writers.left_out import LeftOut
from dialoguedb.cli.data.transfer.writers.markdown import Markdown
from dialoguedb.cli.data.transfer.writers.own import OwnWriter
from dialoguedb.cli.data.transfer.writers.pages import Markup, PageWriter
from dialoguedb.cli.data.transfer.writers.writer import ExportWriter
from dialoguedb.cli.databases import with_database
from dialoguedb.cli.examples import examples
from dialoguedb.cli.progress import shown_count
from dialoguedb.client.encoding.fields import timestamp
from dialoguedb.errors import InvalidRequest

if TYPE_CHECKING:
    from dialoguedb.embedded.sync import DialogueDB


_PAGES: Mapping[str, type[Markup]] = {"markdown": Markdown, "html": Html}
FORMATS = (lines.FORMAT, *SHAPES, *_PAGES)


@click.command(
    epilog=examples(
        ("Everything", "dialoguedb export everything.jsonl"),
        ("Everything of one user", "dialoguedb export user.jsonl --namespace user_789"),
        ("Compressed", "dialoguedb export | gzip > everything.jsonl.gz"),
        ("One conversation to read", "dialoguedb export talk.html --dialogue ID --format html"),
        ("To train a model", "dialoguedb export chats.jsonl --format openai-chat"),
    )
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(FORMATS),
    default=lines.FORMAT,
    show_default=True,
    help="The format: only the default holds everything. `markdown` and `html` are pages to read;"
    " the others hold a conversation a line.",
)
@click.option("--dialogue", metavar="ID", help="Export this dialogue and its threads alone.")
@click.option("--overwrite", is_flag=True, help="Replace the file, whatever it holds.")
@fields.namespace
@with_database
def export(db: "DialogueDB", file: Path | None, format_name: str, **flags: Any) -> None:
    """Export dialogues, messages and memories to a file or standard output.

    After an interruption, run it again on the same file: it continues after the last complete
    dialogue. In formats of other programs it starts over, which needs --overwrite; what such a
    format does not hold is counted on stderr.
    """
    scope = Scope(flags["namespace"], flags["dialogue"])
    if scope.dialogue is not None:  # before a file is made
        db.api.read("dialogue", scope.dialogue, namespace=scope.namespace or "")
    is_own = format_name == lines.FORMAT
    if file is not None and not (is_own or flags["overwrite"]):
        _check_is_new(file, format_name)
    left_out = LeftOut()
    with shown_count("Exporting") as advance, _opened(file, overwrite=flags["overwrite"]) as out:
        exporter = Exporter(db, _writer(format_name, out, left_out), scope, advance)
        if is_own:
            _begin(exporter, out, file, scope)
        end = exporter.write()
        out.flush()
        if file is not None:
            os.fsync(out.fileno())
    click.echo(
        f"Exported {end.dialogues:,} dialogues, {end.messages:,} messages,"
        f" {end.memories:,} memories",
        err=True,
    )
    for sentence in left_out.sentences():
        click.echo(f"Not in {format_name}: {sentence}", err=True)


def _writer(format_name: str, out: IO[bytes], left_out: LeftOut) -> ExportWriter:
    if format_name in _PAGES:
        return PageWriter(_PAGES[format_name](), out, left_out)
    if format_name in SHAPES:
        return ConversationWriter(format_name, out, left_out)
    return OwnWriter(out)


def _check_is_new(file: Path, format_name: str) -> None:
    if file.exists() and file.stat().st_size:
        raise InvalidRequest(
            f"{file} exists already, and an export as {format_name} cannot be continued;"
            " --overwrite replaces it"
        )


def _begin(exporter: Exporter, out: IO[bytes], file: Path | None, scope: Scope) -> None:
    """Write the first line, or continue what was begun."""
    if file is not None and out.tell():
        _resume(exporter, out, file, scope)
    else:
        out.write(lines.header(timestamp(datetime.now(UTC)), scope))


@contextmanager
def _opened(file: Path | None, *, overwrite: bool) -> Iterator[IO[bytes]]:
    """Open a file at its end, or standard output."""
    if file is None:
        yield sys.stdout.buffer
        return
    is_new = overwrite or not file.exists()
    with private_files.open_file(file, "w+b" if is_new else "r+b") as out:
        out.seek(0, os.SEEK_END)
        yield out


def _resume(exporter: Exporter, out: IO[bytes], file: Path, scope: Scope) -> None:
    """Register what a file has already, and cut off an incomplete dialogue at its end."""
    current: DialogueLine | None = None
    messages = 0
    begun = InputFile(file, str(file))
    out.seek(0)
    first = out.readline()
    lines.check_version(first, begun)
    lines.check_scope(first, scope, begun)
    whole = start = len(first)
    for offset, line in lines.read_file(begun):
        if isinstance(line, EndLine):
            raise InvalidRequest(f"{file} is a complete export already; --overwrite replaces it")
        if isinstance(line, MessageLine):
            messages += 1
        else:
            _add_to(exporter, current, messages)
            current, whole, messages = None, offset, 0
            if isinstance(line, MemoryLine):
                exporter.memories.add(key_of(line))
            else:
                current, whole = line, start
        start = offset
    out.seek(whole)
    out.truncate()


def _add_to(exporter: Exporter, dialogue: DialogueLine | None, messages: int) -> None:
    if dialogue is not None:
        exporter.dialogues.add(key_of(dialogue))
        exporter.messages += messages
