#!/usr/bin/env bash
# Copies that are made through SQLite's checksum layer have wrong checksums, unless they fit into the page cache.
#
# Packages:  apsw 3.53.4.0 and 3.54.1.0, with the extension cksumvfs of their wheels
# Input:     A database of about 3,000 pages that reserves eight bytes for checksums, in WAL mode, opened through
#            the layer. Everything is checkpointed, then 300 rows are updated, so that some pages stand in the
#            log, too. It is copied into a new file, once with `Connection.backup`, once with VACUUM INTO; a small
#            one of 30 pages likewise. Then every page of the copies is read through the layer.
# Behaviour: Of 3,010 pages of the backup 265 differ from their checksums (SQLITE_IOERR_DATA); of a database of
#            30,000 pages 29,589 of what VACUUM INTO wrote. The small copies are right. The layer begins to
#            compute checksums when it has seen a first page that says so, and of a new file that page is written
#            last, after all that did not fit into the cache; the pages keep whatever stood in those bytes.
# Matters:   A backup of a busy database fails its own verification although nothing is damaged, or, unverified,
#            cannot be read when it is needed. Writing the first page first (`Connection.reserve_bytes`, then any
#            header field) before the copy begins mends the backup.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"

cat > "$work/copy.py" <<'PYTHON'
import pathlib
import sys

import apsw
import apsw.sqlite_extra

here = pathlib.Path(sys.argv[1], apsw.apswversion())
here.mkdir()
default = apsw.vfs_names()[0]
apsw.sqlite_extra.load(apsw.Connection(":memory:"), "cksumvfs")
apsw.set_default_vfs(default)
flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE


def opened(path):
    return apsw.Connection(str(path), flags=flags, vfs="cksmvfs")


def source(name, rows):
    db = opened(here / name)
    db.reserve_bytes(reserve=8)
    db.pragma("journal_mode", "wal")
    db.execute("CREATE TABLE messages (id INTEGER PRIMARY KEY, count INTEGER, content BLOB)")
    with db:
        db.executemany("INSERT INTO messages VALUES (?, 0, randomblob(3000))", ((n,) for n in range(rows)))
    db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    db.wal_autocheckpoint(0)
    for n in range(300):
        db.execute("UPDATE messages SET count = count + 1 WHERE id = ?", (n * 37 % rows,))
    return db


def wrong(path):
    file = apsw.VFSFile("cksmvfs", str(path), [apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_READONLY, 0])
    file.xRead(100, 0)
    found = 0
    for page in range(file.xFileSize() // 4096):
        try:
            file.xRead(4096, page * 4096)
        except apsw.IOError as error:
            assert error.extendedresult == apsw.SQLITE_IOERR_DATA
            found += 1
    file.xClose()
    return found


def copied(db, name, first_page_first=False):
    copy = opened(here / name)
    if first_page_first:
        copy.reserve_bytes(reserve=8)
        copy.pragma("user_version", 1)
    with copy.backup("main", db, "main") as pages:
        while not pages.done:
            pages.step(100)
    copy.close()
    return wrong(here / name)


small, large, larger = source("small", 30), source("large", 3_000), source("larger", 30_000)
larger.execute("VACUUM INTO ?", (str(here / "vacuumed"),))
small.execute("VACUUM INTO ?", (str(here / "vacuumed-small"),))
figures = [
    copied(small, "small-copy"), copied(large, "large-copy"), copied(large, "mended-copy", True),
    wrong(here / "vacuumed-small"), wrong(here / "vacuumed"),
]
print("wrong pages (small, large, first page first; vacuumed small, large):", figures, file=sys.stderr)
expected = [0, True, 0, 0, True]
print("as described" if [n > 0 if e is True else n for n, e in zip(figures, expected)] == expected else "otherwise")
PYTHON

for version in 3.53.4.0 3.54.1.0; do
  "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check "apsw==$version"
  found="$("$work/venv/bin/python" -W ignore "$work/copy.py" "$work")"
  echo "$version: $found"
  [ "$found" = "as described" ] || { echo "The behaviour has changed."; exit 1; }
done
