"""One of several processes that serve a port."""

import os
import signal
import sys
from collections.abc import Sequence
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from threading import Thread

from dialoguedb.cli.server import logs
from dialoguedb.cli.server.sockets import Listener
from dialoguedb.errors import DialogueDBError
from dialoguedb.settings import Settings


def work(
    settings: Settings,
    listeners: Sequence[Listener],
    news: Connection,
    print_first_key: bool,  # noqa: FBT001 - a process is started with arguments by position
) -> None:
    """Serve until SIGTERM; tell once when requests are taken (None), or why they are not."""
    from dialoguedb.cli.server import process  # noqa: PLC0415 - the process above does not load it

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the one above passes it on
    logs.configure(settings.log_level)
    Thread(target=end_with_parent, name="dialoguedb-parent", daemon=True).start()
    try:
        process.run(
            settings,
            listeners,
            lambda: _tell(news, None),
            print_first_key=print_first_key,
            stops=(signal.SIGTERM,),
        )
    except DialogueDBError as error:
        _tell(news, error.message)
        sys.exit(1)


def _tell(news: Connection, failure: str | None) -> None:
    if not news.closed:
        news.send(failure)
        news.close()


def end_with_parent() -> None:
    """Stop as by SIGTERM when the process above is gone."""
    above = parent_process()
    if above is not None:
        above.join()
        os.kill(os.getpid(), signal.SIGTERM)
