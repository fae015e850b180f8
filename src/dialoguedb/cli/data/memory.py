"""`dialoguedb memory`."""

from typing import TYPE_CHECKING, Any

import click

from dialoguedb.cli.data import fields
from dialoguedb.cli.data.previews import memory_preview
from dialoguedb.cli.databases import with_database, with_new_database
from dialoguedb.cli.options import examples
from dialoguedb.cli.output import json_option, plain, show, show_page

if TYPE_CHECKING:
    from dialoguedb.embedded import DialogueDB

_COLUMNS = ("id", "label", "namespace", "value", "description", "tags", "created")


@click.group()
def memory() -> None:
    """Create, get, list, update and delete memories."""


@memory.command(
    epilog=examples(
        ("A sentence", 'dialoguedb memory create --value "Prefers tea" --namespace user_789'),
        (
            "Anything",
            """dialoguedb memory create --value-json '{"city": "Oslo"}' --tags place""",
        ),
    )
)
@fields.value
@fields.own_id
@fields.label
@click.option("--description", metavar="TEXT", help="Description of the memory.")
@fields.tags
@fields.metadata
@fields.created_then
@fields.namespace
@json_option
@with_new_database
def create(db: "DialogueDB", **flags: Any) -> None:
    """Create a memory; with your own id, repeating it creates no other."""
    as_json, value = flags.pop("as_json"), fields.value_from(flags)
    show(plain(db.api.memory.create(value, **flags)), as_json=as_json)


@memory.command()
@click.argument("memory_id", metavar="ID")
@fields.namespace
@json_option
@with_database
def get(db: "DialogueDB", memory_id: str, **flags: Any) -> None:
    """Show a memory."""
    record = db.api.memory.get(memory_id, namespace=flags["namespace"])
    show(plain(record), as_json=flags["as_json"])


@memory.command("list")
@fields.paging
@fields.dates
@fields.order_by("created", "modified")
@fields.tags
@fields.namespace
@json_option
@with_database
def list_(db: "DialogueDB", **flags: Any) -> None:
    """List memories, newest first; without --namespace, those of all namespaces."""
    as_json = flags.pop("as_json")
    show_page(db.api.memory.list(**flags), _COLUMNS, as_json=as_json, preview=memory_preview)


@memory.command()
@click.argument("memory_id", metavar="ID")
@fields.tags
@fields.namespace
@json_option
@with_database
def update(db: "DialogueDB", memory_id: str, **flags: Any) -> None:
    """Replace the tags of a memory; `--tags ''` removes all. All else is write-once."""
    tags, namespace = fields.required_tags(flags), flags["namespace"]
    record = db.api.memory.update(memory_id, tags=tags, namespace=namespace)
    show(plain(record), as_json=flags["as_json"])


@memory.command()
@click.argument("memory_id", metavar="ID")
@fields.namespace
@json_option
@with_database
def delete(db: "DialogueDB", memory_id: str, **flags: Any) -> None:
    """Delete a memory permanently."""
    db.api.memory.delete(memory_id, namespace=flags["namespace"])
    show({"success": True, "id": memory_id}, as_json=flags["as_json"])
