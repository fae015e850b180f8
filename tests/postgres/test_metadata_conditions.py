"""What SQL leaves out by its metadata fails the conditions on every engine too."""

import json

import apsw
import asyncpg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dialoguedb.model.search import Condition, SearchFilter
from dialoguedb.retrieval.metadata_filters import satisfies
from dialoguedb.store.postgres.search_queries.filters import numbered
from dialoguedb.store.postgres.search_queries.metadata import of_metadata
from dialoguedb.store.sqlite.search_queries.filters import of_memories
from tests.databases.engines import databases_of
from tests.databases.postgres import at_once

pytestmark = pytest.mark.timeout(300)

KEYS = ["k", "n", "key two", "é", "a/b", 'q"x', "\\", "$in", "", "\x01", "\ud800", "a\0"]
TEXTS = ["", "1", "a", "b", "true", "ab", "é", "ñ", "z", "😀", "\uffff", 'a"b', "a\\", "a/", "{}"]
ODD = ["a\u0000b", "\ud800", "\t", "x" * 70]
NUMBERS = [0, 1, -1, 2, 1.0, 1.5, 0.1, 0.3, -0.0, 5e-324, 1e300, -1e300, 1e400, -1e400]
WHOLE = [2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**63 + 1, -(2**63), 2**70, 10**400]
SPELLED = [
    *("1.0", "1e0", "10E-1", "0.1000", "1E-1", "-0", "0.30000000000000004", "1e999", "-1e999"),
    *("9007199254740993.0", "9007199254740992.5", "1e-999", "1e400000", "9" * 500, "1.00", "1e+2"),
]
SCALARS = [None, True, False, *TEXTS, *ODD, *NUMBERS, *WHOLE]
TWISTED = [
    *(r'{"k":1,"k":2}', r'{"\u006b":1,"k":2}', r'{"k":2,"\u006b":1}', r'{"\u006b":5}'),
    *('{"k":[[1]]}', '{"k":[1,[2]]}', '{"x":{"k":1}}', '{"k":{"k":1}}', '{"x":"k","k":1}'),
    *(r'{"k":"é","n":"\u00e9"}', r'{"k":"\u00e9","n":"é"}', r'{"n":"\"k\":1","k":2}'),
]
BROKEN = [b"{", b"", b"[1]", b'{"k":', b'{"k":1', b'{"k"', b'{"k":NaN}', b'{"k":"a', b'"k":1}']


@st.composite
def written_text(draw, texts):
    """Write a text as JSON, some of its characters as escapes."""
    text = draw(texts)
    form = draw(st.sampled_from(["ascii", "whole", "escaped"]))
    if form == "escaped":
        units = text.encode("utf-16-be", "surrogatepass").hex(" ", 2).split()
        return '"' + "".join(f"\\u{unit}" for unit in units) + '"'
    is_whole = form == "whole" and not any("\ud800" <= one <= "\udfff" for one in text)
    written = json.dumps(text, ensure_ascii=not is_whole)
    return written.replace("/", "\\/") if draw(st.booleans()) else written


scalars = st.one_of(
    written_text(st.sampled_from(TEXTS + ODD)),
    st.sampled_from([*SPELLED, "true", "false", "null"]),
    st.sampled_from([one for one in NUMBERS + WHOLE if abs(one) < float("inf")]).map(json.dumps),
)
space = st.sampled_from(["", "", "", " ", "\n"])


@st.composite
def written(draw, depth=0):
    """Write a value."""
    form = draw(st.sampled_from(["scalar"] * 6 + ["array", "object"])) if depth < 2 else "scalar"
    if form == "scalar":
        return draw(scalars)
    if form == "object":
        return draw(written_object(depth + 1))
    items = draw(st.lists(written(depth + 1), max_size=3))
    return f"[{','.join(items)}]"


@st.composite
def written_object(draw, depth=0):
    """Write an object, a key now and then twice."""
    members = draw(
        st.lists(st.tuples(written_text(st.sampled_from(KEYS)), written(depth)), max_size=4)
    )
    inner = ",".join(f"{draw(space)}{key}{draw(space)}:{draw(space)}{one}" for key, one in members)
    return "{" + inner + "}"


