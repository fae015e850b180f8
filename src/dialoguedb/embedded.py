"""The SDK's clients as programs get them: of a server, or with the engine in this process."""

import os
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from dialoguedb.client.aio.database import AsyncDatabase
from dialoguedb.client.options import RETRIES_DEFAULT, TIMEOUT_S_DEFAULT, connection_options
from dialoguedb.client.sync.database import Database
from dialoguedb.client.transport.requests import AsyncTransport, Transport
from dialoguedb.errors import InvalidSetting

if TYPE_CHECKING:
    from dialoguedb.settings import Settings


class AsyncDialogueDB(AsyncDatabase):
    """Dialogues and memories, for programs with an event loop.

    `AsyncDialogueDB()` speaks to a server: at `endpoint`, else `DIALOGUEDB_ENDPOINT`, else on this
    machine; with `api_key`, else `DIALOGUEDB_API_KEY`. `AsyncDialogueDB(path="./chats")` runs the
    engine in this process, on a data directory that is made when absent; no server and no key.
    `AsyncDialogueDB(database="postgresql://user@host/name")` runs it on a PostgreSQL database.

    A `namespace` is that of every call that names none. `timeout` is in seconds, for each try.
    """

    def __init__(  # noqa: PLR0913 - one for each thing that can be chosen
        self,
        api_key: str | None = None,
        *,
        path: str | os.PathLike[str] | None = None,
        database: str | None = None,
        endpoint: str | None = None,
        namespace: str | None = None,
        timeout: float = TIMEOUT_S_DEFAULT,
        retries: int = RETRIES_DEFAULT,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        if path is not None or database is not None:
            _check_alone(path, database, api_key, endpoint, tls)
            from dialoguedb.bootstrap.in_process.engine import AsyncEngineTransport  # noqa: PLC0415 - slow to load

            transport: AsyncTransport = AsyncEngineTransport(_settings(path, database))
        else:
            from dialoguedb.client.aio.http import AsyncHttpTransport  # noqa: PLC0415 - of servers alone

            transport = AsyncHttpTransport(connection_options(api_key, endpoint, tls, os.environ))
        super().__init__(transport, namespace=namespace, timeout=timeout, retries=retries)


class DialogueDB(Database):
    """Dialogues and memories, for programs without an event loop; threads may share it.

    `DialogueDB()` speaks to a server: at `endpoint`, else `DIALOGUEDB_ENDPOINT`, else on this
    machine; with `api_key`, else `DIALOGUEDB_API_KEY`. `DialogueDB(path="./chats")` runs the engine
    in this process, on a data directory that is made when absent; no server and no key.
    `DialogueDB(database="postgresql://user@host/name")` runs it on a PostgreSQL database.

    A `namespace` is that of every call that names none. `timeout` is in seconds, for each try.
    """

    def __init__(  # noqa: PLR0913 - one for each thing that can be chosen
        self,
        api_key: str | None = None,
        *,
        path: str | os.PathLike[str] | None = None,
        database: str | None = None,
        endpoint: str | None = None,
        namespace: str | None = None,
        timeout: float = TIMEOUT_S_DEFAULT,
        retries: int = RETRIES_DEFAULT,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        if path is not None or database is not None:
            _check_alone(path, database, api_key, endpoint, tls)
            from dialoguedb.bootstrap.in_process.engine import EngineTransport  # noqa: PLC0415 - slow to load

            transport: Transport = EngineTransport(_settings(path, database))
        else:
            from dialoguedb.client.sync.http import HttpTransport  # noqa: PLC0415 - of servers alone

            transport = HttpTransport(connection_options(api_key, endpoint, tls, os.environ))
        super().__init__(transport, namespace=namespace, timeout=timeout, retries=retries)
        if path is not None or database is not None:
            transport.open()


def _check_alone(path: object, database: object, *of_a_server: object) -> None:
    """Raise InvalidSetting unless one place of the data is chosen."""
    if any(choice is not None for choice in of_a_server):
        raise InvalidSetting(
            f"Pass either {'path' if database is None else 'database'}, or api_key and endpoint of"
            " a server, not both"
        )
    if path is not None and database is not None:
        raise InvalidSetting("Pass either path or database, not both")


def _settings(path: object, database: object) -> "Settings":
    """Return the settings of an engine in this process; InvalidSetting."""
    from dialoguedb.bootstrap.in_process.chosen_settings import (  # noqa: PLC0415 - of engines alone
        settings_at,
        settings_in,
    )

    return settings_in(_directory(path)) if database is None else settings_at(database)


def _directory(path: object) -> Path:
    """Return the directory of an engine; InvalidSetting when it can be none."""
    if path == ":memory:":
        raise InvalidSetting(
            "Data is always kept in a directory; for some that may go, take one of"
            " tempfile.TemporaryDirectory()"
        )
    if not isinstance(path, str | os.PathLike) or os.fspath(path) == "" or "\0" in str(path):
        raise InvalidSetting(f"path should name a directory, such as ./chats, not {path!r}")
    return Path(path)
