"""The statements of searches, with a `?` for each value."""

from dialoguedb.store.postgres.search_queries.filters import looked_up

GIVEN = "unnest(?::bigint[]) AS k (number)"
MESSAGES_OF = looked_up("messages m", "m.part = d.part AND m.dialogue = d.number")
OWNER_OF = looked_up("dialogues d", "d.part = m.part AND d.number = m.dialogue")
BODY_OF = looked_up("dialogue_bodies b", "b.part = d.part AND b.dialogue = d.number")
GIVEN_MESSAGES = f"{GIVEN} {looked_up('messages m', 'm.number = k.number')} {OWNER_OF}"
FROM = {
    "message": f"dialogues d {MESSAGES_OF}",
    "dialogue": f"dialogues d {BODY_OF}",
    "memory": "memories r",
}
LISTED = {
    "message": GIVEN_MESSAGES,
    "dialogue": f"{GIVEN} {looked_up('dialogues d', 'd.number = k.number')} {BODY_OF}",
    "memory": f"{GIVEN} {looked_up('memories r', 'r.number = k.number')}",
}
OWNERS = {"message": "m", "dialogue": "d", "memory": "r"}
METADATA = {"message": "m.metadata", "dialogue": "b.metadata", "memory": "r.metadata"}
NUMBERS = "coalesce(string_agg(int8send(number), ''), '')"
HELD = "coalesce(string_agg(int8send(w.number), '') FILTER (WHERE w.words @@ ?::tsquery), '')"
"""The numbers of rows `w` that hold something."""


MESSAGES = """
    SELECT coalesce(string_agg(int8send(number), ''), ''),
        coalesce(string_agg(int8send(dialogue), ''), ''),
        array_agg(number) FILTER (WHERE name IS NOT NULL),
        array_agg(name) FILTER (WHERE name IS NOT NULL)
    FROM (
        SELECT number, dialogue, name FROM (
            SELECT m.number, m.dialogue, m.name, m.created, m.seq FROM {rows} WHERE {where} LIMIT ?
        ) AS listed ORDER BY dialogue, created, seq
    ) AS found
"""
DIALOGUES = f"SELECT m.number, m.dialogue FROM {GIVEN_MESSAGES} WHERE d.project = ?"
FEATURES = """
    SELECT coalesce(string_agg(int8send(number), ''), ''),
        coalesce(string_agg(int4send(length), ''), ''),
        coalesce(string_agg(packed, ''), '')
    FROM (SELECT w.number, w.length, {packed} AS packed FROM {rows}) AS found
"""
QUERY = "(SELECT ?::real[]::halfvec)"
"""Converted once: a parameter is converted for each row."""

PACKED = "coalesce(v.packed, ?::bytea)"
VECTOR = (
    " LEFT JOIN LATERAL (SELECT v.packed FROM {kind}_vectors v"
    " WHERE v.part = w.part AND v.embedder = ?::bigint AND v.number = w.number OFFSET 0"
    ") AS v ON true"
)
NAMES = f"""
    SELECT m.number, m.name FROM {GIVEN_MESSAGES} WHERE m.name IS NOT NULL AND d.project = ?
"""
BESIDE = """
    SELECT m.created, m.seq, m.number FROM messages m
    WHERE m.part = o.part AND m.dialogue = o.dialogue
        AND (m.created, m.seq) {} (o.created, o.seq) ORDER BY m.created {}, m.seq {} LIMIT ?
"""
NEIGHBORHOODS = f"""
    SELECT o.number, o.dialogue, o.created, o.seq, beside.created, beside.seq, beside.number
    FROM {GIVEN} {looked_up("messages o", "o.number = k.number")}
    {looked_up("dialogues d", "d.part = o.part AND d.number = o.dialogue")}
    CROSS JOIN LATERAL (
        ({BESIDE.format("<=", "DESC", "DESC")}) UNION ALL ({BESIDE.format(">", "ASC", "ASC")})
    ) AS beside WHERE d.project = ?
"""
EXACTLY = """
    SELECT {row_ids} FROM (
        SELECT v.number FROM {rows} ORDER BY v.vector <#> {query} LIMIT ?
    ) AS nearest
"""
APPROXIMATELY = """
    WITH settled AS MATERIALIZED (
        SELECT v.number, v.vector <#> {query} AS distance FROM {kind}_vectors v
        WHERE v.settled = {size} AND {where}
        ORDER BY v.vector::halfvec({size}) <#> (SELECT ?::real[]::halfvec({size})) LIMIT ?
    ), fresh AS MATERIALIZED (
        SELECT v.number, v.vector <#> {query} AS distance FROM {kind}_vectors v
        WHERE v.settled = 0 AND {where} ORDER BY distance LIMIT ?
    )
    SELECT {row_ids} FROM (
        SELECT number FROM (TABLE settled UNION ALL TABLE fresh) AS either
        ORDER BY distance LIMIT ?
    ) AS nearest
"""
