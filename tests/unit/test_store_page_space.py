"""What pages keep of rows that are deleted, and that it can be overwritten."""

import random

import apsw
import pytest

from dialoguedb.store.sqlite.maintenance.page_space import cleaned

PAGE = 4096
TABLES = ("t (a INTEGER PRIMARY KEY, b TEXT)", "t (b TEXT PRIMARY KEY, a INT) WITHOUT ROWID")


def database(seed, table):
    """Make a database whose secret rows are deleted, and return it with the rows that are left."""
    chosen = random.Random(seed)
    db = apsw.Connection(":memory:")
    db.pragma("page_size", PAGE)
    db.pragma("secure_delete", 1)
    db.execute(f"CREATE TABLE {table}; CREATE INDEX i ON t (b, a)")
    for _ in range(1_500):
        word = chosen.choice(["secret", "public"])
        filler = "x" * chosen.choice([5, 40, 40, 300])
        row = (chosen.getrandbits(40), f"{chosen.getrandbits(40)} {word} {filler}")
        db.execute("INSERT OR REPLACE INTO t (a, b) VALUES (?, ?)", row)
        if chosen.random() < 0.2:
            grown = (
                "UPDATE t SET b = b || ? WHERE a IN (SELECT a FROM t ORDER BY a LIMIT 1 OFFSET ?)"
            )
            db.execute(grown, ("y" * chosen.randrange(200), chosen.randrange(50)))
    db.execute("DELETE FROM t WHERE b LIKE '%secret%'")
    return db, db.execute("SELECT * FROM t ORDER BY a, b").fetchall()


def pages(db):
    stored = bytes(db.serialize("main"))
    return [stored[start : start + PAGE] for start in range(0, len(stored), PAGE)]


@pytest.mark.parametrize("table", TABLES)
def test_deleted_rows_are_in_no_page_that_was_cleaned(table):
    left = 0
    for seed in range(12):
        db, rows = database(seed, table)
        before = pages(db)
        left += sum(page.count(b"secret") for page in before)
        after = [before[0], *(cleaned(page, PAGE) or page for page in before[1:])]
        assert not any(b"secret" in page for page in after)
        db.deserialize("main", b"".join(after))
        assert db.pragma("integrity_check") == "ok"
        assert db.execute("SELECT * FROM t ORDER BY a, b").fetchall() == rows
        assert all(cleaned(page, PAGE) is None for page in after[1:])
    assert left > 0  # or there would be nothing to clean, and this would show nothing


def test_pages_of_other_kinds_and_damaged_ones_stay_as_they_are():
    chosen = random.Random(1)
    for first in range(256):
        page = bytes([first]) + b"\xff" * (PAGE - 1)
        assert cleaned(page, PAGE) is None
        cleaned(bytes([first]) + chosen.randbytes(PAGE - 1), PAGE)
    block_outside = b"\x0d\x0f\xf0\x00\x00\x0f\x00" + b"\x01" * (PAGE - 7)
    assert cleaned(block_outside, PAGE) is None


def test_the_end_of_a_page_that_is_not_sqlites_to_use_is_left_alone():
    page = b"\x0d" + bytes(4) + b"\x0f\xf8\x00" + b"left" * 1022
    assert len(page) == PAGE
    clean = cleaned(page, PAGE - 8)
    assert clean == page[:8] + bytes(PAGE - 16) + page[-8:]
