"""Where clients live: processes that die, double and end, threads, event loops, notebooks."""

import asyncio
import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dialoguedb import AsyncDialogueDB, DialogueDB
from dialoguedb.errors import (
    Closed,
    DialogueNotFound,
    InvalidSetting,
    NotOurData,
    Unreachable,
)
from tests.client.network import network
from tests.crash.servers import Servers
from tests.databases.engines import embedded_in
from tests.http.server import COMMAND_SECONDS_MAX

pytestmark = pytest.mark.anyio


@pytest.fixture
async def servers(engine, tmp_path):
    """Servers on a directory of this test's own, which may be killed."""
    servers = Servers(tmp_path, engine)
    yield servers
    await servers.kill_all()


class TestDeath:
    @pytest.mark.parametrize("when", ["before it answers", "before it is asked"])
    async def test_a_server_that_dies_around_a_commit_stores_a_message_once(self, servers, when):
        server = await servers.start()
        restarted: list[str] = []
        loop = asyncio.get_running_loop()

        async def die_and_return():
            await server.kill()
            between.server_port = (await servers.start()).port

        def fate(request):
            if b'"marked"' not in request or restarted:
                return None
            restarted.append(when)
            if when == "before it answers":
                between.ask(request)  # it has committed, and nobody hears of it
            asyncio.run_coroutine_threadsafe(die_and_return(), loop).result()
            return "lose the request"

        with network(server.port, fate) as between:
            async with AsyncDialogueDB(servers.key, endpoint=between.url) as db:
                dialogue = await db.create_dialogue(id="chat")
                first = await dialogue.save_message("user", "marked")
                await dialogue.save_message("user", "next")
                made = await db.create_dialogue(label="another")
                read = [(m.id, m.content) async for m in dialogue.iter_messages()]
                assert [content for _, content in read] == ["marked", "next"]
                assert read[0][0] == first.id
                assert len(await db.list_dialogues()) == 2
                assert made.id != dialogue.id
        assert restarted == [when]

    async def test_a_server_that_is_away_is_waited_for(self, servers):
        server = await servers.start()
        with network(server.port, lambda _: None) as between:
            async with AsyncDialogueDB(servers.key, endpoint=between.url, retries=20) as db:
                dialogue = await db.create_dialogue()
                await server.kill()
                saved = asyncio.create_task(dialogue.save_message("user", "Hi"))
                between.server_port = (await servers.start()).port
                assert (await saved).seq == 1


