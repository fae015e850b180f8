"""Rewriting a database with another data key, while nobody else uses it.

The new file gets the database's name in one step, when it is complete, verified and on the disk;
the key ring holds the old and the new data key until then. Killed at any time, it leaves one or
the other database, whole, and the next start or rewriting clears the rest away.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import apsw

from dialoguedb import private_files
from dialoguedb.errors import DataError, InvalidSetting
from dialoguedb.ports.engine import KeySource
from dialoguedb.store.sqlite.connection import files, vfs
from dialoguedb.store.sqlite.connection.errors import is_damage
from dialoguedb.store.sqlite.encryption import key_ring, unlocking
from dialoguedb.store.sqlite.encryption.data_key import DataKey, new_data_key, require_ciphers
from dialoguedb.store.sqlite.encryption.key_ring import KeyRing, MasterKey
from dialoguedb.store.sqlite.maintenance import backup, snapshot

_PARTIAL = files.FILE + ".rewritten"
_FLAGS = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_URI


def encrypt(directory: Path, source: KeySource | None) -> Path:
    """Encrypt a directory that is not; DataError when it is in use, or encrypted already."""
    require_ciphers()
    if source is None:
        raise InvalidSetting(
            "A key is needed: --encryption-key-file or --encryption-key-command;"
            " `openssl rand -hex 32` makes one"
        )
    path = snapshot.locate(directory)
    if key_ring.load(directory) is not None and not unlocking.is_plain(path):
        raise DataError(f"{directory} is encrypted already; `dialoguedb rekey` changes its key")
    unlocking.unlock(path, None)  # or it is told why it cannot be read
    backup.insist_on_all_commits(path, None)
    return _rewrite(path, None, source())


def rekey_data(directory: Path, source: KeySource | None) -> Path:
    """Give an encrypted directory another data key; DataError when it is in use."""
    path = snapshot.locate(directory)
    key = unlocking.unlock(path, source)
    if key is None or source is None:
        raise not_encrypted(directory)
    backup.insist_on_all_commits(path, key)
    return _rewrite(path, key, source())


def rekey(directory: Path, old: KeySource | None, new: MasterKey, *, keep: bool) -> None:
    """Seal the data key of a directory with another operator's key, in use or not; DataError."""
    path = snapshot.locate(directory)
    if unlocking.unlock(path, old) is None or old is None:
        raise not_encrypted(directory)
    master = old()

    def change(ring: KeyRing | None) -> KeyRing:
        if ring is None:
            raise not_encrypted(directory)
        return ring.sealed_with(new, master, keep_old=keep)

    key_ring.replace(directory, change).open(new, None)


def not_encrypted(directory: Path) -> DataError:
    """Return the refusal of what only an encrypted directory can be asked for."""
    return DataError(f"{directory} is not encrypted; `dialoguedb encrypt` does that")


def _rewrite(path: Path, key: DataKey | None, master: MasterKey) -> Path:
    directory, new = path.parent, new_data_key()
    partial = directory / _PARTIAL
    replaced = unlocking.replaced_by(path)

    def adding(ring: KeyRing | None) -> KeyRing:
        if key is None:  # a ring that is there was left by one that was killed
            return key_ring.empty().adding(new, master)
        if ring is None:
            raise not_encrypted(directory)
        ring.open(master, key.salt)  # `rekey` may have replaced the operator's key meanwhile
        return ring.adding(new, master)

    with _held_alone(path, key) as db:
        try:
            for rest in (partial, replaced, path.with_name(path.name + "-journal")):
                rest.unlink(missing_ok=True)  # empty, or of one that was killed before it was done
            key_ring.replace(directory, adding)
            vacuum_into(db, partial, new)
            backup.verify(partial, path, new)
            backup.sync(partial)
            replaced.hardlink_to(path)
            partial.replace(path)
            backup.sync(directory)
        except OSError as error:
            raise DataError(f"{directory} cannot be written: {error.strerror}") from error
        finally:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
        key_ring.replace(directory, lambda ring: (ring or key_ring.empty()).keeping(new.salt))
        # Whoever waits to open the old file must not find data there once the lock is released.
        unlocking.erase_replaced(path)
    return path


def vacuum_into(db: apsw.Connection, partial: Path, key: DataKey) -> None:
    """Write all that a database holds into a new file, encrypted."""
    private_files.create(partial)
    try:
        db.execute("VACUUM INTO ?", (key.uri(partial),))
    except (apsw.FullError, apsw.IOError) as error:
        if is_damage(error):
            raise
        raise DataError(f"{partial.parent} cannot take the copy; is its disk full?") from error
    except apsw.Error as error:
        if is_damage(error):
            raise
        # What SQLite says of a file that it cannot open is its address, and the key is in that.
        raise DataError(f"{partial} cannot be written ({type(error).__name__})") from None


@contextmanager
def _held_alone(path: Path, key: DataKey | None) -> Iterator[apsw.Connection]:
    """Hold a database that nobody else has open, without a log; DataError."""
    db = vfs.open_file(path.absolute().as_uri(), _FLAGS, key=key)
    try:
        files.check_ours(db, path)
        db.pragma("temp_store", "MEMORY")
        db.pragma("locking_mode", "EXCLUSIVE")
        db.pragma("journal_mode", "DELETE")  # all of the log is in the file then
        db.execute("BEGIN EXCLUSIVE; COMMIT")
        yield db
    except apsw.BusyError as error:
        raise DataError(
            f"{path.parent} is in use; stop its servers and other programs first"
        ) from error
    except apsw.Error as error:
        raise files.unusable(path, error) from error
    finally:
        db.close(True)  # noqa: FBT003 - forced: the first error is the one to report
