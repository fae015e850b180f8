"""Looks for damage: in the file, and in the invariants of the data in it."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import apsw

from dialoguedb.ports.engine import KeySource
from dialoguedb.store.findings import FINDINGS_MAX, MORE, Rule
from dialoguedb.store.sqlite.connection import commit_log, log_frames
from dialoguedb.store.sqlite.connection.errors import UNREADABLE
from dialoguedb.store.sqlite.encryption.unlocking import unlock
from dialoguedb.store.sqlite.maintenance import snapshot
from dialoguedb.store.sqlite.maintenance.check_attachments import attachment_findings
from dialoguedb.store.sqlite.maintenance.check_index import index_findings
from dialoguedb.store.sqlite.maintenance.check_pages import page_findings
from dialoguedb.store.sqlite.maintenance.check_values import value_findings
from dialoguedb.store.sqlite.schema import migrations

_TIMESTAMP = (
    "[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9]Z"
)
_NAMED = "p.name, d.namespace, d.id FROM dialogues d JOIN projects p ON p.number = d.project"
_DIALOGUE = "Dialogue {2!r} of namespace {1!r} in project {0!r}"


_COUNTED = f"""
    WITH found AS (
        SELECT dialogue, count(*) AS messages, count(DISTINCT seq) AS seqs, min(seq) AS first,
               max(seq) AS last, max(created) AS latest
        FROM messages GROUP BY dialogue
    )
    SELECT {_NAMED.replace(" FROM", ", {columns} FROM")} LEFT JOIN found f ON f.dialogue = d.number
"""


def _counted(finding: str, columns: str, condition: str) -> Rule:
    query = _COUNTED.format(columns=columns) + f" WHERE {condition}"
    return Rule(f"{_DIALOGUE} {finding}", query)


def _dialogue(finding: str, columns: str, condition: str) -> Rule:
    """Make a rule about single dialogues; `columns` begins with a comma, or is empty."""
    query = f"SELECT {_NAMED.replace(' FROM', columns + ' FROM')} WHERE {condition}"
    return Rule(f"{_DIALOGUE} {finding}", query)


def _timestamps(table: str, name: str, *columns: str) -> Rule:
    bad = " OR ".join(f"{column} NOT GLOB '{_TIMESTAMP}'" for column in columns)
    return Rule(
        f"A time of {table} {{0!r}} has not the form of a timestamp",
        f"SELECT {name} FROM {table} WHERE {bad}",
    )


_CHILDREN = "(SELECT count(*) FROM dialogues c WHERE c.parent = d.number)"
_STRAY_PARENT = """
    d.parent IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM dialogues a WHERE a.number = d.parent AND a.project = d.project
        AND a.namespace = d.namespace AND a.id = d.thread_of
    )
