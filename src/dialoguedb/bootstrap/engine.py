"""The one place that chooses the engine: by the address of the data."""

from pathlib import Path
from typing import TYPE_CHECKING

from dialoguedb.bootstrap.encryption_keys import encryption_key
from dialoguedb.embed.tokens import count_tokens
from dialoguedb.errors import InvalidSetting
from dialoguedb.ports.engine import Engine
from dialoguedb.settings import Settings
from dialoguedb.store.sqlite.engine import SQLiteEngine

if TYPE_CHECKING:
    from dialoguedb.store.postgres.engine import PostgresEngine


def data_directory(settings: Settings) -> Path:
    """Return where files lie: the data, or what a server keeps beside a database."""
    address = settings.database
    is_elsewhere = address.scheme == "sqlite" and address.location
    return Path(address.location).expanduser() if is_elsewhere else settings.data


def engine_of(settings: Settings) -> Engine:
    """Return the engine at the address of the settings; InvalidSetting."""
    key = encryption_key(settings)
    if settings.database.scheme == "sqlite":
        return SQLiteEngine(data_directory(settings), count_tokens, key)
    if key is not None:
        raise InvalidSetting("an encryption key is for data directories, not for PostgreSQL")
    return _postgres(settings)


def _postgres(settings: Settings) -> Engine:
    address = settings.database
    if address.password and settings.database_password:
        raise InvalidSetting("Give the password in the database's URL or beside it, not both")
    password = address.password or settings.database_password
    made = _engine_class()
    return made(str(address), password.text if password else None, pooled=settings.pooled)


def _engine_class() -> "type[PostgresEngine]":
    try:
        from dialoguedb.store.postgres.engine import PostgresEngine  # noqa: PLC0415 - needs an extra
    except ModuleNotFoundError as error:
        if error.name == "asyncpg":
            raise InvalidSetting(
                "a PostgreSQL database needs more to be installed:"
                " pip install 'dialoguedb[postgres]'"
            ) from error
        raise
    return PostgresEngine
