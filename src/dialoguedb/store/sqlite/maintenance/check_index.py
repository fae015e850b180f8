"""Looks for drift between objects and their indexes."""

from collections.abc import Iterator

import apsw

from dialoguedb.retrieval.embedders import StoredEmbedder
from dialoguedb.retrieval.filter_tokens import namespace_hash
from dialoguedb.store.sqlite.search_index import embedders, sources, words
from dialoguedb.store.sqlite.search_index.sources import KINDS, Source
from dialoguedb.store.sqlite.search_index.words import TABLES
from dialoguedb.store.tokenizer import folded

REMEDY = "; `dialoguedb reindex` rebuilds the index"

_SAMPLES = 50
"""Objects of each kind whose words are compared with their text."""

_WORDS_COMPARED = 1_000
_VARINT_BITS = 7
_COVERED = """
    (r.number > (SELECT upto FROM indexed WHERE object = ?1)
    OR EXISTS (SELECT 1 FROM changed c WHERE c.object = ?1 AND c.number = r.number)
    OR EXISTS (
        SELECT 1 FROM index_runs u WHERE u.embedder IS ?2 AND u.object = ?1
        AND r.number > u.done AND r.number <= u.last
    ))
"""
"""Objects that are still to be indexed, or indexed again, may be missing."""


def index_findings(db: apsw.Connection) -> Iterator[Iterator[str]]:
    """Return where an index does not agree with the data, a line each, kind by kind."""
    for kind in KINDS:
        yield _broken_findings(db, kind)
        yield _word_findings(db, kind)
        yield _sampled_findings(db, kind)
        yield _stray_vector_findings(db, kind)
        for stored in embedders.active(db):
            yield _missing_vector_findings(db, kind, stored)
    yield _vector_findings(db)


def _broken_findings(db: apsw.Connection, kind: str) -> Iterator[str]:
    for (line,) in db.execute(f"PRAGMA integrity_check ({TABLES[kind]})"):
        if line != "ok":
            yield f"The index of the words of {KINDS[kind]} is damaged: {line}{REMEDY}"


def _word_findings(db: apsw.Connection, kind: str) -> Iterator[str]:
    table, docs = KINDS[kind], f"{TABLES[kind]}_docsize"
    missing = f"FROM {table} r WHERE NOT EXISTS (SELECT 1 FROM {docs} w WHERE w.id = r.number)"
    yield from _counted(
        db, f"{missing} AND NOT {_COVERED}", (kind, None), f"{table} cannot be found by their words"
    )
    stray = f"FROM {docs} w WHERE NOT EXISTS (SELECT 1 FROM {table} r WHERE r.number = w.id)"
    yield from _counted(
        db, stray, (), f"entries of the words of {table} belong to none", row_id="w.id"
    )


def _missing_vector_findings(
    db: apsw.Connection, kind: str, stored: StoredEmbedder
) -> Iterator[str]:
    of_object = "o.embedder = ?2 AND o.object = ?1 AND o.number = r.number"
    query = (
        f"FROM {KINDS[kind]} r WHERE NOT EXISTS (SELECT 1 FROM vectors o WHERE {of_object})"
        f" AND NOT EXISTS (SELECT 1 FROM outbox o WHERE {of_object}) AND NOT {_COVERED}"
    )
    finding = f"{KINDS[kind]} have no vector of {stored.name!r} and wait for none"
    yield from _counted(db, query, (kind, stored.key), finding)


def _stray_vector_findings(db: apsw.Connection, kind: str) -> Iterator[str]:
    gone = f"NOT EXISTS (SELECT 1 FROM {KINDS[kind]} r WHERE r.number = o.number)"
    for table, what in (("vectors", "vectors"), ("outbox", "entries of the outbox")):
        query = f"FROM {table} o WHERE o.object = ? AND {gone}"
        yield from _counted(
            db, query, (kind,), f"{what} belong to none of the {KINDS[kind]}", row_id="o.number"
        )
    placed = sources.NAMESPACES[kind]
    query = f"SELECT DISTINCT p.project, p.namespace, v.project, v.scope {placed}"
    for project, namespace, of_project, scope in db.execute(query):
        if (of_project, scope) != (project, namespace_hash(project, namespace)):
            yield (
                f"Vectors of {KINDS[kind]} in namespace {namespace!r} of project number {project}"
                f" are found in another place{REMEDY}"
            )


def _vector_findings(db: apsw.Connection) -> Iterator[str]:
    known = ", ".join(f"'{kind}'" for kind in KINDS)
    odd = (
        "FROM vectors v LEFT JOIN embedders e ON e.number = v.embedder"
        f" WHERE e.dimensions IS NULL OR length(v.vector) <> e.dimensions + 4"
        f" OR v.object NOT IN ({known})"
    )
    finding = "vectors have not the length of their embedder's"
    yield from _counted(db, odd, (), finding, row_id="v.position")
    serving = db.execute("SELECT count(*) FROM embedders WHERE state = 'serving'").get
    if serving > 1:
        yield f"{serving} embedders serve at once{REMEDY}"


def _counted(
    db: apsw.Connection,
    query: str,
    values: tuple[object, ...],
    finding: str,
    *,
    row_id: str = "r.number",
) -> Iterator[str]:
    count, first = db.execute(f"SELECT count(*), min({row_id}) {query}", values).get
    if count:
        yield f"{count} {finding}, beginning with number {first}{REMEDY}"


def _sampled_findings(db: apsw.Connection, kind: str) -> Iterator[str]:
    """Compare the words of some objects with what is indexed of them."""
    for source in _samples(db, kind):
        sizes = f"SELECT sz FROM {TABLES[kind]}_docsize WHERE id = ?"
        size = db.execute(sizes, (source.row_id,)).get
        try:
            drifted = size is not None and not _is_indexed(db, kind, source, size)
        except apsw.CorruptError as error:
            yield f"The words of {KINDS[kind]} cannot be read: {error}{REMEDY}"
            return
        if drifted:
            yield f"The words of {kind} number {source.row_id} are not those of its text{REMEDY}"


def _samples(db: apsw.Connection, kind: str) -> list[Source]:
    table = KINDS[kind]
    last = db.execute(f"SELECT ifnull(max(number), 0) FROM {table}").get
    near = f"SELECT number FROM {table} r WHERE number >= ?3 AND NOT {_COVERED} LIMIT 1"
    apart = last // _SAMPLES + 1
    found = {db.execute(near, (kind, None, low)).get for low in range(1, last + 1, apart)}
    return sources.read(db, kind, found - {None})


def _is_indexed(db: apsw.Connection, kind: str, source: Source, size: bytes) -> bool:
    written = folded(db, source.words)
    some = list(dict.fromkeys(written))[:_WORDS_COMPARED]
    phrases = " AND ".join(map(words.quote, some))
    match = f"SELECT 1 FROM {TABLES[kind]} WHERE {TABLES[kind]} MATCH ? AND rowid = ?"
    return _varint(size) == len(written) and bool(
        db.execute(match, (phrases, source.row_id)).fetchone()
    )


def _varint(encoded: bytes) -> int:
    """Read how many words FTS5 counted in an object: bytes of seven bits, the highest first."""
    value = 0
    for byte in encoded:
        value = value << _VARINT_BITS | byte & 0x7F
    return value
