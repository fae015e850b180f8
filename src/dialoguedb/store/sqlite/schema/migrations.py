"""The schema, step by step from the first; each step is one transaction with its own record."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import apsw

from dialoguedb.errors import DataError, NewerSchema
from dialoguedb.formats.tokens import measure_message
from dialoguedb.ports.tokens import TokenCounter
from dialoguedb.store.sqlite.connection.files import APPLICATION_ID
from dialoguedb.store.sqlite.connection.transactions import transaction
from dialoguedb.store.sqlite.schema.attachment_schema import ATTACHMENTS
from dialoguedb.store.sqlite.schema.commit_schema import COMMITS
from dialoguedb.store.sqlite.schema.erasure_schema import ERASURES
from dialoguedb.store.sqlite.schema.memory_schema import MEMORY_VERSIONS
from dialoguedb.store.sqlite.schema.nul_texts import report_nul_texts
from dialoguedb.store.sqlite.schema.receipt_schema import RECEIPTS
from dialoguedb.store.sqlite.schema.shown_texts import SHOWN_TEXTS, count_shown_texts
from dialoguedb.store.sqlite.schema.summary_schema import SUMMARIES
from dialoguedb.store.sqlite.schema.window_schema import WINDOWS, find_users_messages
from dialoguedb.store.sqlite.schema.words_schema import WORDS_AGAIN


@dataclass(frozen=True)
class Migration:
    """One step of the schema."""

    name: str
    sql: str
    fill: Callable[[apsw.Connection, TokenCounter | None], None] | None = None
    """Does to the data what SQL cannot."""


_FIRST = """
CREATE TABLE migrations (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    applied TEXT NOT NULL
) STRICT;

CREATE TABLE secrets (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO secrets VALUES ('page tokens', randomblob(32));

CREATE TABLE projects (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    settings BLOB NOT NULL,
    created TEXT NOT NULL,
    modified TEXT NOT NULL
) STRICT;
CREATE INDEX projects_by_created ON projects (created, id);

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
CREATE INDEX keys_by_created ON keys (project, created, id);

CREATE TABLE usage (
    project INTEGER NOT NULL REFERENCES projects,
    month TEXT NOT NULL,
    requests INTEGER NOT NULL DEFAULT 0,
    messages INTEGER NOT NULL DEFAULT 0,
    dialogues INTEGER NOT NULL DEFAULT 0,
    stored_bytes INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (project, month)
) STRICT, WITHOUT ROWID;

-- What every append changes stands here; what is large or seldom changes, in dialogue_bodies.
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
    last_message_created TEXT NOT NULL DEFAULT '',
    UNIQUE (project, namespace, id)
) STRICT;
CREATE INDEX dialogues_created ON dialogues (project, created, id, namespace);
CREATE INDEX dialogues_modified ON dialogues (project, modified, id, namespace);
CREATE INDEX dialogues_active ON dialogues (project, last_message_created, id, namespace);
CREATE INDEX dialogues_created_in ON dialogues (project, namespace, created, id);
CREATE INDEX dialogues_modified_in ON dialogues (project, namespace, modified, id);
CREATE INDEX dialogues_active_in ON dialogues (project, namespace, last_message_created, id);
CREATE INDEX threads_created ON dialogues (parent, created, id) WHERE parent IS NOT NULL;
CREATE INDEX threads_modified ON dialogues (parent, modified, id) WHERE parent IS NOT NULL;
CREATE INDEX threads_active ON dialogues (parent, last_message_created, id)
    WHERE parent IS NOT NULL;
CREATE INDEX dialogues_closed ON dialogues (project, status) WHERE status <> 'active';

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

CREATE TABLE messages (
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
    modified TEXT NOT NULL,
    UNIQUE (dialogue, id)
) STRICT;
CREATE UNIQUE INDEX messages_in_order ON messages (dialogue, created, seq, role);

