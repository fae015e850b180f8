"""Opens the database of a data command through the SDK: at a server, or in this process."""

import functools
import os
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from msgspec.structs import replace

from dialoguedb.cli.options import DATABASE, PASSWORD_FILE, warn_of_secret, warn_of_url
from dialoguedb.client.options import (
    ENDPOINT_VARIABLE,
    KEY_FILE_VARIABLE,
    KEY_VARIABLES,
    key_in_file,
    key_of_environment,
)
from dialoguedb.errors import InvalidSetting
from dialoguedb.settings import Database, Secret, postgres_urls

if TYPE_CHECKING:
    from dialoguedb.embedded.aio import AsyncDialogueDB
    from dialoguedb.ports.engine import Engine

ClientOptions = dict[str, Any]
"""The arguments of a client that say where the data is."""

F = TypeVar("F", bound=Callable[..., Any])

_CHOICES = (
    *("endpoint", "api_key", "api_key_file", "ca", "data"),
    *("database", "database_password_file"),
)

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
    click.option(
        "--database",
        metavar="URL",
        help="Use this database instead, such as postgresql://USER@HOST/NAME; the same way.",
    ),
    click.option(
        "--database-password-file",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="File with its password.",
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
    """Do the same for a command that may be somebody's first, and makes the data."""
    return _with_client(command, announce_new_data)


def _with_client(
    command: Callable[..., Any],
    around: Callable[[ClientOptions], AbstractContextManager[None]],
) -> Callable[..., Any]:
    @database_options
    @functools.wraps(command)
    def opened(**flags: Any) -> None:
        from dialoguedb.embedded.sync import DialogueDB  # noqa: PLC0415 - no `--help` waits for it

        options = client_options(flags)
        with around(options), DialogueDB(**options) as db:
            command(db, **flags)

    return opened


@contextmanager
def _existing(options: ClientOptions) -> Iterator[None]:
    engine = _engine(options)
    if engine and not engine.exists():
        engine.require_data()
    yield


@contextmanager
def announce_new_data(options: ClientOptions) -> Iterator[None]:
    """Report that a command created new data, in case another place was meant."""
    engine = _engine(options)
    is_new = engine and not engine.exists()
    yield
    if engine and is_new and engine.exists():
        click.echo(f"Created a new {engine.kind}: {engine.address}", err=True)


def _engine(options: ClientOptions) -> "Engine | None":
    """Return the engine that works in this process; None when a server does."""
    directory, url = options.get("path"), options.get("database")
    if directory is None and url is None:
        return None
    from dialoguedb.bootstrap.engine import engine_of  # noqa: PLC0415 - no `--help` waits for it
    from dialoguedb.bootstrap.in_process.chosen_settings import (  # noqa: PLC0415 - nor for this
        settings_at,
        settings_in,
    )

    if directory is None:
        return engine_of(settings_at(url))
    return engine_of(replace(settings_in(directory), data=directory))  # as the user names it


def async_database(options: ClientOptions, namespace: str | None = None) -> "AsyncDialogueDB":
    """Return what opens the database for many calls at once."""
    from dialoguedb.embedded.aio import AsyncDialogueDB  # noqa: PLC0415 - no `--help` waits for it

    return AsyncDialogueDB(**options, namespace=namespace)


def client_options(flags: dict[str, Any]) -> ClientOptions:
    """Return what opens the database that the flags name; takes them out of `flags`."""
    url = _database_url(flags)
    if flags["database"] is not None:
        warn_of_url(DATABASE.read(flags["database"], DATABASE.flag))
    endpoint, api_key, key_file, ca, data, *_ = (flags.pop(name, None) for name in _CHOICES)
    if data is not None or url is not None:
        if endpoint or api_key or key_file or ca:
            raise click.UsageError(
                f"{'--data' if url is None else '--database'} works without a server and cannot be"
                " combined with its options."
            )
        return {"path": data} if url is None else {"database": url}
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


def address_of(options: ClientOptions) -> str:
    """Return what tells a database from others: where it is, and the key that opens a project."""
    if (directory := options.get("path")) is not None:
        return f"directory {Path(directory).expanduser().absolute()}"
    if (url := options.get("database")) is not None:
        return f"database {url}"
    endpoint = options["endpoint"] or os.environ.get(ENDPOINT_VARIABLE, "")
    return f"server {endpoint} {options['api_key']}"


def _database_url(flags: dict[str, Any]) -> str | None:
    """Return the URL of the database, with its password; None for a directory or a server.

    As for a server, one that the environment names takes the place of a directory.
    """
    url, file = flags["database"], flags["database_password_file"]
    if url is None:
        if file is not None:
            raise click.UsageError("--database-password-file needs --database.")
        return os.environ.get(DATABASE.variable) if flags["data"] is not None else None
    database: Database = DATABASE.read(url, DATABASE.flag)
    if file is None:
        return str(url)
    if database.password is not None:
        raise click.UsageError("Give the password in --database or in a file, not both.")
    password: Secret = PASSWORD_FILE.read(str(file), PASSWORD_FILE.flag)
    return postgres_urls.with_password(str(database), password.text)


def _trust(authorities: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authorities)
    except ssl.SSLError as error:
        raise InvalidSetting(f"{authorities} holds no certificates in PEM") from error
