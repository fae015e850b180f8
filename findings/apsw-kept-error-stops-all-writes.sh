#!/usr/bin/env bash
# An error that is kept holds its connection in the past, and from then on no write waits for its turn.
#
# Packages:  apsw 3.54.1.0 and 3.53.4.0
# Input:     A database in WAL mode and a connection with a busy timeout of 5 s. A function reads the first of
#            two rows through a cursor in a local variable and raises ValueError; the caller keeps the error, as
#            futures, `pytest.raises` and loggers do. Then another connection commits a row, begins a
#            transaction, and commits that one, too, after 1 s.
# Behaviour: The traceback keeps the frame, the frame the cursor, and the cursor the snapshot. The first
#            connection counts the old rows, and its BEGIN IMMEDIATE fails within 0.1 s with "database is
#            locked", without one call of the busy handler: SQLite does not wait while a statement is open.
#            It fails likewise when nobody holds the lock. Once the error is dropped it counts the new rows.
# Matters:   A server that keeps a refused request's error (a duplicate, a missing parent) for a moment answers
#            "locked" to all that write through that connection meanwhile, only when another process writes,
#            too. `traceback.clear_frames` on the error, or closing the cursor, mends it.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"

cat > "$work/keep.py" <<'PYTHON'
import sys
import time

import apsw

path = f"{sys.argv[1]}/{apsw.apswversion()}.db"
other = apsw.Connection(path)
other.pragma("journal_mode", "wal")
other.execute("CREATE TABLE messages (content); INSERT INTO messages VALUES ('one'), ('two')")
connection = apsw.Connection(path)
connection.set_busy_timeout(5_000)


def refuse():
    rows = connection.execute("SELECT content FROM messages")
    if rows.fetchone():
        raise ValueError("refused")


def began():
    start = time.monotonic()
    try:
        connection.execute("BEGIN IMMEDIATE")
    except apsw.BusyError:
        return "locked at once" if time.monotonic() - start < 0.1 else "locked later"
    connection.execute("ROLLBACK")
    return "begins"


kept = None
try:
    refuse()
except ValueError as error:
    kept = error
other.execute("INSERT INTO messages VALUES ('three')")
seen = connection.execute("SELECT count(*) FROM messages").get
other.execute("BEGIN IMMEDIATE")
while_held = began()
other.execute("COMMIT")
alone = began()
kept = None
print(seen, while_held, alone, connection.execute("SELECT count(*) FROM messages").get, began(), sep=", ")
PYTHON

for version in 3.53.4.0 3.54.1.0; do
  "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check "apsw==$version"
  found="$("$work/venv/bin/python" "$work/keep.py" "$work")"
  echo "$version: $found"
  [ "$found" = "2, locked at once, locked at once, 3, begins" ] || { echo "The behaviour has changed."; exit 1; }
done
