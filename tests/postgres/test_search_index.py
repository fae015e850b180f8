"""The index of vectors takes what is old, and the extension that it needs is asked for."""

import numpy as np
import pytest

from dialoguedb.store.postgres import PostgresStore
from dialoguedb.store.postgres.search_index.vectors import TAIL
from tests.contract.indexes import BUILT_IN, opened
from tests.contract.making import message
from tests.databases.engines import databases_of
from tests.databases.statements import execute, rows

pytestmark = pytest.mark.anyio

OLD = 250
COPIES = f"""
    INSERT INTO message_vectors (part, embedder, number, project, scope, vector, packed)
    SELECT part, embedder, number + copy, project, scope, vector, packed
    FROM message_vectors, generate_series(1, {TAIL + OLD - 1}) AS copy
"""
SETTLED = "SELECT count(*), max(number) FROM message_vectors WHERE settled > 0"


async def test_all_but_the_newest_vectors_come_into_their_index(tmp_path):
    databases = databases_of("postgres")
    async with opened(databases.opener(PostgresStore.open), tmp_path, BUILT_IN) as shelf:
        await shelf.new("d", messages=[message("a parcel", id="m")])
        await execute(databases.url_of(tmp_path), COPIES)
        await shelf.store.index.catch_up()
        ((count, last),) = await rows(databases.url_of(tmp_path), SETTLED)
        assert OLD <= count < OLD + 100
        assert last == count  # the oldest
        await shelf.store.index.catch_up()
        assert [(count, last)] == await rows(databases.url_of(tmp_path), SETTLED)
        assert await shelf.find("parcel", mode="semantic") == ["m"]


STEP_BACK = (
    "UPDATE message_words SET words = array_to_tsvector('{ह,न,द}')",
    "DELETE FROM migrations WHERE version = 4",
)


async def test_words_of_an_older_version_are_brought_into_their_normal_form(tmp_path):
    databases = databases_of("postgres")
    async with opened(databases.opener(PostgresStore.open), tmp_path, BUILT_IN) as shelf:
        await shelf.new("d", messages=[message("हिन्दी", id="m")])
        await shelf.finish()
        for statement in STEP_BACK:
            await execute(databases.url_of(tmp_path), statement)
        assert await shelf.find("हिन्दी", mode="keyword") == []
    async with opened(
        databases.opener(PostgresStore.open), tmp_path, BUILT_IN, project=shelf.project
    ) as shelf:
        assert (await shelf.status()).to_reindex == 2
        await shelf.finish()
        assert await shelf.find("हिन्दी", mode="keyword") == ["m"]


class Enormous:
    """An embedder whose numbers are beyond what half precision holds."""

    name = "enormous"
    in_process = True

    def embed(self, texts, *, query=False):
        return np.asarray([[1e6, -1e6, float(len(text)), 0.5] for text in texts], np.float32)


async def test_vectors_are_stored_in_half_precision(tmp_path):
    databases = databases_of("postgres")
    async with opened(databases.opener(PostgresStore.open), tmp_path, Enormous()) as shelf:
        await shelf.new("d", messages=[message("a parcel", id="m")])
        ((stored,),) = await rows(
            databases.url_of(tmp_path), "SELECT vector::real[] FROM message_vectors"
        )
        assert len(stored) == 256
        assert stored[:4] == [65504.0, -65504.0, 8.0, 0.5]
        assert await shelf.find("parcel", mode="semantic") == ["m"]
