"""Looks for damage: in the invariants of the data, read in one snapshot and changed nowhere.

PostgreSQL checks its own files: with checksums, the default from version 18 on, and `pg_amcheck`.
Every value is read here, so that damage is met which stops a reader.
"""

from collections.abc import AsyncIterator

from dialoguedb.store.findings import Rule
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.maintenance.check_attachments import ATTACHMENT_FINDINGS
from dialoguedb.store.postgres.maintenance.check_index import INDEX_FINDINGS
from dialoguedb.store.postgres.maintenance.check_partitions import PARTITION_FINDINGS
from dialoguedb.store.postgres.maintenance.check_values import VALUE_FINDINGS
from dialoguedb.store.postgres.maintenance.findings import Findings, found
from dialoguedb.store.postgres.schema import migrations

_PORTION = 500

_TIMESTAMP = r"^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z$"
_NAMED = "p.name, d.namespace, d.id FROM dialogues d JOIN projects p ON p.number = d.project"
_DIALOGUE = "Dialogue {2!r} of namespace {1!r} in project {0!r}"

_COUNTED = f"""
    WITH found AS (
        SELECT part, dialogue, count(*) AS messages, count(DISTINCT seq) AS seqs,
            min(seq) AS first, max(seq) AS last, max(created) AS latest
        FROM messages GROUP BY part, dialogue
    )
    SELECT {_NAMED.replace(" FROM", ", {columns} FROM")}
    LEFT JOIN found f ON f.part = d.part AND f.dialogue = d.number
"""


def _counted(finding: str, columns: str, condition: str) -> Rule:
    query = _COUNTED.format(columns=columns) + f" WHERE {condition}"
    return Rule(f"{_DIALOGUE} {finding}", query)


def _dialogue(finding: str, columns: str, condition: str) -> Rule:
    """Make a rule about single dialogues; `columns` begins with a comma, or is empty."""
    query = f"SELECT {_NAMED.replace(' FROM', columns + ' FROM')} WHERE {condition}"
    return Rule(f"{_DIALOGUE} {finding}", query)


def _timestamps(table: str, name: str, *columns: str) -> Rule:
    bad = " OR ".join(f"{column} !~ '{_TIMESTAMP}'" for column in columns)
    return Rule(
        f"A time of {table} {{0!r}} has not the form of a timestamp",
        f"SELECT {name} FROM {table} WHERE {bad}",
    )


def _of_another_project(noun: str, table: str) -> Rule:
    return Rule(
        f"{noun} {{1!r}} of project {{0!r}} belongs to a dialogue of another project",
        f"SELECT p.name, r.id FROM {table} r"
        " JOIN dialogues d ON d.part = r.part AND d.number = r.dialogue"
        " JOIN projects p ON p.number = r.project WHERE d.project <> r.project",
    )


def _used_less(what: str, found: str) -> Rule:
    """Make a rule: what is there was used before, and deleting gives nothing back."""
    return Rule(
        f"Project {{0!r}} has {{1}} {what} and has used {{2}}",
        f"SELECT p.name, h.held, coalesce(u.used, 0) FROM ({found}) h"
        " JOIN projects p ON p.number = h.project LEFT JOIN"
        f" (SELECT project, sum({what}) AS used FROM usage GROUP BY project) u"
        " ON u.project = h.project WHERE h.held > coalesce(u.used, 0)",
    )


_CHILDREN = (
    "(SELECT count(*) FROM dialogues c WHERE c.parent = d.number AND c.parent_part = d.part)"
)
_STRAY_PARENT = """
    d.parent IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM dialogues a WHERE a.part = d.parent_part AND a.number = d.parent
        AND a.project = d.project AND a.namespace = d.namespace AND a.id = d.thread_of
    )
"""

