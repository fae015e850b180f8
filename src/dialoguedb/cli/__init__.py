"""The command line: the group of all commands, and how their failures are reported."""

import errno
import io
import os
import sys
from pathlib import Path
from typing import Any

import click

from dialoguedb import __version__
from dialoguedb.cli.commands import COMMANDS
from dialoguedb.cli.examples import examples

__all__ = ["COMMANDS", "main"]


class _Commands(click.Group):
    """The group of all commands."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse bytes that are no text before they get anywhere."""
        try:
            "".join(args).encode()
        except UnicodeEncodeError:
            raise click.UsageError("Arguments must be UTF-8.", ctx) from None
        return super().parse_args(ctx, args)

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        if cmd_name not in COMMANDS:
            return None
        load, _ = COMMANDS[cmd_name]
        return load()

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; an error of ours ends it with one sentence on stderr and exit code 1."""
        from dialoguedb.errors import DialogueDBError  # noqa: PLC0415 - no `--help` waits for it

        try:
            return super().invoke(ctx)
        except DialogueDBError as error:
            raise click.ClickException(error.message) from error
        except OSError as error:
            if error.errno == errno.EPIPE:  # whoever reads our output has enough of it
                raise
            _drop_unwritten_output()
            raise click.ClickException(str(error)) from error


def _drop_unwritten_output() -> None:
    """Keep Python from trying again at its end, which would change the exit code."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=examples(
        ("Start a server with data in ./dialoguedb-data", "dialoguedb serve"),
        (
            "Create a key for a service",
            "dialoguedb keys create --project default --name support-bot",
        ),
        ("Back up while the server runs", "dialoguedb backup ./backup-of-monday"),
    ),
)
@click.version_option(__version__, prog_name="dialoguedb", message="%(prog)s %(version)s")
def main() -> None:
    """DialogueDB, a database for conversations."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # whoever called it has closed it
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 - open to the end
    if isinstance(sys.stdout, io.TextIOWrapper):  # names may hold what a terminal cannot show
        sys.stdout.reconfigure(errors="backslashreplace")
