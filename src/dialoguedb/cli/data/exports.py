"""`dialoguedb export`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from dialoguedb.cli import fields
from dialoguedb.cli.data.transfer import lines
from dialoguedb.cli.data.transfer.exporting import Exporter, named
from dialoguedb.cli.data.transfer.lines import Dialogue, End, Memory, Message
from dialoguedb.cli.databases import with_database
from dialoguedb.cli.options import examples
from dialoguedb.cli.progress import shown_count
from dialoguedb.client.encoding.fields import timestamp
from dialoguedb.errors import InvalidRequest

if TYPE_CHECKING:
    from dialoguedb.embedded import DialogueDB


@click.command(
    epilog=examples(
        ("Everything", "dialoguedb export everything.jsonl"),
        ("What there is of one user", "dialoguedb export user.jsonl --namespace user_789"),
        ("Packed", "dialoguedb export | gzip > everything.jsonl.gz"),
    )
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--overwrite", is_flag=True, help="Replace the file, whatever it is.")
@fields.namespace
@with_database
def export(db: "DialogueDB", file: Path | None, **flags: Any) -> None:
    """Write all dialogues, messages and memories as JSON lines, to a file or standard output.

    Stopped half-way, run it again on the same file: it goes on behind the last whole dialogue.
    """
    with shown_count("Exporting") as advance, _opened(file, overwrite=flags["overwrite"]) as out:
        exporter = Exporter(db, out, flags["namespace"], advance)
        if file is not None and out.tell():
            _go_on(exporter, out, file, flags["namespace"])
        else:
            out.write(lines.head(timestamp(datetime.now(UTC)), flags["namespace"]))
        end = exporter.write()
        out.flush()
        if file is not None:
            os.fsync(out.fileno())
    click.echo(
        f"Exported {end.dialogues:,} dialogues, {end.messages:,} messages,"
        f" {end.memories:,} memories",
        err=True,
    )


@contextmanager
def _opened(file: Path | None, *, overwrite: bool) -> Iterator[IO[bytes]]:
    """Open a file at its end, or standard output."""
    if file is None:
        yield sys.stdout.buffer
        return
    with file.open("w+b" if overwrite or not file.exists() else "r+b") as out:
        out.seek(0, os.SEEK_END)
        yield out


def _go_on(exporter: Exporter, out: IO[bytes], file: Path, namespace: str | None) -> None:
    """Take note of what a file has already, and cut off the dialogue that is not whole."""
    open_one: Dialogue | None = None
    messages = 0
    out.seek(0)
    first = out.readline()
    lines.refuse_newer(first, file)
    lines.refuse_other(first, namespace, file)
    whole = start = len(first)
    for place, line in lines.read_file(file):
        if isinstance(line, End):
            raise InvalidRequest(f"{file} is a whole export already; --overwrite replaces it")
        if isinstance(line, Message):
            messages += 1
        else:
            _note(exporter, open_one, messages)
            open_one, whole, messages = None, place, 0
            if isinstance(line, Memory):
                exporter.memories.add(named(line))
            else:
                open_one, whole = line, start
        start = place
    out.seek(whole)
    out.truncate()


def _note(exporter: Exporter, dialogue: Dialogue | None, messages: int) -> None:
    if dialogue is not None:
        exporter.dialogues.add(named(dialogue))
        exporter.messages += messages
