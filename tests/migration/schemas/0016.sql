CREATE TABLE answers (
    key BLOB NOT NULL UNIQUE,
    project INTEGER REFERENCES projects,
    request BLOB NOT NULL,
    answer BLOB NOT NULL,
    created TEXT NOT NULL
, namespace TEXT, quoted TEXT, quoted_of INTEGER, quoted_seq INTEGER) STRICT;
CREATE TABLE attachments (
    number INTEGER PRIMARY KEY,
    project INTEGER NOT NULL REFERENCES projects,
    sha256 TEXT NOT NULL,
    base64 BLOB NOT NULL,
    UNIQUE (project, sha256)
) STRICT;
CREATE TABLE changed (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    object TEXT NOT NULL,
    number INTEGER NOT NULL,
    text INTEGER NOT NULL,
    UNIQUE (object, number)
) STRICT;
CREATE TABLE commits (
    database BLOB NOT NULL,
    count INTEGER NOT NULL,
    checksums INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE compaction_room (
    dialogue INTEGER PRIMARY KEY REFERENCES dialogues ON DELETE CASCADE,
    tokens INTEGER NOT NULL,
    above_tokens INTEGER NOT NULL
) STRICT;
CREATE TABLE dialogue_bodies (
    dialogue INTEGER PRIMARY KEY REFERENCES dialogues ON DELETE CASCADE,
    tags BLOB NOT NULL,
    metadata BLOB NOT NULL,
    state BLOB NOT NULL
) STRICT;
CREATE TABLE dialogue_tags (
    project INTEGER NOT NULL REFERENCES projects,
    tag TEXT NOT NULL,
    dialogue INTEGER NOT NULL,
    PRIMARY KEY (project, tag, dialogue)
) STRICT, WITHOUT ROWID;
CREATE VIRTUAL TABLE dialogue_words USING fts5 (
    words, content = '', contentless_delete = 1, detail = none,
    tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE TABLE dialogues (
    number INTEGER PRIMARY KEY,
    project INTEGER NOT NULL REFERENCES projects,
    namespace TEXT NOT NULL,
    id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    parent INTEGER REFERENCES dialogues,
    thread_of TEXT,
    label TEXT,
    status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'ended', 'archived')),
    ended_at TEXT,
    archived_at TEXT,
    created TEXT NOT NULL,
    modified TEXT NOT NULL,
    revision INTEGER NOT NULL DEFAULT 1,
    total_messages INTEGER NOT NULL DEFAULT 0 CHECK (total_messages >= 0),
    thread_count INTEGER NOT NULL DEFAULT 0 CHECK (thread_count >= 0),
    last_seq INTEGER NOT NULL DEFAULT 0,
    last_server_created TEXT NOT NULL DEFAULT '',
    last_message_created TEXT NOT NULL DEFAULT '', appended_tokens INTEGER NOT NULL DEFAULT 0,
    UNIQUE (project, namespace, id)
) STRICT;
CREATE TABLE embedders (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    dimensions INTEGER,
    state TEXT NOT NULL CHECK (state IN ('building', 'serving', 'retired')),
    created TEXT NOT NULL
) STRICT;
CREATE TABLE erasures (
    namespace BLOB PRIMARY KEY,
    project INTEGER NOT NULL REFERENCES projects,
    started TEXT NOT NULL,
    deleted BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE index_runs (
    number INTEGER PRIMARY KEY,
    embedder INTEGER REFERENCES embedders,
    object TEXT NOT NULL CHECK (object IN ('message', 'dialogue', 'memory')),
    done INTEGER NOT NULL DEFAULT 0,
    last INTEGER NOT NULL
) STRICT;
CREATE TABLE indexed (
    object TEXT PRIMARY KEY CHECK (object IN ('message', 'dialogue', 'memory')),
    upto INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    project INTEGER REFERENCES projects,
    digest BLOB NOT NULL UNIQUE,
    prefix TEXT NOT NULL,
    scope TEXT NOT NULL CHECK (scope IN ('read', 'write', 'admin', 'operator')),
    name TEXT,
    namespace TEXT,
    created TEXT NOT NULL,
    expires TEXT,
    last_used TEXT,
    revoked TEXT,
    CHECK ((project IS NULL) = (scope = 'operator'))
) STRICT;
CREATE TABLE memories (
    number INTEGER PRIMARY KEY,
    project INTEGER NOT NULL REFERENCES projects,
    namespace TEXT NOT NULL,
    id TEXT NOT NULL,
    value BLOB NOT NULL,
    label TEXT,
    description TEXT,
    tags BLOB NOT NULL,
    metadata BLOB NOT NULL,
    created TEXT NOT NULL,
    modified TEXT NOT NULL, details BLOB NOT NULL DEFAULT X'7B7D', version INTEGER NOT NULL DEFAULT 1, written TEXT NOT NULL DEFAULT '', written_by TEXT, supersedes TEXT, superseded_by TEXT, superseded_at TEXT, starts TEXT NOT NULL DEFAULT '', ends TEXT NOT NULL DEFAULT '~',
    UNIQUE (project, namespace, id)
) STRICT;
CREATE TABLE memory_tags (
    project INTEGER NOT NULL REFERENCES projects,
    tag TEXT NOT NULL,
    memory INTEGER NOT NULL,
    PRIMARY KEY (project, tag, memory)
) STRICT, WITHOUT ROWID;
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
CREATE VIRTUAL TABLE memory_words USING fts5 (
    words, content = '', contentless_delete = 1, detail = none,
    tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE TABLE message_attachments (
    message INTEGER NOT NULL,
    attachment INTEGER NOT NULL REFERENCES attachments,
    PRIMARY KEY (message, attachment)
) STRICT, WITHOUT ROWID;
CREATE TABLE message_tags (
    dialogue INTEGER NOT NULL REFERENCES dialogues,
    tag TEXT NOT NULL,
    message INTEGER NOT NULL,
    PRIMARY KEY (dialogue, tag, message)
) STRICT, WITHOUT ROWID;
CREATE VIRTUAL TABLE message_words USING fts5 (
    words, content = '', contentless_delete = 1, detail = none,
    tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE TABLE "messages" (
    number INTEGER PRIMARY KEY,
    dialogue INTEGER NOT NULL REFERENCES dialogues,
    seq INTEGER NOT NULL,
    id TEXT NOT NULL,
    role TEXT NOT NULL,
    name TEXT,
    content BLOB NOT NULL,
    content_length INTEGER NOT NULL,
    tags BLOB NOT NULL,
    metadata BLOB NOT NULL,
    created TEXT NOT NULL,
    modified TEXT NOT NULL, tokens INTEGER NOT NULL DEFAULT 0 CHECK (tokens >= 0), token_offset INTEGER NOT NULL DEFAULT 0, by_user INTEGER NOT NULL DEFAULT 0, attachments BLOB NOT NULL DEFAULT X'',
    UNIQUE (id, dialogue)
) STRICT;
CREATE TABLE migrations (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    applied TEXT NOT NULL
) STRICT;
CREATE TABLE outbox (
    embedder INTEGER NOT NULL REFERENCES embedders,
    object TEXT NOT NULL CHECK (object IN ('message', 'dialogue', 'memory')),
    number INTEGER NOT NULL,
    written TEXT NOT NULL,
    due TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (embedder, object, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE projects (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    settings BLOB NOT NULL,
    created TEXT NOT NULL,
    modified TEXT NOT NULL
) STRICT;
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
CREATE TABLE secrets (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
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
    claimed_until TEXT NOT NULL DEFAULT '', completed_seq INTEGER,
    UNIQUE (project, id),
    CHECK ((messages = 0) = (from_created IS NULL))
) STRICT;
CREATE TABLE templates (
    project INTEGER NOT NULL REFERENCES projects,
    name TEXT NOT NULL,
    prompt TEXT NOT NULL,
    description TEXT,
    created TEXT NOT NULL,
    modified TEXT NOT NULL,
    PRIMARY KEY (project, name)
) STRICT;
CREATE TABLE usage (
    project INTEGER NOT NULL REFERENCES projects,
    month TEXT NOT NULL,
    requests INTEGER NOT NULL DEFAULT 0,
    messages INTEGER NOT NULL DEFAULT 0,
    dialogues INTEGER NOT NULL DEFAULT 0,
    stored_bytes INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (project, month)
) STRICT, WITHOUT ROWID;
CREATE TABLE vectors (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    embedder INTEGER NOT NULL,
    object TEXT NOT NULL,
    number INTEGER NOT NULL,
    project INTEGER NOT NULL,
    scope INTEGER NOT NULL,
    vector BLOB NOT NULL,
    UNIQUE (embedder, object, number)
) STRICT;
CREATE INDEX answers_by_created ON answers (created);
CREATE INDEX answers_by_project ON answers (project);
CREATE INDEX answers_by_quoted ON answers (quoted_of, quoted) WHERE quoted IS NOT NULL;
CREATE INDEX dialogues_active ON dialogues (project, last_message_created, id, namespace);
CREATE INDEX dialogues_active_in ON dialogues (project, namespace, last_message_created, id);
CREATE INDEX dialogues_closed ON dialogues (project, status) WHERE status <> 'active';
CREATE INDEX dialogues_created ON dialogues (project, created, id, namespace);
CREATE INDEX dialogues_created_in ON dialogues (project, namespace, created, id);
CREATE INDEX dialogues_modified ON dialogues (project, modified, id, namespace);
CREATE INDEX dialogues_modified_in ON dialogues (project, namespace, modified, id);
CREATE INDEX threads_active ON dialogues (parent, last_message_created, id)
    WHERE parent IS NOT NULL;
CREATE INDEX threads_created ON dialogues (parent, created, id) WHERE parent IS NOT NULL;
CREATE INDEX threads_modified ON dialogues (parent, modified, id) WHERE parent IS NOT NULL;
CREATE INDEX erasures_by_project ON erasures (project);
CREATE INDEX index_runs_by_embedder ON index_runs (embedder);
CREATE INDEX keys_by_created ON keys (project, created, id);
CREATE INDEX memories_created ON memories (project, created, id, namespace);
CREATE INDEX memories_created_in ON memories (project, namespace, created, id);
CREATE INDEX memories_limited ON memories (project, namespace) WHERE starts <> '' OR ends <> '~';
CREATE INDEX memories_modified ON memories (project, modified, id, namespace);
CREATE INDEX memories_modified_in ON memories (project, namespace, modified, id);
CREATE INDEX memories_superseding ON memories (project, namespace, supersedes)
    WHERE supersedes IS NOT NULL;
CREATE INDEX messages_of_attachment ON message_attachments (attachment);
CREATE INDEX messages_by_user ON messages (dialogue, created, seq) WHERE by_user;
CREATE UNIQUE INDEX messages_in_order ON messages (dialogue, created, seq, role);
CREATE INDEX messages_of_system ON messages (dialogue, created, seq)
    WHERE role IN ('system', 'developer');
CREATE INDEX outbox_by_due ON outbox (embedder, due);
CREATE INDEX projects_by_created ON projects (created, id);
CREATE INDEX receipts_of_dialogue ON receipts (dialogue);
CREATE INDEX summaries_of_dialogue ON summaries (dialogue, created, id);
CREATE INDEX summaries_waiting ON summaries (due) WHERE status = 'processing';
CREATE INDEX templates_by_created ON templates (project, created, name);