CREATE TABLE message_tags (
    dialogue INTEGER NOT NULL REFERENCES dialogues,
    tag TEXT NOT NULL,
    message INTEGER NOT NULL,
    PRIMARY KEY (dialogue, tag, message)
) STRICT, WITHOUT ROWID;

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
    modified TEXT NOT NULL,
    UNIQUE (project, namespace, id)
) STRICT;
CREATE INDEX memories_created ON memories (project, created, id, namespace);
CREATE INDEX memories_modified ON memories (project, modified, id, namespace);
CREATE INDEX memories_created_in ON memories (project, namespace, created, id);
CREATE INDEX memories_modified_in ON memories (project, namespace, modified, id);

CREATE TABLE memory_tags (
    project INTEGER NOT NULL REFERENCES projects,
    tag TEXT NOT NULL,
    memory INTEGER NOT NULL,
    PRIMARY KEY (project, tag, memory)
) STRICT, WITHOUT ROWID;

-- Answers kept for idempotency keys.
CREATE TABLE answers (
    key BLOB NOT NULL UNIQUE,
    project INTEGER REFERENCES projects,
    request BLOB NOT NULL,
    answer BLOB NOT NULL,
    created TEXT NOT NULL
) STRICT;
CREATE INDEX answers_by_created ON answers (created);
CREATE INDEX answers_by_project ON answers (project);
"""

_SEARCH = """
-- Ids made here grow, so with the id first the newest stand together at the end of the index.
CREATE TABLE messages_by_id (
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
    modified TEXT NOT NULL,
    UNIQUE (id, dialogue)
) STRICT;
INSERT INTO messages_by_id SELECT * FROM messages;
DROP TABLE messages;
ALTER TABLE messages_by_id RENAME TO messages;
CREATE UNIQUE INDEX messages_in_order ON messages (dialogue, created, seq, role);

