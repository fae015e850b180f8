"""The settings of an engine in this process: those of a server beside it, but for its data."""

import os
from pathlib import Path

from msgspec.structs import replace

from dialoguedb import settings
from dialoguedb.errors import InvalidSetting
from dialoguedb.settings import Database, Settings
from dialoguedb.settings.values import Secret, read_database


def settings_in(directory: Path) -> Settings:
    """Return the settings for a data directory."""
    here = directory.expanduser().absolute()
    return replace(_of_environment(), data=here, database=Database())


def settings_at(url: object, password: Secret | None = None) -> Settings:
    """Return the settings for the URL of a database; InvalidSetting.

    A password in the URL, or given with it, takes the place of the environment's.
    """
    try:
        database = read_database(url if isinstance(url, str) else "")
    except ValueError:
        raise InvalidSetting(
            "database should be a URL such as postgresql://user@host/name, or sqlite:DIR"
        ) from None
    of_server = _of_environment()
    password = password or database.password or of_server.database_password
    plain = Database(database.scheme, database.location)
    return replace(of_server, database=plain, database_password=password)


def _of_environment() -> Settings:
    return replace(settings.load({}, os.environ), rate_limits=False)
