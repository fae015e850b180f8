"""`dialoguedb eval label`: what a person says is relevant for a query."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from dialoguedb.cli.data import fields
from dialoguedb.cli.data.evaluation import labels
from dialoguedb.cli.data.evaluation.labels import FILE, Key, Label
from dialoguedb.cli.data.evaluation.search import MODES, found_by
from dialoguedb.cli.data.previews import memory_preview, message_preview
from dialoguedb.cli.databases import with_database
from dialoguedb.cli.output import Record, plain, printable, show_table
from dialoguedb.errors import InvalidRequest
from dialoguedb.model.search import SearchObject

if TYPE_CHECKING:
    from dialoguedb.embedded.sync import DialogueDB

_SHOWN_OF_MODE = 10
_COLUMNS = ("position", "role", "name", "label", "content", "value", "match", "id")


@click.command("label")
@FILE
@click.argument("queries", metavar="[QUERY]...", nargs=-1)
@click.option(
    "--object",
    "kind",
    type=click.Choice(get_args(SearchObject)),
    default="message",
    help="What to look for.  [default: message]",
)
@fields.namespace
@with_database
def label_command(
    db: "DialogueDB", file: Path, queries: Sequence[str], kind: SearchObject, **flags: Any
) -> None:
    """Label the results of queries as relevant, and add the labels to FILE.

    Shown is what any mode of search finds. Choose by position (1 3-5) or by id; an empty answer
    says that nothing shown is relevant, and ? passes the query over. Without a QUERY, queries are
    read from the terminal until an empty one.
    """
    for query in queries or _typed():
        _label(db, file, Key(query, kind, flags["namespace"]))


def _typed() -> Iterator[str]:
    while query := click.prompt("Query (empty to end)", default="", show_default=False):
        yield query


def _label(db: "DialogueDB", file: Path, key: Key) -> None:
    shown = _pooled(db, key)
    if not shown:
        click.echo(f"Nothing is found for {printable(key.query)!r}", err=True)
    rows = [{**row, "position": at} for at, row in enumerate(shown.values(), start=1)]
    if rows:
        show_table(rows, _COLUMNS)
    relevant = _chosen([*shown], key.object)
    if relevant is not None:
        labels.append(file, Label(key.query, relevant, key.object, key.namespace))


def _chosen(shown: Sequence[str], kind: SearchObject) -> list[str] | None:
    """Return what a person says is relevant; None when the query is passed over."""
    while True:
        answer = click.prompt("Relevant (1 3-5, ids, ? to pass)", default="", show_default=False)
        if answer.strip() == "?":
            return None
        try:
            return labels.chosen(answer, shown, kind)
        except InvalidRequest as error:
            click.echo(error.message, err=True)


def _pooled(db: "DialogueDB", key: Key) -> dict[str, Record]:
    """Return what any mode finds, by name, the best of each in turn."""
    of_modes = [found_by(db, key, mode, _SHOWN_OF_MODE) for mode in MODES]
    pooled: dict[str, Record] = {}
    for at in range(_SHOWN_OF_MODE):
        for found in of_modes:
            if at < len(found.hits):
                hit = found.hits[at]
                pooled.setdefault(labels.name_of(hit.item), _row(plain(hit)))
    return pooled


def _row(hit: Record) -> Record:
    item = hit["item"]
    if hit["object"] == "message":
        return {**message_preview(item), "id": f"{item['dialogueId']}/{item['id']}"}
    if hit["object"] == "memory":
        return memory_preview(item)
    matches = hit.get("matches")
    return {**item, "match": message_preview(matches[0]["item"])["content"] if matches else None}
