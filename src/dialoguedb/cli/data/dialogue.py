"""`dialoguedb dialogue`."""

import sys
from typing import TYPE_CHECKING, Any, get_args

import click

from dialoguedb.cli.data import fields
from dialoguedb.cli.data.fields import JSON_OBJECT
from dialoguedb.cli.databases import with_database, with_new_database
from dialoguedb.cli.examples import examples
from dialoguedb.cli.output import json_option, plain, show, show_json, show_page
from dialoguedb.model.checks import PROVIDERS
from dialoguedb.values.fields import Dialect

if TYPE_CHECKING:
    from dialoguedb.embedded.sync import DialogueDB

_COLUMNS = (
    *("id", "label", "namespace", "status", "totalMessages"),
    *("tags", "lastMessageCreated"),
)

_list_options = fields.options(
    fields.paging,
    fields.dates,
    fields.order_by("created", "modified", "lastMessageCreated"),
    click.option(
        "--status",
        type=click.Choice(["active", "ended", "archived"]),
        help="Only with this status.",
    ),
    fields.tags,
    fields.namespace,
)


@click.group()
def dialogue() -> None:
    """Create, get, list, change and delete dialogues."""


@dialogue.command(
    epilog=examples(
        ("With a label", 'dialoguedb dialogue create --label "Order 17"'),
        (
            "Under your own id, with a state",
            """dialoguedb dialogue create --id order-17 --state '{"step": "paid"}'""",
        ),
    )
)
@fields.own_id
@fields.dialogue_fields
@json_option
@with_new_database
def create(db: "DialogueDB", **flags: Any) -> None:
    """Create a dialogue."""
    as_json = flags.pop("as_json")
    show(plain(db.api.dialogue.create(**flags)), as_json=as_json)


@dialogue.command()
@click.argument("dialogue_id", metavar="ID")
@click.option(
    "--messages", type=click.IntRange(0, 1_000), metavar="N", help="Include the last N messages."
)
@fields.attachments
@fields.namespace
@json_option
@with_database
def get(db: "DialogueDB", dialogue_id: str, **flags: Any) -> None:
    """Show one dialogue; `dialoguedb chat ID` shows its messages."""
    as_json = flags.pop("as_json")
    show(plain(db.api.dialogue.get(dialogue_id, **flags)), as_json=as_json)


@dialogue.command("get-or-create")
@click.argument("dialogue_id", metavar="ID")
@fields.dialogue_fields
@json_option
@with_new_database
def get_or_create(db: "DialogueDB", dialogue_id: str, **flags: Any) -> None:
    """Show one dialogue; creates it with these fields if there is none."""
    as_json = flags.pop("as_json")
    show(plain(db.get_or_create_dialogue(dialogue_id, **flags).record), as_json=as_json)


@dialogue.command(
    "list",
    epilog=examples(
        ("The newest", "dialoguedb dialogue list --limit 10"),
        (
            "Dialogues of June with a tag",
            "dialoguedb dialogue list --created 2026-06 --tags refund",
        ),
        ("All ids", "dialoguedb dialogue list --limit 1000 | jq -r '.items[].id'"),
    ),
)
@_list_options
@fields.thread_of
@json_option
@with_database
def list_(db: "DialogueDB", **flags: Any) -> None:
    """List dialogues, newest first; without --namespace, those of all namespaces."""
    as_json = flags.pop("as_json")
    show_page(db.api.dialogue.list(**flags), _COLUMNS, as_json=as_json)


@dialogue.command()
@click.argument("dialogue_id", metavar="ID")
@fields.namespace
@fields.yes
@json_option
@with_database
def delete(db: "DialogueDB", dialogue_id: str, **flags: Any) -> None:
    """Delete a dialogue permanently, with its messages, summaries and all threads."""
    if sys.stdin.isatty() and not flags["yes"]:
        click.confirm(f"Delete dialogue {dialogue_id!r} with everything in it?", abort=True)
    deleted = db.api.dialogue.delete(dialogue_id, namespace=flags["namespace"])
    show({"success": True, **plain(deleted)}, as_json=flags["as_json"])


# --- Life cycle ---------------------------------------------------------------------------------


