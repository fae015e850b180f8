#!/usr/bin/env bash
# The checkpoint that does nothing and takes no lock fails with "database is locked", whatever the busy timeout.
#
# Packages:  apsw 3.53.4.0 and 3.54.1.0 (SQLite of the same numbers)
# Input:     A database in WAL mode, four processes that insert rows, each with a busy timeout of 5 s, and a
#            connection with a busy timeout of 30 s that asks for checkpoints in the mode NOOP, which SQLite
#            has since 3.51 to tell how long the log is.
# Behaviour: About one of 10,000 to 100,000 calls raises BusyError, within 0.05 s (on two processors: 475 of 5.2
#            million, 5 of 168,900). A writer was just between the two copies of the log's header, SQLite found
#            them different and the writer's lock taken, and a checkpoint, other than a read, does not try
#            again or wait. SELECT by the same connection never fails.
# Matters:   Backups, checks and metrics that ask how long the log is fail now and then on a busy machine, most
#            when it has fewer processors than writers. They have to ask again themselves.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"

cat > "$work/ask.py" <<'PYTHON'
import multiprocessing
import sys
import time

import apsw

path = f"{sys.argv[1]}/{apsw.apswversion()}.db"


def write():
    connection = apsw.Connection(path)
    connection.set_busy_timeout(5_000)
    connection.pragma("synchronous", "OFF")
    while True:
        connection.execute("INSERT INTO messages VALUES ('one')")


maker = apsw.Connection(path)
maker.pragma("journal_mode", "wal")
maker.execute("CREATE TABLE messages (content)")
maker.close()
for _ in range(4):
    multiprocessing.get_context("fork").Process(target=write, daemon=True).start()
time.sleep(0.2)
asking = apsw.Connection(path)
asking.set_busy_timeout(30_000)
deadline = time.monotonic() + 20
calls, refused, longest = 0, 0, 0.0
while refused < 5 and time.monotonic() < deadline:
    asking.execute("SELECT count(*) FROM sqlite_schema").get
    for _ in range(100):
        begin = time.monotonic()
        calls += 1
        try:
            asking.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_NOOP)
        except apsw.BusyError:
            refused += 1
            longest = max(longest, time.monotonic() - begin)
print(f"{refused} of {calls} calls refused, each within {longest:.3f} s", file=sys.stderr)
print("refused at once" if refused and longest < 1 else "never refused" if not refused else "refused late")
PYTHON

for version in 3.53.4.0 3.54.1.0; do
  "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check "apsw==$version"
  found="$("$work/venv/bin/python" "$work/ask.py" "$work")"
  echo "$version: $found"
  [ "$found" = "refused at once" ] || { echo "The behaviour has changed."; exit 1; }
done
