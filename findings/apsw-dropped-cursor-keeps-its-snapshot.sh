#!/usr/bin/env bash
# A loop over rows that is left while it ran other statements keeps its connection in the past.
#
# Packages:  apsw 3.54.0.0 and 3.54.1.0
# Input:     A database in WAL mode; a reader loops over a SELECT, runs another SELECT for the first row, and
#            leaves the loop. Then another connection commits a row, and the reader counts.
# Behaviour: With 3.54.0.0 the reader counts the old rows, also in a new transaction: the statement is not
#            reset when its cursor is freed. It is without the inner SELECT, and when the cursor is closed.
#            With 3.53.4.0 and 3.54.1.0 the reader counts the new row.
# Matters:   No error is raised. A program that looks for the first match in a loop reads stale data from then
#            on, and its log cannot be emptied. `apsw-sqlite3mc` has 3.54.0.0 as its newest version.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"

cat > "$work/count.py" <<'PYTHON'
import sys

import apsw

path = f"{sys.argv[1]}/{apsw.apswversion()}.db"
writer = apsw.Connection(path)
writer.pragma("journal_mode", "wal")
writer.execute("CREATE TABLE messages (content)")
writer.execute("INSERT INTO messages VALUES ('one'), ('two')")
reader = apsw.Connection(path)


def first():
    for (content,) in reader.execute("SELECT content FROM messages"):
        if reader.execute("SELECT length(?)", (content,)).get:
            return content


first()
writer.execute("INSERT INTO messages VALUES ('three')")
reader.execute("BEGIN")
print(reader.execute("SELECT count(*) FROM messages").get)
reader.execute("ROLLBACK")
PYTHON

counted=""
for version in 3.53.4.0 3.54.0.0 3.54.1.0; do
  "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check "apsw==$version"
  counted+=" $("$work/venv/bin/python" "$work/count.py" "$work")"
done
echo "3.53.4.0, 3.54.0.0 and 3.54.1.0 counted$counted of 3 messages"
[ "$counted" = " 3 2 3" ] || { echo "The behaviour has changed."; exit 1; }
