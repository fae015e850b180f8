"""The step of the schema that brings summaries and their templates."""

SUMMARIES = """
-- The range of a summary are the messages from one position to another that had arrived by
-- last_seq; their number and the sum of their seqs tell whether they are still the same ones.
CREATE TABLE summaries (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    project INTEGER NOT NULL REFERENCES projects,
    id TEXT NOT NULL,
    dialogue INTEGER NOT NULL REFERENCES dialogues,
    status TEXT NOT NULL CHECK (status IN ('processing', 'completed', 'failed')),
    start_id TEXT,
    end_id TEXT,
    rebuild INTEGER NOT NULL,
    template TEXT,
    prompt TEXT,
    instructions TEXT,
    provider TEXT NOT NULL,
    model TEXT,
    tags BLOB NOT NULL,
    metadata BLOB NOT NULL,
    from_created TEXT,
    from_seq INTEGER,
    from_id TEXT,
    to_created TEXT,
    to_seq INTEGER,
    to_id TEXT,
    last_seq INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    seq_sum INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    content TEXT,
    content_tokens INTEGER,
    summarized INTEGER,
    skipped INTEGER,
    chunks INTEGER,
    previous TEXT,
    error TEXT,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    calls INTEGER NOT NULL DEFAULT 0,
    created TEXT NOT NULL,
    modified TEXT NOT NULL,
    due TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    claim TEXT,
    claimed_until TEXT NOT NULL DEFAULT '',
    UNIQUE (project, id),
    CHECK ((messages = 0) = (from_created IS NULL))
) STRICT;
CREATE INDEX summaries_of_dialogue ON summaries (dialogue, created, id);
CREATE INDEX summaries_waiting ON summaries (due) WHERE status = 'processing';

CREATE TABLE templates (
    project INTEGER NOT NULL REFERENCES projects,
    name TEXT NOT NULL,
    prompt TEXT NOT NULL,
    description TEXT,
    created TEXT NOT NULL,
    modified TEXT NOT NULL,
    PRIMARY KEY (project, name)
) STRICT;
CREATE INDEX templates_by_created ON templates (project, created, name);
"""