@dialogue.command()
@click.argument("dialogue_id", metavar="ID")
@fields.namespace
@json_option
@with_database
def end(db: "DialogueDB", dialogue_id: str, **flags: Any) -> None:
    """End a dialogue: it accepts no more messages."""
    ended = db.api.dialogue.end(dialogue_id, namespace=flags["namespace"])
    show(plain(ended), as_json=flags["as_json"])


@dialogue.command()
@click.argument("dialogue_id", metavar="ID")
@fields.namespace
@json_option
@with_database
def archive(db: "DialogueDB", dialogue_id: str, **flags: Any) -> None:
    """Archive a dialogue: it can no longer be changed."""
    archived = db.api.dialogue.archive(dialogue_id, namespace=flags["namespace"])
    show(plain(archived), as_json=flags["as_json"])


@dialogue.command()
@click.argument("dialogue_id", metavar="ID")
@fields.namespace
@json_option
@with_database
def reopen(db: "DialogueDB", dialogue_id: str, **flags: Any) -> None:
    """Reopen an ended or archived dialogue."""
    reopened = db.api.dialogue.reopen(dialogue_id, namespace=flags["namespace"])
    show(plain(reopened), as_json=flags["as_json"])


# --- State, tags, threads -----------------------------------------------------------------------


@dialogue.command(
    "update-state",
    epilog=examples(
        ("Change one member", """dialoguedb dialogue update-state ID --state '{"step": "sent"}'"""),
        ("Empty it", "dialoguedb dialogue update-state ID --state '{}' --replace"),
    ),
)
@click.argument("dialogue_id", metavar="ID")
@click.option("--state", type=JSON_OBJECT, metavar="JSON", help="State, a JSON object.")
@fields.from_stdin
@click.option("--replace", is_flag=True, help="Replace the whole state.")
@fields.namespace
@json_option
@with_database
def update_state(db: "DialogueDB", dialogue_id: str, **flags: Any) -> None:
    """Merge these members into the state, and show the whole state."""
    state = flags["state"]
    if (state is None) != flags["stdin"]:
        raise click.UsageError("One of --state and --stdin is needed.")
    if state is None:
        state = JSON_OBJECT.convert(fields.read_stdin(), None, None)
    merge, namespace = not flags["replace"], flags["namespace"]
    stored = db.api.state.update(dialogue_id, state, merge=merge, namespace=namespace)
    show(stored.value, as_json=flags["as_json"])


@dialogue.command("update-tags")
@click.argument("dialogue_id", metavar="ID")
@fields.tags
@fields.namespace
@json_option
@with_database
def update_tags(db: "DialogueDB", dialogue_id: str, **flags: Any) -> None:
    """Replace the tags of a dialogue; `--tags ''` removes all."""
    tags = fields.required_tags(flags)
    updated = db.api.dialogue.update(dialogue_id, tags=tags, namespace=flags["namespace"])
    show(plain(updated), as_json=flags["as_json"])


@dialogue.command("create-thread")
@click.argument("dialogue_id", metavar="ID")
@fields.thread_fields
@json_option
@with_database
def create_thread(db: "DialogueDB", dialogue_id: str, **flags: Any) -> None:
    """Create a thread of a dialogue."""
    as_json = flags.pop("as_json")
    show(plain(db.api.dialogue.create(thread_of=dialogue_id, **flags)), as_json=as_json)


@dialogue.command("get-threads")
@click.argument("dialogue_id", metavar="ID")
@_list_options
@json_option
@with_database
def get_threads(db: "DialogueDB", dialogue_id: str, **flags: Any) -> None:
    """List the threads of a dialogue, newest first."""
    as_json = flags.pop("as_json")
    page = db.api.dialogue.list(thread_of=dialogue_id, **flags)
    show_page(page, _COLUMNS, as_json=as_json)


# --- Summaries and context ----------------------------------------------------------------------


