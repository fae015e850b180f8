"""How the embedded engine keeps attachments: once, apart from messages, as long as one has it."""

import threading

import apsw
import pytest

from dialoguedb.errors import MessageNotFound
from dialoguedb.formats.attachments import deferred
from dialoguedb.model.refs import MessageRef
from dialoguedb.store.sqlite import SQLiteStore
from dialoguedb.store.sqlite.connection import files
from dialoguedb.store.sqlite.maintenance import check
from tests.contract.making import World, message
from tests.contract.test_attachments import DATA, picture, received

pytestmark = pytest.mark.anyio

OTHER = DATA[4:]


@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def store(tmp_path):
    store = await SQLiteStore.open(tmp_path)
    yield store
    await store.close()


@pytest.fixture
async def world(store):
    return World(store)


@pytest.fixture
async def me(world):
    me = await world.tenant()
    await me.new("d")
    return me


@pytest.fixture
def kept(store):
    """Return a function that tells how many attachments there are, and how many uses of them."""
    db = apsw.Connection(str(store.path), flags=apsw.SQLITE_OPEN_READONLY)
    yield lambda: tuple(
        db.execute(f"SELECT count(*) FROM {table}").get
        for table in ("attachments", "message_attachments")
    )
    db.close()


async def test_equal_ones_are_kept_once(me, kept):
    await me.append(received([*picture(), *picture()], id="m1"), received(picture(), id="m2"))
    await me.append(received(picture(OTHER), id="m3"))
    assert kept() == (2, 3)


async def test_those_left_out_are_read_part_by_part_by_their_project_alone(world, me, store):
    await me.append(received(picture(), id="m"))
    whole = await store.messages.get(me.project, "", MessageRef("d", "m"))
    message = await store.messages.get(me.project, "", MessageRef("d", "m"), "deferred")
    before, text, after = deferred.parts(bytes(message.content))
    assert isinstance(before, bytes)
    assert isinstance(text, deferred.DeferredText)
    assert isinstance(after, bytes)
    assert deferred.full_length(bytes(message.content)) == len(bytes(whole.content))
    middle = [await store.messages.deferred_text(me.project, text, at) for at in (0, 7)]
    assert middle[0][7:] == middle[1]
    assert b"".join([before, middle[0], after]) == bytes(whole.content)
    stranger = await world.tenant()
    with pytest.raises(MessageNotFound):
        await store.messages.deferred_text(stranger.project, text, 0)


async def test_projects_share_none(world, me, kept):
    stranger = await world.tenant()
    await stranger.new("d")
    for one in (me, stranger):
        await one.append(received(picture(), id="m"))
    assert kept() == (2, 2)
    await me.store.messages.delete(me.project, "", "d", "m", me.write_options())
    assert kept() == (1, 1)
    assert len(await stranger.contents()) == 1


async def test_one_goes_with_the_last_message_that_has_it(me, kept):
    await me.append(*[received(picture(), id=f"m{number}") for number in range(3)])
    for number, left in ((0, (1, 2)), (1, (1, 1)), (2, (0, 0))):
        await me.store.messages.delete(me.project, "", "d", f"m{number}", me.write_options())
        assert kept() == left


async def test_it_goes_with_dialogues_and_their_threads(me, kept):
    await me.new("other")
    await me.new("thread", thread_of="d")
    await me.append(received(picture()), to="d")
    await me.append(received(picture()), received(picture(OTHER)), to="thread")
    await me.append(received(picture()), to="other")
    assert kept() == (2, 4)
    await me.delete("d")
    assert kept() == (1, 1)
    assert len(await me.contents("other")) == 1
    await me.delete("other")
    assert kept() == (0, 0)


async def test_it_goes_with_its_project(world, me, kept):
    stranger = await world.tenant()
    await stranger.new("d")
    for one in (me, stranger):
        await one.append(received(picture()))
    await me.store.projects.delete(me.project.id, me.write_options())
    assert kept() == (1, 1)


@pytest.fixture
async def deleting(tmp_path):
    """Return a tenant, and the threads on which messages of any store are deleted."""
    threads = []

    def trace(_, sql, __):
        if sql.startswith("DELETE FROM messages"):
            threads.append(threading.current_thread())
        return True

    def hook(db):
        db.exec_trace = trace

    apsw.connection_hooks.append(hook)
    store = await SQLiteStore.open(tmp_path / "deleting")
    apsw.connection_hooks.remove(hook)
    me = await World(store).tenant()
    await me.new("d")
    yield me, threads
    await store.close()


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("content", [picture(), [{"type": "text", "text": "x"}]])
async def test_what_has_some_is_deleted_off_the_event_loop(deleting, whole, content):
    me, threads = deleting
    await me.append(message("x"), received(content, id="m"))
    await (me.delete("d") if whole else me.delete_message("m"))
    here = threading.current_thread()
    assert [one is here for one in threads] == [content != picture()]


async def test_a_refused_append_leaves_none(me, kept):
    await me.append(message("x", id="m"))
    with pytest.raises(Exception, match="already exists"):
        await me.append(received(picture()), message("y", id="m"))
    assert kept() == (0, 0)


async def test_rows_and_lists_of_references_are_small(store, me):
    large = DATA * 100
    await me.append(*[received(picture(large)) for _ in range(3)])
    read = store.readers.quick.db.execute("SELECT max(length(content)) FROM messages").get
    assert read < 1_000
    db, statements = store.readers.quick.db, []

    def trace(_, sql, __):
        statements.append(sql)
        return True

    db.exec_trace = trace
    assert len(await me.messages(attachments="reference")) == 3
    db.exec_trace = None
    assert statements
    assert not any("base64" in sql for sql in statements)


async def test_they_are_not_searched(store, me):
    (stored,) = await me.append(received(picture()))
    await store.index.catch_up()
    words = store.readers.quick.db.execute(
        "SELECT count(*) FROM message_words WHERE message_words MATCH ?", (DATA[:32],)
    ).get
    assert words == 0
    assert stored.token_count < 1_700


class TestCheck:
    @pytest.fixture
    async def damaged(self, store, me):
        """Return a function that damages what is stored and checks it."""
        await me.append(received(picture(), id="m1"), received(picture(OTHER), id="m2"))

        def damage(statement):
            db = files.connect(store.path)
            db.pragma("foreign_keys", 0)
            db.execute(statement)
            db.close()
            return check.check(store.path.parent)

        return damage

    async def test_sound_data_shows_none(self, damaged):
        assert damaged("SELECT 1") == []

    @pytest.mark.parametrize(
        ("statement", "finding"),
        [
            ("UPDATE attachments SET base64 = X'41' WHERE number = 1", "other bytes"),
            ("DELETE FROM attachments WHERE number = 1", "does not exist"),
            ("DELETE FROM message_attachments WHERE attachment = 1", "belongs to no message"),
            ("UPDATE messages SET attachments = X'5B' WHERE id = 'm1'", "cannot be read"),
            ("UPDATE messages SET attachments = X'5B5D' WHERE id = 'm1'", "not those it refers to"),
            ("UPDATE messages SET attachments = X'' WHERE id = 'm1'", "which has none"),
            ("UPDATE message_attachments SET attachment = 2", "not those it refers to"),
        ],
    )
    async def test_contradictions(self, damaged, statement, finding):
        findings = damaged(statement)
        assert any(finding in line for line in findings), findings
