"""The key of the first project: shown to a person, and kept out of logs."""

import logging
import sys
from pathlib import Path

import click

from dialoguedb import private_files
from dialoguedb.bootstrap.default_project import DEFAULT_PROJECT

FILE = "first-key"
"""Its name in the data directory."""

logger = logging.getLogger(__name__)


def tell(key: str, data: Path, *, printed: bool) -> None:
    """Show the key at a terminal; elsewhere output is kept, so write it to a file and name that.

    What is `printed` is shown anywhere.
    """
    if printed or sys.stdout.isatty():
        click.echo(f'API key for project "{DEFAULT_PROJECT}" (shown once): {key}')
        return
    path = data.absolute() / FILE
    try:
        private_files.make_directory(path.parent)  # of a database it need not be there
        private_files.replace(path, f"{key}\n".encode())
    except OSError as error:
        logger.warning(
            "The first key could not be written to %s: %s; `dialoguedb keys create` makes another",
            *(path, error.strerror),
        )
        return
    logger.info("The first key is in a file; read it, then delete it", extra={"file": str(path)})
    click.echo(f'API key for project "{DEFAULT_PROJECT}" is in {path}')
