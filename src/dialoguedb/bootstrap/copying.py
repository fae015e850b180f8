"""Copying from one engine to another, put together."""

import hashlib
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import Any

import msgspec

from dialoguedb.bootstrap.embedders import known
from dialoguedb.bootstrap.engine import engine_of
from dialoguedb.errors import DataError
from dialoguedb.ports.copies import Values
from dialoguedb.ports.engine import Progress
from dialoguedb.service.copies import Copier, CopyReport
from dialoguedb.settings import Settings
from dialoguedb.values import limits, timestamps

_IN_MEMORY_BYTES = 8 * 1024 * 1024
_LENGTH_BYTES = 8


class RowFile:
    """Keeps rows in memory, and in a file when they are many."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115 - `close` closes it
        self._checksum = hashlib.sha256()

    def restart(self) -> None:
        """Forget what came: it is read again."""
        self._file.seek(0)
        self._file.truncate()
        self._checksum = hashlib.sha256()

    def add(self, table: str, values: Values) -> None:
        """Take a row."""
        line = msgspec.msgpack.encode((table, tuple(values)))
        self._checksum.update(line)
        self._file.write(len(line).to_bytes(_LENGTH_BYTES, "big"))
        self._file.write(line)

    def rows(self) -> Iterator[tuple[str, Values]]:
        """Give all rows with their tables."""
        self._file.seek(0)
        while length := self._file.read(_LENGTH_BYTES):
            line: tuple[str, list[Any]] = msgspec.msgpack.decode(
                self._file.read(int.from_bytes(length, "big")), type=tuple[str, list[Any]]
            )
            yield line

    def checksum(self) -> bytes:
        """Return the checksum of all rows."""
        return self._checksum.digest()

    def close(self) -> None:
        """Let go of them."""
        self._file.close()


async def copy(source: Settings, target: Settings, progress: Progress, *, live: bool) -> CopyReport:
    """Make one pass; unless the source is `live`, finish the copy if it is complete. DataError."""
    origin, copied = engine_of(source), engine_of(target)
    if origin.address == copied.address:
        raise DataError("The copy has to be somewhere else")
    origin.require_data()
    embedder, *others = known(target) or (None,)
    async with origin.open_copies() as from_, copied.open_copies(embedder, others) as to:
        await from_.check_finished()
        copier = Copier(from_, to, RowFile, progress)
        if live:
            return await copier.run()
        oldest = timestamps.add_seconds(timestamps.now(), -limits.IDEMPOTENCY_HOURS * 3600)
        return await copier.run_last(oldest)