class TestEmbedded:
    def test_what_was_stored_is_there_when_it_is_opened_again(self, tmp_path):
        with DialogueDB(path=tmp_path / "chats") as db:
            db.create_dialogue(id="chat", message={"role": "user", "content": "Hi"})
        with DialogueDB(path=str(tmp_path / "chats")) as db:
            assert [m.content for m in db.get_dialogue("chat").iter_messages()] == ["Hi"]
            assert db.search_messages("hi")[0].content == "Hi"
        with pytest.raises(Closed):
            db.list_dialogues()

    async def test_it_is_safe_beside_a_server_and_other_programs(self, servers, engine):
        server = await servers.start()
        url = f"http://127.0.0.1:{server.port}"
        opened = [
            AsyncDialogueDB(servers.key, endpoint=url),
            AsyncDialogueDB(**embedded_in(engine, servers.data)),
            AsyncDialogueDB(**embedded_in(engine, servers.data)),
        ]
        await opened[0].create_dialogue(id="chat")
        at_each = [await db.get_dialogue("chat") for db in opened]

        async def write(location):
            for number in range(30):
                await at_each[location].save_message("user", f"{location}-{number}")

        await asyncio.gather(*map(write, range(3)))
        for dialogue in at_each:
            read = [message async for message in dialogue.iter_messages(page_size=20)]
            assert [message.seq for message in read] == list(range(1, 91))
            assert len({message.content for message in read}) == 90
        for db in opened:
            await db.close()
        await server.stop()
        code, output = await servers.run("check")
        assert code == 0, output

    async def test_threads_and_loops_may_share_it(self, tmp_path):
        db, both = DialogueDB(path=tmp_path / "chats"), AsyncDialogueDB(path=tmp_path / "chats")
        dialogue = db.create_dialogue(id="chat")
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda n: dialogue.save_message("user", f"t{n}"), range(60)))

        async def in_a_loop_of_its_own():
            await (await both.get_dialogue("chat")).save_message("user", "loop")

        for _ in range(3):
            await asyncio.to_thread(asyncio.run, in_a_loop_of_its_own())
        await in_a_loop_of_its_own()
        assert db.get_dialogue("chat").total_messages == 64
        assert len(dialogue.messages) == 60
        await both.close()
        db.close()

    async def test_a_running_event_loop_does_not_hinder_it(self, tmp_path):
        with DialogueDB(path=tmp_path / "chats") as db:  # as in a notebook's cell
            assert db.create_dialogue().total_messages == 0

    def test_what_cannot_be_opened_is_told_at_once(self, tmp_path):
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "novel.txt").write_text("Once upon a time")
        with pytest.raises(NotOurData, match="holds other files"):
            DialogueDB(path=tmp_path / "mine")

    async def test_what_could_not_be_opened_is_tried_again(self, tmp_path):
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "novel.txt").write_text("Once upon a time")
        db = AsyncDialogueDB(path=tmp_path / "mine")
        for _ in range(2):
            with pytest.raises(NotOurData):
                await db.list_dialogues()
        (tmp_path / "mine" / "novel.txt").unlink()
        assert len(await db.list_dialogues()) == 0
        await db.close()

    async def test_one_who_no_longer_waits_does_not_stop_what_has_begun(self, tmp_path):
        async with AsyncDialogueDB(path=tmp_path / "chats") as db:
            dialogue = await db.create_dialogue()
            for number in range(20):
                task = asyncio.create_task(dialogue.save_message("user", f"{number}"))
                await asyncio.sleep(0)
                task.cancel()
            await dialogue.save_message("user", "last")
            contents = [message.content async for message in dialogue.iter_messages()]
            assert contents[-1] == "last"
            assert len(contents) == len(set(contents))


FORKING = """
import json, os, sys, threading
from dialoguedb import DialogueDB
where = json.loads(sys.argv[1])
db = DialogueDB(**where)
dialogue = db.create_dialogue(id="chat")
over = threading.Event()
def write():
    number = 0
    while not over.is_set():
        dialogue.save_message("user", f"parent {number}")
        number += 1
writer = threading.Thread(target=write)
writer.start()
children = []
for child in range(3):
    pid = os.fork()
    if pid == 0:
        held = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
                if os.path.exists(f"/proc/self/fd/{fd}")]
        assert not any("sqlite3" in name for name in held), held
        for number in range(10):
            dialogue.save_message("user", f"child {child} {number}")
        db.close()
        sys.exit(0)
    children.append(pid)
codes = [os.waitpid(pid, 0)[1] for pid in children]
over.set()
writer.join()
contents = [message.content for message in dialogue.iter_messages(page_size=100)]
print(json.dumps({"codes": codes, "contents": contents}))
"""