conditions = st.one_of(
    st.builds(
        Condition,
        st.sampled_from(KEYS),
        st.sampled_from(["$in", "$nin"]),
        st.lists(st.sampled_from(SCALARS), min_size=1, max_size=4).map(tuple),
    ),
    st.builds(
        Condition,
        st.sampled_from(KEYS),
        st.sampled_from(["$gt", "$gte", "$lt", "$lte"]),
        st.tuples(st.sampled_from(SCALARS)),
    ),
)


def by_sql(metadata, queries):
    """Return which are left by PostgreSQL for each of some conditions."""

    async def run():
        db = await asyncpg.connect(databases_of("postgres").server.url())
        try:
            return [await left(db, metadata, one) for one in queries]
        finally:
            await db.close()

    return at_once(run())


async def left(db, metadata, of):
    where = of_metadata("r.metadata", of)
    given = "unnest(?::bytea[]) WITH ORDINALITY AS r (metadata, at)"
    sql = numbered(f"SELECT r.at FROM {given} WHERE {where.sql}")
    return {at - 1 for (at,) in await db.fetch(sql, metadata, *where.values)}


def by_sqlite(metadata, of):
    """Return which satisfy conditions as SQLite tells it."""
    where = of_memories(SearchFilter(metadata=of))
    db = apsw.Connection(":memory:")
    sql = f"SELECT {where.sql} FROM (SELECT ? AS metadata) AS r"
    return {at for at, one in enumerate(metadata) if db.execute(sql, (*where.values, one)).get}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(written_object(), min_size=1, max_size=30),
    st.lists(st.lists(conditions, min_size=1, max_size=3).map(tuple), min_size=1, max_size=12),
)
@example(
    [json.dumps({"k": one}) for one in SCALARS if one not in {float("inf"), float("-inf")}],
    [(Condition("k", sign, (one,)),) for sign in ("$in", "$nin", "$gt", "$lt") for one in SCALARS],
)
@example(
    [f'{{"k":{one}}}' for one in SPELLED],
    [
        (Condition("k", sign, (one,)),)
        for sign in ("$in", "$nin", "$gte", "$lte")
        for one in NUMBERS + WHOLE
    ],
)
@example(
    TWISTED,
    [
        (Condition("k", sign, (one,)),)
        for sign in ("$in", "$nin", "$gte", "$lte")
        for one in (1, 2, 5, "é", "É", "k")
    ],
)
def test_nothing_that_satisfies_the_conditions_is_left_out(objects, queries):
    metadata = [one.encode() for one in objects]
    for of, kept in zip(queries, by_sql([*metadata, *BROKEN], queries), strict=True):
        satisfying = {at for at, one in enumerate(metadata) if satisfies(one, of)}
        assert satisfying <= kept, of
        broken = {len(metadata) + at for at, one in enumerate(BROKEN) if satisfies(one, of)}
        assert broken <= kept, of
        assert satisfying == by_sqlite(metadata, of), of


AT_BOUNDS = 4
"""Of numbers the bounds are left, too."""

PLAIN = [
    {"n": number, "who": who, "deep": {"n": -1, "who": "nobody"}, "list": [number, [0]]}
    for number in range(200)
    for who in ("Zoë", "al\nbert")
]


@pytest.mark.parametrize(
    "of",
    [
        (Condition("n", "$gt", (197,)), Condition("n", "$lt", (199,))),
        (Condition("n", "$gte", (199.5,)),),
        (Condition("who", "$gt", ("Zoé",)), Condition("who", "$lt", ("a",))),
        (Condition("who", "$nin", ("Zoë", "al\nbert")),),
        (Condition("n", "$nin", tuple(range(99))),),
        (Condition("list", "$in", (7,)),),
        (Condition("list", "$gt", (198,)),),
        (Condition("none", "$lt", (5,)),),
    ],
    ids=lambda of: " ".join(f"{one.key} {one.operator}" for one in of),
)
@pytest.mark.parametrize("is_ascii", [True, False], ids=["escapes", "UTF-8"])
def test_of_ordinary_metadata_little_else_is_left(of, is_ascii):
    metadata = [json.dumps(one, ensure_ascii=is_ascii).encode() for one in PLAIN]
    (kept,) = by_sql(metadata, [of])
    satisfying = {at for at, one in enumerate(metadata) if satisfies(one, of)}
    assert satisfying <= kept
    assert len(kept - satisfying) <= AT_BOUNDS
