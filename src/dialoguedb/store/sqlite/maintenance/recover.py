"""Takes what is whole out of a damaged data directory, into a new one."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import apsw
from msgspec import Struct

from dialoguedb import private_files
from dialoguedb.errors import DamagedData, DataError, InvalidRequest
from dialoguedb.ports.engine import KeySource
from dialoguedb.ports.tokens import TokenCounter
from dialoguedb.store.sqlite.connection import commit_log, files, vfs, whole_file
from dialoguedb.store.sqlite.connection.commit_log import Known
from dialoguedb.store.sqlite.connection.reader import Row
from dialoguedb.store.sqlite.encryption import key_ring
from dialoguedb.store.sqlite.encryption.data_key import DataKey
from dialoguedb.store.sqlite.encryption.unlocking import unlock
from dialoguedb.store.sqlite.maintenance import backup, snapshot
from dialoguedb.store.sqlite.maintenance.check import find_damage
from dialoguedb.store.sqlite.maintenance.mending import mend
from dialoguedb.store.sqlite.maintenance.schema_pages import make_readable
from dialoguedb.store.sqlite.maintenance.stray_pages import StrayPages
from dialoguedb.store.sqlite.maintenance.whole_rows import UNREAD, DamagedTable
from dialoguedb.store.sqlite.schema import migrations
from dialoguedb.values import rawjson, timestamps

TABLES = (
    *("secrets", "projects", "keys", "usage", "templates", "dialogues", "dialogue_bodies"),
    *(
        "messages",
        "memories",
        "memory_versions",
        "summaries",
        "receipts",
        "attachments",
        "answers",
        "erasures",
    ),
)
"""What is copied."""

MADE_AGAIN = frozenset(
    {
        *("migrations", "commits", "indexed", "index_runs", "changed", "outbox", "embedders"),
        *("vectors", "message_words", "dialogue_words", "memory_words", "compaction_room"),
        *("dialogue_tags", "message_tags", "memory_tags", "message_attachments"),
    }
)
"""What follows from that."""

_NAMED = {"messages": "message", "dialogues": "dialogue", "memories": "memory"}
_JSON = frozenset({"content", "tags", "metadata", "state", "value", "settings"})
_EXISTING = apsw.SQLITE_OPEN_READWRITE
_DAMAGED = ".damaged"
_BLOCK_BYTES = 4096
_ROWS_LISTED = 100
_HEADER_BYTES = 100
_PAGE_BYTES_MIN = 4096
_LENGTHENED_BYTES_MAX = 1 << 20


class Recovered(Struct):
    """What was taken over, and what was not."""

    path: Path
    kept: dict[str, int]
    """How many rows of each table."""

    lines: list[str]
    """What is lost or had to be changed."""


class _Damaged(Struct):
    """A copy of the damaged files, and what opens it."""

    path: Path
    key: DataKey | None

    def open(self) -> apsw.Connection:
        """Open it once more."""
        return vfs.open_file(str(self.path), _EXISTING, key=self.key)


def recover(
    source: Path, destination: Path, count: TokenCounter, key: KeySource | None = None
) -> Recovered:
    """Make an empty or new directory of all that is whole in a damaged one; DataError.

    Of an encrypted one it is encrypted, with the same keys.
    """
    damaged = snapshot.locate(source)
    data_key = _data_key(damaged, key)
    known = commit_log.acknowledged(damaged)
    backup.prepare(destination)
    copied = destination / f"{files.FILE}{_DAMAGED}"
    partial = destination / backup.PARTIAL
    try:
        for suffix in ("", "-wal"):
            _copy_blocks(damaged.with_name(damaged.name + suffix), Path(f"{copied}{suffix}"))
        if data_key is None:
            _lengthen(copied)
        kept, lines = _take_over(_Damaged(copied, data_key), partial, count, known)
        if data_key is not None:
            key_ring.copy(source, destination, data_key.salt)
        made = backup.finish(partial, destination)
    except OSError as error:
        raise DataError(f"{destination} cannot be written: {error.strerror}") from error
    finally:
        for path in (copied, partial):
            for suffix in ("", "-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
    return Recovered(made, kept, lines)


def _data_key(damaged: Path, key: KeySource | None) -> DataKey | None:
    """Return what opens the data; a damaged beginning does not make it look encrypted."""
    if key is None and key_ring.load(damaged.parent) is None:
        return None
    return unlock(damaged, key)


def _lengthen(path: Path) -> None:
    """Put zeros in the place of pages that were cut off, so that SQLite reads the others."""
    with private_files.open_file(path, "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        header = file.read(_HEADER_BYTES).ljust(_HEADER_BYTES, b"\0")
        expected = max(whole_file.expected_bytes(header), _PAGE_BYTES_MIN)
        # A damaged header may say anything.
        if size < expected <= 2 * size + _LENGTHENED_BYTES_MAX:
            file.truncate(expected)


def _copy_blocks(source: Path, target: Path) -> None:
    """Copy a file as far as its disk gives it; what it does not give becomes zeros."""
    if not source.exists():
        return
    with source.open("rb", buffering=0) as old, private_files.open_file(target, "wb") as new:
        for start in range(0, source.stat().st_size, _BLOCK_BYTES):
            block = b"\0" * _BLOCK_BYTES
            with suppress(OSError):
                old.seek(start)
                block = old.read(_BLOCK_BYTES)
            new.write(block)


def _take_over(
    damaged: _Damaged, partial: Path, count: TokenCounter, known: Known
) -> tuple[dict[str, int], list[str]]:
    copied = damaged.path
    try:
        if damaged.key is None:  # what is sealed cannot be put right
            make_readable(copied)
        with closing(damaged.open()) as verified, closing(damaged.open()) as as_it_is:
            files.check_ours(verified, copied)
            migrations.check_known(verified)
            if damaged.key is None:
                vfs.ignore_checksums(as_it_is)
            version = migrations.version(verified)
            with closing(_made(partial, version, count, damaged.key)) as db:
                kept, lines = _fill(_Source(damaged, verified, as_it_is), db, count)
                if lost := commit_log.missing(verified, known):
                    lines.insert(0, commit_log.loss(copied.with_suffix(""), lost))
                return kept, lines
    except apsw.Error as error:
        raise DamagedData(f"Nothing can be taken out of {copied.name}: {error}") from error


def _made(partial: Path, version: int, count: TokenCounter, key: DataKey | None) -> apsw.Connection:
    """Make a database of a version's schema, for rows that do not agree yet."""
    if version == 0:
        raise DataError("The damaged file is empty")
    private_files.create(partial)
    db = files.connect(partial, key)
    migrations.migrate(db, timestamps.now(), count, version)
    db.pragma("foreign_keys", 0)
    return db


