"""Data of a release without search is indexed in the background, and served meanwhile."""

import apsw
import pytest

from dialoguedb.embed.tokens import count_tokens
from dialoguedb.store.sqlite import SQLiteStore
from dialoguedb.store.sqlite.connection import files, vfs
from dialoguedb.store.sqlite.maintenance import check
from tests.contract.indexes import BUILT_IN, Shelf, opened
from tests.contract.making import World, message
from tests.migration.recorded import NOW, released

pytestmark = pytest.mark.anyio

MESSAGES = 300
DATA = f"""
    INSERT INTO projects VALUES (1, 'p', 'default', X'7B7D', '{NOW}', '{NOW}');
    INSERT INTO dialogues (number, project, namespace, id, request_id, label, created, modified,
        total_messages, last_seq, last_server_created, last_message_created)
    VALUES (5, 1, '', 'd', 'r', 'Deliveries', '{NOW}', '{NOW}', {MESSAGES}, {MESSAGES}, '{NOW}',
        '{NOW}');
    INSERT INTO dialogue_bodies VALUES (5, X'5B5D', X'7B7D', X'7B7D');
    WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < {MESSAGES})
    INSERT INTO messages SELECT i * 2, 5, i, 'm' || i, 'user', NULL,
        CAST('"parcel ' || i || '"' AS BLOB), length('parcel ' || i), X'5B5D', X'7B7D',
        '{NOW}', '{NOW}' FROM n;
    INSERT INTO memories VALUES (1, 1, '', 'k', CAST('"parcels by bike"' AS BLOB), NULL, NULL,
        CAST('["bike"]' AS BLOB), X'7B7D', '{NOW}', '{NOW}');
    INSERT INTO memory_tags VALUES (1, 'bike', 1);
"""


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def shelf(tmp_path):
    """Open data of the first release with a program of today."""
    file = apsw.Connection(str(tmp_path / files.FILE))
    old = released(1)
    with file.backup("main", old, "main") as pages:
        pages.step()
    file.execute(DATA).fetchall()
    file.close()
    store = await SQLiteStore.open(tmp_path, None, BUILT_IN, count=count_tokens)
    world = World(store, [BUILT_IN])
    yield Shelf(store, [BUILT_IN], world, await world.services.projects.get("default"))
    await store.close()


async def test_it_is_found_once_it_is_indexed(shelf, tmp_path):
    assert (await shelf.status()).to_reindex > MESSAGES
    assert check.check(tmp_path) == []
    await shelf.finish()
    assert len(await shelf.find("parcel", mode="keyword")) == 100
    assert await shelf.finds("bike", "memory") == ["k"]
    assert await shelf.finds("deliveries", "dialogue") == ["d"]
    status = await shelf.status()
    assert (status.vectors, status.to_reindex) == (MESSAGES + 2, 0)
    assert check.check(tmp_path) == []


async def test_it_can_be_changed_and_deleted_before_and_while_it_is_indexed(shelf, tmp_path):
    await shelf.delete_message("m1")
    await shelf.append(message("a new parcel", id="new"))
    assert "new" in await shelf.find("parcel", mode="keyword")
    await shelf.store.index.advance(100)
    await shelf.tag("m7", ("t",))
    await shelf.tag("m290", ("t",))
    await shelf.delete_message("m2")
    await shelf.delete_message(f"m{MESSAGES}")
    await shelf.append(message("the newest", id="newest"))
    assert check.check(tmp_path) == []
    await shelf.finish()
    assert check.check(tmp_path) == []
    assert (await shelf.status()).vectors == MESSAGES + 2 - 3 + 2
    await shelf.delete("d")
    assert check.check(tmp_path) == []
    assert (await shelf.status()).vectors == 1


STEP_BACK = """
    DELETE FROM message_words;
    INSERT INTO message_words (rowid, words) SELECT number, 'हिन्दी' FROM messages;
    DELETE FROM migrations WHERE version = 16;
    PRAGMA user_version = 15;
"""


async def test_words_of_an_older_version_are_brought_into_their_normal_form(tmp_path):
    async with opened(SQLiteStore.open, tmp_path, BUILT_IN) as shelf:
        await shelf.new("d", messages=[message("हिन्दी", id="m")])
        assert await shelf.find("हिन्दी", mode="keyword") == ["m"]
    old = vfs.open_file(str(tmp_path / files.FILE), apsw.SQLITE_OPEN_READWRITE)
    old.execute(STEP_BACK).fetchall()
    old.close()
    async with opened(SQLiteStore.open, tmp_path, BUILT_IN, project=shelf.project) as shelf:
        assert await shelf.find("हिन्दी", mode="keyword") == []
        assert (await shelf.status()).to_reindex == 2
        await shelf.finish()
        assert await shelf.find("हिन्दी", mode="keyword") == ["m"]
    assert check.check(tmp_path) == []
