"""Where a client finds its data: what was chosen, and that it is one thing."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from dialoguedb.errors import InvalidSetting

if TYPE_CHECKING:
    from dialoguedb.settings import Settings


def check_alone(path: object, database: object, *of_a_server: object) -> None:
    """Raise InvalidSetting unless one place of the data is chosen."""
    if any(choice is not None for choice in of_a_server):
        raise InvalidSetting(
            f"Pass either {'path' if database is None else 'database'}, or api_key and endpoint of"
            " a server, not both"
        )
    if path is not None and database is not None:
        raise InvalidSetting("Pass either path or database, not both")


def settings_of(path: object, database: object) -> "Settings":
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
