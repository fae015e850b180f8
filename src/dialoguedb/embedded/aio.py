"""The client of programs with an event loop."""

import os
import ssl

from dialoguedb.client.aio.database import AsyncDatabase
from dialoguedb.client.options import RETRIES_DEFAULT, TIMEOUT_S_DEFAULT, connection_options
from dialoguedb.client.transport.requests import AsyncTransport
from dialoguedb.embedded.choices import check_alone, settings_of


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
            check_alone(path, database, api_key, endpoint, tls)
            from dialoguedb.bootstrap.in_process.engine import AsyncEngineTransport  # noqa: PLC0415 - slow to load

            transport: AsyncTransport = AsyncEngineTransport(settings_of(path, database))
        else:
            from dialoguedb.client.aio.http import AsyncHttpTransport  # noqa: PLC0415 - of servers alone

            transport = AsyncHttpTransport(connection_options(api_key, endpoint, tls, os.environ))
        super().__init__(transport, namespace=namespace, timeout=timeout, retries=retries)
