#!/usr/bin/env bash
# With SQLite3 Multiple Ciphers, a write-ahead log that cannot be read is empty, and is deleted at the next close.
#
# Packages:  apsw-sqlite3mc 3.53.4.0; apsw 3.53.4.0 beside it
# Input:     A database in WAL mode, not encrypted, with 200 committed rows in its log, left by a process that ended
#            without closing it. It is opened while one read of the log fails, once, as a disk or a network file
#            system does; then it is closed and opened again with all reads succeeding.
# Behaviour: apsw, which has SQLite alone, raises an I/O error, and the 200 rows are there afterwards.
#            apsw-sqlite3mc puts its own file layer below every database, and that keeps the error from SQLite: the
#            log counts as empty, and the close deletes it. The 200 rows are gone for good. (The error seen below is
#            apsw's, which raises what a layer in Python raised. Where the system's own read failed, nothing was
#            raised, and the table had 0 rows.)
# Matters:   A read that fails for a moment costs all commits since the last checkpoint, without a word. Whoever
#            does not encrypt a database opens it through the layer "unix"; whoever does reads the log before.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

cat > "$work/reads.py" <<'PYTHON'
import os
import subprocess
import sys

import apsw

path = sys.argv[1]
MAKE = """
import apsw, os, sys
connection = apsw.Connection(sys.argv[1])
connection.pragma("journal_mode", "wal")
connection.execute("CREATE TABLE messages (content)")
connection.pragma("wal_checkpoint", "truncate")
for _ in range(200):
    connection.execute("INSERT INTO messages VALUES (randomblob(1000))")
os._exit(0)
"""
subprocess.run([sys.executable, "-c", MAKE, path], check=True)

failing = 1


class File(apsw.VFSFile):
    def __init__(self, name, flags):
        self.is_log = bool(flags[0] & apsw.SQLITE_OPEN_WAL)
        super().__init__("unix", name, flags)

    def xRead(self, amount, offset):
        global failing
        if self.is_log and failing:
            failing -= 1
            raise apsw.IOError("the disk does not answer")
        return super().xRead(amount, offset)


class Layer(apsw.VFS):
    def __init__(self):
        super().__init__("failing", "unix")

    def xOpen(self, name, flags):
        return File(name, flags)


layer = Layer()
ciphers = "multipleciphers-" if "multipleciphers-unix" in apsw.vfs_names() else ""
connection = apsw.Connection(path, vfs=f"{ciphers}failing")
try:
    first = f"{connection.execute('SELECT count(*) FROM messages').get} rows"
except apsw.IOError:
    first = "an I/O error"
connection.close()
assert not os.path.exists(f"{path}-wal")
after = apsw.Connection(path).execute("SELECT count(*) FROM messages").get
print(f"{first}, then {after} rows")
PYTHON

see() {
  python3 -m venv "$work/$1"
  "$work/$1/bin/python" -m pip install --quiet --disable-pip-version-check "$1==3.53.4.0"
  found="$("$work/$1/bin/python" "$work/reads.py" "$work/$1.db" 2>/dev/null)"
  echo "$1: $found"
  [ "$found" = "$2" ] || { echo "The behaviour has changed."; exit 1; }
}

see apsw "an I/O error, then 200 rows"
see apsw-sqlite3mc "an I/O error, then 0 rows"
