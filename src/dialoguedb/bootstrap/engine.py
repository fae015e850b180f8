"""The one place that chooses the engine: by the address of the data."""

from pathlib import Path

from dialoguedb.bootstrap.encryption_keys import encryption_key
from dialoguedb.embed.tokens import count_tokens
from dialoguedb.ports.engine import Engine
from dialoguedb.settings import Settings
from dialoguedb.settings.values import unknown_engine
from dialoguedb.store.sqlite.engine import SQLiteEngine


def data_directory(settings: Settings) -> Path:
    """Return where the data of the settings lies; the engine of this release keeps it in files."""
    location = settings.database.location
    return Path(location).expanduser() if location else settings.data


def engine_of(settings: Settings) -> Engine:
    """Return the engine at the address of the settings; InvalidSetting."""
    address = settings.database
    if address.scheme == "sqlite":
        return SQLiteEngine(data_directory(settings), count_tokens, encryption_key(settings))
    raise unknown_engine(address.scheme)
