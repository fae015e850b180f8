"""Opens the database of a data command through the SDK: at a server or in a directory."""

import functools
import os
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dialoguedb.cli.options import warn_of_secret
from dialoguedb.client.options import (
    KEY_FILE_VARIABLE,
    KEY_VARIABLES,
    key_in_file,
    key_of_environment,
)
from dialoguedb.errors import DataError, InvalidSetting

if TYPE_CHECKING:
    from dialoguedb.embedded import AsyncDialogueDB

F = TypeVar("F", bound=Callable[..., Any])

_CHOICES = ("endpoint", "api_key", "api_key_file", "ca", "data")

_OPTIONS = (
    click.option(
        "--endpoint",
        metavar="URL",
        help="URL of the server.  [env var: DIALOGUEDB_ENDPOINT; default: http://127.0.0.1:8000]",
    ),
    click.option(
        "--api-key",
        metavar="KEY",
        help="Its key; other users of this machine can see flags, so use the variable or a file."
        "  [env var: DIALOGUEDB_API_KEY]",
    ),
    click.option(
        "--api-key-file",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="File with its key.  [env var: DIALOGUEDB_API_KEY_FILE]",
    ),
    click.option(
        "--ca",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        metavar="FILE",
        help="Certificate authorities to trust, such as that of `serve --tls-self-signed`.",
    ),
    click.option(
        "--data",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        help="Use this data directory instead, without a server and without a key.",
    ),
)


def database_options(command: F) -> F:
    """Give a command the options that say where its data is."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def with_database(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options, and as its first argument the open database."""
    return _with_client(command, _existing)


def with_new_database(command: Callable[..., Any]) -> Callable[..., Any]:
    """Do the same for a command that may be somebody's first, and makes the data directory."""
    return _with_client(command, announce_new_directory)


def _with_client(
    command: Callable[..., Any], around: Callable[[Path | None], AbstractContextManager[None]]
) -> Callable[..., Any]:
    @database_options
    @functools.wraps(command)
    def opened(**flags: Any) -> None:
        from dialoguedb.embedded import DialogueDB  # noqa: PLC0415 - no `--help` waits for it

        directory, options = flags["data"], _client_options(flags)
        with around(directory), DialogueDB(**options) as db:
            command(db, **flags)

    return opened


def _existing(directory: Path | None) -> AbstractContextManager[None]:
    if directory is not None and not directory.exists():
        raise DataError(f"There is no data in {directory}: it does not exist")
    return nullcontext()


@contextmanager
def announce_new_directory(directory: Path | None) -> Iterator[None]:
    """Report that a command created a new data directory, in case another one was meant."""
    is_new = directory is not None and not directory.exists()
    yield
    if directory is not None and is_new and directory.exists():
        click.echo(f"Created a new data directory: {directory}", err=True)


def async_database(flags: dict[str, Any], namespace: str | None = None) -> "AsyncDialogueDB":
    """Open what the flags name, for many calls at once, and take them out of `flags`."""
    from dialoguedb.embedded import AsyncDialogueDB  # noqa: PLC0415 - no `--help` waits for it

    return AsyncDialogueDB(**_client_options(flags), namespace=namespace)


def _client_options(flags: dict[str, Any]) -> dict[str, Any]:
    endpoint, api_key, key_file, ca, data = (flags.pop(name, None) for name in _CHOICES)
    if data is not None:
        if endpoint or api_key or key_file or ca:
            raise click.UsageError(
                "--data works without a server and cannot be combined with its options."
            )
        return {"path": data}
    if api_key and key_file:
        raise click.UsageError("Choose either --api-key or --api-key-file, not both.")
    if api_key:
        warn_of_secret("--api-key", KEY_VARIABLES[0])
    key = api_key or (key_in_file(key_file) if key_file else key_of_environment(os.environ))
    if not key:
        raise InvalidSetting(
            f"A key is needed: set {KEY_VARIABLES[0]} or {KEY_FILE_VARIABLE}; or name a data"
            " directory with --data, to work without a server"
        )
    return {"endpoint": endpoint, "api_key": key, "tls": _trust(ca) if ca else None}


def _trust(authorities: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authorities)
    except ssl.SSLError as error:
        raise InvalidSetting(f"{authorities} holds no certificates in PEM") from error