"""

RULES = (
    _counted(
        "counts {3} messages and has {4}",
        "d.total_messages, ifnull(f.messages, 0)",
        "d.total_messages <> ifnull(f.messages, 0)",
    ),
    _counted(
        "has last sequence number {3} but a message numbered {4}",
        "d.last_seq, f.last",
        "f.last > d.last_seq",
    ),
    _counted("has a message numbered {3}, below 1", "f.first", "f.first < 1"),
    _counted("numbers {3} messages with {4} numbers", "f.messages, f.seqs", "f.seqs <> f.messages"),
    _counted(
        "says its last message was created at {3!r} and not {4!r}",
        "d.last_message_created, ifnull(f.latest, '')",
        "d.last_message_created <> ifnull(f.latest, '')",
    ),
    _dialogue(
        "counts {3} threads and has {4}",
        f", d.thread_count, {_CHILDREN}",
        f"d.thread_count <> {_CHILDREN}",
    ),
    _dialogue("is a thread of {3!r}, which is not its parent", ", d.thread_of", _STRAY_PARENT),
    _dialogue(
        "is a thread of {3!r} without a parent",
        ", d.thread_of",
        "d.parent IS NULL AND d.thread_of IS NOT NULL",
    ),
    _dialogue(
        "has no metadata and state",
        "",
        "NOT EXISTS (SELECT 1 FROM dialogue_bodies b WHERE b.dialogue = d.number)",
    ),
    _dialogue(
        "is {3} at a time that does not fit",
        ", d.status",
        "(d.status = 'active' AND (d.ended_at IS NOT NULL OR d.archived_at IS NOT NULL))"
        " OR (d.status = 'ended' AND d.ended_at IS NULL)"
        " OR (d.status = 'archived' AND d.archived_at IS NULL)",
    ),
    _timestamps("dialogues", "id", "created", "modified"),
    _timestamps("messages", "id", "created", "modified"),
    _timestamps("memories", "id", "created", "modified"),
    _timestamps("projects", "name", "created", "modified"),
    _timestamps("answers", "hex(key)", "created"),
    _timestamps("summaries", "id", "created", "modified", "due"),
    _timestamps("receipts", "id", "created"),
    _timestamps("templates", "name", "created", "modified"),
    Rule(
        "Summary {1!r} of project {0!r} belongs to a dialogue of another project",
        "SELECT p.name, s.id FROM summaries s JOIN dialogues d ON d.number = s.dialogue"
        " JOIN projects p ON p.number = s.project WHERE d.project <> s.project",
    ),
    Rule(
        "Summary {1!r} of project {0!r} is {2} and has what does not fit",
        "SELECT p.name, s.id, s.status FROM summaries s JOIN projects p ON p.number = s.project"
        " WHERE (s.status = 'failed') <> (s.error IS NOT NULL)"
        " OR (s.status <> 'completed' AND s.content IS NOT NULL)",
    ),
    Rule(
        "Receipt {1!r} of project {0!r} belongs to a dialogue of another project",
        "SELECT p.name, r.id FROM receipts r JOIN dialogues d ON d.number = r.dialogue"
        " JOIN projects p ON p.number = r.project WHERE d.project <> r.project",
    ),
    Rule(
        "Usage of project number {0} in month {1!r} is not a month's sum",
        "SELECT project, month FROM usage WHERE month NOT GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]'"
        " OR min(requests, messages, dialogues, stored_bytes) < 0",
    ),
    Rule(
        "Key {0!r} has a hash of {1} bytes",
        "SELECT prefix, length(digest) FROM keys WHERE length(digest) <> 32",
    ),
    Rule(
        "The record of schema step {0} is missing",
        "WITH RECURSIVE steps (step) AS (VALUES (1) UNION ALL SELECT step + 1 FROM steps"
        " WHERE step < (SELECT user_version FROM pragma_user_version))"
        " SELECT step FROM steps WHERE step NOT IN (SELECT version FROM migrations)",
    ),
    Rule(
        "The secret of page tokens is missing",
        "SELECT 1 WHERE NOT EXISTS"
        " (SELECT 1 FROM secrets WHERE name = 'page tokens' AND length(value) = 32)",
    ),
)


def check(directory: Path, key: KeySource | None = None) -> list[str]:
    """Return what is wrong with a data directory, a line each; DataError when it cannot be read."""
    path = snapshot.locate(directory)
    known, had_log = commit_log.acknowledged(path), commit_log.has_log(path)
    data_key = unlock(path, key)
    with snapshot.snapshot(path, data_key) as db:
        lost = commit_log.missing(db, known)
        findings = [commit_log.loss(path, lost)] if lost else []
        if doubt := commit_log.doubt(db, path, had_log=had_log):
            findings.append(doubt)
        if data_key is None and (frame := log_frames.damaged_frame_of(path)):
            findings.append(f"The write-ahead log is damaged from frame {frame} on")
        findings += find_damage(db)
        return findings + _found(index_findings(db) if _is_newest(db) else iter(()))


def find_damage(db: apsw.Connection) -> list[str]:
    """Return what is wrong, except drifted indexes, which can be made again.

    Of an older schema, only what holds for every schema.
    """
    return _found(_kinds(db))


def _found(kinds: Iterator[Iterator[str]]) -> list[str]:
    findings: list[str] = []
    for kind in kinds:
        try:
            findings += _shortened(kind)
        except (apsw.Error, *UNREADABLE) as error:
            findings.append(f"Reading stopped at damage in the file: {error}")
    return list(dict.fromkeys(findings))


def _kinds(db: apsw.Connection) -> Iterator[Iterator[str]]:
    yield page_findings(db)
    yield _file_findings(db)
    yield _orphans(db)
    if _is_newest(db):
        yield from (_rule_findings(db, rule) for rule in RULES)
        yield from value_findings(db)
        yield from attachment_findings(db)


def _is_newest(db: apsw.Connection) -> bool:
    return migrations.version(db) == len(migrations.MIGRATIONS)


def _shortened(findings: Iterator[str]) -> Iterator[str]:
    yield from islice(findings, FINDINGS_MAX)
    if next(findings, None) is not None:
        yield MORE


def _file_findings(db: apsw.Connection) -> Iterator[str]:
    for (text,) in db.execute("PRAGMA integrity_check"):
        for line in text.splitlines():
            if line != "ok" and not (line.startswith("***") or "fts5" in line.lower()):
                yield f"The file is damaged: {line}"  # neither a heading, nor an index of words


def _orphans(db: apsw.Connection) -> Iterator[str]:
    for table, row_id, parent, _ in db.execute("PRAGMA foreign_key_check"):
        yield f"Row {row_id} of {table} belongs to a row of {parent} that does not exist"


def _rule_findings(db: apsw.Connection, rule: Rule) -> Iterator[str]:
    for row in db.execute(rule.query):
        yield rule.finding.format(*row)
