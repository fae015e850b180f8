"""Makes rows agree again after some of them were lost; each finding is a line."""

from collections.abc import Iterator

import apsw
import msgspec

from dialoguedb.formats.attachments import cutting
from dialoguedb.store.sqlite.connection.reader import Row

_ORPHANS = (
    ("keys", "a key", "project IS NOT NULL AND project NOT IN (SELECT number FROM projects)"),
    ("summaries", "a summary", "dialogue NOT IN (SELECT number FROM dialogues)"),
    ("receipts", "a receipt", "dialogue NOT IN (SELECT number FROM dialogues)"),
    ("templates", "a template", "project NOT IN (SELECT number FROM projects)"),
    ("memories", "a memory", "project NOT IN (SELECT number FROM projects)"),
    ("memory_versions", "a memory's former version", "memory NOT IN (SELECT number FROM memories)"),
    ("usage", "a month's usage", "project NOT IN (SELECT number FROM projects)"),
    ("answers", "a kept response", "project NOT IN (SELECT number FROM projects)"),
)
_BODIES = """
INSERT INTO dialogue_bodies (dialogue, tags, metadata, state)
SELECT number, X'5B5D', X'7B7D', X'7B7D' FROM dialogues
WHERE number NOT IN (SELECT dialogue FROM dialogue_bodies) RETURNING dialogue
"""
_THREADS = """
UPDATE dialogues AS d SET parent = NULL, thread_of = NULL WHERE thread_of IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM dialogues a WHERE a.number = d.parent AND a.project = d.project
    AND a.namespace = d.namespace AND a.id = d.thread_of) RETURNING id
"""
_TAGS = """
DELETE FROM dialogue_tags; DELETE FROM message_tags; DELETE FROM memory_tags;
INSERT OR IGNORE INTO dialogue_tags SELECT d.project, t.value, d.number
FROM dialogues d JOIN dialogue_bodies b ON b.dialogue = d.number,
    json_each(CAST(b.tags AS TEXT)) t;
INSERT OR IGNORE INTO message_tags SELECT m.dialogue, t.value, m.number
FROM messages m, json_each(CAST(m.tags AS TEXT)) t WHERE m.tags <> X'5B5D';
INSERT OR IGNORE INTO memory_tags SELECT m.project, t.value, m.number
FROM memories m, json_each(CAST(m.tags AS TEXT)) t WHERE m.tags <> X'5B5D';
"""
_COUNTERS = """
DELETE FROM compaction_room;
UPDATE dialogues AS d SET total_messages = f.messages, last_seq = max(d.last_seq, f.last),
    last_message_created = f.latest
FROM (
    SELECT d.number, count(m.number) AS messages, ifnull(max(m.seq), 0) AS last,
        ifnull(max(m.created), '') AS latest
    FROM dialogues d LEFT JOIN messages m ON m.dialogue = d.number GROUP BY d.number
) f WHERE f.number = d.number;
UPDATE dialogues AS d
SET thread_count = (SELECT count(*) FROM dialogues c WHERE c.parent = d.number);
"""
_INDEX = """
DELETE FROM indexed; DELETE FROM index_runs; DELETE FROM changed;
INSERT INTO indexed SELECT 'message', ifnull(max(number), 0) FROM messages;
INSERT INTO indexed SELECT 'dialogue', ifnull(max(number), 0) FROM dialogues;
INSERT INTO indexed SELECT 'memory', ifnull(max(number), 0) FROM memories;
INSERT INTO index_runs (object, last) SELECT object, upto FROM indexed WHERE upto > 0;
"""
_HOLDING = """
SELECT m.number, m.id, m.attachments, d.project FROM messages m
JOIN dialogues d ON d.number = m.dialogue WHERE m.attachments <> X''
"""
_HELD = "SELECT number, length(base64) FROM attachments WHERE project = ? AND sha256 = ?"


def mend(db: apsw.Connection) -> list[str]:
    """Bring rows, counters, tags and the search index in line; returns what that took away."""
    lines = [*_orphans(db), *_strays(db)]
    lines += [
        f"Lost: state, metadata and tags of the dialogue in row {row_id}"
        for (row_id,) in db.execute(_BODIES).fetchall()
    ]
    lines += [
        f"Changed: dialogue {dialogue_id!r} has lost its parent and is no thread"
        for (dialogue_id,) in db.execute(_THREADS).fetchall()
    ]
    lines += _attachments(db)
    db.execute(_TAGS + _COUNTERS + _INDEX)
    if db.execute("SELECT count(*) FROM secrets WHERE name = 'page tokens'").get == 0:
        db.execute("INSERT INTO secrets VALUES ('page tokens', randomblob(32))")
        lines.append("Changed: page tokens that clients hold are not valid any more")
        lines.append("Changed: another key signs receipts of erasures")
    return lines


def _orphans(db: apsw.Connection) -> Iterator[str]:
    for table, what, condition in _ORPHANS:
        db.execute(f"DELETE FROM {table} WHERE {condition}")
        if count := db.changes():
            yield f"Lost: {what}, {count} times, with what it belonged to"


def _strays(db: apsw.Connection) -> Iterator[str]:
    """Drop the messages whose dialogue could not even be made again."""
    gone = "dialogue NOT IN (SELECT number FROM dialogues)"
    for message_id, dialogue in db.execute(
        f"DELETE FROM messages WHERE {gone} RETURNING id, dialogue"
    ).fetchall():
        yield f"Lost: message {message_id!r}, with its dialogue in row {dialogue}"
    db.execute(f"DELETE FROM dialogue_bodies WHERE {gone}")


def _attachments(db: apsw.Connection) -> Iterator[str]:
    db.execute("DELETE FROM message_attachments")
    rows: list[Row] = db.execute(_HOLDING).fetchall()
    for row_id, message_id, attachments, project in rows:
        held = _held(db, attachments, project)
        if held is None:
            db.execute("DELETE FROM messages WHERE number = ?", (row_id,))
            yield f"Lost: message {message_id!r}, with an attachment"
            continue
        for attachment in held:
            db.execute(
                "INSERT OR IGNORE INTO message_attachments VALUES (?, ?)", (row_id, attachment)
            )
    db.execute(
        "DELETE FROM attachments WHERE number NOT IN (SELECT attachment FROM message_attachments)"
    )


def _held(db: apsw.Connection, attachments: bytes, project: int) -> list[int] | None:
    """Return the row ids of a message's attachments; None when one is not there."""
    try:
        cut = cutting.decode(attachments)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    held: list[int] = []
    for one in cut:
        row = db.execute(_HELD, (project, one.sha256)).fetchone()
        if row is None or row[1] != one.text_bytes:
            return None
        held.append(row[0])
    return held
