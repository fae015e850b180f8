"""The step of the schema that brings corrections of memories, and when they are true."""

MEMORY_VERSIONS = """
ALTER TABLE memories ADD COLUMN details BLOB NOT NULL DEFAULT X'7B7D';
ALTER TABLE memories ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE memories ADD COLUMN written TEXT NOT NULL DEFAULT '';
ALTER TABLE memories ADD COLUMN written_by TEXT;
ALTER TABLE memories ADD COLUMN supersedes TEXT;
ALTER TABLE memories ADD COLUMN superseded_by TEXT;
ALTER TABLE memories ADD COLUMN superseded_at TEXT;
-- Follow from the others: between them a memory is active.
ALTER TABLE memories ADD COLUMN starts TEXT NOT NULL DEFAULT '';
ALTER TABLE memories ADD COLUMN ends TEXT NOT NULL DEFAULT '~';
CREATE INDEX memories_superseding ON memories (project, namespace, supersedes)
    WHERE supersedes IS NOT NULL;
-- Of most projects there is none, and their searches look at no times.
CREATE INDEX memories_limited ON memories (project, namespace) WHERE starts <> '' OR ends <> '~';

-- What memories said before they were corrected.
CREATE TABLE memory_versions (
    number INTEGER PRIMARY KEY,
    memory INTEGER NOT NULL REFERENCES memories ON DELETE CASCADE,
    version INTEGER NOT NULL,
    value BLOB NOT NULL,
    label TEXT,
    description TEXT,
    metadata BLOB NOT NULL,
    details BLOB NOT NULL,
    written TEXT NOT NULL,
    written_by TEXT,
    replaced TEXT NOT NULL,
    replaced_by TEXT,
    UNIQUE (memory, version)
) STRICT;
"""
