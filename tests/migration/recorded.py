"""The schema of every release, as it was: `python -m tests.migration.recorded` adds the newest.

A file of this directory's `schemas` never changes once its step is released.
"""

from pathlib import Path

import apsw

from dialoguedb.store.sqlite.connection import files
from dialoguedb.store.sqlite.schema import migrations

SCHEMAS = Path(__file__).with_name("schemas")
NOW = "2026-03-01T12:00:00.000Z"

COMMITS = 12
"""The step that counts commits."""

_DUMP = """
    SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
    AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')
    ORDER BY type DESC, tbl_name, name
"""


def dump(db: apsw.Connection) -> str:
    """Return a database's schema as SQL."""
    return "".join(f"{sql};\n" for (sql,) in db.execute(_DUMP))


def file_of(version: int) -> Path:
    """Return where the schema of a version is recorded."""
    return SCHEMAS / f"{version:04}.sql"


def fresh() -> apsw.Connection:
    """Make a database of the newest schema."""
    db = apsw.Connection(":memory:")
    migrations.migrate(db, NOW)
    return db


def released(version: int) -> apsw.Connection:
    """Make a database as the program of a version left it."""
    db = apsw.Connection(":memory:")
    db.execute(file_of(version).read_text())
    for step, migration in enumerate(migrations.MIGRATIONS[:version], 1):
        db.execute("INSERT INTO migrations VALUES (?, ?, ?)", (step, migration.name, NOW))
    db.execute("INSERT INTO secrets VALUES ('page tokens', randomblob(32))")
    if version >= COMMITS:
        db.execute("INSERT INTO commits (database, count) VALUES (randomblob(16), 0)")
    db.pragma("application_id", files.APPLICATION_ID)
    db.pragma("user_version", version)
    return db


if __name__ == "__main__":
    file_of(len(migrations.MIGRATIONS)).write_text(dump(fresh()))
