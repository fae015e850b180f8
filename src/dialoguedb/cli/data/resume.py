"""`dialoguedb resume`: a dialogue goes on in a coding agent."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dialoguedb import private_files
from dialoguedb.cli.data import fields
from dialoguedb.cli.data.transfer.exporter import Exporter
from dialoguedb.cli.data.transfer.lines import Scope
from dialoguedb.cli.data.transfer.programs import this_machine
from dialoguedb.cli.data.transfer.writers.left_out import LeftOut
from dialoguedb.cli.data.transfer.writers.sessions import TARGETS, SessionWriter, new_session
from dialoguedb.cli.databases import with_database
from dialoguedb.cli.examples import examples
from dialoguedb.cli.output import json_option, show
from dialoguedb.errors import InvalidRequest

if TYPE_CHECKING:
    from dialoguedb.embedded.sync import DialogueDB


@click.command(
    epilog=examples(
        ("In this directory", "dialoguedb resume ID --in codex"),
        ("In another one", "dialoguedb resume ID --in claude-code --cwd ~/notes"),
    )
)
@click.argument("dialogue_id", metavar="ID")
@click.option(
    "--in", "program", type=click.Choice(list(TARGETS)), required=True, help="The program."
)
@click.option(
    "--cwd",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=".",
    show_default=True,
    help="The directory in which the program is to work.",
)
@fields.namespace
@json_option
@with_database
def resume(
    db: "DialogueDB",
    dialogue_id: str,
    program: str,
    *,
    cwd: Path,
    namespace: str | None,
    as_json: bool,
) -> None:
    """Write a dialogue as a session of a coding agent, and print how that goes on with it.

    The session is new, and the dialogue stays as it is. What a session does not hold is counted
    on stderr.
    """
    target, left_out = TARGETS[program], LeftOut()
    session = new_session(cwd.resolve(), this_machine())
    writer = SessionWriter(target, session, left_out)
    Exporter(db, writer, Scope(namespace), lambda _: None).write_alone(dialogue_id)
    if not writer.content:
        raise InvalidRequest(f"In {dialogue_id} nothing is said that {program} can go on with")
    path = target.path(session)
    private_files.make_directory(path.parent)
    with private_files.open_file(path, "wb") as file:
        file.write(writer.content)
    shown = {"program": program, "session": str(session.id), "file": str(path)}
    show({**shown, "command": f"{target.command} {session.id}"}, as_json=as_json)
    for sentence in left_out.sentences():
        click.echo(f"Not in the session: {sentence}", err=True)
