"""Codes of vectors in memory: the nearest found, kept up with what is stored and deleted."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest

from dialoguedb.retrieval import vectors
from dialoguedb.retrieval.code_cache import CodeCache
from dialoguedb.retrieval.codes import VectorCodes, VectorGroup, codes_of

DIMENSIONS = 96
PROJECT = 1
EMBEDDER = 1
HERE = VectorGroup("message", PROJECT, 5)


class Source:
    """What an engine stores of vectors, as one embedder's."""

    def __init__(self, embedder=EMBEDDER, stored=None):
        self.embedder = embedder
        self.stored = {} if stored is None else stored

    def of(self, embedder):
        """Return the same store as another embedder's."""
        return Source(embedder, self.stored)

    def last_position(self):
        return max(self.stored, default=0)

    def later(self, position, limit):
        after = range(position + 1, self.last_position() + 1)
        rows = [(at, *self.stored[at]) for at in after if at in self.stored]
        return [(at, *row) for at, embedder, *row in rows if embedder == self.embedder][:limit]

    def existing(self, positions):
        return np.array([at for at in positions.tolist() if at in self.stored], np.int64)

    def keys_at(self, positions):
        return np.array([self.stored[at][4] for at in self.existing(positions).tolist()], np.int64)

    def delete(self, keys):
        """Delete the vectors of objects."""
        for at in [at for at, row in self.stored.items() if row[4] in keys]:
            del self.stored[at]


@pytest.fixture
def source():
    return Source()


@pytest.fixture
def random():
    return np.random.default_rng(1)


def unit(values):
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


def store(source, made, first=1, kind="message", namespace=5, embedder=EMBEDDER):
    """Store vectors under the keys from the first on."""
    position = source.last_position()
    for at, one in enumerate(made):
        row = (embedder, kind, PROJECT, namespace, first + at, vectors.pack(one))
        source.stored[position + 1 + at] = row


def find(codes, source, vector, count=10, where=HERE, among=None):
    """Return the keys of the nearest."""
    positions = codes.find(vector, where, count, among)
    return [source.stored[at][4] for at in positions.tolist() if at in source.stored]


def caught_up(source):
    codes = VectorCodes(source.embedder)
    codes.catch_up(source)
    return codes


def test_the_nearest_are_those_that_differ_in_the_fewest_signs(source, random):
    made = unit(random.normal(size=(500, DIMENSIONS)))
    store(source, made)
    made = vectors.unpack([vectors.pack(one) for one in made])  # what is nearly 0 has become it
    codes = caught_up(source)
    for query in unit(random.normal(size=(20, DIMENSIONS))):
        differing = ((made > 0) != (query > 0)).sum(axis=1)
        found = find(codes, source, query, 10)
        assert sorted(differing[np.array(found) - 1]) == sorted(differing)[:10]


def test_what_is_stored_finds_itself_first(source, random):
    made = unit(random.normal(size=(200, DIMENSIONS)))
    store(source, made)
    codes = caught_up(source)
    for at in (0, 77, 199):
        assert find(codes, source, made[at], 1) == [at + 1]


