"""`dialoguedb search`."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dialoguedb.cli.data import fields
from dialoguedb.cli.data.fields import JSON_OBJECT
from dialoguedb.cli.data.previews import memory_preview, message_preview
from dialoguedb.cli.databases import with_database
from dialoguedb.cli.examples import examples
from dialoguedb.cli.output import Record, json_option, plain, show_json, show_table
from dialoguedb.client.search_records import Found
from dialoguedb.values import limits

if TYPE_CHECKING:
    from dialoguedb.embedded.sync import DialogueDB

F = TypeVar("F", bound=Callable[..., Any])

_MESSAGES = ("relevance", "created", "role", "name", "content", "dialogueId", "id")
_DIALOGUES = ("relevance", "id", "label", "namespace", "status", "totalMessages", "tags", "match")
_MEMORIES = ("relevance", "id", "label", "namespace", "value", "tags", "created")

_options = fields.options(
    click.option(
        "--limit",
        type=click.IntRange(1, limits.SEARCH_ITEMS_MAX),
        metavar="N",
        help=f"How many at most.  [default: {limits.SEARCH_ITEMS_DEFAULT}]",
    ),
    click.option(
        "--filter",
        type=JSON_OBJECT,
        metavar="JSON",
        help='Filter by time or images: {"created": "last week"}, {"hasImage": true} …',
    ),
    click.option(
        "--metadata",
        type=JSON_OBJECT,
        metavar="JSON",
        help='Filter by metadata: {"channel": "mail"}, {"score": {"$gte": 3}} …',
    ),
    fields.tags,
    fields.namespace,
    click.option(
        "--timezone",
        metavar="NAME",
        help="Time zone of days such as `last Monday` or 2025-11-06: Europe/Rome …",
    ),
    fields.order_by("relevance", "created", "modified"),
    click.option("--order", type=click.Choice(["asc", "desc"]), help="The sort direction."),
    click.option(
        "--mode",
        type=click.Choice(["hybrid", "semantic", "keyword"]),
        help="By meaning, keywords, or both.  [default: hybrid]",
    ),
    click.option(
        "--min-relevance",
        type=click.FloatRange(0, 1),
        metavar="SHARE",
        help="Leave out what is less relevant, 0 to 1.",
    ),
    click.option(
        "--explain", is_flag=True, default=None, help="Show what makes up each relevance."
    ),
)
_of_messages = fields.options(
    click.option("--role", metavar="ROLE", help="Only with this role."),
    click.option("--dialogue", "dialogue_id", metavar="ID", help="Only in this dialogue."),
)


@click.group(
    epilog=examples(
        ("By meaning and keywords", 'dialoguedb search messages "when does the parcel come"'),
        (
            "In a time range",
            """dialoguedb search messages refund --filter '{"created": "last week"}'""",
        ),
        ("By keywords only", "dialoguedb search dialogues invoice --mode keyword"),
    )
)
def search() -> None:
    """Search messages, dialogues and memories by meaning and keywords."""


@search.command()
@click.argument("query")
@_options
@_of_messages
@click.option(
    "--context",
    type=click.IntRange(0, limits.CONTEXT_MESSAGES_MAX),
    metavar="N",
    help="Include N messages before and after each hit.",
)
@json_option
@with_database
def messages(db: "DialogueDB", query: str, **flags: Any) -> None:
    """Find messages; without --namespace, in all namespaces."""
    as_json = flags.pop("as_json")
    _show(db.api.search.messages(query, **flags), _MESSAGES, message_preview, as_json=as_json)


@search.command()
@click.argument("query")
@_options
@_of_messages
@json_option
@with_database
def dialogues(db: "DialogueDB", query: str, **flags: Any) -> None:
    """Find dialogues by their messages; without --namespace, in all namespaces."""
    as_json = flags.pop("as_json")
    _show(db.api.search.dialogues(query, **flags), _DIALOGUES, dict, as_json=as_json)


@search.command()
@click.argument("query")
@_options
@fields.as_of
@fields.include
@json_option
@with_database
def memories(db: "DialogueDB", query: str, **flags: Any) -> None:
    """Find memories; without --namespace, in all namespaces."""
    as_json = flags.pop("as_json")
    _show(db.api.search.memories(query, **flags), _MEMORIES, memory_preview, as_json=as_json)


def _show(
    found: Found[Any],
    columns: tuple[str, ...],
    preview: Callable[[Record], dict[str, Any]],
    *,
    as_json: bool,
) -> None:
    """Print results as the API returns them; at a terminal as a table, the best first."""
    if found.indexing:
        done, total = found.indexing.done, found.indexing.of
        click.echo(f"Indexed {done:,} of {total:,}: more may be found later", err=True)
    if found.omitted:
        click.echo(
            f"{len(found.omitted):,} more were found, and are too large to be shown with these:"
            " `omitted` in the JSON names them",
            err=True,
        )
    answer = plain(found)
    if as_json or not sys.stdout.isatty():
        show_json({"items": [hit["item"] for hit in answer["results"]], **answer})
    else:
        show_table([_row(hit, preview) for hit in answer["results"]], columns)


def _row(hit: Record, preview: Callable[[Record], dict[str, Any]]) -> Record:
    row = {**preview(hit["item"]), "relevance": f"{hit['relevance']:.2f}"}
    if matches := hit.get("matches"):
        row["match"] = message_preview(matches[0]["item"])["content"]
    return row
