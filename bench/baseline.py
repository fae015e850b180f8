"""The plain loop that appends are measured against: one durable SQLite insert per commit."""

import json
import sys
import time
from pathlib import Path

import apsw

from bench.plan import TEXT
from bench.processes import output_of

_SCHEMA = """
create table if not exists message (
    dialogue integer not null, seq integer not null, id text not null, role text not null,
    content blob not null, content_length integer not null, name text, tags text not null,
    metadata blob not null, created integer not null, modified integer not null,
    primary key (dialogue, seq)
) strict, without rowid;
create unique index if not exists message_id on message (dialogue, id);
create index if not exists message_created on message (dialogue, created, seq);
"""
_INSERT = "insert into message values (1, ?, ?, 'user', ?, ?, null, '[]', x'7b7d', ?, ?)"
_ID_LENGTH = 26


def connect(file: Path) -> apsw.Connection:
    """Open a durable database with a table equal to the product's."""
    connection = apsw.Connection(str(file))
    connection.execute("pragma journal_mode = wal").fetchall()
    connection.execute("pragma synchronous = full").fetchall()
    connection.execute(_SCHEMA).fetchall()
    return connection


def insert(connection: apsw.Connection, seq: int, text: str) -> None:
    """Store one message; outside a transaction this is one durable commit."""
    now = time.time_ns() // 1_000_000
    content = json.dumps(text).encode()
    row = (seq, f"{seq:0{_ID_LENGTH}d}", content, len(content), now, now)
    connection.execute(_INSERT, row)


def rate(file: Path, seconds: float) -> float:
    """Run the loop in a process of its own and give its inserts per second."""
    return float(output_of([sys.executable, "-m", "bench.baseline", str(file), str(seconds)]))


def main() -> None:
    """Insert for the seconds named in the arguments and print the rate."""
    connection = connect(Path(sys.argv[1]))
    seq = first = connection.execute("select coalesce(max(seq), 0) from message").get
    began = time.perf_counter()
    end = began + float(sys.argv[2])
    while time.perf_counter() < end:
        seq += 1
        insert(connection, seq, TEXT.replace("{n}", str(seq)))
    sys.stdout.write(f"{(seq - first) / (time.perf_counter() - began)}\n")


if __name__ == "__main__":
    main()
