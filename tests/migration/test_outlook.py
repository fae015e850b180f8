"""What `dialoguedb check` says that the first start after an upgrade has to do."""

import pytest

from dialoguedb.embed.tokens import count_tokens
from dialoguedb.store.sqlite import SQLiteStore
from dialoguedb.store.sqlite.connection import files
from dialoguedb.store.sqlite.engine import SQLiteEngine
from dialoguedb.store.sqlite.schema import migrations
from tests.cli.in_process import run
from tests.contract.indexes import BUILT_IN
from tests.migration.recorded import released
from tests.migration.test_index_of_old_data import DATA, MESSAGES

pytestmark = pytest.mark.anyio

NAMES = [step.name for step in migrations.MIGRATIONS]


@pytest.fixture
def anyio_backend():
    return "asyncio"


def engine_on(directory, version, data=""):
    """Make data as the program of a version left it."""
    old = released(version)
    old.execute(data).fetchall()
    old.execute("VACUUM INTO ?", (str(directory / files.FILE),))
    return SQLiteEngine(directory, count_tokens)


def test_it_names_migrations_with_the_messages_they_read_and_what_is_to_be_indexed(tmp_path):
    engine = engine_on(tmp_path, 1, DATA)
    assert engine.check() == []
    assert engine.outlook() == [
        f"The next start migrates the data: {', '.join(NAMES[1:])}, page checksums",
        f"It reads each of {MESSAGES} messages for tokens, windows, shown texts, texts with U+0000",
        f"It indexes {MESSAGES + 2} objects in the background; searches tell how far that is",
    ]


@pytest.mark.parametrize("version", range(1, len(NAMES)))
def test_it_names_what_each_version_lacks(tmp_path, version):
    engine = engine_on(tmp_path, version)
    first, *_ = engine.outlook()
    assert first.startswith(f"The next start migrates the data: {', '.join(NAMES[version:])}")


async def test_after_the_migration_only_the_index_is_left_and_then_nothing(tmp_path):
    engine = engine_on(tmp_path, 1, DATA)
    engine.migrate()
    (line,) = engine.outlook()
    assert line.startswith("It indexes ")
    store = await SQLiteStore.open(tmp_path, None, BUILT_IN, count=count_tokens)
    while await store.index.catch_up() or await store.index.advance(1_000):
        pass
    await store.close()
    assert engine.outlook() == []


def test_a_check_prints_it_and_succeeds(tmp_path):
    engine_on(tmp_path, 1, DATA)
    ended = run(tmp_path, "check", "--data", tmp_path)
    assert ended.code == 0
    assert ended.out.splitlines()[0] == f"Nothing wrong with {tmp_path}"
    assert ended.out.splitlines()[1].startswith("The next start migrates the data: search, ")
