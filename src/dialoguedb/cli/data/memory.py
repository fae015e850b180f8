"""`dialoguedb memory`."""

from typing import TYPE_CHECKING, Any

import click

from dialoguedb.cli.data import fields
from dialoguedb.cli.data.previews import memory_preview
from dialoguedb.cli.databases import with_database, with_new_database
from dialoguedb.cli.examples import examples
from dialoguedb.cli.output import json_option, plain, show, show_page

if TYPE_CHECKING:
    from dialoguedb.embedded.sync import DialogueDB

_details = fields.options(
    click.option("--source-dialogue", metavar="ID", help="The dialogue that it comes from."),
    click.option(
        "--source-message",
        "source_messages",
        multiple=True,
        metavar="ID",
        help="A message of it that says so; may be repeated.",
    ),
    click.option("--valid-from", metavar="TIME", help="Since when it is true."),
    click.option("--valid-to", metavar="TIME", help="Until when it is true."),
    click.option("--expires-at", metavar="TIME", help="From when on it is left out."),
    click.option("--confidence", type=float, metavar="0…1", help="How sure it is."),
    click.option(
        "--trust",
        type=click.Choice(["high", "medium", "low"]),
        help="How far whoever it comes from is to be trusted.",
    ),
)
_description = click.option("--description", metavar="TEXT", help="Description of the memory.")
_REMOVABLE = ("label", "description", "valid_from", "valid_to", "expires_at")
_VERSIONS = ("version", "value", "label", "written", "writtenBy", "replaced", "replacedBy")
_COLUMNS = ("id", "label", "namespace", "value", "description", "tags", "created")


@click.group()
def memory() -> None:
    """Create, get, list, update and delete memories."""


def _source_from(flags: dict[str, Any]) -> dict[str, Any]:
    """Return the source that `--source-dialogue` and `--source-message` make; removes them."""
    dialogue, messages = flags.pop("source_dialogue"), flags.pop("source_messages")
    if dialogue is None:
        if messages:
            raise click.UsageError("--source-message needs --source-dialogue.")
        return {}
    return {"source": {"dialogue_id": dialogue, "message_ids": [*messages] or None}}


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
@_description
@fields.tags
@fields.metadata
@fields.created_then
@_details
@click.option("--supersedes", metavar="ID", help="The memory that it takes the place of.")
@click.option(
    "--on-similar",
    type=click.Choice(["store", "return", "supersede"]),
    help="What becomes of it if one that is like it is there: both are stored, or the other one is"
    " returned, or superseded.  [default: store]",
)
@fields.namespace
@json_option
@with_new_database
def create(db: "DialogueDB", **flags: Any) -> None:
    """Create a memory; with your own id, repeating it creates no other."""
    as_json, value = flags.pop("as_json"), fields.value_from(flags)
    flags |= _source_from(flags)
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
@fields.as_of
@fields.namespace
@json_option
@with_database
def list_(db: "DialogueDB", **flags: Any) -> None:
    """List memories, newest first; without --namespace, those of all namespaces.

    Superseded and expired ones are among them unless --as-of is given.
    """
    as_json = flags.pop("as_json")
    show_page(db.api.memory.list(**flags), _COLUMNS, as_json=as_json, preview=memory_preview)


@memory.command()
@click.argument("memory_id", metavar="ID")
@fields.value
@fields.label
@_description
@fields.tags
@fields.metadata
@_details
@fields.namespace
@json_option
@with_database
def update(db: "DialogueDB", memory_id: str, **flags: Any) -> None:
    """Correct a memory; what it said before is in its history.

    What is not given stays. An empty text removes a label, a description or a time, and
    `--tags ''` all tags.
    """
    as_json, namespace = flags.pop("as_json"), flags.pop("namespace")
    flags["value"] = fields.value_from(flags, needed=False)
    flags |= _source_from(flags)
    changes = {name: given for name, given in flags.items() if given is not None}
    if not changes:
        raise click.UsageError("Nothing to change is given.")
    changes |= {name: None for name in _REMOVABLE if changes.get(name) == ""}
    record = db.api.memory.update(memory_id, **changes, namespace=namespace)
    show(plain(record), as_json=as_json)


@memory.command()
@click.argument("memory_id", metavar="ID")
@fields.paging
@fields.namespace
@json_option
@with_database
def history(db: "DialogueDB", memory_id: str, **flags: Any) -> None:
    """List what a memory said before it was corrected, the newest version first."""
    as_json = flags.pop("as_json")
    page = db.api.memory.history(memory_id, **flags)
    show_page(page, _VERSIONS, as_json=as_json, preview=memory_preview)


@memory.command()
@click.argument("memory_id", metavar="ID")
@fields.namespace
@json_option
@with_database
def delete(db: "DialogueDB", memory_id: str, **flags: Any) -> None:
    """Delete a memory permanently, with its history."""
    db.api.memory.delete(memory_id, namespace=flags["namespace"])
    show({"success": True, "id": memory_id}, as_json=flags["as_json"])
