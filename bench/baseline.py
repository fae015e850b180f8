"""The plain loop that appends are measured against: one durable SQLite insert per commit."""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import apsw

from bench.plan import TEXT
from bench.processes import output_of

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY,
    dialogue INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    id TEXT NOT NULL,
    role TEXT NOT NULL,
    name TEXT,
    content BLOB NOT NULL,
    content_length INTEGER NOT NULL,
    tags BLOB NOT NULL,
    metadata BLOB NOT NULL,
    created TEXT NOT NULL,
    modified TEXT NOT NULL,
    UNIQUE (id, dialogue)
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS messages_in_order ON messages (dialogue, created, seq, role);
"""
_INSERT = (
    "INSERT INTO messages (dialogue, seq, id, role, content, content_length, tags, metadata,"
    " created, modified) VALUES (1, ?, ?, 'user', ?, ?, x'5b5d', x'7b7d', ?, ?)"
)
_ID_LENGTH = 26


def connect(file: Path) -> apsw.Connection:
    """Open a durable database with a table equal to the product's."""
    connection = apsw.Connection(str(file))
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.execute("PRAGMA synchronous = FULL").fetchall()
    connection.execute(_SCHEMA).fetchall()
    return connection


def insert(connection: apsw.Connection, seq: int, text: str) -> None:
    """Store one message; outside a transaction this is one durable commit."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    content = json.dumps(text).encode()
    row = (seq, f"{seq:0{_ID_LENGTH}d}", content, len(content), now, now)
    connection.execute(_INSERT, row)


def rate(file: Path, seconds: float) -> float:
    """Run the loop in a process of its own and give its inserts per second."""
    return float(output_of([sys.executable, "-m", "bench.baseline", str(file), str(seconds)]))


def main() -> None:
    """Insert for the seconds named in the arguments and print the rate."""
    connection = connect(Path(sys.argv[1]))
    seq = first = connection.execute("SELECT coalesce(max(seq), 0) FROM messages").get
    began = time.perf_counter()
    end = began + float(sys.argv[2])
    while time.perf_counter() < end:
        seq += 1
        insert(connection, seq, TEXT.replace("{n}", str(seq)))
    sys.stdout.write(f"{(seq - first) / (time.perf_counter() - began)}\n")


if __name__ == "__main__":
    main()
