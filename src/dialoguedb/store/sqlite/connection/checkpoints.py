"""When the write-ahead log is copied into the database, and that it is verified before.

SQLite would copy a frame whose bytes have changed since it was written, and the page would get a
checksum that is right. So the log is verified frame by frame first; one that is damaged is copied
no more, and nothing is read from it or written to it any longer.
"""

import logging
from contextlib import suppress

import apsw

from dialoguedb.errors import UnreadableData
from dialoguedb.store.sqlite.connection import vfs
from dialoguedb.store.sqlite.connection.log_frames import damaged_frame

_FRAMES = 1_000
"""The length of a log that is copied, and how much a log grows between two attempts."""

logger = logging.getLogger(__name__)


class Checkpoints:
    """Makes the checkpoints of one writer, in place of SQLite."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._due = _FRAMES
        self._is_damaged = False
        self._log = db.filename_wal
        self._is_encrypted = vfs.is_encrypted(db)
        """Then each page is authenticated."""

        db.set_wal_hook(self._grew)

    def insist_on_log(self) -> None:
        """Raise UnreadableData once the log has been found damaged."""
        if self._is_damaged:
            raise UnreadableData(
                "The write-ahead log is damaged, so nothing can be served until a restart;"
                " see `dialoguedb check`",
                "the log",
            )

    def verify_apart(self, db: apsw.Connection) -> None:
        """Verify the log by another connection, on its thread; UnreadableData."""
        if not self._is_damaged and not self._is_encrypted:
            with suppress(apsw.BusyError):  # it is verified when it is asked for again
                self._note_damage(damaged_frame(db))
        self.insist_on_log()

    def prepare_close(self) -> None:
        """Verify the log, which SQLite copies when the last connection closes."""
        with suppress(apsw.Error, OSError):
            self._verify()
        if self._is_damaged:
            self._db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)

    def _grew(self, db: apsw.Connection, _: str, frames: int) -> int:
        """Take note of a commit; SQLite calls it, on the thread of the commit."""
        if frames < _FRAMES:
            self._due = _FRAMES
        elif frames >= self._due:
            self._due = frames + _FRAMES
            with suppress(apsw.Error, OSError):  # it is tried again when the log has grown
                self._verify()
                if not self._is_damaged:
                    db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        return apsw.SQLITE_OK

    def _verify(self) -> None:
        if not self._is_damaged and not self._is_encrypted:
            self._note_damage(damaged_frame(self._db))

    def _note_damage(self, frame: int | None) -> None:
        if frame is None or self._is_damaged:
            return
        self._is_damaged = True
        logger.error(
            "The write-ahead log %s is damaged from frame %d on: nothing is served from it. A"
            " restart goes on with the commits before that frame and logs how many are missing",
            *(self._log, frame),
        )