class _Source(Struct):
    """The damaged data, opened twice: with its pages verified, and as they are."""

    damaged: _Damaged
    verified: apsw.Connection
    as_it_is: apsw.Connection


def _fill(
    source: _Source, db: apsw.Connection, count: TokenCounter
) -> tuple[dict[str, int], list[str]]:
    lines: list[str] = []
    kept: dict[str, int] = {}
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    for name in TABLES:
        if name not in tables:
            continue
        table = DamagedTable(source.verified, source.as_it_is, name)
        db.execute("BEGIN")
        lines += _copy_rows(table, db)
        if table.is_damaged:
            with closing(source.damaged.open()) as alone:
                lines += _copy_strays(table, StrayPages(alone), db)
        db.execute("COMMIT")
        lines += _listed(table)
        if name in _NAMED:
            kept[name] = 0
    db.execute("BEGIN")
    lines += _made_again(source.verified, db)
    db.execute("COMMIT")
    migrations.migrate(db, timestamps.now(), count)
    db.execute("BEGIN")
    lines += mend(db)
    db.execute("COMMIT")
    for name in kept:
        kept[name] = db.execute(f"SELECT count(*) FROM {name}").get
    return kept, [*lines, *(f"Remains: {finding}" for finding in find_damage(db))]


def _copy_rows(table: DamagedTable, db: apsw.Connection) -> Iterator[str]:
    if table.name == "secrets":
        db.execute("DELETE FROM secrets")
    insert = _insert(table)
    for row in table.rows(_soundness(table.columns)):
        try:
            db.execute(insert, row)
        except apsw.ConstraintError as error:
            yield f"Lost: a row of {table.name} that does not agree with another ({error})"


