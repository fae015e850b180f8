"""Bits flip in the database file: what is damaged is refused and found, never served."""

import random
import shutil
from contextlib import closing, contextmanager

import apsw
import pytest

from dialoguedb import DialogueDB
from dialoguedb.embed.tokens import count_tokens
from dialoguedb.errors import DamagedData, DataError, ServiceUnavailable, UnreadableData
from dialoguedb.store.sqlite.connection import files, vfs
from dialoguedb.store.sqlite.maintenance import backup, recover
from dialoguedb.store.sqlite.maintenance.check import check

MESSAGES = 120
WORDS = ["river", "straße", "naïve", "garden", "日本", "late", "coast", "frost"]


def text(number):
    """Return the text of a message; every twentieth fills pages of its own."""
    chosen = random.Random(number).choices(WORDS, k=4_000 if number % 20 == 7 else 60)
    return f"{' '.join(chosen)} {number}"


TEXTS = [text(number) for number in range(MESSAGES)]


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Make data with a dialogue of messages, and close it."""
    data = tmp_path_factory.mktemp("sound") / "data"
    with closing(DialogueDB(path=data)) as db:
        dialogue = db.create_dialogue(id="d", namespace="n", state={"step": 1})
        dialogue.save_messages(
            [{"role": "user", "content": one, "id": f"m{i}"} for i, one in enumerate(TEXTS)]
        )
        db.create_memory("likes gardens", id="k", namespace="n")
        assert db.search_messages("river", namespace="n").items
    return data


@pytest.fixture
def data(sound, tmp_path):
    return shutil.copytree(sound, tmp_path / "data")


def flip(path, seed):
    """Turn one bit of a file over."""
    content, chance = bytearray(path.read_bytes()), random.Random(seed)
    at = chance.randrange(len(content))
    content[at] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def read_all(db):
    """Ask for everything in every way, and compare; returns how many requests were refused."""
    refused = 0

    def served(ask):
        nonlocal refused
        try:
            return ask()
        except ServiceUnavailable:
            refused += 1
            return None

    if (dialogue := served(lambda: db.get_dialogue("d", namespace="n"))) is None:
        return refused
    assert dialogue.state == {"step": 1}
    listed = served(lambda: [one.content for one in dialogue.iter_messages()])
    assert listed in (None, TEXTS)
    for number in range(0, MESSAGES, 7):
        one = served(lambda number=number: dialogue.get_message(f"m{number}"))
        assert one is None or one.content == TEXTS[number]
    window = served(lambda: dialogue.context(2_000))
    assert window is None or window.messages[-1]["content"] == TEXTS[-1]
    found = served(lambda: db.search_messages("river garden", namespace="n"))
    assert found is None or {hit.content for hit in found.items} <= set(TEXTS)
    memory = served(lambda: db.get_memory("k", namespace="n"))
    assert memory is None or memory.value == "likes gardens"
    return refused


@pytest.mark.parametrize("seed", range(24))
def test_a_flipped_bit_is_found_and_never_served(data, tmp_path, seed):
    flip(data / files.FILE, seed)
    assert any("damaged" in finding for finding in findings_of(data))
    with pytest.raises(DataError, match="damaged"):
        backup.backup(data, tmp_path / "copy", lambda *_: None)
    with pytest.raises(DataError, match="damaged"):
        backup.restore(data, tmp_path / "restored", lambda *_: None)
    try:
        db = DialogueDB(path=data, retries=0)
    except (DataError, UnreadableData):
        return
    with closing(db):
        read_all(db)


def findings_of(data):
    try:
        return check(data)
    except DataError as error:
        return [str(error)]


def test_whole_data_is_served_whole(data):
    with closing(DialogueDB(path=data, retries=0)) as db:
        assert read_all(db) == 0
    assert check(data) == []


@contextmanager
def changed(data):
    """Change data behind the program's back, so that its checksums are right."""
    path = str(data / files.FILE)
    with closing(vfs.open_file(path, apsw.SQLITE_OPEN_READWRITE)) as db:
        db.execute("PRAGMA ignore_check_constraints = 1")
        yield db


