"""The step of the schema that brings corrections of memories, and when they are true."""

MEMORY_VERSIONS = """
ALTER TABLE memories
    ADD COLUMN details bytea NOT NULL DEFAULT '{}',
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    ADD COLUMN written TEXT NOT NULL DEFAULT '',
    ADD COLUMN written_by TEXT,
    ADD COLUMN supersedes TEXT,
    ADD COLUMN superseded_by TEXT,
    ADD COLUMN superseded_at TEXT,
    -- Follow from the others: between them a memory is active.
    ADD COLUMN starts TEXT NOT NULL DEFAULT '',
    ADD COLUMN ends TEXT NOT NULL DEFAULT '~';
CREATE INDEX memories_superseding ON memories (project, namespace, supersedes)
    WHERE supersedes IS NOT NULL;
-- Of most projects there is none, and their searches look at no times.
CREATE INDEX memories_limited ON memories (project, namespace) WHERE starts <> '' OR ends <> '~';

-- What memories said before they were corrected.
CREATE TABLE memory_versions (
    part bigint NOT NULL,
    memory bigint NOT NULL,
    version integer NOT NULL,
    value bytea NOT NULL,
    label TEXT,
    description TEXT,
    metadata bytea NOT NULL,
    details bytea NOT NULL,
    written TEXT NOT NULL,
    written_by TEXT,
    replaced TEXT NOT NULL,
    replaced_by TEXT,
    PRIMARY KEY (part, memory, version),
    FOREIGN KEY (part, memory) REFERENCES memories ON DELETE CASCADE
);
""".replace("TEXT", 'text COLLATE "C"')
