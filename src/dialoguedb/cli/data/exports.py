"""`dialoguedb export`."""

import os
import sys
from collections.abc import Iterator
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
)
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
        ("Everything of one user", "dialoguedb export user.jsonl --namespace user_789"),
        ("Compressed", "dialoguedb export | gzip > everything.jsonl.gz"),
    )
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--overwrite", is_flag=True, help="Replace the file, whatever it holds.")
@fields.namespace
@with_database
def export(db: "DialogueDB", file: Path | None, **flags: Any) -> None:
    """Export dialogues, messages and memories as JSON lines, to a file or standard output.

    After an interruption, run it again on the same file: it continues after the last complete
    dialogue.
    """
    with shown_count("Exporting") as advance, _opened(file, overwrite=flags["overwrite"]) as out:
        exporter = Exporter(db, out, flags["namespace"], advance)
        if file is not None and out.tell():
            _resume(exporter, out, file, flags["namespace"])
        else:
            out.write(lines.header(timestamp(datetime.now(UTC)), flags["namespace"]))
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
    is_new = overwrite or not file.exists()
    with private_files.open_file(file, "w+b" if is_new else "r+b") as out:
        out.seek(0, os.SEEK_END)
        yield out


def _resume(exporter: Exporter, out: IO[bytes], file: Path, namespace: str | None) -> None:
    """Register what a file has already, and cut off an incomplete dialogue at its end."""
    current: DialogueLine | None = None
    messages = 0
    begun = InputFile(file, str(file))
    out.seek(0)
    first = out.readline()
    lines.check_version(first, begun)
    lines.check_namespace(first, namespace, begun)
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
