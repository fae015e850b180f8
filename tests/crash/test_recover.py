"""`dialoguedb recover` takes what is whole out of damaged data, and says what is not."""

import random
import shutil
from contextlib import closing

import apsw
import pytest

from dialoguedb import DialogueDB
from dialoguedb.embed.tokens import count_tokens
from dialoguedb.errors import DataError, NotOurData, NotUnlocked
from dialoguedb.store.sqlite.connection import files, vfs
from dialoguedb.store.sqlite.encryption import unlocking
from dialoguedb.store.sqlite.encryption.unlocking import unlock
from dialoguedb.store.sqlite.maintenance import rewriting
from dialoguedb.store.sqlite.maintenance.check import check
from dialoguedb.store.sqlite.maintenance.recover import MADE_AGAIN, TABLES, recover
from dialoguedb.store.sqlite.schema import migrations
from tests.migration.recorded import released
from tests.migration.test_migrations import MESSAGES_OF_SCHEMA_2

MESSAGES = 120
DIALOGUES = 10


def text(dialogue, index):
    """Return the text of a message; every fortieth fills pages of its own."""
    return f"parcel {dialogue}.{index} " + "from the coast " * (2_000 if index % 40 == 7 else 8)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Make data with dialogues, a thread, tags, state, memories, a key and an attachment."""
    data = tmp_path_factory.mktemp("sound") / "data"
    with closing(DialogueDB(path=data)) as db:
        for number in range(DIALOGUES):
            dialogue = db.create_dialogue(id=f"d{number}", namespace="n", tags=["x"])
            dialogue.save_state({"step": number})
            dialogue.save_messages(
                [
                    {"role": "user", "content": text(number, i), "id": f"m{i}", "tags": ["a"]}
                    for i in range(MESSAGES)
                ]
            )
            memory = db.create_memory(f"liked {number}", id=f"k{number}", namespace="n")
            memory.update(value=f"likes {number}", expires_at="2999-01-01")
        dialogue = db.get_dialogue(f"d{DIALOGUES - 1}", namespace="n")
        dialogue.create_thread(id="thread")
        image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{'A' * 6_000}"}}
        dialogue.save_message("user", [image], id="image")
        assert db.search_messages("parcel", namespace="n").items
    return data


@pytest.fixture
def data(sound, tmp_path):
    return shutil.copytree(sound, tmp_path / "data")


def pages_of(data, table):
    """Return the pages of a table, without those of its indexes."""
    with closing(vfs.open_file(str(data / files.FILE), apsw.SQLITE_OPEN_READWRITE)) as db:
        query = "SELECT pageno FROM dbstat WHERE name = ?"
        return [page for (page,) in db.execute(query, (table,))]


def damage(data, *pages):
    path = data / files.FILE
    content = bytearray(path.read_bytes())
    for page in pages:
        start = (page - 1) * 4096
        content[start : start + 4096] = random.Random(page).randbytes(4096)
    path.write_bytes(content)


def read(data):
    """Return the messages of each dialogue as a client reads them."""
    with closing(DialogueDB(path=data)) as db:
        return {
            one.id: {message.id: message.content for message in one.iter_messages()}
            for one in db.iter_dialogues(namespace="n")
        }


def recovered(data, tmp_path):
    """Recover, and insist that the result is sound and holds nothing that was never stored."""
    made = recover(data, tmp_path / "new", count_tokens)
    assert check(tmp_path / "new") == []
    assert [path.name for path in (tmp_path / "new").iterdir()] == [files.FILE]
    found = read(tmp_path / "new")
    for dialogue, messages in found.items():
        for name, content in messages.items():
            if dialogue != "thread" and name != "image":
                assert content == text(int(dialogue[1:]), int(name[1:]))
    return made, found


def test_whole_data_is_taken_over_whole(data, tmp_path):
    made, found = recovered(data, tmp_path)
    assert made.lines == []
    assert found == read(data)
    assert made.kept == {"dialogues": 11, "messages": 1_201, "memories": 10}
    with closing(DialogueDB(path=tmp_path / "new")) as db:
        last = db.get_dialogue("d9", namespace="n")
        assert (last.state, last.tags, last.thread_count) == ({"step": 9}, ["x"], 1)
        memory = db.get_memory("k3", namespace="n")
        expires_at = "2999-01-01T00:00:00.000Z"
        assert (memory.value, memory.record.expires_at) == ("likes 3", expires_at)
        assert [one.value for one in memory.history()] == ["liked 3"]
        last.save_message("user", "more", id="more")
        assert db.search_messages("more", namespace="n").items


@pytest.mark.parametrize("seed", range(6))
def test_messages_of_damaged_pages_are_named_and_all_others_kept(data, tmp_path, seed):
    damage(data, *random.Random(seed).sample(pages_of(data, "messages")[1:], 3))
    made, found = recovered(data, tmp_path)
    lost = [line for line in made.lines if line.startswith("Lost: message ")]
    assert lost
    assert sum(map(len, found.values())) + len(lost) == 1_201


@pytest.mark.parametrize(
    "table", ["messages", "dialogues", "dialogue_bodies", "memories", "projects", "secrets", "keys"]
)
def test_the_root_of_a_table_is_damaged(data, tmp_path, table):
    damage(data, pages_of(data, table)[0])
    recovered(data, tmp_path)


@pytest.mark.parametrize("table", ["usage", "secrets"])
def test_rows_that_nothing_else_tells_of_are_not_lost_in_silence(data, tmp_path, table):
    damage(data, *pages_of(data, table))
    made, _ = recovered(data, tmp_path)
    assert f"Lost: an unknown number of rows of {table}" in made.lines


def leading_pages_of(data, table):
    """Return the pages of a table that only lead to others, its root first."""
    with closing(vfs.open_file(str(data / files.FILE), apsw.SQLITE_OPEN_READWRITE)) as db:
        query = "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'internal' ORDER BY path"
        return [page for (page,) in db.execute(query, (table,))]


def test_no_row_is_lost_with_the_pages_that_lead_to_them(data, tmp_path):
    damage(data, *leading_pages_of(data, "messages"))
    made, found = recovered(data, tmp_path)
    assert sum(map(len, found.values())) == made.kept["messages"] == 1_201
    assert made.lines == ["Changed: 1201 rows of messages are kept that nothing led to any more"]


@pytest.mark.parametrize("also", ["dialogues", "memories", "messages_in_order", "attachments"])
def test_pages_of_several_tables_that_nothing_leads_to_are_told_apart(data, tmp_path, also):
    root = pages_of(data, also)[0]
    is_leaf = root not in leading_pages_of(data, also)
    damage(data, *leading_pages_of(data, "messages"), root)
    made, _ = recovered(data, tmp_path)
    if also != "attachments":
        assert made.kept["messages"] == 1_201
    if also == "dialogues" and not is_leaf:
        assert made.kept["dialogues"] == 11


def test_rows_on_damaged_pages_are_named_although_their_root_is_damaged_too(data, tmp_path):
    damage(data, *leading_pages_of(data, "messages"), *pages_of(data, "messages")[5:8])
    made, found = recovered(data, tmp_path)
    lost = [line for line in made.lines if line.startswith("Lost: message ")]
    assert lost
    assert sum(map(len, found.values())) + len(lost) == 1_201


def test_what_was_deleted_is_not_found_again(data, tmp_path):
    with closing(DialogueDB(path=data)) as db:
        for number in range(0, DIALOGUES, 2):
            db.delete_dialogue(f"d{number}", namespace="n")
    damage(data, *leading_pages_of(data, "messages"))
    _, found = recovered(data, tmp_path)
    assert sorted(found) == ["d1", "d3", "d5", "d7", "d9", "thread"]
    assert sum(map(len, found.values())) == 5 * MESSAGES + 1


def master_key():
    return bytes(range(32))


@pytest.fixture(scope="module")
def sealed(sound, tmp_path_factory):
    """Encrypt the same data."""
    data = shutil.copytree(sound, tmp_path_factory.mktemp("sealed") / "data")
    rewriting.encrypt(data, master_key)
    return data


@pytest.fixture
def encrypted(sealed, tmp_path):
    return shutil.copytree(sealed, tmp_path / "data")


def pages_of_encrypted(data, table, kind):
    key = unlock(data / files.FILE, master_key)
    path = str(data / files.FILE)
    with closing(vfs.open_file(path, apsw.SQLITE_OPEN_READWRITE, key=key)) as db:
        query = "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = ? ORDER BY path"
        return [page for (page,) in db.execute(query, (table, kind))]


@pytest.mark.parametrize("kind", ["nothing", "leaf", "internal", "all internal"])
def test_encrypted_data_is_recovered_with_its_key(encrypted, tmp_path, kind):
    damaged = []
    if kind != "nothing":
        damaged = pages_of_encrypted(encrypted, "messages", kind.rsplit(" ", 1)[-1])
        damaged = damaged if kind == "all internal" else damaged[:1]
    damage(encrypted, *damaged)
    made = recover(encrypted, tmp_path / "new", count_tokens, master_key)
    assert not unlocking.is_plain(tmp_path / "new" / files.FILE)
    assert check(tmp_path / "new", master_key) == []
    lost = [line for line in made.lines if line.startswith("Lost: message ")]
    assert made.kept["messages"] + len(lost) == 1_201
    assert bool(lost) == (kind == "leaf")
    with pytest.raises(NotUnlocked):
        recover(encrypted, tmp_path / "other", count_tokens)


@pytest.mark.parametrize("page", [1, 2])
def test_encrypted_data_whose_beginning_is_lost_is_refused(encrypted, tmp_path, page):
    damage(encrypted, page)
    try:
        recover(encrypted, tmp_path / "new", count_tokens, master_key)
    except DataError:
        assert not (tmp_path / "new" / files.FILE).exists()
    else:
        assert check(tmp_path / "new", master_key) == []


@pytest.mark.parametrize("table", ["messages_in_order", "sqlite_autoindex_messages_1", "vectors"])
def test_a_damaged_index_costs_nothing(data, tmp_path, table):
    damage(data, *pages_of(data, table))
    made, found = recovered(data, tmp_path)
    assert made.lines == []
    assert sum(map(len, found.values())) == 1_201


def test_messages_whose_dialogue_is_lost_have_one_again(data, tmp_path):
    damage(data, *pages_of(data, "dialogues"))
    made, found = recovered(data, tmp_path)
    assert sum(map(len, found.values())) == 1_201
    assert any("'d3' has its messages" in line for line in made.lines)


@pytest.mark.parametrize("seed", range(12))
def test_one_flipped_bit_costs_little(data, tmp_path, seed):
    path = data / files.FILE
    content, chance = bytearray(path.read_bytes()), random.Random(seed)
    at = chance.randrange(len(content))
    content[at] ^= 1 << chance.randrange(8)
    path.write_bytes(content)
    _, found = recovered(data, tmp_path)
    assert sum(map(len, found.values())) > 1_100


@pytest.mark.parametrize("at", [0, 16, 18, 20, 21, 44, 56, 60, 68, 103, 200, 4_000])
def test_a_damaged_header_or_schema_costs_nothing(data, tmp_path, at):
    path = data / files.FILE
    content = bytearray(path.read_bytes())
    content[at] ^= 0x10
    path.write_bytes(content)
    _, found = recovered(data, tmp_path)
    assert sum(map(len, found.values())) == 1_201


@pytest.mark.parametrize("content", [b"\0", b"\xff", b"SQLite "])
def test_a_first_page_that_is_lost_is_made_again(data, tmp_path, content):
    path = data / files.FILE
    whole = path.read_bytes()
    path.write_bytes((content * 4096)[:4096] + whole[4096:])
    _, found = recovered(data, tmp_path)
    assert sum(map(len, found.values())) == 1_201


def test_the_damaged_directory_is_not_changed(data, tmp_path):
    damage(data, pages_of(data, "messages")[3])
    before = {path.name: path.read_bytes() for path in data.iterdir()}
    recovered(data, tmp_path)
    assert {path.name: path.read_bytes() for path in data.iterdir()} == before


def test_what_is_not_there_or_in_the_way_is_refused(data, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    with pytest.raises(NotOurData):
        recover(data, tmp_path / "full", count_tokens)
    with pytest.raises(DataError):
        recover(tmp_path / "nothing", tmp_path / "new", count_tokens)


def test_every_table_is_copied_or_made_again(data):
    tables = (
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type <> 'shadow'"
        " AND name NOT LIKE 'sqlite_%'"
    )
    with closing(vfs.open_file(str(data / files.FILE), apsw.SQLITE_OPEN_READWRITE)) as db:
        assert {name for (name,) in db.execute(tables)} == {*TABLES} | MADE_AGAIN


def test_messages_of_an_older_version_are_recovered_and_migrated(tmp_path):
    (tmp_path / "old").mkdir()
    file = apsw.Connection(str(tmp_path / "old" / files.FILE))
    with closing(released(2)) as db, file.backup("main", db, "main") as copy:
        db.execute(MESSAGES_OF_SCHEMA_2)
        copy.step(-1)
    file.close()
    made = recover(tmp_path / "old", tmp_path / "new", count_tokens)
    assert made.kept == {"dialogues": 1, "messages": 1_201, "memories": 0}
    with closing(vfs.open_file(str(made.path), apsw.SQLITE_OPEN_READWRITE)) as db:
        assert migrations.version(db) == len(migrations.MIGRATIONS)


def test_commits_that_the_damaged_directory_lacks_are_named(data, tmp_path):
    with closing(DialogueDB(path=data)) as db:
        older = (data / files.FILE).read_bytes()
        db.create_dialogue(id="newer")
    (data / files.FILE).write_bytes(older)
    made = recover(data, tmp_path / "new", count_tokens)
    assert any("missing from" in line for line in made.lines)
