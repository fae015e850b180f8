"""The client of programs without an event loop."""

import os
import ssl

from dialoguedb.client.options import RETRIES_DEFAULT, TIMEOUT_S_DEFAULT, connection_options
from dialoguedb.client.sync.database import Database
from dialoguedb.client.transport.requests import Transport
from dialoguedb.embedded.choices import check_alone, settings_of


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
            check_alone(path, database, api_key, endpoint, tls)
            from dialoguedb.bootstrap.in_process.engine import EngineTransport  # noqa: PLC0415 - slow to load

            transport: Transport = EngineTransport(settings_of(path, database))
        else:
            from dialoguedb.client.sync.http import HttpTransport  # noqa: PLC0415 - of servers alone

            transport = HttpTransport(connection_options(api_key, endpoint, tls, os.environ))
        super().__init__(transport, namespace=namespace, timeout=timeout, retries=retries)
        if path is not None or database is not None:
            transport.open()
