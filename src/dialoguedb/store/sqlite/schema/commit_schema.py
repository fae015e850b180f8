"""The step of the schema that counts commits."""

COMMITS = """
-- One row: which database this is, and how many commits it has; a file beside it says how many were
-- acknowledged. With checksums, its pages carry them, whatever a damaged header says.
CREATE TABLE commits (
    database BLOB NOT NULL,
    count INTEGER NOT NULL,
    checksums INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO commits (database, count) VALUES (randomblob(16), 0);
"""