@pytest.mark.parametrize("dimensions", [1, 63, 64, 65, 256, 1536])
def test_vectors_may_be_of_any_length(dimensions, source, random):
    made = unit(random.normal(size=(20, dimensions)))
    store(source, made)
    assert codes_of(made).shape == (-(-dimensions // 64), 20)
    assert 7 in find(caught_up(source), source, made[6], 10)
    assert len(find(caught_up(source), source, -made[6], 20)) == 20


def test_what_is_stored_later_is_caught_up_with(source, random):
    codes = VectorCodes(EMBEDDER)
    made = unit(random.normal(size=(30, DIMENSIONS)))
    for at in range(0, 30, 10):
        store(source, made[at : at + 10], first=at + 1)
        codes.catch_up(source)
        assert find(codes, source, made[at + 3], 1) == [at + 4]
    assert len(codes) == 30
    codes.catch_up(source)
    assert len(codes) == 30


def test_many_are_kept_in_little_memory(source, random):
    made = unit(random.normal(size=(70_000, 64)))
    store(source, made[:40_000])
    codes = caught_up(source)
    store(source, made[40_000:], first=40_001)
    codes.catch_up(source)
    assert len(codes) == 70_000
    for at in (0, 39_999, 40_000, 65_535, 65_536, 69_999):
        assert find(codes, source, made[at], 1) == [at + 1]
    assert codes.cache_bytes < 100 * 2 * 65_536


def test_kinds_and_namespaces_are_kept_apart(source, random):
    made = unit(random.normal(size=(4, DIMENSIONS)))
    store(source, made[:1], 1)
    store(source, made[1:2], 2, namespace=6)
    store(source, made[2:3], 3, kind="memory")
    store(source, made[3:], 4, embedder=2)
    codes = caught_up(source)
    assert find(codes, source, made[0]) == [1]
    assert find(codes, source, made[0], where=VectorGroup("message", PROJECT, 6)) == [2]
    assert find(codes, source, made[0], where=VectorGroup("message", PROJECT, None)) == [1, 2]
    assert find(codes, source, made[0], where=VectorGroup("memory", PROJECT, 5)) == [3]
    assert find(codes, source, made[0], where=VectorGroup("dialogue", PROJECT, 5)) == []
    assert find(codes, source, made[0], where=VectorGroup("message", PROJECT, 99)) == []
    assert find(caught_up(source.of(2)), source, made[0]) == [4]


def test_only_those_given_are_found(source, random):
    made = unit(random.normal(size=(50, DIMENSIONS)))
    store(source, made)
    assert sorted(find(caught_up(source), source, made[0], among=np.array([3, 9, 400]))) == [3, 9]


def test_what_is_deleted_is_forgotten_once_it_is_met(source, random):
    made = unit(random.normal(size=(20, DIMENSIONS)))
    store(source, made)
    codes = caught_up(source)
    source.delete(range(11))
    found = codes.find(made[0], HERE, 10, None)
    assert 1 in found
    codes.check(source, found)
    assert 1 not in codes.find(made[0], HERE, 10, None)


def test_a_vector_stored_again_is_found_as_it_is_now(source, random):
    made = unit(random.normal(size=(20, DIMENSIONS)))
    store(source, made)
    codes = caught_up(source)
    source.delete([1])
    store(source, -made[:1], 1)
    codes.catch_up(source)
    assert find(codes, source, -made[0], 1) == [1]


def test_vectors_of_another_embedder_replace_those_there_were(source, random):
    made = unit(random.normal(size=(20, DIMENSIONS)))
    store(source, made)
    store(source, made[:, :64], embedder=2)
    cache = CodeCache()
    assert find(cache.of(source), source, made[4], 1) == [5]
    assert find(cache.of(source.of(2)), source, made[4, :64], 1) == [5]
    assert cache.of(source.of(2)) is cache.of(source.of(2))


def test_no_vectors_are_no_harm(source):
    codes = caught_up(source)
    assert find(codes, source, np.ones(DIMENSIONS, np.float32)) == []
    codes.check(source, np.empty(0, np.int64))
    assert len(codes) == codes.cache_bytes == 0


def test_searches_go_on_while_vectors_of_new_groups_come(source, random):
    made = unit(random.normal(size=(40, DIMENSIONS)))
    codes, done = VectorCodes(EMBEDDER), Event()

    def search():
        while not done.wait(0.001):  # without a pause the writes would starve
            codes.find(made[0], VectorGroup("message", PROJECT, None), 10, None)

    with ThreadPoolExecutor(3) as pool:
        searching = [pool.submit(search) for _ in range(3)]
        for round_ in range(100):
            for at, one in enumerate(made):
                key = round_ * len(made) + at + 1
                store(source, [one], first=key, namespace=key)
            codes.catch_up(source)
        done.set()
    assert [search.result() for search in searching] == [None] * 3
    assert len(codes) == 100 * len(made)
    assert find(codes, source, made[0], count=100, where=VectorGroup("message", PROJECT, 41)) == [
        41
    ]


def test_what_is_gone_makes_room_for_others_that_are_near(source, random):
    made = unit(random.normal(size=(200, DIMENSIONS)))
    store(source, made)
    cache = CodeCache()
    cache.of(source)
    nearest = cache.nearest(source, made[0], HERE, 10, None)
    source.delete(nearest.tolist())
    others = cache.nearest(source, made[0], HERE, 10, None)
    assert len(others) == 10
    assert not set(others.tolist()) & set(nearest.tolist())