RULES = (
    _counted(
        "counts {3} messages and has {4}",
        "d.total_messages, coalesce(f.messages, 0)",
        "d.total_messages <> coalesce(f.messages, 0)",
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
        "d.last_message_created, coalesce(f.latest, '')",
        "d.last_message_created <> coalesce(f.latest, '')",
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
        "NOT EXISTS (SELECT 1 FROM dialogue_bodies b"
        " WHERE b.part = d.part AND b.dialogue = d.number)",
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
    _timestamps("answers", "encode(key, 'hex')", "created"),
    _timestamps("summaries", "id", "created", "modified", "due"),
    _timestamps("receipts", "id", "created"),
    _timestamps("templates", "name", "created", "modified"),
    _of_another_project("Summary", "summaries"),
    Rule(
        "Summary {1!r} of project {0!r} is {2} and has what does not fit",
        "SELECT p.name, s.id, s.status FROM summaries s JOIN projects p ON p.number = s.project"
        " WHERE (s.status = 'failed') <> (s.error IS NOT NULL)"
        " OR (s.status <> 'completed' AND s.content IS NOT NULL)",
    ),
    _of_another_project("Receipt", "receipts"),
    Rule(
        "A message numbered {3} of dialogue {2!r} has tags that are another dialogue's",
        "SELECT DISTINCT p.name, d.namespace, d.id, m.seq FROM message_tags t"
        " JOIN messages m ON m.part = t.part AND m.number = t.message AND m.dialogue <> t.dialogue"
        " JOIN dialogues d ON d.part = m.part AND d.number = m.dialogue"
        " JOIN projects p ON p.number = d.project",
    ),
    Rule(
        "Usage of project number {0} in month {1!r} is not a month's sum",
        "SELECT project, month FROM usage WHERE month !~ '^[0-9]{4}-[01][0-9]$'"
        " OR least(requests, messages, dialogues, stored_bytes) < 0",
    ),
    _used_less("dialogues", "SELECT project, count(*) AS held FROM dialogues GROUP BY project"),
    _used_less(
        "messages",
        "SELECT d.project, count(*) AS held FROM messages m"
        " JOIN dialogues d ON d.part = m.part AND d.number = m.dialogue GROUP BY d.project",
    ),
    Rule(
        "Key {0!r} has a hash of {1} bytes",
        "SELECT prefix, octet_length(digest) FROM keys WHERE octet_length(digest) <> 32",
    ),
    Rule(
        "The record of schema step {0} is missing",
        "SELECT step FROM generate_series(1, (SELECT max(version) FROM migrations)) AS step"
        " WHERE step NOT IN (SELECT version FROM migrations)",
    ),
    Rule(
        "The secret of page tokens is missing",
        "SELECT 1 WHERE NOT EXISTS"
        " (SELECT 1 FROM secrets WHERE name = 'page tokens' AND octet_length(value) = 32)",
    ),
)


async def check(db: Connection) -> list[str]:
    """Return what is wrong with the data, a line each; of an older schema, only orphans."""
    async with db.raw.transaction(isolation="repeatable_read", readonly=True):
        kinds: list[Findings] = [_orphans]
        if not await migrations.missing(db):
            kinds += [_findings_of(rule) for rule in RULES]
            kinds += [*PARTITION_FINDINGS, *VALUE_FINDINGS, *ATTACHMENT_FINDINGS, *INDEX_FINDINGS]
        lines = [line for kind in kinds for line in await found(db, kind)]
    return list(dict.fromkeys(lines))


def _findings_of(rule: Rule) -> Findings:
    async def findings(db: Connection) -> AsyncIterator[str]:
        async for row in db.stream(rule.query, portion=_PORTION):
            yield rule.finding.format(*row)

    return findings


_FOREIGN_KEYS = """
    SELECT c.conrelid::regclass::text, c.confrelid::regclass::text,
        array_agg(quote_ident(mine.attname) ORDER BY k.place),
        array_agg(quote_ident(theirs.attname) ORDER BY k.place)
    FROM pg_constraint c
    CROSS JOIN unnest(c.conkey, c.confkey) WITH ORDINALITY AS k (mine, theirs, place)
    JOIN pg_attribute mine ON mine.attrelid = c.conrelid AND mine.attnum = k.mine
    JOIN pg_attribute theirs ON theirs.attrelid = c.confrelid AND theirs.attnum = k.theirs
    JOIN pg_class referrer ON referrer.oid = c.conrelid
    WHERE c.contype = 'f' AND c.connamespace = (
        SELECT relnamespace FROM pg_class WHERE oid = 'projects'::regclass
    ) AND referrer.relpersistence = 'p' -- a replica has no others
    GROUP BY c.oid ORDER BY 1, 2
"""


async def _orphans(db: Connection) -> AsyncIterator[str]:
    for table, parent, mine, theirs in await db.rows(_FOREIGN_KEYS):
        there = " AND ".join(f"p.{a} = r.{b}" for a, b in zip(theirs, mine, strict=True))
        whole = " AND ".join(f"r.{one} IS NOT NULL" for one in mine)
        query = (
            f"SELECT concat_ws(', ', {', '.join(f'r.{one}' for one in mine)}) FROM {table} r"
            f" WHERE {whole} AND NOT EXISTS (SELECT 1 FROM {parent} p WHERE {there})"
        )
        async for row in db.stream(query, portion=_PORTION):
            yield f"A row of {table} belongs to a row of {parent} that does not exist: {row[0]}"
