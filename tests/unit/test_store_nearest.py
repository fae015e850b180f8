"""Codes of vectors in memory: the nearest found, kept up with what is stored and deleted."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest

from dialoguedb.store.sqlite import open_database
from dialoguedb.store.sqlite.connection import files
from dialoguedb.store.sqlite.search_index import vectors
from dialoguedb.store.sqlite.search_queries.nearest import Groups, Nearest, Renewed, codes_of

DIMENSIONS = 96
PROJECT = 1
EMBEDDER = 1
HERE = Groups("message", PROJECT, 5)


@pytest.fixture
def db(tmp_path):
    db = open_database(files.prepare(tmp_path / "data"))
    db.pragma("foreign_keys", 0)  # vectors of nobody's
    yield db
    db.close()


@pytest.fixture
def random():
    return np.random.default_rng(1)


def unit(values):
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


def store(db, made, first=1, kind="message", scope=5, embedder=EMBEDDER):
    """Store vectors under the numbers from the first on."""
    rows = [
        (embedder, kind, first + at, PROJECT, scope, vectors.pack(one))
        for at, one in enumerate(made)
    ]
    sql = "INSERT OR REPLACE INTO vectors (embedder, object, number, project, scope, vector)"
    with db:
        db.executemany(f"{sql} VALUES (?, ?, ?, ?, ?, ?)", rows)


def find(nearest, db, vector, count=10, where=HERE, among=None):
    """Return the numbers of the nearest."""
    positions = nearest.find(vector, where, count, among)
    found = [
        db.execute("SELECT number FROM vectors WHERE position = ?", (position,)).get
        for position in positions.tolist()
    ]
    return [number for number in found if number is not None]


def caught_up(db, embedder=EMBEDDER):
    nearest = Nearest(embedder)
    nearest.catch_up(db)
    return nearest


def test_the_nearest_are_those_that_differ_in_the_fewest_signs(db, random):
    made = unit(random.normal(size=(500, DIMENSIONS)))
    store(db, made)
    made = vectors.unpack([vectors.pack(one) for one in made])  # what is nearly 0 has become it
    nearest = caught_up(db)
    for query in unit(random.normal(size=(20, DIMENSIONS))):
        differing = ((made > 0) != (query > 0)).sum(axis=1)
        found = find(nearest, db, query, 10)
        assert sorted(differing[np.array(found) - 1]) == sorted(differing)[:10]


def test_what_is_stored_finds_itself_first(db, random):
    made = unit(random.normal(size=(200, DIMENSIONS)))
    store(db, made)
    nearest = caught_up(db)
    for at in (0, 77, 199):
        assert find(nearest, db, made[at], 1) == [at + 1]


@pytest.mark.parametrize("dimensions", [1, 63, 64, 65, 256, 1536])
def test_vectors_may_be_of_any_length(dimensions, db, random):
    made = unit(random.normal(size=(20, dimensions)))
    store(db, made)
    assert codes_of(made).shape == (-(-dimensions // 64), 20)
    assert 7 in find(caught_up(db), db, made[6], 10)
    assert len(find(caught_up(db), db, -made[6], 20)) == 20


def test_what_is_stored_later_is_caught_up_with(db, random):
    nearest = Nearest(EMBEDDER)
    made = unit(random.normal(size=(30, DIMENSIONS)))
    for at in range(0, 30, 10):
        store(db, made[at : at + 10], first=at + 1)
        nearest.catch_up(db)
        assert find(nearest, db, made[at + 3], 1) == [at + 4]
    assert len(nearest) == 30
    nearest.catch_up(db)
    assert len(nearest) == 30


def test_many_are_kept_in_little_memory(db, random):
    made = unit(random.normal(size=(70_000, 64)))
    store(db, made[:40_000])
    nearest = caught_up(db)
    store(db, made[40_000:], first=40_001)
    nearest.catch_up(db)
    assert len(nearest) == 70_000
    for at in (0, 39_999, 40_000, 65_535, 65_536, 69_999):
        assert find(nearest, db, made[at], 1) == [at + 1]
    assert nearest.memory_bytes < 100 * 2 * 65_536


def test_kinds_and_scopes_are_kept_apart(db, random):
    made = unit(random.normal(size=(4, DIMENSIONS)))
    store(db, made[:1], 1)
    store(db, made[1:2], 2, scope=6)
    store(db, made[2:3], 3, kind="memory")
    store(db, made[3:], 4, embedder=2)
    nearest = caught_up(db)
    assert find(nearest, db, made[0]) == [1]
    assert find(nearest, db, made[0], where=Groups("message", PROJECT, 6)) == [2]
    assert find(nearest, db, made[0], where=Groups("message", PROJECT, None)) == [1, 2]
    assert find(nearest, db, made[0], where=Groups("memory", PROJECT, 5)) == [3]
    assert find(nearest, db, made[0], where=Groups("dialogue", PROJECT, 5)) == []
    assert find(nearest, db, made[0], where=Groups("message", PROJECT, 99)) == []
    assert find(caught_up(db, embedder=2), db, made[0]) == [4]


def test_only_those_asked_for_are_found(db, random):
    made = unit(random.normal(size=(50, DIMENSIONS)))
    store(db, made)
    assert sorted(find(caught_up(db), db, made[0], among=np.array([3, 9, 400]))) == [3, 9]


def test_what_is_deleted_is_forgotten_once_it_is_met(db, random):
    made = unit(random.normal(size=(20, DIMENSIONS)))
    store(db, made)
    nearest = caught_up(db)
    db.execute("DELETE FROM vectors WHERE number <= 10")
    found = nearest.find(made[0], HERE, 10, None)
    assert 1 in found
    nearest.check(db, found)
    assert 1 not in nearest.find(made[0], HERE, 10, None)


def test_a_vector_stored_anew_is_found_as_it_is_now(db, random):
    made = unit(random.normal(size=(20, DIMENSIONS)))
    store(db, made)
    nearest = caught_up(db)
    store(db, -made[:1], 1)
    nearest.catch_up(db)
    assert find(nearest, db, -made[0], 1) == [1]


def test_vectors_of_another_embedder_take_the_place_of_those_there_were(db, random):
    made = unit(random.normal(size=(20, DIMENSIONS)))
    store(db, made)
    store(db, made[:, :64], embedder=2)
    renewed = Renewed()
    assert find(renewed.of(db, 1), db, made[4], 1) == [5]
    assert find(renewed.of(db, 2), db, made[4, :64], 1) == [5]
    assert renewed.of(db, 2) is renewed.of(db, 2)


def test_no_vectors_are_no_harm(db):
    nearest = caught_up(db)
    assert find(nearest, db, np.ones(DIMENSIONS, np.float32)) == []
    nearest.check(db, np.empty(0, np.int64))
    assert len(nearest) == nearest.memory_bytes == 0


def test_searches_go_on_while_vectors_of_new_groups_come(db, random):
    made = unit(random.normal(size=(40, DIMENSIONS)))
    nearest, done = Nearest(EMBEDDER), Event()

    def search():
        while not done.is_set():
            nearest.find(made[0], Groups("message", PROJECT, None), 10, None)

    with ThreadPoolExecutor(3) as pool:
        searching = [pool.submit(search) for _ in range(3)]
        for round_ in range(100):
            for at, one in enumerate(made):
                number = round_ * len(made) + at + 1
                store(db, [one], first=number, scope=number)
            nearest.catch_up(db)
        done.set()
    assert [search.result() for search in searching] == [None] * 3
    assert len(nearest) == 100 * len(made)
    assert find(nearest, db, made[0], count=100, where=Groups("message", PROJECT, 41)) == [41]