@dialogue.command(
    epilog=examples(
        ("Wait for the summary", "dialoguedb dialogue compact ID --wait 60"),
        (
            "With instructions",
            'dialoguedb dialogue compact ID --instructions "Keep every date and amount"',
        ),
    )
)
@click.argument("dialogue_id", metavar="ID")
@click.option("--template", metavar="NAME", help="The project's template for the prompt.")
@click.option("--instructions", metavar="TEXT", help="Additional instructions.")
@click.option("--start-id", metavar="ID", help="First message.  [default: the first new one]")
@click.option("--end-id", metavar="ID", help="Last message.  [default: the newest]")
@click.option(
    "--wait", type=click.FloatRange(0), metavar="SECONDS", help="Wait until it is completed."
)
@fields.own_id
@fields.metadata
@fields.tags
@fields.namespace
@json_option
@with_database
def compact(db: "DialogueDB", dialogue_id: str, **flags: Any) -> None:
    """Summarize new messages of a dialogue, in the background; the messages stay."""
    as_json, wait_s, namespace = (flags.pop(name) for name in ("as_json", "wait", "namespace"))
    if wait_s is None:
        summary = db.api.dialogue.compact(dialogue_id, namespace=namespace, **flags)
    else:
        found = db.get_dialogue(dialogue_id, namespace=namespace)
        summary = found.summarize(wait_s, **flags)
    show(plain(summary), as_json=as_json)


@dialogue.command(
    epilog=examples(
        (
            "As OpenAI messages",
            "dialoguedb dialogue context ID --max-tokens 4000 | jq .messages",
        ),
        (
            "As text, with what matches a question",
            'dialoguedb dialogue context ID --max-tokens 2000 --format plain --query "the refund"',
        ),
    )
)
@click.argument("dialogue_id", metavar="ID")
@click.option(
    "--max-tokens", type=click.IntRange(1), required=True, metavar="N", help="The budget in tokens."
)
@click.option("--query", metavar="TEXT", help="Include messages and memories that match this.")
@click.option(
    "--format",
    type=click.Choice(get_args(Dialect)),
    help="The message format.  [default: openai]",
)
@click.option(
    "--recent", type=click.IntRange(0), metavar="N", help="Include at least the last N turns."
)
@click.option("--summary/--no-summary", default=None, help="Whether to use the newest summary.")
@click.option("--memories", type=click.IntRange(0), metavar="N", help="Include at most N memories.")
@click.option("--record", is_flag=True, default=None, help="Store a receipt of the window.")
@click.option(
    "--target",
    type=click.Choice(["any", "strict", "no-system"]),
    help="What reads the window: a model of the API, or a chat template.  [default: any]",
)
@click.option(
    "--stable/--no-stable", default=None, help="Whether to begin as the last window, for caches."
)
@click.option(
    "--unanswered",
    type=click.Choice(["drop", "error"]),
    help="What becomes of a tool call without a result.  [default: drop]",
)
@fields.as_of
@fields.include
@fields.namespace
@with_database
def context(db: "DialogueDB", dialogue_id: str, max_tokens: int, **flags: Any) -> None:
    """Print a context window on a dialogue, within a token budget, as JSON."""
    show(plain(db.api.context.get(dialogue_id, max_tokens, **flags)), as_json=True)


@dialogue.command("recorded-context")
@click.argument("context_id", metavar="CONTEXT_ID")
@fields.namespace
@with_database
def recorded_context(db: "DialogueDB", context_id: str, **flags: Any) -> None:
    """Print a recorded context window as the model saw it, as JSON."""
    show_json(plain(db.api.context.get_recorded(context_id, **flags)))


@dialogue.command(
    epilog=examples(
        ("For Anthropic", "dialoguedb dialogue check ID --provider anthropic"),
        ("For all providers", "dialoguedb dialogue check ID"),
    )
)
@click.argument("dialogue_id", metavar="ID")
@click.option(
    "--provider", type=click.Choice(PROVIDERS), help="Whose rules.  [default: what all refuse]"
)
@fields.namespace
@with_database
def check(db: "DialogueDB", dialogue_id: str, **flags: Any) -> None:
    """Print what a provider would refuse of a dialogue, as JSON; exits with code 1 if anything."""
    checked = db.api.context.check(dialogue_id, **flags)
    show_json(plain(checked))
    if not checked.ok:
        sys.exit(1)


@dialogue.command(
    epilog=examples(
        ("For Mistral", "dialoguedb dialogue repair ID --provider mistral | jq .messages"),
    )
)
@click.argument("dialogue_id", metavar="ID")
@click.option(
    "--provider", type=click.Choice(PROVIDERS), required=True, help="Who takes the messages."
)
@fields.namespace
@with_database
def repair(db: "DialogueDB", dialogue_id: str, **flags: Any) -> None:
    """Print a dialogue's messages as a provider takes them, and what was changed, as JSON."""
    show_json(plain(db.api.context.repair(dialogue_id, **flags)))
