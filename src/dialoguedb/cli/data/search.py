"""`dialoguedb search`."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dialoguedb.cli import fields
from dialoguedb.cli.databases import with_database
from dialoguedb.cli.fields import JSON_OBJECT
from dialoguedb.cli.options import examples
from dialoguedb.cli.output import Record, json_option, plain, show_json, show_table
from dialoguedb.cli.wording import worded_memory, worded_message
from dialoguedb.client.records import Found
from dialoguedb.values import limits

if TYPE_CHECKING:
    from dialoguedb.embedded import DialogueDB

F = TypeVar("F", bound=Callable[..., Any])

_MESSAGES = ("relevance", "created", "role", "name", "content", "dialogueId", "id")
_DIALOGUES = ("relevance", "id", "label", "namespace", "status", "totalMessages", "tags", "match")
_MEMORIES = ("relevance", "id", "label", "namespace", "value", "tags", "created")

_options = fields.options(
    click.option(
        "--limit",
        type=click.IntRange(1, limits.SEARCH_ITEMS_MAX),
        metavar="N",
        help=f"At most so many.  [default: {limits.SEARCH_ITEMS_DEFAULT}]",
    ),
    click.option(
        "--filter",
        type=JSON_OBJECT,
        metavar="JSON",
        help='By time or images: {"created": "last week"}, {"hasImage": true} …',
    ),
    click.option(
        "--metadata",
        type=JSON_OBJECT,
        metavar="JSON",
        help='By metadata: {"channel": "mail"}, {"score": {"$gte": 3}} …',
    ),
    fields.tags,
    fields.namespace,
    click.option(
        "--timezone",
        metavar="NAME",
        help="Where a day such as `last Monday` is meant: Europe/Rome …",
    ),
    fields.order_by("relevance", "created", "modified"),
    click.option("--order", type=click.Choice(["asc", "desc"]), help="Which way it is sorted."),
    click.option(
        "--mode",
        type=click.Choice(["hybrid", "semantic", "keyword"]),
        help="By meaning, by words, or both.  [default: hybrid]",
    ),
    click.option("--explain", is_flag=True, default=None, help="Tell what each relevance is of."),
)
_of_messages = fields.options(
    click.option("--role", metavar="ROLE", help="Only of this role."),
    click.option("--dialogue", "dialogue_id", metavar="ID", help="Only in this dialogue."),
)


@click.group(
    epilog=examples(
        ("By meaning and by words", 'dialoguedb search messages "when does the parcel come"'),
        (
            "In a time",
            """dialoguedb search messages refund --filter '{"created": "last week"}'""",
        ),
        ("By words alone", "dialoguedb search dialogues invoice --mode keyword"),
    )
)
def search() -> None:
    """Find messages, dialogues and memories by meaning and by words."""


@search.command()
@click.argument("query")
@_options
@_of_messages
@click.option(
    "--context",
    type=click.IntRange(0, limits.CONTEXT_MESSAGES_MAX),
    metavar="N",
    help="With N messages before and after each.",
)
@json_option
@with_database
def messages(db: "DialogueDB", query: str, **flags: Any) -> None:
    """Find messages; without a namespace, in all."""
    as_json = flags.pop("as_json")
    _show(db.api.search.messages(query, **flags), _MESSAGES, worded_message, as_json=as_json)


@search.command()
@click.argument("query")
@_options
@_of_messages
@json_option
@with_database
def dialogues(db: "DialogueDB", query: str, **flags: Any) -> None:
    """Find dialogues by what is said in them; without a namespace, in all."""
    as_json = flags.pop("as_json")
    _show(db.api.search.dialogues(query, **flags), _DIALOGUES, dict, as_json=as_json)


@search.command()
@click.argument("query")
@_options
@json_option
@with_database
def memories(db: "DialogueDB", query: str, **flags: Any) -> None:
    """Find memories; without a namespace, in all."""
    as_json = flags.pop("as_json")
    _show(db.api.search.memories(query, **flags), _MEMORIES, worded_memory, as_json=as_json)


def _show(
    found: Found[Any],
    columns: tuple[str, ...],
    worded: Callable[[Record], dict[str, Any]],
    *,
    as_json: bool,
) -> None:
    """Print what was found as the API does; at a terminal as a table, the best first."""
    answer = plain(found)
    if as_json or not sys.stdout.isatty():
        show_json({"items": [hit["item"] for hit in answer["results"]], **answer})
    else:
        show_table([_row(hit, worded) for hit in answer["results"]], columns)


def _row(hit: Record, worded: Callable[[Record], dict[str, Any]]) -> Record:
    row = {**worded(hit["item"]), "relevance": f"{hit['relevance']:.2f}"}
    if matches := hit.get("matches"):
        row["match"] = worded_message(matches[0]["item"])["content"]
    return row
