"""`dialoguedb message`."""

import json
from typing import TYPE_CHECKING, Any

import click

from dialoguedb.cli.data import fields
from dialoguedb.cli.data.previews import message_preview
from dialoguedb.cli.databases import with_database
from dialoguedb.cli.examples import examples
from dialoguedb.cli.output import json_option, plain, show, show_page
from dialoguedb.errors import InvalidJSON
from dialoguedb.values.lists import Page

if TYPE_CHECKING:
    from dialoguedb.embedded.sync import DialogueDB

_COLUMNS = ("seq", "created", "role", "name", "content", "tags", "id")
_IN = click.argument("dialogue_id", metavar="DIALOGUE")
_ID = click.argument("message_id", metavar="ID")


@click.group()
def message() -> None:
    """Add, get, list, tag and delete messages."""


@message.command(
    epilog=examples(
        ("A text", 'dialoguedb message add order-17 --role user --content "Where is it?"'),
        ("From a file", "dialoguedb message add order-17 --role tool --stdin < report.txt"),
        (
            "With a picture",
            'dialoguedb message add order-17 --role user --content "Like so" --image box.jpg',
        ),
    )
)
@_IN
@click.option("--role", required=True, metavar="ROLE", help="user, assistant, system, tool …")
@fields.content
@click.option("--name", metavar="NAME", help="The speaker's name.")
@fields.own_id
@fields.metadata
@fields.tags
@fields.created_then
@fields.namespace
@json_option
@with_database
def add(db: "DialogueDB", dialogue_id: str, role: str, **flags: Any) -> None:
    """Append a message to a dialogue; with your own id, repeating it adds no other."""
    as_json, content = flags.pop("as_json"), fields.content_from(flags)
    record = db.api.message.create(dialogue_id, role, content, **flags)
    show(plain(record), as_json=as_json)


@message.command(
    "add-batch",
    epilog=examples(
        (
            "An array",
            """dialoguedb message add-batch order-17 --messages '[{"role": "user", …}, …]'""",
        ),
        ("JSON lines", "dialoguedb message add-batch order-17 --stdin < messages.jsonl"),
    ),
)
@_IN
@click.option("--messages", metavar="JSON", help="An array of messages, or one per line.")
@fields.from_stdin
@fields.namespace
@json_option
@with_database
def add_batch(db: "DialogueDB", dialogue_id: str, **flags: Any) -> None:
    """Append several messages in order, all or none."""
    text = flags["messages"]
    if (text is None) != flags["stdin"]:
        raise click.UsageError("One of --messages and --stdin is needed.")
    messages = _batch(fields.read_stdin() if text is None else text)
    records = db.api.message.create_many(dialogue_id, messages, namespace=flags["namespace"])
    _show_messages(Page(records), as_json=flags["as_json"])


@message.command(
    "list",
    epilog=examples(
        ("The last ten, newest first", "dialoguedb message list order-17 --order desc --limit 10"),
        ("Messages of users", "dialoguedb message list order-17 --role user"),
    ),
)
@_IN
@fields.paging
@fields.dates
@click.option("--role", metavar="ROLE", help="Only with this role.")
@fields.tags
@fields.attachments
@fields.namespace
@json_option
@with_database
def list_(db: "DialogueDB", dialogue_id: str, **flags: Any) -> None:
    """List the messages of a dialogue, oldest first."""
    as_json = flags.pop("as_json")
    _show_messages(db.api.message.list(dialogue_id, **flags), as_json=as_json)


@message.command()
@_IN
@_ID
@fields.attachments
@fields.namespace
@json_option
@with_database
def get(db: "DialogueDB", dialogue_id: str, message_id: str, **flags: Any) -> None:
    """Show a message."""
    as_json = flags.pop("as_json")
    show(plain(db.api.message.get(dialogue_id, message_id, **flags)), as_json=as_json)


@message.command()
@_IN
@_ID
@fields.namespace
@json_option
@with_database
def delete(db: "DialogueDB", dialogue_id: str, message_id: str, **flags: Any) -> None:
    """Delete a message permanently."""
    db.api.message.delete(dialogue_id, message_id, namespace=flags["namespace"])
    gone = {"success": True, "id": message_id, "dialogueId": dialogue_id}
    show(gone, as_json=flags["as_json"])


@message.command()
@_IN
@_ID
@fields.tags
@fields.namespace
@json_option
@with_database
def tag(db: "DialogueDB", dialogue_id: str, message_id: str, **flags: Any) -> None:
    """Replace the tags of a message; `--tags ''` removes all."""
    tags, namespace = fields.required_tags(flags), flags["namespace"]
    record = db.api.message.update(dialogue_id, message_id, tags=tags, namespace=namespace)
    show(plain(record), as_json=flags["as_json"])


def _batch(text: str) -> list[Any]:
    """Read messages from an array, or from lines."""
    try:
        if text.lstrip().startswith("["):
            messages: list[Any] = json.loads(text)
        else:
            messages = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError) as error:
        raise InvalidJSON(f"The messages are not JSON: {error}") from error
    if not all(isinstance(message, dict) for message in messages):
        raise InvalidJSON('Each message has to be an object: {"role": …, "content": …}')
    return messages


def _show_messages(page: Page[Any], *, as_json: bool) -> None:
    show_page(page, _COLUMNS, as_json=as_json, preview=message_preview)
