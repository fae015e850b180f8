"""`dialoguedb chat`: a conversation, laid out for people."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from dialoguedb.cli.data import fields
from dialoguedb.cli.data.previews import texts, turn_of
from dialoguedb.cli.databases import with_database
from dialoguedb.cli.examples import examples
from dialoguedb.cli.output import STYLES, Record, plain, printable
from dialoguedb.formats.parts import Part, Reasoning, ToolCall, ToolResult

if TYPE_CHECKING:
    from dialoguedb.embedded.sync import DialogueDB

_INDENT = "  "
_RESULT_LINES = 12
_DAY = slice(0, len("2026-11-22"))
_MINUTE = slice(len("2026-11-22T"), len("2026-11-22T21:34"))


@click.command(
    epilog=examples(
        ("From the start, in a pager", "dialoguedb chat order-17 | less"),
        ("The end of it", "dialoguedb chat order-17 --last 10"),
    )
)
@click.argument("dialogue_id", metavar="ID")
@click.option(
    "--last", type=click.IntRange(1, 1_000), metavar="N", help="Show only the last N messages."
)
@click.option("--full", is_flag=True, help="Show results of tools in full.")
@fields.namespace
@with_database
def chat(db: "DialogueDB", dialogue_id: str, **flags: Any) -> None:
    """Print the messages of a dialogue, oldest first; times are UTC.

    Programs use `dialoguedb message list`.
    """
    found = db.get_dialogue(dialogue_id, namespace=flags["namespace"], messages=flags["last"])
    messages = found.messages if flags["last"] else found.iter_messages(page_size=200)
    console = Console(highlight=False, soft_wrap=False)
    _print_head(console, plain(found.record))
    records = (plain(message.record) for message in messages)
    _print_messages(console, records, result_lines=None if flags["full"] else _RESULT_LINES)


def _print_head(console: Console, dialogue: Record) -> None:
    title = Text(printable(dialogue.get("label") or dialogue["id"]), style="bold")
    status = dialogue["status"]
    about = [dialogue["id"]] if "label" in dialogue else []
    about += [f"in {dialogue['namespace']}"] if dialogue.get("namespace") else []
    about += [f"a thread of {dialogue['threadOf']}"] if "threadOf" in dialogue else []
    about.append(f"{dialogue['totalMessages']:,} messages")
    about += dialogue["tags"]
    line = Text(printable(" · ".join(about)) + " · ", style="dim")
    line.append(status, style=STYLES["status"].get(status, ""))
    console.print(title, line, sep="\n")


def _print_messages(
    console: Console, messages: Iterable[Record], *, result_lines: int | None
) -> None:
    day = ""
    for message in messages:
        if message["created"][_DAY] != day:
            day = message["created"][_DAY]
            console.print()
            console.print(Rule(day, style="dim", align="left"))
        console.print()
        console.print(_speaker(message))
        turn = turn_of(message)
        for shown in _shown(turn.parts, result_lines):
            for line in shown.wrap(console, console.width - len(_INDENT)):
                console.print(_INDENT, line, sep="", no_wrap=True)


def _speaker(message: Record) -> Text:
    """Return the speaker and the time."""
    role = message["role"]
    who = f"{message['name']} ({role})" if "name" in message else role
    line = Text(printable(who), style=f"bold {STYLES['role'].get(role, 'blue')}")
    line.append(f"  {message['created'][_MINUTE]}", style="not bold dim")
    if message["tags"]:
        line.append(f"  {printable(', '.join(message['tags']))}", style="not bold blue")
    return line


def _shown(parts: Sequence[Part], result_lines: int | None) -> Iterator[Text]:
    for part in parts:
        match part:
            case ToolCall(name=name, arguments=arguments):
                call = Text(f"→ {printable(name)} ", style="magenta")
                yield call.append(printable(arguments), style="dim")
            case ToolResult(parts=inner, is_error=is_error):
                text = _cut(texts(inner), result_lines)
                yield Text(f"← {printable(text)}", style="red" if is_error else "dim")
            case Reasoning(text=thought):
                yield Text(printable(thought or "…"), "dim italic")
            case _:
                yield Text(printable(texts([part])))


def _cut(text: str, lines: int | None) -> str:
    """Return the first lines of a text, and how many more there are."""
    all_lines = text.splitlines()
    if lines is None or len(all_lines) <= lines:
        return text
    return "\n".join([*all_lines[:lines], f"… {len(all_lines) - lines:,} more lines"])