UNREADABLE = {
    "an id that is no text": "UPDATE messages SET id = CAST(X'FF' AS TEXT) WHERE id = 'm3'",
    "a name that is no text": "UPDATE messages SET name = CAST(X'C328' AS TEXT) WHERE id = 'm3'",
    "a role that is no text": "UPDATE messages SET role = CAST(X'80' AS TEXT) WHERE id = 'm3'",
    "a label that is no text": "UPDATE dialogues SET label = CAST(X'FF' AS TEXT)",
    "a time that is no text": "UPDATE dialogues SET created = CAST(X'FF' AS TEXT)",
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_row_that_cannot_be_read_is_refused_and_found(data, kind):
    with changed(data) as db:
        db.execute(UNREADABLE[kind])
    with closing(DialogueDB(path=data, retries=0)) as db:
        with pytest.raises(ServiceUnavailable, match="damaged"):
            [*db.get_dialogue("d", namespace="n").iter_messages()]
        with pytest.raises(ServiceUnavailable, match="damaged"):
            db.get_dialogue("d", namespace="n").context(100_000)
    assert check(data) != []


def test_every_page_of_a_new_database_carries_a_checksum(data):
    with closing(vfs.open_file(str(data / files.FILE), apsw.SQLITE_OPEN_READWRITE)) as db:
        assert vfs.has_checksums(db)
    pages = vfs.VerifiedPages(str(data / files.FILE))
    assert all(map(pages.is_whole, range(1, pages.count + 1)))
    pages.close()


@pytest.fixture
def without_messages(data):
    """Damage every page that holds messages themselves but the last, which takes new ones."""
    path = data / files.FILE
    with closing(vfs.open_file(str(path), apsw.SQLITE_OPEN_READWRITE)) as db:
        query = "SELECT pageno FROM dbstat WHERE name = 'messages' AND pagetype = 'leaf'"
        *pages, _ = [page for (page,) in db.execute(query)]
    content = bytearray(path.read_bytes())
    for page in pages:
        content[page * 4096 - 100] ^= 1
    path.write_bytes(content)
    return data


REQUESTS = {
    "a message": lambda dialogue, _: dialogue.get_message("m3"),
    "a list": lambda dialogue, _: [*dialogue.iter_messages()],
    "the last page": lambda dialogue, _: dialogue.load_messages(order="desc", limit=100),
    "a window": lambda dialogue, _: dialogue.context(50_000),
    "a stable window": lambda dialogue, _: dialogue.context(50_000, stable=True),
    "a check": lambda dialogue, _: dialogue.check(),
    "a check for a provider": lambda dialogue, _: dialogue.check("openai"),
    "a repair": lambda dialogue, _: dialogue.repair("openai"),
    "a search by words": lambda _, db: db.search_messages("river", namespace="n", mode="keyword"),
    "a search": lambda _, db: db.search_messages("river garden", namespace="n"),
    "a deletion": lambda dialogue, _: dialogue.delete_message("m3"),
    "a duplicate": lambda dialogue, _: dialogue.save_message("user", "other", id="m3"),
}


@pytest.mark.parametrize("request_name", REQUESTS)
def test_every_way_to_what_is_damaged_is_refused_and_logged(without_messages, caplog, request_name):
    with closing(DialogueDB(path=without_messages, retries=0)) as db:
        dialogue = db.get_dialogue("d", namespace="n")
        with pytest.raises(ServiceUnavailable, match="damaged") as refused:
            REQUESTS[request_name](dialogue, db)
        assert refused.value.code == "SERVICE_UNAVAILABLE"
        assert db.get_memory("k", namespace="n").value == "likes gardens"
        assert db.create_dialogue(id="new").save_message("user", "hello").content == "hello"
    logged = [one for one in caplog.records if one.getMessage().startswith("damaged: ")]
    assert logged
    assert all(one.position.startswith("byte ") and one.request_id for one in logged)
    assert "Traceback" not in caplog.text
    assert "defect" not in caplog.text


def test_a_summary_of_what_is_damaged_is_not_made_up(without_messages):
    with closing(DialogueDB(path=without_messages, retries=0)) as db:
        dialogue = db.get_dialogue("d", namespace="n")
        with pytest.raises(ServiceUnavailable, match="damaged"):
            dialogue.summarize(wait_s=1)


@pytest.mark.parametrize("cut", [1, 100, 4096, 5 * 4096])
def test_a_file_that_was_cut_is_refused_and_what_is_left_recovered(data, tmp_path, cut):
    path = data / files.FILE
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(DamagedData, match="is cut"):
        DialogueDB(path=data).close()
    with pytest.raises(DamagedData, match="is cut"):
        check(data)
    assert recover.recover(data, tmp_path / "new", count_tokens).kept["messages"] > 0
    assert check(tmp_path / "new") == []


@contextmanager
def kept_log(data):
    """Read from the log all the while, so that no work in the background empties it."""
    with closing(files.connect_reader(data / files.FILE)) as db:
        db.execute("BEGIN; SELECT count(*) FROM messages")
        yield


@pytest.fixture
def with_log(data, tmp_path):
    """Copy data in use, whose last pages are one large message; the log has none of them."""
    with closing(DialogueDB(path=data)) as db:
        db.get_dialogue("d", namespace="n").save_message("user", text(7), id="large")
    with closing(DialogueDB(path=data)) as db, kept_log(data):
        db.create_memory("later", id="later")
        copied = tmp_path / "copied"
        return shutil.copytree(data, copied, ignore=shutil.ignore_patterns("*-shm"))


@pytest.mark.parametrize("cut", [1, 4096, 5 * 4096])
def test_a_file_that_was_cut_is_refused_beside_its_log_as_well(with_log, tmp_path, cut):
    path = with_log / files.FILE
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(DamagedData, match="is cut"):
        DialogueDB(path=with_log).close()
    with pytest.raises(DamagedData, match="is cut"):
        check(with_log)
    made = recover.recover(with_log, tmp_path / "new", count_tokens)
    assert made.kept == {"dialogues": 1, "messages": MESSAGES, "memories": 2}
    assert "Lost: message 'large'" in made.lines
    assert check(tmp_path / "new") == []


def test_pages_that_a_crash_has_left_to_the_log_are_not_missing(data, tmp_path):
    """A checkpoint writes the first page first, with the length that the file is to have."""
    with closing(DialogueDB(path=data)) as db, kept_log(data):
        before = (data / files.FILE).read_bytes()
        db.get_dialogue("d", namespace="n").save_message("user", text(7), id="large")
        shutil.copytree(data, tmp_path / "copied", ignore=shutil.ignore_patterns("*-shm"))
    after = (data / files.FILE).read_bytes()
    assert len(after) > len(before)
    (tmp_path / "copied" / files.FILE).write_bytes(after[:4096] + before[4096:])
    assert check(tmp_path / "copied") == []
    with closing(DialogueDB(path=tmp_path / "copied")) as db:
        assert db.get_dialogue("d", namespace="n").get_message("large").content == text(7)


@pytest.mark.parametrize("length", [0, 1, 99])
def test_a_file_that_lost_its_content_is_not_begun_again(data, tmp_path, length):
    path = data / files.FILE
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(DamagedData):
        DialogueDB(path=data).close()
    assert path.stat().st_size == length
    with pytest.raises(DataError):
        recover.recover(data, tmp_path / "new", count_tokens)
