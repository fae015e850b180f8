"""The step of the schema that brings receipts of context windows."""

RECEIPTS = """
-- What a window was made of, by ids: parts has those of messages, summary and memories, plan the
-- order and numbers. No text of any of them is here, so that what is deleted is gone.
CREATE TABLE receipts (
    number INTEGER PRIMARY KEY,
    project INTEGER NOT NULL REFERENCES projects,
    dialogue INTEGER NOT NULL REFERENCES dialogues,
    id TEXT NOT NULL,
    settings BLOB NOT NULL,
    parts BLOB NOT NULL,
    plan BLOB NOT NULL,
    sha256 TEXT NOT NULL,
    created TEXT NOT NULL,
    UNIQUE (project, id)
) STRICT;
CREATE INDEX receipts_of_dialogue ON receipts (dialogue);
"""