def run(program: str, where: dict[str, object]) -> str:
    """Run a program that is given where its data is, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(where)],
        capture_output=True,
        check=False,
        text=True,
        timeout=COMMAND_SECONDS_MAX,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture
def where_as_text(location, where):
    """Say where the data is in a form that other processes read."""
    return {name: str(value) for name, value in where.items()}


class TestForks:
    @pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks at open files by /proc")
    def test_parents_and_children_store_everything_once(self, where_as_text):
        shown = json.loads(run(FORKING, where_as_text))
        assert shown["codes"] == [0, 0, 0]
        contents = shown["contents"]
        assert len(contents) == len(set(contents))
        for child in range(3):
            own = [output for output in contents if output.startswith(f"child {child} ")]
            assert own == [f"child {child} {number}" for number in range(10)]
        parents = [output for output in contents if output.startswith("parent")]
        assert parents == [f"parent {number}" for number in range(len(parents))]


class TestEnds:
    @pytest.mark.skipif(sys.platform == "win32", reason="closes files by a shell's words")
    @pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
    def test_a_program_may_have_closed_its_standard_files(self, closed, tmp_path):
        program = (
            "import pathlib, sys; from dialoguedb import DialogueDB\n"
            "with DialogueDB(path=sys.argv[1]) as db:\n"
            "    db.create_dialogue(id='chat').save_message('user', 'Hi')\n"
            "pathlib.Path(sys.argv[2]).touch()"
        )
        done = tmp_path / "done"
        command = [sys.executable, "-c", program, str(tmp_path / "chats"), str(done)]
        shell = ["sh", "-c", f'exec "$@" {closed}', "sh", *command]
        assert subprocess.run(shell, check=False, timeout=COMMAND_SECONDS_MAX).returncode == 0
        assert done.exists()

    def test_a_program_may_end_without_closing(self, where_as_text):
        output = run(
            "import json, sys; from dialoguedb import DialogueDB\n"
            "db = DialogueDB(**json.loads(sys.argv[1]))\n"
            "db.create_dialogue(id='chat').save_message('user', 'Hi')\n"
            "print(len(db.list_dialogues()))",
            where_as_text,
        )
        assert output == "1\n"

    def test_a_client_that_is_forgotten_takes_its_engine_along(self, tmp_path):
        def engines():
            return {one for one in threading.enumerate() if one.name == "dialoguedb-engine"}

        before = engines()
        db = DialogueDB(path=tmp_path / "chats")
        [engine] = engines() - before
        del db
        engine.join(60)
        assert not engine.is_alive()

    def test_the_package_is_imported_quickly(self):
        loaded = run(
            "import sys, dialoguedb; print(sorted({name.partition('.')[0] for name in sys.modules}"
            " & {'httpx2', 'msgspec', 'asyncio', 'apsw', 'numpy', 'starlette'}))",
            {},
        )
        assert loaded == "[]\n"

    def test_a_client_of_a_server_loads_no_part_of_it(self):
        loaded = run(
            "import sys; from dialoguedb import DialogueDB\n"
            "DialogueDB('ddb_key').close()\n"
            "print(sorted({'apsw', 'numpy', 'starlette', 'uvicorn', 'tokenizers'}"
            " & sys.modules.keys()))",
            {},
        )
        assert loaded == "[]\n"

    def test_an_engine_in_the_process_needs_nothing_of_a_network(self, tmp_path):
        loaded = run(
            "import json, sys; from dialoguedb import DialogueDB\n"
            "DialogueDB(**json.loads(sys.argv[1])).close()\n"
            "print('httpx2' in sys.modules)",
            {"path": str(tmp_path / "chats")},
        )
        assert loaded == "False\n"


class TestChoices:
    def test_key_and_endpoint_come_from_the_environment(self, project, server, monkeypatch):
        monkeypatch.setenv("DIALOGUEDB_ENDPOINT", server.base_url + "/api/v1/")
        monkeypatch.setenv("DIALOGUE_DB_API_KEY", project.key)
        with DialogueDB() as db, pytest.raises(DialogueNotFound):
            db.get_dialogue("nowhere")

    def test_a_key_is_needed_for_a_server_and_none_for_a_directory(self, tmp_path, monkeypatch):
        for name in ("DIALOGUEDB_API_KEY", "DIALOGUE_DB_API_KEY"):
            monkeypatch.delenv(name, raising=False)
        with pytest.raises(InvalidSetting, match="DIALOGUEDB_API_KEY"):
            DialogueDB()
        with pytest.raises(InvalidSetting, match="not both"):
            DialogueDB("ddb_key", path=tmp_path)
        with pytest.raises(InvalidSetting, match="endpoint"):
            AsyncDialogueDB("ddb_key", endpoint="127.0.0.1:8000")

    def test_nobody_at_home_is_unreachable(self):
        with (
            DialogueDB("ddb_key", endpoint="http://127.0.0.1:9", retries=0) as db,
            pytest.raises(Unreachable),
        ):
            db.list_dialogues()
