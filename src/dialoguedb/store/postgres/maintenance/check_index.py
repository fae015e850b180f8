"""Looks for drift between objects and their indexes."""

from collections.abc import AsyncIterator
from functools import partial

from dialoguedb.retrieval.filter_tokens import namespace_hash
from dialoguedb.store import tokenizer
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.maintenance.findings import Findings
from dialoguedb.store.postgres.search_index import embedders, sources, words
from dialoguedb.store.postgres.search_index.sources import KINDS, RowRef, Source

REMEDY = "; `dialoguedb reindex` rebuilds the index"

_SAMPLES = 50
"""Objects of each kind whose words are compared with their text."""

_PORTION = 500
_SAME = "{0}.part = r.part AND {0}.number = r.number"
_STILL_COMES = """
    EXISTS (
        SELECT 1 FROM index_runs u WHERE u.embedder IS NOT DISTINCT FROM {embedder}
        AND u.object = '{kind}' AND r.number > u.done AND r.number <= u.last
    )
"""
"""Objects that are still to be indexed again may be missing."""

_NAMESPACES = {
    "message": "JOIN messages m USING (part, number)"
    " JOIN dialogues d ON d.part = m.part AND d.number = m.dialogue",
    "dialogue": "JOIN dialogues d USING (part, number)",
    "memory": "JOIN memories d USING (part, number)",
}


async def _counted(
    db: Connection, query: str, finding: str, row_id: str = "r.number"
) -> AsyncIterator[str]:
    count, first = await db.row(f"SELECT count(*), min({row_id}) {query}") or (0, 0)
    if count:
        yield f"{count} {finding}, beginning with number {first}{REMEDY}"


async def _missing_words(kind: str, db: Connection) -> AsyncIterator[str]:
    table, comes = KINDS[kind], _STILL_COMES.format(embedder="NULL", kind=kind)
    query = (
        f"FROM {table} r WHERE NOT EXISTS"
        f" (SELECT 1 FROM {kind}_words w WHERE {_SAME.format('w')}) AND NOT {comes}"
    )
    async for line in _counted(db, query, f"{table} cannot be found by their words"):
        yield line


async def _missing_vectors(kind: str, db: Connection) -> AsyncIterator[str]:
    table, comes = KINDS[kind], _STILL_COMES.format(embedder="e.number", kind=kind)
    for stored in await embedders.active(db):
        query = (
            f"FROM {table} r JOIN embedders e ON e.number = {stored.key} WHERE NOT EXISTS"
            f" (SELECT 1 FROM {kind}_vectors v WHERE v.embedder = e.number"
            f" AND {_SAME.format('v')}) AND NOT EXISTS"
            f" (SELECT 1 FROM outbox o WHERE o.embedder = e.number AND o.object = '{kind}'"
            f" AND {_SAME.format('o')}) AND NOT {comes}"
        )
        finding = f"{table} have no vector of {stored.name!r} and wait for none"
        async for line in _counted(db, query, finding):
            yield line


async def _strays(kind: str, db: Connection) -> AsyncIterator[str]:
    indexes = {
        "entries of the words": f"{kind}_words o WHERE true",
        "vectors": f"{kind}_vectors o WHERE true",
        "entries of the outbox": f"outbox o WHERE o.object = '{kind}'",
    }
    for what, found in indexes.items():
        query = f"FROM {found} AND NOT EXISTS (SELECT 1 FROM {KINDS[kind]} r WHERE {_SAME})"
        finding = f"{what} belong to none of the {KINDS[kind]}"
        async for line in _counted(db, query.format("o"), finding, "o.number"):
            yield line


async def _misplaced(kind: str, db: Connection) -> AsyncIterator[str]:
    for what in ("words", "vectors"):
        query = (
            f"SELECT DISTINCT d.project, d.namespace, o.project, o.scope FROM {kind}_{what} o"
            f" {_NAMESPACES[kind]}"
        )
        async for project, namespace, of_project, scope in db.stream(query, portion=_PORTION):
            if (of_project, scope) != (project, namespace_hash(project, namespace)):
                yield (
                    f"The {what} of {KINDS[kind]} in namespace {namespace!r} of project number"
                    f" {project} are found in another place{REMEDY}"
                )


async def _sampled(kind: str, db: Connection) -> AsyncIterator[str]:
    """Compare the words of some objects with what is indexed of them."""
    for source in await _samples(db, kind):
        if not await _is_indexed(db, kind, source):
            yield f"The words of {kind} number {source.row_id} are not those of its text{REMEDY}"


async def _samples(db: Connection, kind: str) -> list[Source]:
    last = await db.value(f"SELECT coalesce(max(number), 0) FROM {KINDS[kind]}")
    near = f"SELECT part, number FROM {kind}_words WHERE number >= $1 ORDER BY number LIMIT 1"
    found: set[RowRef] = set()
    for low in range(1, last + 1, last // _SAMPLES + 1):
        found |= {RowRef(*row) for row in await db.rows(near, low)}
    return await sources.read(db, kind, [*found])


async def _is_indexed(db: Connection, kind: str, source: Source) -> bool:
    made = words.entry(tokenizer.connection(), source.words)
    same = (
        "SELECT length = $3 AND words = array_to_tsvector(string_to_array($4, ' '))"
        f" FROM {kind}_words WHERE part = $1 AND number = $2"
    )
    return bool(await db.value(same, source.part, source.row_id, made.length, made.words))


async def _serving_findings(db: Connection) -> AsyncIterator[str]:
    serving = await db.value("SELECT count(*) FROM embedders WHERE state = 'serving'")
    if serving > 1:
        yield f"{serving} embedders serve at once{REMEDY}"


async def _length_findings(kind: str, db: Connection) -> AsyncIterator[str]:
    query = (
        f"FROM {kind}_vectors v LEFT JOIN embedders e ON e.number = v.embedder"
        " WHERE e.dimensions IS NULL OR vector_dims(v.vector) < e.dimensions"
        " OR octet_length(v.packed) <> e.dimensions + 4"
    )
    finding = f"vectors of {KINDS[kind]} have not the length of their embedder's"
    async for line in _counted(db, query, finding, "v.number"):
        yield line


_OF_KIND = (_missing_words, _missing_vectors, _strays, _misplaced, _sampled, _length_findings)

INDEX_FINDINGS: tuple[Findings, ...] = (
    *(partial(findings, kind) for kind in KINDS for findings in _OF_KIND),
    _serving_findings,
)