def _copy_strays(table: DamagedTable, strays: StrayPages, db: apsw.Connection) -> Iterator[str]:
    """Copy the rows that nothing leads to, and tell how many; what was lost may be among them."""
    insert, is_sound, found = _insert(table), _soundness(table.columns), set[int]()
    for row_id, row in strays.rows(table.name):
        if is_sound(row):
            with suppress(apsw.ConstraintError):  # it is there already
                db.execute(insert, row)
                found.add(row_id)
    table.lost = [row_id for row_id in table.lost if row_id not in found]
    if found:
        yield f"Changed: {len(found)} rows of {table.name} are kept that nothing led to any more"


def _insert(table: DamagedTable) -> str:
    values = ", ".join("?" * len(table.columns))
    return f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({values})"


def _soundness(columns: list[str]) -> Callable[[Row], bool]:
    """Return what tells whether the JSON of a row is JSON."""
    indexes = [index for index, column in enumerate(columns) if column in _JSON]

    def is_sound(row: Row) -> bool:
        return all(_is_json(row[index]) for index in indexes)

    return is_sound


def _is_json(value: object) -> bool:
    if not isinstance(value, bytes):  # the text of a summary
        return True
    try:
        rawjson.check_syntax(rawjson.prepare(value))
    except InvalidRequest:
        return False
    return True


def _listed(table: DamagedTable) -> Iterator[str]:
    if table.is_cut:
        yield f"Lost: an unknown number of rows of {table.name}"
    if not table.lost:
        return
    what = _NAMED.get(table.name)
    names = table.names() if what else {}
    for row_id in table.lost[:_ROWS_LISTED]:
        if row_id in names:
            yield f"Lost: {what} {names[row_id]!r}"
        else:
            yield f"Lost: row {row_id} of {table.name}"
    if (more := len(table.lost) - _ROWS_LISTED) > 0:
        yield f"Lost: {more} more rows of {table.name}"


_MISSING_DIALOGUES = """
SELECT dialogue, min(created), max(modified), max(seq) FROM messages
WHERE dialogue NOT IN (SELECT number FROM dialogues) GROUP BY dialogue
"""
_NAME_OF = "SELECT project, namespace, id FROM dialogues INDEXED BY {} WHERE number = ?"
_DIALOGUE = """
INSERT INTO dialogues (number, project, namespace, id, request_id, created, modified, last_seq)
VALUES (?, ?, ?, ?, '', ?, ?, ?)
"""
_PROJECTS = """
SELECT DISTINCT project FROM dialogues WHERE project NOT IN (SELECT number FROM projects)
UNION SELECT DISTINCT project FROM memories WHERE project NOT IN (SELECT number FROM projects)
"""


def _made_again(verified: apsw.Connection, db: apsw.Connection) -> Iterator[str]:
    """Make dialogues and projects again that messages and memories belong to."""
    missing: list[Row] = db.execute(_MISSING_DIALOGUES).fetchall()
    for row_id, created, modified, seq in missing:
        named = _name_of(verified, row_id)
        if named is None:
            projects = db.execute("SELECT number FROM projects LIMIT 2").fetchall()
            if len(projects) != 1:
                continue  # whose they are is not known any more
            named = (projects[0][0], "", f"recovered-{row_id}")
        with suppress(apsw.ConstraintError):
            db.execute(_DIALOGUE, (row_id, *named, created, modified, seq))
            yield f"Changed: dialogue {named[2]!r} has its messages, and nothing else of it is left"
    for (row_id,) in db.execute(_PROJECTS).fetchall():
        now = timestamps.now()
        name = f"recovered-{row_id}"
        db.execute(
            "INSERT INTO projects VALUES (?, ?, ?, X'7B7D', ?, ?)", (row_id, name, name, now, now)
        )
        yield f"Changed: a project is called {name!r}, as its name, settings and keys are lost"


def _name_of(verified: apsw.Connection, row_id: int) -> Row | None:
    try:
        for _, index, _, origin, _ in verified.execute("PRAGMA index_list (dialogues)").fetchall():
            if origin == "u":
                return verified.execute(_NAME_OF.format(index), (row_id,)).fetchone()
    except UNREAD:
        pass
    return None