-- The words of each object, and marks of what it can be filtered by; the rowid is its number.
CREATE VIRTUAL TABLE message_words USING fts5 (
    words, content = '', contentless_delete = 1, detail = none,
    tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE dialogue_words USING fts5 (
    words, content = '', contentless_delete = 1, detail = none,
    tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE memory_words USING fts5 (
    words, content = '', contentless_delete = 1, detail = none,
    tokenize = 'porter unicode61 remove_diacritics 2'
);

CREATE TABLE embedders (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    dimensions INTEGER,
    state TEXT NOT NULL CHECK (state IN ('building', 'serving', 'retired')),
    created TEXT NOT NULL
) STRICT;

-- A position is never used again, so whoever keeps vectors in memory reads on from the last.
-- Without constraints, which would take as long as the rest of an insert; `check` looks after them.
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

-- What still waits for its vector.
CREATE TABLE outbox (
    embedder INTEGER NOT NULL REFERENCES embedders,
    object TEXT NOT NULL CHECK (object IN ('message', 'dialogue', 'memory')),
    number INTEGER NOT NULL,
    written TEXT NOT NULL,
    due TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (embedder, object, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_by_due ON outbox (embedder, due);

-- What is to be indexed again, up to a number: its words where no embedder is named.
CREATE TABLE index_runs (
    number INTEGER PRIMARY KEY,
    embedder INTEGER REFERENCES embedders,
    object TEXT NOT NULL CHECK (object IN ('message', 'dialogue', 'memory')),
    done INTEGER NOT NULL DEFAULT 0,
    last INTEGER NOT NULL
) STRICT;
CREATE INDEX index_runs_by_embedder ON index_runs (embedder);
INSERT INTO index_runs (object, last) SELECT 'message', max(number) FROM messages HAVING count(*);
INSERT INTO index_runs (object, last) SELECT 'dialogue', max(number) FROM dialogues HAVING count(*);
INSERT INTO index_runs (object, last) SELECT 'memory', max(number) FROM memories HAVING count(*);
"""

_TOKENS = """
ALTER TABLE messages ADD COLUMN tokens INTEGER NOT NULL DEFAULT 0 CHECK (tokens >= 0);

-- What a window begins with.
CREATE INDEX messages_of_system ON messages (dialogue, created, seq)
    WHERE role IN ('system', 'developer');
"""


def _count_tokens(db: apsw.Connection, count: TokenCounter | None) -> None:
    """Count what was stored before tokens were, in portions."""
    rows: list[Any]  # what a column holds, SQLite does not say
    last = -1
    while rows := list(db.execute(_UNCOUNTED, (last,))):
        if count is None:
            raise DataError("Messages of an older version cannot be brought along without counting")
        for last, role, content, name, metadata in rows:
            tokens = measure_message(role, content, name, metadata, count).tokens
            db.execute("UPDATE messages SET tokens = ? WHERE number = ?", (tokens, last))


_UNCOUNTED = """
SELECT number, role, content, name, metadata FROM messages
WHERE number > ? ORDER BY number LIMIT 500
"""

_FOLLOWING = """
-- Up to which number objects of a kind are indexed; those above it are still to be.
CREATE TABLE indexed (
    object TEXT PRIMARY KEY CHECK (object IN ('message', 'dialogue', 'memory')),
    upto INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO indexed SELECT 'message', ifnull(max(number), 0) FROM messages;
INSERT INTO indexed SELECT 'dialogue', ifnull(max(number), 0) FROM dialogues;
INSERT INTO indexed SELECT 'memory', ifnull(max(number), 0) FROM memories;

-- Indexed objects that have been changed since.
CREATE TABLE changed (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    object TEXT NOT NULL,
    number INTEGER NOT NULL,
    text INTEGER NOT NULL,
    UNIQUE (object, number)
) STRICT;
"""

_COMPACTION = """
-- How many tokens may be appended to a dialogue before auto-compaction looks at it again, when
-- its project's limit is this one; only of dialogues whose project has autoCompact.
CREATE TABLE compaction_room (
    dialogue INTEGER PRIMARY KEY REFERENCES dialogues ON DELETE CASCADE,
    tokens INTEGER NOT NULL,
    above_tokens INTEGER NOT NULL
) STRICT;
"""

MIGRATIONS = (
    Migration("first schema", _FIRST),
    Migration("search", _SEARCH),
    Migration("tokens", _TOKENS, _count_tokens),
    Migration("following", _FOLLOWING),
    Migration("summaries", SUMMARIES),
    Migration("sealed answers", "DELETE FROM answers;"),
    Migration("compaction", _COMPACTION),
    Migration("windows", WINDOWS, find_users_messages),
    Migration("attachments", ATTACHMENTS),
    Migration("shown texts", SHOWN_TEXTS, count_shown_texts),
    Migration("receipts", RECEIPTS),
    Migration("commits", COMMITS),
    Migration("erasures", ERASURES),
    Migration("texts with U+0000", "", report_nul_texts),
    Migration("memory versions", MEMORY_VERSIONS),
    Migration("normal form of words", WORDS_AGAIN),
)


def version(db: apsw.Connection) -> int:
    """Return the number of steps a database has taken."""
    return int(db.pragma("user_version"))


def migrate(
    db: apsw.Connection,
    now: str,
    count: TokenCounter | None = None,
    last: int = len(MIGRATIONS),
) -> list[str]:
    """Take the steps that are missing; returns their names. NewerSchema when there are too many.

    Messages of an older schema are counted; without a counter they cannot be brought along.
    """
    done = []
    while (step := version(db)) < last:
        with transaction(db):
            if version(db) == step:  # another process may have been faster
                _take(db, step, now, count)
                done.append(MIGRATIONS[step].name)
    check_known(db)
    return done


def check_known(db: apsw.Connection) -> None:
    """Refuse a schema that is newer than this program; NewerSchema."""
    step = version(db)
    if step > len(MIGRATIONS):
        raise NewerSchema(
            f"The data has schema {step}, this program knows up to {len(MIGRATIONS)}: "
            "it was written by a newer version of DialogueDB. Install that version or a later one."
        )


def _take(db: apsw.Connection, step: int, now: str, count: TokenCounter | None) -> None:
    migration = MIGRATIONS[step]
    db.execute(migration.sql)
    if migration.fill:
        migration.fill(db, count)
    db.execute("INSERT INTO migrations VALUES (?, ?, ?)", (step + 1, migration.name, now))
    db.pragma("application_id", APPLICATION_ID)
    db.pragma("user_version", step + 1)
